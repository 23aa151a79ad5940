"""Webhooks: every event to whoever wants it, signed, retried on schedule, and tried once at a time."""

from __future__ import annotations

import hashlib
import hmac
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import psycopg
import pytest
from standardwebhooks import Webhook

from shared import signatures
from shared.addresses import Reach
from shared.connectors.simulator import SimulatedBank
from shared.db.database import Database
from shared.outbound import Response, Sender
from shared.sealing import Sealer
from shared.services import delivering, merchants, sweeping, test_merchant
from shared.services.delivering import Schedule
from tests import gateway
from tests.receiver import Receiver, receiver

SCHEDULE = (0, 5, 10, 15, 20)
PLAN = Schedule(retry_seconds=SCHEDULE, disable_seconds=3600)
LOOPBACK = [ip_network("127.0.0.0/8")]
SIX = ["payment.created", "payment.pending", "payment.success"]


@pytest.fixture
def bank(database: Database) -> SimulatedBank:
    return SimulatedBank(database, gateway.INSTANT)


@pytest.fixture
def shop(database: Database) -> Iterator[Receiver]:
    """The test merchant's receiver, registered."""
    with receiver() as shop:
        _register(database, test_merchant.ID, shop.url)
        yield shop


def _register(database: Database, merchant_id: uuid.UUID, url: str | None, events: list[str] | None = None) -> None:
    from msgspec import UNSET

    with database.transaction() as tx:
        merchants.update(
            tx,
            merchant_id,
            webhook_url=url,
            webhook_events=UNSET if events is None else events,
            reach=Reach(allowed_networks=[*LOOPBACK, ip_network("192.0.2.0/24")]),
        )


def _deliver(database: Database, sealer: Sealer, ids: list[int] | None = None, seconds_max: float = 2) -> None:
    jobs = gateway.due(database, "deliver_webhook") if ids is None else ids
    sender = Sender(seconds_max=seconds_max, allowed_networks=LOOPBACK)
    delivering.deliver(database, sender, sealer, PLAN, gateway.Told().send, jobs)


def _deliver_by(sender: Sender, database: Database, sealer: Sealer) -> None:
    jobs = gateway.due(database, "deliver_webhook")
    delivering.deliver(database, sender, sealer, PLAN, gateway.Told().send, jobs)


def _logs(observer: psycopg.Connection) -> list[tuple[str, str, int]]:
    return observer.execute("select event, status, attempts from webhook_logs order by created_at, event").fetchall()


def test_a_payment_is_told_in_three_events_whose_sequence_has_no_gap(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver
) -> None:
    payment_id = gateway.pay(database, bank)
    gateway.process(database, bank)
    _deliver(database, sealer)
    got = sorted(shop.received, key=lambda one: one.body["sequence"])
    assert [one.body["event"] for one in got] == SIX
    assert [one.body["sequence"] for one in got] == [1, 2, 3]
    assert {one.body["data"]["payment"]["id"] for one in got} == {payment_id}
    assert [one.body["data"]["payment"]["status"] for one in got] == ["pending", "pending", "success"]


