"""Races: the real handlers in many threads against Postgres, counted in the tables and in the bank's own books."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from chalicelib import runtime

from local.api_gateway import new_request_id
from shared.config import Config
from shared.db.database import Database
from shared.sealing import Sealer
from shared.services import delivering, merchants, noticing, test_merchant
from shared.services.delivering import Schedule
from tests import gateway
from tests.functions.test_api import CREDENTIALS, Api, _start
from tests.invariants import violations
from tests.receiver import Received, receiver

ROUNDS = 20
TRIES = 3
ORDERS, PAYMENTS, KEYS = "/api/v1/orders", "/api/v1/payments", "/api/v1/api_keys"
STATISTICS_SECONDS_MAX = 5  # until Postgres has counted what a closed connection did
NEVER_DISABLED = Schedule(retry_seconds=(0, 0, 0, 0, 0), disable_seconds=3600)


@pytest.fixture
def api(settings: Config, database: Database, observer: psycopg.Connection) -> Iterator[Api]:
    """The handlers. After each race every invariant holds, and nobody has waited in a circle."""
    before = _deadlocks(observer)
    # Limits of rate would keep out the very crowd that is wanted here.
    yield _start(replace(settings, rate_limit_per_second=0, rate_limit_concurrent=0), database)
    assert violations(observer) == []
    runtime.current().close()
    stop_at = time.monotonic() + STATISTICS_SECONDS_MAX
    ours = "select count(*) from pg_stat_activity where application_name like 'tests%'"
    while observer.execute(ours).fetchone() != (0,):
        assert time.monotonic() < stop_at, "a connection was left open"
        time.sleep(0.01)
    assert _deadlocks(observer) == before


def _deadlocks(observer: psycopg.Connection) -> int:
    statement = "select deadlocks from pg_stat_database where datname = current_database()"
    return int(_one(observer, statement)[0])


def _one(observer: psycopg.Connection, statement: str, *values: object) -> tuple[Any, ...]:
    row = observer.execute(statement, values).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return tuple(row)


def _at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Runs every act in a thread of its own, all let go at one moment."""
    together = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        together.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as callers:
        return list(callers.map(run, acts))


@contextmanager
def _meanwhile(*acts: Callable[[], Any]) -> Iterator[list[int]]:
    """Each act again and again in a thread of its own while the block runs; how often they ran is known after it."""
    over = threading.Event()
    turns = [0] * len(acts)

    def work(number: int) -> None:
        while not over.is_set():
            acts[number]()
            turns[number] += 1
            time.sleep(0.005)

    with ThreadPoolExecutor(len(acts)) as workers:
        running = [workers.submit(work, number) for number in range(len(acts))]
        try:
            yield turns
        finally:
            over.set()
        for one in running:
            one.result()


def _process(database: Database) -> None:
    gateway.process(database, runtime.current().bank)


def _process_refunds(database: Database) -> None:
    gateway.process_refunds(database, runtime.current().bank)


def _authorized(api: Api, database: Database, *, amount: int = 50000, vpa: str = "asha@upi") -> str:
    payment = api.pay(api.order(amount=amount), vpa=vpa)
    assert payment.status == 201, payment.json
    _process(database)
    return str(payment.json["id"])


def _captured(api: Api, database: Database, **more: Any) -> str:
    payment_id = _authorized(api, database, **more)
    assert api.call("POST", f"{PAYMENTS}/{payment_id}/capture").status == 200
    return payment_id


def _counted(answers: Sequence[SimpleNamespace]) -> Counter[tuple[int, str | None]]:
    """How many answers of each status and reason."""
    return Counter(
        (answer.status, answer.json["error"].get("reason") if "error" in answer.json else None) for answer in answers
    )


