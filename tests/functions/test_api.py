"""The API as its callers see it: the real handlers behind the local API Gateway, in this process."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import app as handlers
import psycopg
import pytest
from chalicelib import front, http, runtime

from local.api_gateway import ApiGateway, HttpAnswer, new_request_id
from shared.config import Config
from shared.db.database import Database
from shared.domain.event import DEFAULT_WEBHOOK_EVENTS, EVENT_TYPES
from shared.sealing import Sealer
from shared.services import test_merchant
from tests import gateway

CREDENTIALS = {"x-api-key": test_merchant.API_KEY, "x-api-secret": test_merchant.API_SECRET}
CARD = {
    "number": "4111 1111 1111 1111",
    "expiry_month": "12",
    "expiry_year": "40",
    "cvv": "123",
    "holder_name": "Asha Rao",
}
ORIGIN = "https://shop.example"


class Api:
    def __init__(self, told: gateway.Told) -> None:
        self._gateway = ApiGateway(handlers.app, cors_origins=(ORIGIN,), which_noted="all")
        self.told = told

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> SimpleNamespace:
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        answer: HttpAnswer = self._gateway.answer(
            method=method,
            path=path,
            query=query,
            headers={"content-type": "application/json"} | (CREDENTIALS if headers is None else headers),
            body=sent,
            source_ip="127.0.0.1",
            request_id=new_request_id(),
        )
        is_json = answer.headers.get("Content-Type") == "application/json"
        shown = (json.loads(answer.body) if is_json else answer.body.decode()) if answer.body else None
        return SimpleNamespace(status=answer.status, headers=answer.headers, json=shown)

    def order(self, **more: Any) -> str:
        answer = self.call("POST", "/api/v1/orders", {"amount": 50000} | more)
        assert answer.status == 201, answer.json
        return answer.json["id"]

    def pay(self, order_id: str, **more: Any) -> SimpleNamespace:
        body = {"order_id": order_id, "method": "upi", "vpa": "asha@upi"} | more
        return self.call("POST", "/api/v1/payments", body)


def _start(settings: Config, database: Database) -> Api:
    told = gateway.Told()
    runtime.use(runtime.build(settings, database, told))
    http._credentials.clear()
    return Api(told)


@pytest.fixture
def api(settings: Config, database: Database) -> Iterator[Api]:
    yield _start(settings, database)
    runtime.current().close()


def _assert_refused(answer: SimpleNamespace, status: int, code: str = "BAD_REQUEST_ERROR", **more: str) -> None:
    assert answer.status == status, answer.json
    error = answer.json["error"]
    assert error["code"] == code
    assert error["description"]
    assert error["request_id"] == answer.headers["X-Request-Id"]
    for name, value in more.items():
        assert error.get(name) == value, error


# Headers


def test_every_answer_has_the_usual_headers(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {name: value for name, value in CREDENTIALS.items() if name == "x-api-key"}
    answers = {
        200: api.call("GET", "/api/v1/orders"),
        201: api.call("POST", "/api/v1/orders", {"amount": 500}),
        400: api.call("POST", "/api/v1/orders", {}),
        401: api.call("GET", "/api/v1/orders", headers=plain),
        404: api.call("GET", "/api/v1/nothing"),
        405: api.call("PUT", "/api/v1/orders", {}),
    }
    monkeypatch.setattr(http, "_run", None)
    answers[500] = api.call("GET", "/api/v1/orders")
    for status, answer in answers.items():
        assert answer.status == status
        assert http.USUAL.items() <= answer.headers.items(), status
        assert "Strict-Transport-Security" not in answer.headers
    assert {"X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Resource-Policy"} <= http.USUAL.keys()


# Orders


def test_an_order_is_shown_as_it_was_made(api: Api) -> None:
    notes = {"cart": "₹ é 漢 🧾", "items": [1, 2], "gift": True}
    made = api.call("POST", "/api/v1/orders", {"amount": 50000, "receipt": "r-1", "notes": notes})
    assert made.status == 201
    assert re.fullmatch(r"order_[A-Za-z0-9]{16}", made.json["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made.json["created_at"])
    expected = {"amount": 50000, "currency": "INR", "receipt": "r-1", "notes": notes, "status": "created"}
    assert expected.items() <= made.json.items()
    assert made.json["merchant_id"] == str(test_merchant.ID)
    got = api.call("GET", f"/api/v1/orders/{made.json['id']}")
    assert (got.status, got.json) == (200, made.json)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "amount"),
        ({"amount": 99}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -100}, "amount"),
        ({"amount": 10**10 + 1}, "amount"),
        ({"amount": 10**30}, "amount"),
        ({"amount": "50000"}, "amount"),
        ({"amount": 500.5}, "amount"),
        ({"amount": 500.0}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": [500]}, "amount"),
        ({"amount": 500, "currency": "inr"}, "currency"),
        ({"amount": 500, "currency": "XXX"}, "currency"),
        ({"amount": 500, "currency": ""}, "currency"),
        ({"amount": 500, "currency": 356}, "currency"),
        ({"amount": 500, "receipt": "x" * 256}, "receipt"),
        ({"amount": 500, "receipt": "a\u0000b"}, "receipt"),
        ({"amount": 500, "receipt": 5}, "receipt"),
        ({"amount": 500, "notes": "text"}, "notes"),
        ({"amount": 500, "notes": [1]}, "notes"),
        ({"amount": 500, "notes": {"a": 1.5}}, "notes.a"),
        ({"amount": 500, "notes": {"a": 2**53}}, "notes.a"),
        ({"amount": 500, "notes": {"1": "x"}}, "notes.1"),
        ({"amount": 500, "notes": {"a": "\u0000"}}, "notes.a"),
        ({"amount": 500, "notes": {"a": {"b": {"c": {"d": {}}}}}}, "notes.a.b.c.d"),
        ({"amount": 500, "capture": "later"}, "capture"),
    ],
)
def test_a_wrong_order_is_refused_with_the_field_named(api: Api, body: Any, field: str) -> None:
    _assert_refused(api.call("POST", "/api/v1/orders", body), 400, field=field)


def test_the_least_amount_is_said_in_the_words_that_clients_know(api: Api) -> None:
    answer = api.call("POST", "/api/v1/orders", {"amount": 99})
    assert answer.json["error"]["description"] == "amount must be at least 100"
    _assert_refused(answer, 400, field="amount", reason="invalid_value")


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/orders", {"amount": 500, "capture": "later"}, "capture must be manual or automatic"),
        ("/payments", {"order_id": "order_0000000000000000", "method": "cash"}, "method must be upi or card"),
    ],
)
def test_a_wrong_choice_is_told_what_there_is_to_choose_from(api: Api, path: str, body: Any, said: str) -> None:
    answer = api.call("POST", f"/api/v1{path}", body)
    _assert_refused(answer, 400, description=said, field=said.split()[0], reason="invalid_value")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("payments?method=cash", "method must be upi or card"),
        (
            "payments?status=paid",
            "status must be pending, success, failed, partially_refunded or refunded",
        ),
        ("refunds?status=paid", "status must be pending, processed or failed"),
    ],
)
def test_a_wrong_choice_in_a_query_is_told_too(api: Api, query: str, said: str) -> None:
    answer = api.call("GET", f"/api/v1/{query}")
    _assert_refused(answer, 400, description=said, field=said.split()[0], reason="invalid_value")


def _order_until(expires_at: object) -> dict[str, Any]:
    return {"amount": 500, "expires_at": expires_at}


def test_a_time_may_be_a_number_a_text_or_a_date(api: Api) -> None:
    soon = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)
    shown = soon.strftime("%Y-%m-%dT%H:%M:%SZ")
    unix = int(soon.timestamp())
    for given in (unix, str(unix), shown, shown[:10], shown.replace("00:00:00Z", "05:30:00+05:30")):
        answer = api.call("POST", "/api/v1/orders", _order_until(given))
        assert (answer.status, answer.json.get("expires_at")) == (201, shown), given


@pytest.mark.parametrize(
    "given", [1700000000, -1, 0, 10**11, 10**30, 1.5, True, "", "2030-13-01", "2030-02-30", "soon", "٢٠٣٠-٠١-٠١", {}]
)
def test_a_time_that_cannot_be_is_refused_with_the_field_named(api: Api, given: object) -> None:
    _assert_refused(api.call("POST", "/api/v1/orders", _order_until(given)), 400, field="expires_at")


def test_a_list_takes_a_date_and_says_how_to_write_the_plus_of_an_offset(api: Api) -> None:
    order_id = api.order()
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    for since in (today, "2024-01-15T10:00:00%2B05:30", "1700000000"):
        listed = api.call("GET", f"/api/v1/orders?created_gte={since}")
        assert [order["id"] for order in listed.json["data"]] == [order_id], since
    assert api.call("GET", f"/api/v1/orders?created_lte={today}").json["data"] == [], "up to its first second"
    for name in ("created_gte", "created_lte"):
        answer = api.call("GET", f"/api/v1/orders?{name}=2026-11-21T10:00:00+05:30")
        _assert_refused(answer, 400, field=name, reason="invalid_value")
        assert "write the + before 05:30 as %2B" in answer.json["error"]["description"]
    unreadable = api.call("GET", "/api/v1/orders?created_gte=2026-11-21T10:00:00 later")
    _assert_refused(unreadable, 400, field="created_gte", reason="invalid_value")
    assert "%2B" not in unreadable.json["error"]["description"]


def test_unknown_members_have_no_effect(api: Api) -> None:
    order_id = api.order(status="paid", id="order_0000000000000000", merchant_id="x")
    assert order_id != "order_0000000000000000"
    paid = api.pay(order_id, amount=1, status="success", captured=True, currency="USD")
    assert paid.status == 201
    assert (paid.json["amount"], paid.json["currency"], paid.json["status"]) == (50000, "INR", "pending")


# Payments


def test_a_upi_payment_is_pending_at_once_and_its_job_is_told(api: Api) -> None:
    order_id = api.order()
    answer = api.pay(order_id)
    assert answer.status == 201
    expected = {
        "order_id": order_id,
        "amount": 50000,
        "currency": "INR",
        "method": "upi",
        "vpa": "asha@upi",
        "status": "pending",
        "captured": False,
    }
    assert expected.items() <= answer.json.items()
    assert re.fullmatch(r"pay_[A-Za-z0-9]{16}", answer.json["id"])
    assert [job.kind for job in api.told.jobs] == ["process_payment"]
    assert api.call("GET", f"/api/v1/orders/{order_id}").json["status"] == "attempted"
    got = api.call("GET", f"/api/v1/payments/{answer.json['id']}")
    assert got.json == answer.json


@pytest.mark.parametrize(
    ("number", "cvv", "network"),
    [
        ("4111-1111-1111-1111", "123", "visa"),
        ("5555555555554444", "123", "mastercard"),
        ("2223003122003222", "123", "mastercard"),
        ("378282246310005", "1234", "amex"),
        ("6521111111111110", "123", "rupay"),
        ("3056930009020004", "123", "unknown"),
    ],
)
def test_of_a_card_only_network_and_last_four_are_kept(
    api: Api, observer: psycopg.Connection, number: str, cvv: str, network: str
) -> None:
    answer = api.pay(api.order(), method="card", vpa=None, card=CARD | {"number": number, "cvv": cvv})
    assert answer.status == 201, answer.json
    digits = number.replace("-", "")
    assert (answer.json["card_network"], answer.json["card_last4"]) == (network, digits[-4:])
    assert "vpa" not in answer.json
    for table in ("payments", "events", "jobs"):
        for (row,) in observer.execute(f"select to_jsonb(t)::text from {table} t").fetchall():  # type: ignore[arg-type]
            assert digits not in row
            assert "Asha" not in row


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"vpa": None}, "BAD_REQUEST_ERROR", "vpa"),
        ({"vpa": ""}, "INVALID_VPA", "vpa"),
        ({"vpa": "asha"}, "INVALID_VPA", "vpa"),
        ({"vpa": "asha@upi\n"}, "INVALID_VPA", "vpa"),
        ({"vpa": "asha@@upi"}, "INVALID_VPA", "vpa"),
        ({"vpa": "a@" + "b" * 300}, "INVALID_VPA", "vpa"),
        ({"vpa": 5}, "BAD_REQUEST_ERROR", "vpa"),
        ({"method": "cash"}, "BAD_REQUEST_ERROR", "method"),
        ({"method": None}, "BAD_REQUEST_ERROR", "method"),
        ({"method": "card"}, "BAD_REQUEST_ERROR", "card"),
        ({"method": "card", "card": "4111"}, "BAD_REQUEST_ERROR", "card"),
        ({"method": "card", "card": {}}, "BAD_REQUEST_ERROR", "card.number"),
        ({"method": "card", "card": CARD | {"number": "4111111111111112"}}, "INVALID_CARD", "card.number"),
        ({"method": "card", "card": CARD | {"number": "411111111111"}}, "INVALID_CARD", "card.number"),
        ({"method": "card", "card": CARD | {"number": "٤" * 16}}, "INVALID_CARD", "card.number"),
        ({"method": "card", "card": CARD | {"number": 4111111111111111}}, "BAD_REQUEST_ERROR", "card.number"),
        ({"method": "card", "card": CARD | {"cvv": "12"}}, "INVALID_CARD", "card.cvv"),
        ({"method": "card", "card": CARD | {"cvv": "12a"}}, "INVALID_CARD", "card.cvv"),
        ({"method": "card", "card": CARD | {"expiry_month": "13"}}, "EXPIRED_CARD", "card.expiry_month"),
        ({"method": "card", "card": CARD | {"expiry_month": 0}}, "EXPIRED_CARD", "card.expiry_month"),
        ({"method": "card", "card": CARD | {"expiry_year": "20"}}, "EXPIRED_CARD", "card.expiry_year"),
        ({"method": "card", "card": CARD | {"expiry_year": "next"}}, "EXPIRED_CARD", "card.expiry_year"),
        ({"method": "card", "card": CARD | {"expiry_year": 2030.5}}, "BAD_REQUEST_ERROR", "card.expiry_year"),
        ({"method": "card", "card": CARD | {"holder_name": " "}}, "INVALID_CARD", "card.holder_name"),
    ],
)
def test_a_wrong_instrument_is_refused_with_the_field_named(api: Api, body: Any, code: str, field: str) -> None:
    _assert_refused(api.pay(api.order(), **body), 400, code, field=field)


def test_a_card_is_good_through_the_month_that_is_printed_on_it(api: Api, observer: psycopg.Connection) -> None:
    row = observer.execute("select extract(month from now())::int, extract(year from now())::int").fetchone()
    assert row is not None
    month, year = row
    now = CARD | {"expiry_month": month, "expiry_year": year}
    assert api.pay(api.order(), method="card", card=now).status == 201
    before = CARD | {"expiry_month": str(month - 1 or 12), "expiry_year": str(year - (month == 1))}
    _assert_refused(api.pay(api.order(), method="card", card=before), 400, "EXPIRED_CARD")


def test_while_a_payment_is_under_way_another_is_refused_with_its_id(api: Api) -> None:
    order_id = api.order()
    first = api.pay(order_id)
    _assert_refused(api.pay(order_id), 409, reason="payment_in_progress", payment_id=first.json["id"])


def test_a_paid_order_takes_no_payment(api: Api, settings: Config, database: Database) -> None:
    order_id = api.order()
    api.pay(order_id)
    gateway.process(database, runtime.current().bank)
    _assert_refused(api.pay(order_id), 400, reason="order_paid")
    assert api.call("GET", f"/api/v1/orders/{order_id}").json["status"] == "paid"


def test_a_hundred_payments_for_one_order_at_once_make_one(api: Api, observer: psycopg.Connection) -> None:
    order_id = api.order()
    together = threading.Barrier(20)

    def pay(_: int) -> int:
        together.wait()
        return int(api.pay(order_id).status)

    with ThreadPoolExecutor(20) as callers:
        statuses = [status for _ in range(5) for status in callers.map(pay, range(20))]
    assert sorted(statuses) == [201] + [409] * 99
    assert observer.execute("select count(*) from payments").fetchone() == (1,)


def test_a_test_rig_may_pay_one_order_many_times(settings: Config, database: Database) -> None:
    api = _start(replace(settings, orders_paid_once=False), database)
    order_id = api.order()
    assert [api.pay(order_id).status for _ in range(3)] == [201] * 3
    runtime.current().close()


def test_after_a_refused_update_the_connection_still_pays(api: Api) -> None:
    """Psycopg forgets every prepared statement of a connection that rolled back; ours are prepared anew."""
    assert api.pay(api.order()).status == 201
    for _ in range(3):
        _assert_refused(api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "nonsense"}), 400)
        assert api.pay(api.order()).status == 201


# Who calls


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": test_merchant.API_KEY},
        {"x-api-secret": test_merchant.API_SECRET},
        CREDENTIALS | {"x-api-secret": "wrong"},
        CREDENTIALS | {"x-api-key": "key_test_unknown"},
        CREDENTIALS | {"x-api-key": "a\u0000b"},
        CREDENTIALS | {"x-api-key": "é" * 10},
        CREDENTIALS | {"x-api-key": "k" * 10_000},
        CREDENTIALS | {"x-api-secret": "\ud800"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/orders"),
        ("GET", "/api/v1/orders/order_0000000000000000"),
        ("POST", "/api/v1/payments"),
        ("GET", "/api/v1/payments/pay_0000000000000000"),
        ("GET", "/api/v1/merchants/me"),
        ("PUT", "/api/v1/merchants/me"),
    ],
)
def test_without_the_right_credentials_nothing_opens(api: Api, method: str, path: str, headers: dict[str, str]) -> None:
    _assert_refused(api.call(method, path, {}, headers=headers), 401, "AUTHENTICATION_ERROR")


def test_a_wrong_key_and_a_wrong_secret_are_refused_in_the_same_words(api: Api) -> None:
    texts = {
        api.call("GET", "/api/v1/merchants/me", headers=CREDENTIALS | wrong).json["error"]["description"]
        for wrong in ({"x-api-key": "key_test_nobody"}, {"x-api-secret": "secret_test_wrong"})
    }
    assert len(texts) == 1


def test_another_merchants_objects_are_not_found(api: Api, database: Database, sealer: Sealer) -> None:
    gateway.other_merchant(database, sealer)
    other = gateway.OTHER
    order_id = api.order()
    payment_id = api.pay(order_id).json["id"]
    for path, unknown, text in (
        (f"/api/v1/orders/{order_id}", "/api/v1/orders/order_0000000000000000", "Order not found"),
        (f"/api/v1/payments/{payment_id}", "/api/v1/payments/pay_0000000000000000", "Payment not found"),
    ):
        foreign, missing = api.call("GET", path, headers=other), api.call("GET", unknown, headers=other)
        for answer in (foreign, missing):
            _assert_refused(answer, 404, "NOT_FOUND_ERROR", description=text)
            del answer.json["error"]["request_id"]
        assert foreign.json == missing.json
    body = {"order_id": order_id, "method": "upi", "vpa": "asha@upi"}
    _assert_refused(api.call("POST", "/api/v1/payments", body, headers=other), 404, "NOT_FOUND_ERROR")


@pytest.mark.parametrize("id", ["order_short", "x", "pay_0000000000000000", "order_000000000000000%00", "%F0%9F%A7%BE"])
def test_an_id_that_cannot_be_is_not_found(api: Api, id: str) -> None:
    _assert_refused(api.call("GET", f"/api/v1/orders/{id}"), 404, "NOT_FOUND_ERROR")


# What is sent


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xff\xfe{\x00}\x00",
        b'{"amount":NaN}',
        b'{"amount":Infinity}',
        b'{"amount":1e400}',
        b'{"amount":500}trailing',
        b"\xef\xbb\xbf" + b'{"amount":500}',
        b'{"amount":500,"notes":{"a":"\\ud800"}}',
        b'{"amount":500,"notes":{"a":"\xff"}}',
        b'{"amount":500,"amount":600}',
        b'{"amount":500,"notes":{"a":1,"a":2}}',
        b'{"amount":500,"x":' + b"[" * 50_000 + b"]" * 10_000 + b"}",
        b'{"amount":500,"x":' + b"[" * 20 + b"]" * 20 + b"}",
        b"[]",
        b"null",
        b'"text"',
        b"5",
    ],
    ids=lambda raw: raw[:30].hex(),
)
@pytest.mark.parametrize("path", ["/api/v1/orders", "/api/v1/payments"])
def test_a_body_that_is_no_json_object_is_refused(api: Api, path: str, raw: bytes) -> None:
    _assert_refused(api.call("POST", path, raw=raw), 400)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "", "json"]
)
def test_a_body_of_another_content_type_is_refused(api: Api, content_type: str) -> None:
    answer = api.call("POST", "/api/v1/orders", {"amount": 500}, headers=CREDENTIALS | {"content-type": content_type})
    _assert_refused(answer, 415)


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;charset=UTF-8"]
)
def test_json_is_json_however_it_is_written(api: Api, content_type: str) -> None:
    answer = api.call("POST", "/api/v1/orders", {"amount": 500}, headers=CREDENTIALS | {"content-type": content_type})
    assert answer.status == 201


def test_a_body_over_the_limit_is_refused(api: Api) -> None:
    _assert_refused(api.call("POST", "/api/v1/orders", {"amount": 500, "x": "y" * 70_000}), 413)


def test_unknown_paths_and_methods_are_refused_in_the_one_shape(api: Api) -> None:
    for path in ("/", "/api/v1/nothing", "/api/v1/orders/", "/api/v1/orders/a/b", "/API/V1/ORDERS", "/favicon.ico"):
        _assert_refused(api.call("GET", path), 404, "NOT_FOUND_ERROR")
    for method in ("DELETE", "PATCH", "TRACE", "HEAD", "CONNECT", "NONSENSE"):
        answer = api.call(method, "/api/v1/orders")
        _assert_refused(answer, 405)
        assert answer.headers["Allow"] == "GET, POST"


def test_only_the_configured_origins_may_call_from_a_browser(api: Api) -> None:
    allowed = api.call("OPTIONS", "/api/v1/orders", headers={"origin": ORIGIN})
    assert allowed.status == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Idempotency-Key" in allowed.headers["Access-Control-Allow-Headers"]
    for origin in ("null", "https://evil.example", ORIGIN + ".evil.example", ORIGIN + ":444", "http://shop.example"):
        answer = api.call("OPTIONS", "/api/v1/orders", headers={"origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers, origin


def test_a_request_without_any_header_is_answered_too() -> None:
    """As API Gateway's console sends it."""
    event = {
        "requestContext": {"resourcePath": "/api/v1/orders", "requestId": "r"},
        "httpMethod": "PUT",
        "headers": None,
    }
    answer = front.answer(handlers.app, event, None, cors_origins=(ORIGIN,), production=False)
    assert answer["statusCode"] == 405