def test_the_plain_signature_is_the_hmac_of_the_exact_bytes(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    gateway.pay(database, bank)
    _deliver(database, sealer)
    (one,) = shop.received
    secret = test_merchant.WEBHOOK_SECRET.encode()
    assert one.headers["x-webhook-signature"] == hmac.new(secret, one.raw, hashlib.sha256).hexdigest()
    stored = observer.execute("select e.body, l.payload::text from events e join webhook_logs l on l.event_id = e.id")
    assert stored.fetchall() == [(one.raw.decode(), one.raw.decode())]


def test_the_standard_signature_is_accepted_by_the_published_verifier(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    secret = signatures.new_webhook_secret()
    sealed = sealer.seal(secret, belongs_to=f"merchants/{test_merchant.ID}/webhook_secret")
    observer.execute("update webhook_endpoints set secret = %s", (sealed,))
    gateway.pay(database, bank)
    _deliver(database, sealer)
    (one,) = shop.received
    assert Webhook(secret).verify(one.raw, one.headers) == one.body


def test_without_a_url_there_is_an_event_but_no_delivery(
    database: Database, bank: SimulatedBank, observer: psycopg.Connection
) -> None:
    gateway.pay(database, bank)
    gateway.process(database, bank)
    assert _logs(observer) == []
    assert gateway.due(database, "deliver_webhook") == []
    assert observer.execute("select count(*) from events").fetchone() == (3,)


def test_only_the_events_that_were_asked_for_are_sent(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver
) -> None:
    _register(database, test_merchant.ID, shop.url, ["payment.failed", "payment.success"])
    gateway.pay(database, bank)
    gateway.process(database, bank)
    _deliver(database, sealer)
    assert shop.events() == ["payment.success"]


def test_a_receiver_that_fails_is_tried_on_schedule_and_then_no_more(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    shop.answer = lambda _: 503
    gateway.pay(database, bank)
    for attempt, wait in enumerate([*SCHEDULE[1:], None], start=1):
        _deliver(database, sealer)
        assert len(shop.received) == attempt
        row = observer.execute(
            """select extract(epoch from next_retry_at - last_attempt_at)::float8, status, response_code
                 from webhook_logs"""
        ).fetchone()
        assert row is not None
        if wait is None:
            assert row == (None, "failed", 503)
        else:
            assert wait <= row[0] <= wait * 1.1 + 0.001
            assert row[1:] == ("pending", 503)
            assert gateway.due(database, "deliver_webhook") == [], "it is not due yet"
            gateway.make_due(database)
    assert _logs(observer) == [("payment.created", "failed", 5)]
    assert gateway.due(database, "deliver_webhook") == []
    attempts = observer.execute("select attempt, response_code, error from webhook_attempts order by 1").fetchall()
    assert attempts == [(number, 503, None) for number in range(1, 6)]
    assert len({one.headers["webhook-id"] for one in shop.received}) == 1, "the id is the event's, not the try's"


def test_a_receiver_that_recovers_gets_it_and_is_left_alone(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    shop.answer = lambda _: 500 if len(shop.received) == 1 else 204
    gateway.pay(database, bank)
    _deliver(database, sealer)
    gateway.make_due(database)
    _deliver(database, sealer)
    gateway.make_due(database)
    _deliver(database, sealer)
    assert len(shop.received) == 2
    assert _logs(observer) == [("payment.created", "success", 2)]


@pytest.mark.parametrize("rounds", range(3))
def test_a_delivery_run_by_many_workers_at_once_is_tried_once(
    database: Database,
    bank: SimulatedBank,
    sealer: Sealer,
    shop: Receiver,
    observer: psycopg.Connection,
    rounds: int,
) -> None:
    for _ in range(5):
        gateway.pay(database, bank)
    jobs = gateway.due(database, "deliver_webhook")
    with ThreadPoolExecutor(10) as workers:
        list(workers.map(lambda _: _deliver(database, sealer, jobs), range(10)))
    assert len(shop.received) == 5
    assert _logs(observer) == [("payment.created", "success", 1)] * 5


def test_the_same_message_twice_in_turn_delivers_once(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver
) -> None:
    gateway.pay(database, bank)
    jobs = gateway.due(database, "deliver_webhook")
    _deliver(database, sealer, jobs)
    _deliver(database, sealer, jobs)
    assert len(shop.received) == 1


def test_an_attempt_whose_worker_died_is_logged_as_lost_and_does_not_use_up_the_schedule(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    gateway.pay(database, bank)

    class Dies(Sender):
        def post(self, *_: object, **__: object) -> None:  # type: ignore[override]
            raise SystemExit

    with pytest.raises(SystemExit):
        _deliver_by(Dies(), database, sealer)
    gateway.desert(database)
    _deliver(database, sealer)
    attempts = observer.execute(
        "select attempt, response_code, coalesce(error, '') like 'lost%' from webhook_attempts order by 1"
    ).fetchall()
    assert attempts == [(1, None, True), (2, 200, False)]
    assert _logs(observer) == [("payment.created", "success", 1)]


def test_a_delivery_that_breaks_the_sender_uses_up_its_own_schedule_and_no_others(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    broken = gateway.pay(database, bank)
    for _ in range(3):
        gateway.pay(database, bank)

    class Broken(Sender):
        def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Response:
            if broken.encode() in body:
                raise RuntimeError("a bug")
            return super().post(url, body=body, headers=headers)

    sender = Broken(allowed_networks=LOOPBACK)
    for _ in SCHEDULE:
        _deliver_by(sender, database, sealer)
        gateway.make_due(database)
    logs = observer.execute("select status, attempts from webhook_logs order by attempts").fetchall()
    assert logs == [("success", 1)] * 3 + [("failed", 5)]
    assert len(shop.received) == 3
    errors = observer.execute("select distinct error from webhook_attempts where error is not null").fetchall()
    assert errors == [("internal: RuntimeError",)]


def test_a_delivery_whose_job_is_gone_gets_one_again_and_one_that_kills_its_workers_fails(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    gateway.pay(database, bank)
    observer.execute("delete from jobs where kind = 'deliver_webhook'")
    observer.execute("update webhook_logs set next_retry_at = now() - interval '61 s'")
    assert sweeping.inquire(database, gateway.Told()) == 1
    _deliver(database, sealer)
    assert _logs(observer) == [("payment.created", "success", 1)]
    gateway.pay(database, bank)
    observer.execute("update jobs set attempts = 20 where kind = 'deliver_webhook'")
    _deliver(database, sealer)
    assert ("payment.created", "failed", 0) in _logs(observer)
    assert len(shop.received) == 1


def test_a_merchant_that_removes_its_url_gets_no_more(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    gateway.pay(database, bank)
    _register(database, test_merchant.ID, None)
    _deliver(database, sealer)
    assert shop.received == []
    assert _logs(observer) == [("payment.created", "failed", 0)]
    assert gateway.due(database, "deliver_webhook") == []


def test_a_delivery_goes_to_where_the_merchant_listens_now(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver
) -> None:
    gateway.pay(database, bank)
    with receiver() as moved:
        _register(database, test_merchant.ID, moved.url)
        _deliver(database, sealer)
        assert (len(shop.received), len(moved.received)) == (0, 1)


def test_what_was_not_tried_in_time_is_put_back_untouched(
    database: Database,
    bank: SimulatedBank,
    sealer: Sealer,
    shop: Receiver,
    observer: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivering, "CALLING_SECONDS_MAX", 0.2)

    def slowly(_: object) -> int:
        time.sleep(0.3)
        return 200

    shop.answer = slowly
    for _ in range(10):
        gateway.pay(database, bank)
    _deliver(database, sealer)
    tried = len(shop.received)
    assert tried == delivering.CALLS_PER_RECEIVER
    assert len(gateway.due(database, "deliver_webhook")) == 10 - tried
    waiting = observer.execute("select count(*) from webhook_logs where status = 'pending' and attempts = 0").fetchone()
    assert waiting == (10 - tried,)


def test_a_slow_receiver_holds_up_only_its_own_line_of_a_batch(
    database: Database, bank: SimulatedBank, sealer: Sealer, observer: psycopg.Connection
) -> None:
    other = gateway.other_merchant(database, sealer)
    with receiver() as slow, receiver() as quick:
        slow.answer = lambda _: time.sleep(1.2) or 200
        _register(database, test_merchant.ID, slow.url)
        _register(database, other, quick.url)
        for _ in range(3):
            gateway.pay(database, bank)
        observer.execute(
            """update webhook_logs
                  set merchant_id = %s, endpoint_id = (select id from webhook_endpoints where merchant_id = %s)
                where id = (select id from webhook_logs limit 1)""",
            (other, other),
        )
        with ThreadPoolExecutor(1) as worker:
            running = worker.submit(_deliver, database, sealer)
            quick.wait_for(lambda: len(quick.received) == 1, seconds=1)
            quick.wait_for(lambda: ("payment.created", "success", 1) in _logs(observer), seconds=1)
            assert not running.done(), "the quick one was recorded before the slow ones had answered"
            running.result()
    assert _logs(observer) == [("payment.created", "success", 1)] * 3
