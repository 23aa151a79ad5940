"""One key, one effect, one answer: in turn, at once, by others, and after a failure."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from chalicelib import runtime

from shared import ids
from shared.config import Config
from shared.db.database import Database
from shared.sealing import Sealer
from tests import gateway
from tests.functions.test_api import CREDENTIALS, Api, _assert_refused, _start

ORDERS, PAYMENTS = "/api/v1/orders", "/api/v1/payments"


@pytest.fixture
def api(settings: Config, database: Database) -> Iterator[Api]:
    yield _start(settings, database)
    runtime.current().close()


def _keyed(api: Api, path: str, body: Any, key: str = "key-1", headers: Any = CREDENTIALS) -> SimpleNamespace:
    return api.call("POST", path, body, headers=headers | {"idempotency-key": key})


def _count(observer: psycopg.Connection, table: str) -> int:
    row = observer.execute(f"select count(*) from {table}").fetchone()  # type: ignore[arg-type]
    assert row is not None
    return int(row[0])


def test_the_same_request_again_gets_the_same_answer_and_has_no_effect(api: Api, observer: psycopg.Connection) -> None:
    first = _keyed(api, ORDERS, {"amount": 500, "notes": {"a": "₹"}})
    again = api.call(
        "POST",
        ORDERS,
        raw='{"notes": {"a":"₹"},   "amount":500}'.encode(),
        headers=CREDENTIALS | {"idempotency-key": "key-1"},
    )
    assert (again.status, again.json) == (first.status, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert _count(observer, "orders") == 1


def test_another_request_under_the_same_key_is_refused(api: Api, observer: psycopg.Connection) -> None:
    _keyed(api, ORDERS, {"amount": 500})
    _assert_refused(_keyed(api, ORDERS, {"amount": 501}), 422, reason="idempotency_key_reused")
    _assert_refused(_keyed(api, PAYMENTS, {"order_id": "x", "method": "upi"}), 422)
    assert _count(observer, "orders") == 1


def test_a_key_means_something_to_its_own_merchant_only(
    api: Api, database: Database, sealer: Sealer, observer: psycopg.Connection
) -> None:

    gateway.other_merchant(database, sealer)
    other = gateway.OTHER
    first, second = _keyed(api, ORDERS, {"amount": 500}), _keyed(api, ORDERS, {"amount": 500}, headers=other)
    assert first.status == second.status == 201
    assert first.json["id"] != second.json["id"]


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "a\n", "\x00"])
def test_a_key_that_is_none_is_refused(api: Api, observer: psycopg.Connection, key: str) -> None:
    _assert_refused(_keyed(api, ORDERS, {"amount": 500}, key=key), 400, field="Idempotency-Key")
    assert _count(observer, "orders") == 0


def test_a_refused_request_leaves_its_key_free(api: Api, observer: psycopg.Connection) -> None:
    _assert_refused(_keyed(api, ORDERS, {"amount": 99}), 400)
    assert _count(observer, "idempotency_keys") == 0
    assert _keyed(api, ORDERS, {"amount": 100}).status == 201


def test_a_second_payment_of_an_order_is_refused_with_a_key_as_without(api: Api) -> None:
    order_id = api.order()
    body = {"order_id": order_id, "method": "upi", "vpa": "asha@upi"}
    first = _keyed(api, PAYMENTS, body, key="one")
    refused = _keyed(api, PAYMENTS, body, key="two")
    _assert_refused(refused, 409, reason="payment_in_progress", payment_id=first.json["id"])


def test_twins_under_two_keys_at_once_make_one_payment(api: Api, observer: psycopg.Connection) -> None:
    body = {"order_id": api.order(), "method": "upi", "vpa": "asha@upi"}
    together = threading.Barrier(10)

    def pay(number: int) -> int:
        together.wait()
        return int(_keyed(api, PAYMENTS, body, key=f"key-{number}").status)

    with ThreadPoolExecutor(10) as callers:
        assert sorted(callers.map(pay, range(10))) == [201] + [409] * 9
    assert _count(observer, "payments") == 1
    assert _count(observer, "idempotency_keys") == 1


def test_an_error_of_ours_leaves_the_key_free(
    api: Api, observer: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(ids, "order_id", lambda: 1 / 0)
        assert _keyed(api, ORDERS, {"amount": 500}).status == 500
    assert _keyed(api, ORDERS, {"amount": 500}).status == 201


def test_while_the_first_is_still_under_way_a_twin_is_told_to_try_again(api: Api, database: Database) -> None:
    from shared.services import test_merchant

    with database.transaction() as tx:
        tx.execute(
            """insert into idempotency_keys (merchant_id, key, method, path, request_mac, expires_at)
               values (%s, 'key-1', 'POST', '/', '', now() + interval '1 day')""",
            (test_merchant.ID,),
        )
        answer = _keyed(api, ORDERS, {"amount": 500})
    _assert_refused(answer, 409, reason="idempotency_in_progress")
    assert answer.headers["Retry-After"] == "1"


def test_after_a_day_a_key_may_be_used_again_and_is_forgotten(api: Api, observer: psycopg.Connection) -> None:
    import app as handlers

    from local.events import Context, clock_event

    first = _keyed(api, ORDERS, {"amount": 500})
    observer.execute("update idempotency_keys set expires_at = now()")
    second = _keyed(api, ORDERS, {"amount": 600})
    assert (second.status, second.json["amount"]) == (201, 600)
    assert first.json["id"] != second.json["id"]
    forget = handlers.app.handler_map["expired_keys"]
    forget(clock_event("expired_keys"), Context("expired_keys", timeout_seconds=60))
    assert _count(observer, "idempotency_keys") == 1
    observer.execute("update idempotency_keys set expires_at = now()")
    forget(clock_event("expired_keys"), Context("expired_keys", timeout_seconds=60))
    assert _count(observer, "idempotency_keys") == 0


def test_a_key_keeps_no_card(api: Api, observer: psycopg.Connection) -> None:
    card = {
        "number": "4111111111111111",
        "expiry_month": 12,
        "expiry_year": 2040,
        "cvv": "987",
        "holder_name": "Asha Rao",
    }
    assert _keyed(api, PAYMENTS, {"order_id": api.order(), "method": "card", "card": card}).status == 201
    row = observer.execute("select to_jsonb(k)::text from idempotency_keys k").fetchone()
    assert row is not None
    assert "4111111111111111" not in row[0] and "Asha" not in row[0]