# Merchants


def test_a_merchant_sets_and_removes_its_webhook_url(api: Api) -> None:
    url = "https://shop.example/webhook?x=1"
    assert api.call("PUT", "/api/v1/merchants/me", {"webhook_url": url}).json["webhook_url"] == url
    assert api.call("PUT", "/api/v1/merchants/me", {}).json["webhook_url"] == url
    events = ["payment.failed", "payment.success"]
    changed = api.call("PUT", "/api/v1/merchants/me", {"webhook_events": events}).json
    assert (changed["webhook_url"], sorted(changed["webhook_events"])) == (url, events)
    assert api.call("PUT", "/api/v1/merchants/me", {"webhook_url": None}).json["webhook_url"] is None
    shown = api.call("GET", "/api/v1/merchants/me").json
    assert shown["api_key"] == test_merchant.API_KEY
    assert "secret" not in json.dumps(shown)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "ftp://shop.example/",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "https://user:password@shop.example/",
        "https://shop.example/#part",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://[::1/",
        "https://shop example/",
        "https://shop.example/\n",
        "https://shöp.example/",
        "https://shop.example/" + "x" * 2048,
        5,
        ["https://shop.example/"],
    ],
)
def test_a_url_that_nothing_could_be_sent_to_is_refused(api: Api, url: Any) -> None:
    _assert_refused(api.call("PUT", "/api/v1/merchants/me", {"webhook_url": url}), 400, field="webhook_url")