def test_a_hundred_refunds_at_once_never_give_back_more_than_was_captured(
    api: Api, database: Database, database_url: str, observer: psycopg.Connection
) -> None:
    for number in range(ROUNDS):
        payment_id = _captured(api, database, amount=10_000)
        path = f"{PAYMENTS}/{payment_id}/refunds"
        seen: list[int] = []
        with psycopg.connect(database_url, autocommit=True) as watching:

            def watch(id: str = payment_id, watching: psycopg.Connection = watching, seen: list[int] = seen) -> None:
                counted = "select coalesce(sum(amount), 0) from refunds where payment_id = %s and status <> 'failed'"
                seen.append(_one(watching, counted, id)[0])

            # In every other round the bank is asked while refunds are still coming in.
            meanwhile = [watch, lambda: _process_refunds(database)] if number % 2 else [watch]
            with _meanwhile(*meanwhile):
                answers = _at_once([lambda path=path: api.call("POST", path, {"amount": 300})] * 100)  # type: ignore[misc]
        assert _counted(answers) == {(201, None): 33, (400, "INSUFFICIENT_REFUND_AMOUNT"): 67}
        assert max(seen) <= 10_000
        assert len(seen) >= 3, "nobody looked during the race"
        _process_refunds(database)
        books = "select count(*), sum(amount), max(asked) from bank.refunds where charge_reference = %s and approved"
        assert _one(observer, books, payment_id) == (33, 9_900, 1)
        shown = "select state, amount_captured, amount_refunded, amount_refund_pending from payments where id = %s"
        assert _one(observer, shown, payment_id) == ("partially_refunded", 10_000, 9_900, 0)
    available = "select sum(amount) filter (where account = 'available'), sum(amount) from ledger_entries"
    assert _one(observer, available) == (100 * ROUNDS, 0)
    assert violations(observer, at_rest=True) == []


