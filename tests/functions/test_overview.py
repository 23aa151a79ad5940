"""What a dashboard shows first: figures, what needs attention, what changed, searches, calls of the API, a timeline."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import app as handlers
import psycopg
import pytest
from chalicelib import masking, request_log, runtime
from chalicelib.api.payments.create import NewPayment
from chalicelib.schedules import figures as figures_schedule

from local import events
from shared.config import Config
from shared.db import requests, rollups
from shared.db.database import Database
from shared.services import exporting, stats, test_merchant
from tests import gateway, people
from tests.functions.test_api import CARD, CREDENTIALS, Api, _start

OPERATOR_SECRET = "an operator's secret, for tests and for nothing else"
OPERATOR = {"authorization": f"Bearer {OPERATOR_SECRET}"}


@pytest.fixture
def api(settings: Config, database: Database) -> Iterator[Api]:
    yield _start(replace(settings, operator_secret=OPERATOR_SECRET), database)
    runtime.current().close()


def _get(api: Api, path: str, *, headers: dict[str, str] | None = None) -> Any:
    answer = api.call("GET", f"/api/v1{path}", headers=headers)
    assert answer.status == 200, answer.json
    return answer.json


def _paid(api: Api, database: Database, vpa: str = "approve@magic", **order: Any) -> str:
    payment_id: str = api.pay(api.order(**order), vpa=vpa).json["id"]
    gateway.process(database, runtime.current().bank)
    return payment_id


def _refunded(api: Api, database: Database, payment_id: str, amount: int) -> str:
    made = api.call("POST", f"/api/v1/payments/{payment_id}/refunds", {"amount": amount})
    gateway.process_refunds(database, runtime.current().bank)
    return made.json["id"]


# Figures


def test_figures_are_of_what_happened_a_moment_ago(api: Api, database: Database) -> None:
    assert _get(api, "/stats")["totals"] == {
        "payments": 0, "succeeded": 0, "failed": 0, "pending": 0, "amount_succeeded": 0, "refunds": 0,
        "amount_refunded": 0, "success_rate": None, "p50_seconds": None, "p95_seconds": None,
    }  # fmt: skip
    paid = _paid(api, database, amount=70000)
    _paid(api, database, "insufficient-funds@magic")
    _refunded(api, database, paid, 20000)
    api.pay(api.order())
    shown = _get(api, "/stats")
    wanted = {"payments": 3, "succeeded": 1, "failed": 1, "pending": 1, "amount_succeeded": 70000, "refunds": 1,
              "amount_refunded": 20000, "success_rate": 0.5}  # fmt: skip
    assert {name: shown["totals"][name] for name in wanted} == wanted
    assert 0 < shown["totals"]["p50_seconds"] <= shown["totals"]["p95_seconds"] < 60
    assert shown["failures"] == [{"reason": "insufficient_funds", "count": 1}]
    assert shown["by_method"] == [{"method": "upi", "payments": 3, "succeeded": 1, "success_rate": 0.5}]
    assert (shown["currency"], shown["currencies"], shown["previous"]) == ("INR", ["INR"], None)
    with database.transaction() as tx:
        rollups.fold(tx)
    assert _get(api, "/stats") == shown


def test_a_period_counts_what_was_made_in_it_beside_the_period_before(api: Api, database: Database) -> None:
    now = datetime.now(UTC)
    day = now.replace(hour=18, minute=30, second=0, microsecond=0) - timedelta(days=3)  # midnight in India
    for ago, amount in ((timedelta(0), 10000), (timedelta(hours=23, minutes=59), 30000), (timedelta(days=-1), 50000)):
        payment_id = _paid(api, database, amount=amount)
        with database.transaction() as tx:
            tx.execute("update payments set created_at = %s where id = %s", (day + ago, payment_id))
    for added_up in (False, True):
        if added_up:
            with database.transaction() as tx:
                rollups.rebuild(tx)
        shown = _get(api, f"/stats?from={day:%Y-%m-%dT%H:%M:%SZ}&to={day + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}")
        assert (shown["totals"]["payments"], shown["totals"]["amount_succeeded"]) == (2, 40000)
        assert (shown["previous"]["payments"], shown["previous"]["amount_succeeded"]) == (1, 50000)
        assert [point["payments"] for point in shown["series"]] == [2]
        hours = _get(
            api,
            f"/stats?from={day:%Y-%m-%dT%H:%M:%SZ}&to={day + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}&interval=hour",
        )
        assert len(hours["series"]) == 24
        assert {n: p["payments"] for n, p in enumerate(hours["series"]) if p["payments"]} == {0: 1, 23: 1}
        assert hours["series"][0]["at"] == f"{day:%Y-%m-%dT%H:%M:%SZ}"
        assert sum(point["payments"] for point in _get(api, "/stats")["series"]) == 3


def test_figures_are_of_one_currency(api: Api, database: Database) -> None:
    for _ in range(2):
        _paid(api, database, amount=500, currency="JPY")
    _paid(api, database, amount=700)
    shown = _get(api, "/stats")
    assert (shown["currency"], shown["currencies"]) == ("JPY", ["JPY", "INR"])
    assert shown["totals"]["amount_succeeded"] == 1000
    assert _get(api, "/stats?currency=INR")["totals"]["amount_succeeded"] == 700
    assert _get(api, "/stats?currency=EUR")["totals"]["payments"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2024-01-15T10:31:00", "to"),
        ("from=2024-02-01&to=2024-01-01", "from"),
        ("from=2020-01-01&to=2024-01-01", "interval"),
        ("from=2024-01-01&to=2024-03-01&interval=hour", "interval"),
        ("interval=week", "interval"),
        ("currency=XXX", "currency"),
        ("from=9000-12-31&to=9000-12-31", None),
        ("from=1970-01-01&to=1970-01-02", None),
    ],
)
def test_a_period_that_cannot_be_is_refused_with_the_member_named(api: Api, query: str, field: str | None) -> None:
    answer = api.call("GET", f"/api/v1/stats?{query}")
    assert answer.status == (200 if field is None else 400), answer.json
    assert field is None or answer.json["error"]["field"] == field


def test_a_percentile_is_within_a_tenth_of_a_power_of_ten() -> None:
    assert stats.percentile({}, 0.5) is None
    for seconds in (0.05, 1.0, 5.0, 7.3, 120.0):
        found = stats.percentile({math.floor(10 * math.log10(seconds)): 10}, 0.5)
        assert found is not None and 1 / 1.13 < found / seconds < 1.13
    assert stats.percentile({0: 95, 20: 5}, 0.95) == stats.percentile({0: 1}, 0.5)
    assert stats.percentile({0: 94, 20: 6}, 0.95) == stats.percentile({20: 1}, 0.5)


# Attention and changes


def test_what_needs_attention_is_counted(api: Api, database: Database) -> None:
    assert _get(api, "/attention") == {
        "failing_endpoints": [], "unknown_outcomes": 0, "failed_webhooks": 0, "dead_jobs": None,
    }  # fmt: skip
    api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
    _paid(api, database, "timeout-after-debit@magic")
    with database.statement() as tx:
        tx.execute("update webhook_logs set status = 'failed', next_retry_at = null")
        tx.execute("update webhook_endpoints set failing_since = now() where url is not null")
    shown = _get(api, "/attention")
    assert (shown["unknown_outcomes"], shown["failed_webhooks"]) == (1, 2)
    (failing,) = shown["failing_endpoints"]
    assert (failing["url"], failing["disabled_at"]) == ("http://127.0.0.1:9/", None)


def test_who_asks_for_changes_is_told_of_each_and_else_of_none(api: Api, database: Database) -> None:
    def ask(etag: str = "") -> Any:
        return api.call("GET", "/api/v1/changes", headers=CREDENTIALS | ({"if-none-match": etag} if etag else {}))

    first = ask()
    assert first.status == 200 and first.headers["ETag"] == f'"{first.json["cursor"]}"'
    same = ask(first.headers["ETag"])
    assert (same.status, same.json, same.headers["ETag"]) == (304, None, first.headers["ETag"])
    assert ask(f'W/"other", {first.headers["ETag"]}').status == 304
    _paid(api, database)
    changed = ask(first.headers["ETag"])
    assert changed.status == 200 and changed.json["cursor"] != first.json["cursor"]
    assert ask(changed.headers["ETag"]).status == 304


def test_an_attempt_at_a_delivery_is_a_change(api: Api, database: Database) -> None:
    api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
    _paid(api, database)
    before = _get(api, "/changes")
    with database.statement() as tx:
        tx.execute("update webhook_logs set last_attempt_at = now(), attempts = 1")
    assert _get(api, "/changes") != before


# Search and filters


def _found(api: Api, text: str) -> set[tuple[str, str]]:
    return {(one["type"], one["id"]) for one in _get(api, f"/search?q={text}")["data"]}


def test_objects_are_found_by_what_one_has_at_hand(api: Api, database: Database) -> None:
    api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
    order = api.order(receipt="R/2024-7")
    payment = api.pay(order, vpa="Asha.Rao@okbank").json["id"]
    gateway.process(database, runtime.current().bank)
    card = api.pay(api.order(), method="card", vpa=None, card=CARD).json["id"]
    refund = _refunded(api, database, _paid(api, database), 100)
    delivery = _get(api, "/webhooks?event=payment.created")["data"][0]
    assert _found(api, payment) == {("payment", payment)} == _found(api, payment[:-3])
    assert _found(api, order) == {("order", order)}
    assert _found(api, refund) == {("refund", refund)}
    assert _found(api, "R/2024-7") == {("order", order), ("payment", payment)}
    assert _found(api, "asha.rao@OKBANK") == {("payment", payment)}
    assert _found(api, "1111") == {("payment", card)}
    assert _found(api, delivery["id"]) == {("webhook", delivery["id"])} == _found(api, delivery["event_id"])
    for nothing in ("", "%20", "pay_", "pay_abc", "9999", "nobody@upi", "%27;--", "pay_%25%25%25%25"):
        assert _found(api, nothing) == set(), nothing
    assert api.call("GET", f"/api/v1/search?q={'x' * 256}").json["error"]["field"] == "q"
    (shown,) = _get(api, f"/search?q={card}")["data"]
    assert shown == {
        "type": "payment", "id": card, "title": "INR 500.00", "subtitle": "card visa …1111", "status": "success",
    }  # fmt: skip


def test_payments_are_filtered_by_vpa_card_receipt_and_state(api: Api, database: Database) -> None:
    by_receipt = _paid(api, database, receipt="r-77")
    card = api.pay(api.order(), method="card", vpa=None, card=CARD).json["id"]
    unknown = _paid(api, database, "timeout-after-debit@magic")
    gateway.process(database, runtime.current().bank)

    def ids(query: str) -> list[str]:
        return [one["id"] for one in _get(api, f"/payments?{query}")["data"]]

    assert ids("receipt=r-77") == [by_receipt]
    assert ids("vpa=APPROVE@magic") == [by_receipt]
    assert ids("card_last4=1111") == [card]
    assert ids("state=outcome_unknown") == [unknown]
    assert ids("vpa=1111") == ids("card_last4=approve@magic") == ids("receipt=r") == []
    assert api.call("GET", "/api/v1/payments?state=x%27%20or%201=1").status == 400


# Export

FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", '=HYPERLINK("https://x","y")', "＝1+1", "＋1",
    "－1", "＠SUM(A1)", "-2+3+cmd|' /C calc'!A0", "@", "=", "+", "-",
]  # fmt: skip
HARMLESS = ["receipt", "a,b", 'a"b', "a\nb", "a\r\nb", "₹ 漢 🧾", "'quoted", " =1", "1-1", "a=b", ";"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_is_no_formula(text: str) -> None:
    assert exporting.cell(text) == f"'{text}"


def test_an_export_is_what_a_spreadsheet_reads_back(api: Api, database: Database) -> None:
    receipts = [text for text in FORMULAS + HARMLESS]
    made = [api.pay(api.order(receipt=text), vpa="-asha@upi").json["id"] for text in receipts]
    answer = api.call("GET", "/api/v1/payments/export?format=csv")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/csv")
    assert "X-Next-Cursor" not in answer.headers
    assert answer.json.replace("\r\n", "").count("\r") == answer.json.count("\r=1")
    rows = list(csv.DictReader(io.StringIO(answer.json, newline="")))
    assert [row["id"] for row in rows] == made[::-1]
    assert [row["receipt"] for row in rows] == [f"'{t}" if t in FORMULAS else t for t in receipts][::-1]
    assert {row["vpa"] for row in rows} == {"'-asha@upi"}
    assert {row["amount"] for row in rows} == {"50000"}
    for row in rows:
        assert not [cell for cell in row.values() if cell.startswith(exporting.FORMULAS)]


def test_an_export_goes_on_page_by_page_with_the_lists_filters(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ROWS_MAX", 2)
    made = [api.pay(api.order(), vpa="a@upi").json["id"] for _ in range(5)]
    api.pay(api.order(), vpa="b@upi")
    text, cursor, pages = "", "", 0
    while True:
        answer = api.call("GET", f"/api/v1/payments/export?vpa=a@upi{cursor}")
        text, pages = text + answer.json, pages + 1
        if "X-Next-Cursor" not in answer.headers:
            break
        cursor = f"&cursor={answer.headers['X-Next-Cursor']}"
    assert pages == 3
    assert [row["id"] for row in csv.DictReader(io.StringIO(text, newline=""))] == made[::-1]
    refused = api.call("GET", "/api/v1/payments/export?cursor=pay_nothing")
    assert (refused.status, refused.json["error"]["field"]) == (400, "cursor")
    assert refused.headers["Content-Type"] == "application/json"


# Timeline


def test_a_timeline_tells_all_that_happened_in_its_order(api: Api, database: Database) -> None:
    api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
    paid = _paid(api, database, "timeout-after-debit@magic")
    gateway.make_due(database)
    gateway.process(database, runtime.current().bank)
    api.call("POST", f"/api/v1/payments/{paid}/capture")
    refund = _refunded(api, database, paid, 20000)
    with database.statement() as tx:
        tx.execute(
            """insert into webhook_attempts (webhook_log_id, attempt, started_at, duration_ms, response_code)
               select id, 1, created_at + interval '1 second', 12, 500 from webhook_logs
                where event = 'payment.created'"""
        )
    entries = _get(api, f"/payments/{paid}/timeline")["data"]
    told = [(one["kind"], one["title"]) for one in entries]
    ats = [one["at"] for one in entries]
    assert ats == sorted(ats) and all(len(at) == len("2024-01-15T10:31:00.250Z") for at in ats)
    wanted = [
        ("request", "POST /api/v1/payments"),
        ("event", "payment.created"),
        ("event", "payment.pending"),
        ("bank", "The bank gave no answer that tells the outcome"),
        ("event", "payment.outcome_unknown"),
        ("bank", "The bank approved the payment"),
        ("event", "payment.success"),
        ("request", f"POST /api/v1/payments/{paid}/capture"),
        ("event", "payment.captured"),
        ("ledger", "Booked: capture"),
        ("request", f"POST /api/v1/payments/{paid}/refunds"),
        ("event", "refund.created"),
        ("refund", "Refund requested"),
        ("ledger", "Booked: refund"),
        ("event", "payment.partially_refunded"),
        ("event", "refund.processed"),
        ("refund", "Refund processed"),
        ("ledger", "Booked: refund_processed"),
    ]
    assert sorted(one for one in told if one in wanted) == sorted(wanted)
    assert [one for one in told if one[0] == "event"] == [one for one in wanted if one[0] == "event"]
    assert ("webhook", "payment.created not accepted") in told
    assert ("webhook", "payment.success waits to be sent") in told
    approved = next(one for one in entries if one["title"] == "The bank approved the payment")
    assert approved["details"]["acquirer_reference"]
    assert {one["ref"] for one in entries if one["kind"] == "refund"} == {refund}
    assert api.call("GET", "/api/v1/payments/pay_nothing/timeline").status == 404


# Calls of the API


def _calls(api: Api, query: str = "") -> list[Any]:
    return _get(api, f"/requests?limit=100{query}")["data"]


def test_a_merchants_calls_are_there_with_what_came_of_them(api: Api) -> None:
    order = api.order(receipt="r-1")
    api.call("POST", "/api/v1/orders", {"amount": 5})
    api.call("GET", f"/api/v1/orders/{order}")
    newest, refused, made = _calls(api)[:3]
    assert (made["method"], made["path"], made["status"], made["subject"]) == ("POST", "/api/v1/orders", 201, order)
    assert json.loads(made["body"]) == {"amount": 50000, "receipt": "r-1"}
    assert (made["api_key"], made["address"]) == (test_merchant.API_KEY, "127.0.0.1")
    assert refused["status"] == 400 and newest["method"] == "GET" and newest["body"] is None
    assert [one["status"] for one in _calls(api, "&status=4xx")] == [400]
    assert {one["method"] for one in _calls(api, "&method=POST")} == {"POST"}
    assert {one["path"] for one in _calls(api, "&path=/api/v1/orders/order_")} == {f"/api/v1/orders/{order}"}


NUMBER, CVV = "4242424242424242", "873"


def test_no_card_number_cvv_or_secret_is_ever_kept(api: Api, observer: psycopg.Connection[Any]) -> None:
    card = CARD | {"number": NUMBER, "cvv": CVV}
    bodies: list[Any] = [
        {"order_id": api.order(), "method": "card", "card": card},
        {"order_id": api.order(), "method": "card", "card": card | {"expiry_month": "13"}},
        {"order_id": api.order(), "method": "card", "CARD": {"Number": NUMBER, "CVV": CVV}},
        {"order_id": api.order(), "method": "upi", "vpa": "a@upi", "notes": {"typed": "4242 4242 4242 4242"}},
        {
            "order_id": api.order(),
            "method": "upi",
            "vpa": "a@upi",
            "notes": {"list": [{"cvv": CVV, "token": "t" + CVV}]},
        },
        {"padding": "x" * 4060, "typed": NUMBER},
        [{"cvv": CVV}],
        NUMBER,
    ]
    for body in bodies:
        api.call("POST", "/api/v1/payments", body)
    api.call("POST", "/api/v1/payments", raw=b'{"card": {"number": "4242424242424242", "cvv": "873"')
    api.call("POST", f"/api/v1/payments/{NUMBER}/capture")
    api.call("POST", "/api/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/", "secret": f"whsec_{NUMBER}"})
    kept = [row[0] for row in observer.execute("select r::text from api_requests r").fetchall()]
    assert len(kept) > len(bodies)
    for row in kept:
        digits = row.replace(" ", "")
        assert NUMBER not in digits and CVV not in row.split(",", 12)[-1], row
        assert NUMBER[:12] not in digits, "half a card number"
        assert "Asha Rao" not in row and test_merchant.API_SECRET not in row and "whsec_4" not in row
    assert any('"vpa":"a@upi"' in row.replace('""', '"').replace("\\", "") for row in kept)


def test_a_key_that_let_nobody_in_is_not_kept_and_neither_is_a_password(
    api: Api, database: Database, observer: psycopg.Connection[Any]
) -> None:
    mine = people.cookie_of(database, test_merchant.USER_ID, confirmed=True)
    mine["x-api-key"] = f"key_{NUMBER}" + "x" * 5000
    api.call("POST", "/api/v1/session/confirm", {"password": "hunter2 hunter2"}, headers=mine)
    wrong = {"current_password": "hunter2", "newPassword": "hunter2"}
    api.call("POST", "/api/v1/session/password", wrong, headers=mine)
    mine["user-agent"] = "4242.4242.4242.4242 " * 100
    api.call("PUT", "/api/v1/team/4242–4242–4242–4242", {"password": "hunter2"}, headers=mine)
    kept = observer.execute("select api_key, path, user_agent, body from api_requests").fetchall()
    assert len(kept) == 3 and {row[0] for row in kept} == {None}
    assert "hunter2" not in str(kept) and "4242" not in str(kept)
    assert '{"current_password":"[masked]","newPassword":"[masked]"}' in {row[3] for row in kept}


def test_what_a_card_is_made_of_is_masked_whatever_it_is() -> None:
    sent = {"order_id": "order_1", "card": {"number": 1, "cvv": "8", "Holder_Name": "Asha"}, "vpa": "a@upi"}
    masked = dict.fromkeys(sent["card"], masking.MASK)  # type: ignore[arg-type]
    assert masking.asked_for(sent, NewPayment) == sent | {"card": masked}


@pytest.mark.parametrize(
    ("which", "kept"), [("all", {201, 400, 200}), ("writes", {201, 400}), ("errors", {400}), ("off", set())]
)
def test_the_setting_says_which_calls_are_kept(
    api: Api, observer: psycopg.Connection[Any], which: str, kept: set[int]
) -> None:
    api._gateway._which_noted = which
    order = api.order()
    api.call("POST", "/api/v1/orders", {"amount": 5})
    api.call("GET", f"/api/v1/orders/{order}")
    found = {status for (status,) in observer.execute("select status from api_requests").fetchall()}
    assert found == kept


def test_calls_without_a_merchant_are_nobodys(api: Api, observer: psycopg.Connection[Any]) -> None:
    api.call("GET", "/health", headers={})
    api.call("POST", "/api/v1/orders", {"amount": 500}, headers=CREDENTIALS | {"x-api-secret": "wrong"})
    api.call("GET", "/api/v1/merchants", headers=OPERATOR)
    api.call("GET", f"/api/v1/orders/{'x' * 22}/public", headers={})
    assert observer.execute("select count(*) from api_requests").fetchone() == (0,)


def test_calls_are_gathered_and_those_past_the_bound_are_only_counted(
    database: Database, observer: psycopg.Connection[Any]
) -> None:
    dropped: list[int] = []
    gathered = request_log.Gathered(database, dropped=dropped.append)
    gathered._thread = object()  # type: ignore[assignment] # its thread would store them meanwhile
    request_log.use(gathered)
    event = {"httpMethod": "POST", "path": "/api/v1/orders", "headers": {}, "body": '{"amount":1}',
             "requestContext": {"requestId": "r", "resourcePath": "/api/v1/orders",
                                "merchantId": test_merchant.ID}}  # fmt: skip
    try:
        for _ in range(request_log.WAITING_MAX + 7):
            request_log.note(event, {"statusCode": 201, "body": '{"id":"order_1"}'}, seconds=0.001, which="all")
    finally:
        request_log.use(request_log.AtOnce())
    assert sum(dropped) == 7
    gathered.store()
    assert observer.execute("select count(*), min(subject) from api_requests").fetchone() == (
        request_log.WAITING_MAX, "order_1",
    )  # fmt: skip


def test_only_the_newest_calls_are_kept(database: Database, observer: psycopg.Connection[Any]) -> None:
    with database.transaction() as tx:
        tx.execute(
            """insert into api_requests
                      (merchant_id, created_at, method, path, status, duration_ms, request_id, address, user_agent)
               select %s, now() - make_interval(secs => n), 'GET', '/' || n, 200, 1, 'r', '', ''
                 from generate_series(1, 1500) n""",
            (test_merchant.ID,),
        )
        assert requests.trim(tx) == 500
    kept = observer.execute("select count(*), max(created_at) > now() - interval '1 minute' from api_requests")
    assert kept.fetchone() == (requests.KEPT_MAX, True)
    with database.transaction() as tx:
        tx.execute("update api_requests set created_at = now() - interval '31 days' where path = '/7'")
        assert requests.trim(tx) == 1


# Operations


def _kill(database: Database, kind: str) -> str:
    with database.statement() as tx:
        row = tx.execute(
            """update jobs set state = 'dead', attempts = 20, lease_until = now() + interval '45 seconds',
                               last_error = 'ValueError: odd'
                where kind = %s returning id""",
            (kind,),
        ).fetchone()
    assert row is not None
    return str(row["id"])


def test_a_dead_job_is_listed_and_tried_again(api: Api, database: Database) -> None:
    payment = api.pay(api.order()).json["id"]
    job = _kill(database, "process_payment")
    gateway.process(database, runtime.current().bank)
    assert gateway.state(database, payment) == "created"
    (dead,) = _get(api, "/operations/dead_jobs", headers=OPERATOR)["data"]
    assert (dead["id"], dead["subject"], dead["attempts"], dead["last_error"]) == (job, payment, 20, "ValueError: odd")
    assert abs(datetime.fromisoformat(dead["died_at"]) - datetime.now(UTC)) < timedelta(seconds=10)
    queues = {one["kind"]: one for one in _get(api, "/operations", headers=OPERATOR)["queues"]}
    assert queues["process_payment"]["dead"] == 1
    api.told.jobs.clear()
    revived = api.call("POST", f"/api/v1/operations/dead_jobs/{job}/retry", headers=OPERATOR)
    assert (revived.status, revived.json["subject"], revived.json["status"]) == (200, payment, "pending")
    assert [str(told.id) for told in api.told.jobs] == [job]
    assert api.call("POST", f"/api/v1/operations/dead_jobs/{job}/retry", headers=OPERATOR).status == 404
    gateway.process(database, runtime.current().bank)
    assert gateway.state(database, payment) == "authorized"


def test_a_delivery_that_its_dead_job_failed_waits_again(api: Api, database: Database) -> None:
    api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
    api.pay(api.order())
    job = _kill(database, "deliver_webhook")
    with database.statement() as tx:
        tx.execute("update webhook_logs set status = 'failed', next_retry_at = null")
    assert api.call("POST", f"/api/v1/operations/dead_jobs/{job}/retry", headers=OPERATOR).status == 200
    assert [one["status"] for one in _get(api, "/webhooks")["data"]] == ["pending"]


def test_a_dead_job_is_revived_once_by_many_at_a_time(api: Api, database: Database) -> None:
    api.pay(api.order())
    job = _kill(database, "process_payment")
    with ThreadPoolExecutor(8) as threads:
        statuses = list(
            threads.map(
                lambda _: api.call("POST", f"/api/v1/operations/dead_jobs/{job}/retry", headers=OPERATOR).status,
                range(8),
            )
        )
    assert sorted(statuses) == [200] + [404] * 7


def test_operators_see_queues_workers_schedules_and_throughput(
    api: Api, database: Database, observer: psycopg.Connection[Any]
) -> None:
    def run(name: str) -> None:
        handlers.app.handler_map[name](events.clock_event(name), events.Context(name, timeout_seconds=60))

    run("figures")
    run("expiry")
    observer.execute("update job_samples set at = at - interval '1 minute'")
    _paid(api, database)
    with database.statement() as tx:
        tx.execute("update queues set drained_at = now() where kind = 'process_payment'")
    run("figures")
    shown = _get(api, "/operations", headers=OPERATOR)
    queues = {one["kind"]: one for one in shown["queues"]}
    assert (queues["process_payment"]["worker"], queues["process_refund"]["worker"]) == ("running", "stopped")
    assert (queues["process_payment"]["completed"], queues["process_payment"]["pending"]) == (1, 0)
    assert {one["name"]: one["error"] for one in shown["schedules"]} == {"expiry": None, "figures": None}
    assert {one["kind"]: one["completed"] for one in shown["throughput"]} == {
        "process_payment": 1, "process_refund": 0, "deliver_webhook": 0,
    }  # fmt: skip


def test_a_schedule_that_fails_says_so_to_operators(
    api: Api, observer: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(figures_schedule.operations, "sample", fail)
    with pytest.raises(ZeroDivisionError):
        handlers.app.handler_map["figures"](
            events.clock_event("figures"), events.Context("figures", timeout_seconds=60)
        )
    assert observer.execute("select error from schedule_runs where name = 'figures'").fetchone() == (
        "ZeroDivisionError",
    )