def test_an_event_that_does_not_exist_cannot_be_asked_for(api: Api) -> None:
    answer = api.call("PUT", "/api/v1/merchants/me", {"webhook_events": ["payment.lost"]})
    _assert_refused(answer, 400, field="webhook_events", reason="invalid_value")
    for type in EVENT_TYPES:
        assert type in answer.json["error"]["description"]
    endpoint = {"url": "https://shop.example/hook", "events": ["*"]}
    _assert_refused(api.call("POST", "/api/v1/webhook_endpoints", endpoint), 400, field="events")


def test_no_events_at_all_are_refused_with_what_to_send_instead(api: Api) -> None:
    made = api.call("POST", "/api/v1/webhook_endpoints", {"url": "https://shop.example/hook"})
    assert made.json["events"] == list(DEFAULT_WEBHOOK_EVENTS)
    for method, path in (("POST", "/webhook_endpoints"), ("PUT", f"/webhook_endpoints/{made.json['id']}")):
        answer = api.call(method, f"/api/v1{path}", {"url": "https://shop.example/hook", "events": []})
        _assert_refused(answer, 400, field="events", reason="empty")
        assert "enabled: false" in answer.json["error"]["description"]
    answer = api.call("PUT", "/api/v1/merchants/me", {"webhook_events": []})
    _assert_refused(answer, 400, field="webhook_events", reason="empty")
    assert "webhook_url: null" in answer.json["error"]["description"]