def test_two_hundred_requests_at_once_under_one_key_make_one_payment_and_one_answer(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    for number in range(ROUNDS):
        order_id = api.order()
        body = {"order_id": order_id, "method": "upi", "vpa": "asha@upi"}
        api.told.jobs.clear()
        with _meanwhile(lambda: _process(database)):
            answers = _at_once([lambda body=body, key=f"key-{number}": _keyed(api, body, key)] * 200)  # type: ignore[misc]
        assert Counter(answer.status for answer in answers) == {201: 200}
        assert len({answer.body for answer in answers}) == 1, "a replay differs from the first answer"
        assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 199
        assert _one(observer, "select count(*) from payments where order_id = %s", order_id) == (1,)
        assert len(api.told.jobs) == 1, "a replay wakes nobody"
    _process(database)
    assert _one(observer, "select count(*), max(asked) from bank.charges") == (ROUNDS, 1)
    assert violations(observer, at_rest=True) == []


def _keyed(api: Api, body: Any, key: str, headers: dict[str, str] = CREDENTIALS) -> Any:
    """The answer as it goes over the wire."""
    return api._gateway.answer(
        method="POST",
        path=PAYMENTS,
        query="",
        headers={"content-type": "application/json", "idempotency-key": key} | headers,
        body=json.dumps(body).encode(),
        source_ip="127.0.0.1",
        request_id=new_request_id(),
    )


def test_the_same_key_of_two_merchants_at_once_makes_a_payment_for_each(
    api: Api, database: Database, sealer: Sealer, observer: psycopg.Connection
) -> None:
    gateway.other_merchant(database, sealer)
    for number in range(ROUNDS):
        acts = []
        for headers in (CREDENTIALS, gateway.OTHER):
            order = api.call("POST", ORDERS, {"amount": 500}, headers=headers).json["id"]
            body = {"order_id": order, "method": "upi", "vpa": "asha@upi"}
            acts += [lambda b=body, h=headers, k=f"key-{number}": _keyed(api, b, k, h)] * 10  # type: ignore[misc]
        answers = _at_once(acts)
        assert Counter(answer.status for answer in answers) == {201: 20}
        assert len({answer.body for answer in answers[:10]}) == len({answer.body for answer in answers[10:]}) == 1
        assert answers[0].body != answers[10].body
    _process(database)
    made = "select merchant_id, count(*) from payments group by 1"
    assert [count for _, count in observer.execute(made)] == [ROUNDS, ROUNDS]
    assert _one(observer, "select count(*), max(asked) from bank.charges") == (2 * ROUNDS, 1)


def test_captures_and_refunds_at_once_have_one_effect_each(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    for number in range(ROUNDS):
        # A refund of a payment of which nothing was captured captures all of it; one of a partially captured one
        # closes the hold when it is processed. Each happens in some rounds.
        started, processing = number % 4 != 0, number % 2 == 0
        payment_id = _authorized(api, database)
        path = f"{PAYMENTS}/{payment_id}"
        amounts = [700 + 50 * one for one in range(50)]
        if started:
            assert api.call("POST", f"{path}/capture", {"amount": 5000}).status == 200
        acts: list[Callable[[], tuple[str, int, SimpleNamespace]]] = []
        for one, amount in enumerate(amounts):
            kind = "refunds" if one % 3 == 0 else "capture"
            acts.append(lambda p=path, k=kind, a=amount: (k, a, api.call("POST", f"{p}/{k}", {"amount": a})))  # type: ignore[misc]
        over: list[tuple[Any, ...]] = []

        def watch(id: str = payment_id, over: list[tuple[Any, ...]] = over) -> None:
            shown = """select p.amount_captured, p.amount_authorized, sum(r.amount)
                         from payments p join refunds r on r.payment_id = p.id and r.status <> 'failed'
                        where p.id = %s group by p.id
                       having sum(r.amount) > p.amount_captured or p.amount_captured > p.amount_authorized"""
            over.extend(observer.execute(shown, (id,)).fetchall())

        with _meanwhile(watch, *[lambda: _process_refunds(database)] * processing):
            ended = _at_once(acts)
        assert over == []
        assert {answer.status for _, _, answer in ended} <= {200, 201, 400}
        taken = [amount for kind, amount, answer in ended if kind == "capture" and answer.status == 200]
        given = [amount for kind, amount, answer in ended if kind == "refunds" and answer.status == 201]
        taken += [5000] * started
        _process_refunds(database)
        captured, refunded, authorized = _one(
            observer,
            "select amount_captured, amount_refunded, amount_authorized from payments where id = %s",
            payment_id,
        )
        booked = "select count(*) from ledger_transactions where payment_id = %s and kind = 'capture'"
        by_a_refund = _one(observer, booked, payment_id)[0] - len(taken)
        assert by_a_refund in ((0,) if started else (0, 1))
        assert captured == (authorized if by_a_refund else sum(taken))
        assert refunded == sum(given)
        assert len(given) == _one(observer, "select count(*) from refunds where payment_id = %s", payment_id)[0]
        sent = "select count(*), coalesce(sum(amount), 0) from bank.refunds where charge_reference = %s and approved"
        assert _one(observer, sent, payment_id) == (len(given), refunded)
    assert violations(observer, at_rest=True) == []


def test_a_hundred_payments_of_one_order_at_once_pay_it_once(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    def insist(order_id: str, vpa: str) -> SimpleNamespace:
        """As a customer who is told that another try is under way: by then that one may have been declined."""
        for _ in range(TRIES):
            answer = api.pay(order_id, vpa=vpa)
            if answer.status != 409:
                break
            time.sleep(0.01)
        return answer

    declined = 0
    for number in range(ROUNDS):
        order_id = api.order()
        vpas = ["do-not-honour@magic"] * 90 + ["approve@magic"] * 10 if number % 2 else ["approve@magic"] * 100
        more: list[Any] = []

        def watch(order_id: str = order_id, more: list[Any] = more) -> None:
            live = "select count(*) from payments where order_id = %s and status <> 'failed' having count(*) > 1"
            more.extend(observer.execute(live, (order_id,)).fetchall())

        acts = [lambda o=order_id, v=vpa: insist(o, v) for vpa in vpas]  # type: ignore[misc]
        with _meanwhile(watch, lambda: _process(database), lambda: _process(database)):
            answers = _at_once(acts)
        assert more == [], "two payments of one order lived at once"
        counted = _counted(answers)
        assert set(counted) <= {(201, None), (409, "payment_in_progress"), (400, "order_paid")}
        _process(database)
        if number % 2:  # declined ones make room for the next try: the order is paid in the end
            declined += counted[201, None]
            while api.pay(order_id, vpa="approve@magic").status == 201:
                _process(database)
        states = Counter(dict(observer.execute(_BY_STATE, (order_id,)).fetchall()))
        assert states["authorized"] == 1, states
        assert set(states) <= {"authorized", "failed"}
        debits = """select count(*) from bank.charges c join payments p on p.id = c.reference
                     where p.order_id = %s and c.approved"""
        assert _one(observer, debits, order_id) == (1,)
    assert declined > ROUNDS // 2, "nobody had to try again: this was no race"
    assert violations(observer, at_rest=True) == []


_BY_STATE = "select state, count(*) from payments where order_id = %s group by state"


def test_a_delivery_that_is_retried_by_hand_while_workers_deliver_is_tried_once_at_a_time_and_arrives(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    under_way: Counter[str] = Counter()
    overlaps: list[str] = []
    tries: defaultdict[str, int] = defaultdict(int)
    failing = True
    held = threading.Lock()

    def answer(one: Received) -> int:
        id = one.headers["webhook-id"]
        with held:
            under_way[id] += 1
            tries[id] += 1
            if under_way[id] > 1:
                overlaps.append(id)
        time.sleep(0.01)
        with held:
            under_way[id] -= 1
            return 500 if failing and tries[id] % 3 else 200

    def deliver() -> None:
        on = runtime.current()
        jobs = gateway.due(database, "deliver_webhook")
        delivering.deliver(database, on.sender, on.sealer, NEVER_DISABLED, gateway.Told().send, jobs)

    with receiver() as shop:
        shop.answer = answer
        assert api.call("PUT", "/api/v1/merchants/me", {"webhook_url": shop.url}).status == 200
        for _ in range(ROUNDS):
            failing = True
            api.pay(api.order())
            (log_id,) = _one(observer, "select id::text from webhook_logs order by created_at desc limit 1")
            path = f"/api/v1/webhooks/{log_id}/retry"
            with _meanwhile(deliver, deliver, deliver):
                answers = _at_once([lambda path=path: api.call("POST", path)] * 50)  # type: ignore[misc]
            assert Counter(answer.status for answer in answers) == {200: 50}
            failing = False
            # A failed attempt that was under way during the last retry begins anew; then it arrives.
            while gateway.due(database, "deliver_webhook"):
                deliver()
            assert _one(observer, "select status from webhook_logs where id = %s", log_id) == ("success",)
            logged = """select count(*), count(*) filter (where error is not null) from webhook_attempts
                         where webhook_log_id = %s"""
            (event,) = _one(observer, "select event_id from webhook_logs where id = %s", log_id)
            assert _one(observer, logged, log_id) == (tries[event], 0), "an attempt is not in the log, or one too many"
    assert overlaps == [], "two attempts of one delivery were under way at once"
    assert len(tries) == ROUNDS
    assert sum(tries.values()) > ROUNDS, "nothing was ever retried: this was no race"


def test_workers_on_the_same_refunds_and_notices_about_them_at_once_have_one_effect(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    fates = {
        "refund-returned@magic": "failed",
        "refund-declined@magic": "failed",
        "refund-timeout@magic": "processed",
        "double-answer@magic": "processed",
    }
    on = runtime.current()
    for _ in range(ROUNDS):
        paid = {_captured(api, database, vpa=vpa): fate for vpa in fates for fate in (fates[vpa],)}
        made = [
            api.call("POST", f"{PAYMENTS}/{payment_id}/refunds", {"amount": amount}).json
            for payment_id in paid
            for amount in (300, 400)
        ]
        jobs = gateway.due(database, "process_refund")
        assert len(jobs) == len(made)

        def take_notices() -> None:
            for _ in range(4):
                gateway.announce(database)
                noticing.take_notices(on.database, on.bank, gateway.Told())

        _at_once([lambda jobs=jobs: gateway.process_refunds(database, on.bank, jobs)] * 3 + [take_notices] * 3)  # type: ignore[misc]
        gateway.make_due(database)  # the answers that got lost are asked for again
        _process_refunds(database)
        gateway.take_notices(database, on.bank)
        _process_refunds(database)
        ended = dict(observer.execute("select id, status from refunds where payment_id = any(%s)", (list(paid),)))
        assert ended == {one["id"]: paid[one["payment_id"]] for one in made}
        asked = "select max(asked), count(*) from bank.refunds where charge_reference = any(%s)"
        assert _one(observer, asked, list(paid)) == (1, len(made)), "the bank was asked twice"
    assert _one(observer, "select count(*) from bank.notices") == (0,)
    assert violations(observer, at_rest=True) == []


def test_a_payment_captured_and_voided_at_once_is_one_of_the_two(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    won: Counter[str] = Counter()
    for _ in range(ROUNDS):
        path = f"{PAYMENTS}/{_authorized(api, database)}"
        acts = [lambda p=path: ("captured", api.call("POST", f"{p}/capture").status)] * 4  # type: ignore[misc]
        acts += [lambda p=path: ("voided", api.call("POST", f"{p}/void").status)] * 4  # type: ignore[misc]
        ended = _at_once(acts)
        assert Counter(status for _, status in ended) == {200: 1, 400: 7}
        (winner,) = (kind for kind, status in ended if status == 200)
        won[winner] += 1
        assert api.call("GET", path).json["state"] == winner
    booked = "select count(*), coalesce(sum(amount), 0) from ledger_entries where account = 'available'"
    assert _one(observer, booked) == (won["captured"], 50000 * won["captured"])
    assert violations(observer, at_rest=True) == []


def test_a_key_rolled_many_times_at_once_ends_in_keys_that_all_work_and_never_too_many(
    api: Api, database: Database, observer: psycopg.Connection
) -> None:
    assert merchants.KEYS_MAX == 20
    for number in range(ROUNDS):
        observer.execute("delete from api_keys where api_key <> %s", (test_merchant.API_KEY,))
        observer.execute("update api_keys set expires_at = null")
        standing = _credentials(api.call("POST", KEYS).json)
        rolled = api.call("POST", KEYS).json["api_key"]
        path = f"{KEYS}/{rolled}/roll"
        if number % 2:  # the old key ends at once: only one of all can put another in its place
            acts = [lambda p=path, s=standing: api.call("POST", p, {"overlap_seconds": 0}, headers=s)] * 10  # type: ignore[misc]
            answers = _at_once(acts)
            assert Counter(answer.status for answer in answers) == {201: 1, 404: 9}
        else:  # the old key works on, and may be rolled again: up to the limit
            answers = _at_once([lambda p=path, s=standing: api.call("POST", p, headers=s)] * 25)  # type: ignore[misc]
            assert _counted(answers) == {(201, None): merchants.KEYS_MAX - 3, (400, "too_many_keys"): 25 - 17}
        new = [_credentials(answer.json) for answer in answers if answer.status == 201]
        working = "select count(*) from api_keys where expires_at is null or expires_at > now()"
        assert _one(observer, working) == (len(new) + 2 + (number % 2 == 0),)
        assert {api.call("GET", KEYS, headers=headers).status for headers in new} == {200}
        (shown,) = _one(observer, "select api_key from merchants where id = %s", test_merchant.ID)
        assert shown in {headers["x-api-key"] for headers in new}


def _credentials(shown: dict[str, Any]) -> dict[str, str]:
    return {"x-api-key": shown["api_key"], "x-api-secret": shown["api_secret"]}