def test_a_test_event_says_which_endpoint_it_was_sent_to(api: Api) -> None:
    url = "https://shop.example/hook"
    first = api.call("PUT", "/api/v1/merchants/me", {"webhook_url": url}).json["webhook_endpoint_id"]
    other = api.call("POST", "/api/v1/webhook_endpoints", {"url": url}).json["id"]
    assert api.call("POST", "/api/v1/webhooks/test").json["webhook_endpoint_id"] == first
    chosen = api.call("POST", "/api/v1/webhooks/test", {"webhook_endpoint_id": other})
    assert chosen.json["webhook_endpoint_id"] == other


# Operations


def test_health_names_the_part_that_is_down(api: Api, observer: psycopg.Connection) -> None:
    stopped = api.call("GET", "/health", headers={})
    assert stopped.status == 503
    parts = {"status": "unhealthy", "database": "connected", "redis": "connected", "worker": "stopped"}
    assert parts.items() <= stopped.json.items()
    observer.execute("update queues set drained_at = now()")
    healthy = api.call("GET", "/health", headers={})
    assert (healthy.status, healthy.json["status"], healthy.json["worker"]) == (200, "healthy", "running")


def test_without_postgres_health_says_so_and_calls_can_be_tried_again(settings: Config) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    api = _start(settings, Database(nowhere, application_name="tests"))
    down = api.call("GET", "/health", headers={})
    assert (down.status, down.json["database"], down.json["worker"]) == (503, "disconnected", "stopped")
    refused = api.call("POST", "/api/v1/orders", {"amount": 500})
    _assert_refused(refused, 503, "SERVER_ERROR")
    assert refused.headers["Retry-After"] == "1"
    assert "127.0.0.1" not in json.dumps(refused.json)


def test_job_counts_follow_the_jobs(api: Api, database: Database) -> None:
    api.pay(api.order())
    before = api.call("GET", "/api/v1/test/jobs/status", headers={}).json
    assert before == {"pending": 1, "processing": 0, "completed": 0, "failed": 0, "worker_status": "stopped"}
    gateway.process(database, runtime.current().bank)
    after = api.call("GET", "/api/v1/test/jobs/status", headers={}).json
    assert (after["pending"], after["completed"]) == (0, 1)


def test_the_test_merchant_is_shown_without_its_secret(api: Api) -> None:
    shown = api.call("GET", "/api/v1/test/merchant", headers={})
    expected = {"id": str(test_merchant.ID), "email": "test@example.com", "api_key": "key_test_abc123", "seeded": True}
    assert (shown.status, shown.json) == (200, expected)


def test_an_error_of_ours_tells_nothing_of_our_insides(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from shared.services import orders

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(orders, "create", broken)
    answer = api.call("POST", "/api/v1/orders", {"amount": 500})
    _assert_refused(answer, 500, "SERVER_ERROR")
    assert "secret detail" not in json.dumps(answer.json)
    assert "secret detail" in caplog.text, "but the log has it"
