"""Several endpoints of one merchant: what each wants, how its secret rolls, how it is given up and made whole again."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import psycopg
import pytest
from msgspec import UNSET
from standardwebhooks import Webhook

from shared.addresses import Reach
from shared.connectors.simulator import SimulatedBank
from shared.db.database import Database
from shared.domain.webhook_endpoint import WebhookEndpoint
from shared.errors import BadRequest, NotFound
from shared.outbound import Sender
from shared.sealing import Sealer
from shared.services import delivering, payments, sweeping, test_merchant, webhook_endpoints
from shared.services.delivering import Schedule
from tests import gateway
from tests.receiver import Received, Receiver, receiver

ME = test_merchant.ID
LOOPBACK = [ip_network("127.0.0.0/8")]
PLAN = Schedule(retry_seconds=(0, 60), disable_seconds=3600)


@pytest.fixture
def bank(database: Database) -> SimulatedBank:
    return SimulatedBank(database, gateway.INSTANT)


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as shop:
        yield shop


@pytest.fixture
def second() -> Iterator[Receiver]:
    with receiver() as second:
        yield second


def _create(database: Database, sealer: Sealer, url: str, **more: Any) -> tuple[WebhookEndpoint, str]:
    with database.transaction() as tx:
        return webhook_endpoints.create(
            tx,
            sealer,
            ME,
            url=url,
            events=more.get("events"),
            description="",
            enabled=more.get("enabled", True),
            secret=more.get("secret"),
            reach=Reach(allowed_networks=LOOPBACK),
        )


def _update(database: Database, endpoint_id: str, **changes: Any) -> WebhookEndpoint:
    unset = {"url": UNSET, "events": UNSET, "description": UNSET, "enabled": UNSET}
    with database.transaction() as tx:
        return webhook_endpoints.update(
            tx, ME, endpoint_id, reach=Reach(allowed_networks=LOOPBACK), **(unset | changes)
        )


def _deliver(database: Database, sealer: Sealer, plan: Schedule = PLAN) -> None:
    sender = Sender(seconds_max=2, allowed_networks=LOOPBACK)
    jobs = gateway.due(database, "deliver_webhook")
    delivering.deliver(database, sender, sealer, plan, gateway.Told().send, jobs)


def _get(database: Database, endpoint_id: str) -> WebhookEndpoint:
    with database.statement() as tx:
        return webhook_endpoints.get(tx, ME, endpoint_id)


def _logs(observer: psycopg.Connection) -> list[tuple[str, str, int]]:
    return observer.execute("select event, status, attempts from webhook_logs order by created_at, event").fetchall()


def test_each_endpoint_gets_what_it_asked_for_signed_with_its_own_secret(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, second: Receiver
) -> None:
    _, one = _create(database, sealer, shop.url)
    _, two = _create(database, sealer, second.url, events=["payment.success"])
    assert one != two
    gateway.pay(database, bank)
    gateway.process(database, bank)
    _deliver(database, sealer)
    assert sorted(shop.events()) == ["payment.created", "payment.pending", "payment.success"]
    assert second.events() == ["payment.success"]
    for got, secret in ((shop.received[0], one), (second.received[0], two)):
        assert Webhook(secret).verify(got.raw, got.headers) == got.body
        plain = hmac.new(secret.encode(), got.raw, hashlib.sha256).hexdigest()
        assert got.headers["x-webhook-signature"] == plain


def test_while_a_secret_is_changed_both_sign_and_afterwards_only_the_new_one(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    endpoint, old = _create(database, sealer, shop.url, events=["payment.created"])
    with database.transaction() as tx:
        changed, new = webhook_endpoints.regenerate_secret(tx, sealer, ME, endpoint.id, overlap_seconds=600)
    assert changed.previous_secret_until is not None
    gateway.pay(database, bank)
    _deliver(database, sealer)
    (during,) = shop.received
    for secret, header in ((new, "x-webhook-signature"), (old, "x-webhook-signature-previous")):
        assert Webhook(secret).verify(during.raw, during.headers) == during.body
        assert during.headers[header] == hmac.new(secret.encode(), during.raw, hashlib.sha256).hexdigest()
    observer.execute("update webhook_previous_secrets set until = now() where endpoint_id = %s", (endpoint.id,))
    gateway.pay(database, bank)
    _deliver(database, sealer)
    after = shop.received[1]
    assert "x-webhook-signature-previous" not in after.headers
    assert after.headers["webhook-signature"].count("v1,") == 1
    assert Webhook(new).verify(after.raw, after.headers) == after.body
    assert _get(database, endpoint.id).previous_secret_until is None


def test_an_endpoint_that_fails_for_long_is_disabled_and_the_others_are_told(
    database: Database,
    bank: SimulatedBank,
    sealer: Sealer,
    shop: Receiver,
    second: Receiver,
    observer: psycopg.Connection,
) -> None:
    shop.answer = lambda _: 500
    failing, _ = _create(database, sealer, shop.url)
    _create(database, sealer, second.url, events=["webhook_endpoint.disabled"])
    gateway.pay(database, bank)
    _deliver(database, sealer)
    assert _get(database, failing.id).failing_since is not None
    assert _get(database, failing.id).enabled
    gateway.make_due(database)
    _deliver(database, sealer, Schedule(retry_seconds=(0, 60), disable_seconds=0))
    given_up = _get(database, failing.id)
    assert not given_up.enabled and given_up.disabled_at and given_up.gap_since
    _deliver(database, sealer)
    (told,) = second.received
    assert told.body["event"] == "webhook_endpoint.disabled"
    assert told.body["data"]["webhook_endpoint"]["id"] == failing.id

    before = len(shop.received)
    gateway.pay(database, bank)
    _deliver(database, sealer)
    assert len(shop.received) == before, "nothing is sent to it any more"

    # Enabled again, one call sends what it missed: what failed, and what was never tried.
    shop.answer = lambda _: 200
    with database.transaction() as tx, pytest.raises(BadRequest, match="enable it first"):
        webhook_endpoints.replay(tx, ME, failing.id, since=None, until=None, delivered=False)
    _update(database, failing.id, enabled=True)
    with database.transaction() as tx:
        staged, more_from = webhook_endpoints.replay(tx, ME, failing.id, since=None, until=None, delivered=False)
    assert (len(staged), more_from) == (2, None)
    _deliver(database, sealer)
    assert [one.body["event"] for one in shop.received[before:]] == ["payment.created"] * 2
    _let_a_minute_pass(observer, failing.id)
    with database.transaction() as tx:
        webhook_endpoints.replay(tx, ME, failing.id, since=None, until=None, delivered=False)
    healthy = _get(database, failing.id)
    assert (healthy.failing_since, healthy.gap_since, healthy.disabled_at) == (None, None, None)
    with database.transaction() as tx, pytest.raises(BadRequest, match="no gap"):
        webhook_endpoints.replay(tx, ME, failing.id, since=None, until=None, delivered=False)


def _let_a_minute_pass(observer: psycopg.Connection, endpoint_id: str) -> None:
    observer.execute(
        "update webhook_endpoints set updated_at = now() - interval '61 seconds' where id = %s", (endpoint_id,)
    )


def test_what_was_begun_while_an_endpoint_was_disabled_and_ended_after_the_replay_is_not_lost(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    endpoint, _ = _create(database, sealer, shop.url, events=["payment.created"])
    observer.execute(
        "update webhook_endpoints set enabled = false, gap_since = now() - interval '1 hour' where id = %s",
        (endpoint.id,),
    )
    order_id = gateway.order(database)
    with database.transaction() as slow:
        payments.create(slow, bank, ME, order_id=order_id, instrument="asha@upi", exclusive=True)
        _update(database, endpoint.id, enabled=True)
        with database.transaction() as tx:
            assert webhook_endpoints.replay(tx, ME, endpoint.id, since=None, until=None, delivered=False) == ([], None)
    assert _get(database, endpoint.id).gap_since is not None, "closed while something may still come"
    _let_a_minute_pass(observer, endpoint.id)
    with database.transaction() as tx:
        webhook_endpoints.replay(tx, ME, endpoint.id, since=None, until=None, delivered=False)
    _deliver(database, sealer)
    assert shop.events() == ["payment.created"]
    assert _get(database, endpoint.id).gap_since is None


def test_a_replay_of_everything_comes_to_an_end(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_endpoints, "REPLAY_MAX", 2)
    endpoint, _ = _create(database, sealer, shop.url, events=["payment.created"])
    for _ in range(5):
        gateway.pay(database, bank)
    _deliver(database, sealer)
    told = sorted(one.body["id"] for one in shop.received)
    shop.received.clear()
    since: datetime | None = datetime.now(UTC) - timedelta(hours=1)
    calls = 0
    while since is not None and calls < 10:
        with database.transaction() as tx:
            _, since = webhook_endpoints.replay(tx, ME, endpoint.id, since=since, until=None, delivered=True)
        _deliver(database, sealer)
        calls += 1
    assert since is None
    assert sorted({one.body["id"] for one in shop.received}) == told


def test_an_endpoint_that_accepts_some_events_and_refuses_others_is_not_failing(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver
) -> None:
    endpoint, _ = _create(database, sealer, shop.url)

    def picky(got: Received) -> int:
        if got.body["event"] == "payment.pending":
            return 400
        time.sleep(0.3)  # so that the refusal is recorded first
        return 200

    shop.answer = picky
    gateway.pay(database, bank)
    gateway.process(database, bank)
    _deliver(database, sealer)
    assert len(shop.received) == 3
    assert _get(database, endpoint.id).failing_since is None


def test_every_earlier_secret_signs_until_its_own_time_is_over(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver
) -> None:
    endpoint, first = _create(database, sealer, shop.url, events=["payment.created"])

    def change(overlap_seconds: int) -> str:
        with database.transaction() as tx:
            return webhook_endpoints.regenerate_secret(tx, sealer, ME, endpoint.id, overlap_seconds=overlap_seconds)[1]

    def tell() -> Received:
        gateway.pay(database, bank)
        _deliver(database, sealer)
        return shop.received[-1]

    second, third = change(600), change(700)
    told = tell()
    for secret in (first, second, third):
        assert Webhook(secret).verify(told.raw, told.headers) == told.body
    assert (
        told.headers["x-webhook-signature-previous"] == hmac.new(first.encode(), told.raw, hashlib.sha256).hexdigest()
    )
    for _ in range(webhook_endpoints.PREVIOUS_SECRETS_MAX - 2):
        change(600)
    with pytest.raises(BadRequest, match="overlap_seconds 0"):
        change(600)
    last = change(0)
    alone = tell()
    assert alone.headers["webhook-signature"].count("v1,") == 1
    assert Webhook(last).verify(alone.raw, alone.headers) == alone.body


def test_a_delivery_whose_job_died_goes_out_when_it_is_asked_for_and_when_nobody_asks(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    _create(database, sealer, shop.url, events=["payment.created"])
    died = """update jobs set state = 'dead', lease_until = now() + interval '45 seconds',
                     lease_token = gen_random_uuid() where kind = 'deliver_webhook'"""
    gateway.pay(database, bank)
    observer.execute(died)
    (id,) = observer.execute("select id::text from webhook_logs").fetchone() or ("",)
    with database.transaction() as tx:
        _, staged = webhook_endpoints.retry(tx, ME, id)
    assert len(staged) == 1
    _deliver(database, sealer)
    assert _logs(observer) == [("payment.created", "success", 1)]

    gateway.pay(database, bank)
    observer.execute(died)
    observer.execute("update jobs set lease_until = now() - interval '2 hours' where kind = 'deliver_webhook'")
    observer.execute("update webhook_logs set next_retry_at = now() - interval '2 hours' where status = 'pending'")
    assert sweeping.inquire(database, gateway.Told()) == 1
    _deliver(database, sealer)
    assert _logs(observer) == [("payment.created", "success", 1)] * 2


def test_one_accepted_delivery_gives_an_endpoint_a_clean_record(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver
) -> None:
    endpoint, _ = _create(database, sealer, shop.url)
    shop.answer = lambda _: 500
    gateway.pay(database, bank)
    _deliver(database, sealer)
    assert _get(database, endpoint.id).failing_since is not None
    shop.answer = lambda _: 200
    gateway.make_due(database)
    _deliver(database, sealer)
    assert _get(database, endpoint.id).failing_since is None


def test_a_retry_during_the_last_attempt_is_not_swallowed_by_it(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    _create(database, sealer, shop.url)
    gateway.pay(database, bank)
    asked, answer = threading.Event(), threading.Event()

    def slowly(_: Received) -> int:
        if len(shop.received) == 2:
            asked.set()
            answer.wait(5)
        return 500 if len(shop.received) < 3 else 200

    shop.answer = slowly
    _deliver(database, sealer)
    gateway.make_due(database)
    with ThreadPoolExecutor(1) as worker:
        last = worker.submit(_deliver, database, sealer)
        assert asked.wait(5)
        (id,) = observer.execute("select id::text from webhook_logs").fetchone() or ("",)
        with database.transaction() as tx:
            _, staged = webhook_endpoints.retry(tx, ME, id)
        assert staged == [], "an attempt is under way; no second one begins beside it"
        answer.set()
        last.result(5)
    assert _logs(observer) == [("payment.created", "pending", 1)]
    _deliver(database, sealer)
    assert _logs(observer) == [("payment.created", "success", 2)]
    assert len(shop.received) == 3


def test_deliveries_to_an_endpoint_that_was_deleted_fail_and_cannot_be_retried(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    endpoint, _ = _create(database, sealer, shop.url)
    gateway.pay(database, bank)
    with database.transaction() as tx:
        webhook_endpoints.delete(tx, ME, endpoint.id)
    _deliver(database, sealer)
    assert _logs(observer) == [("payment.created", "failed", 0)]
    assert shop.received == []
    (id,) = observer.execute("select id::text from webhook_logs").fetchone() or ("",)
    with database.transaction() as tx, pytest.raises(BadRequest, match="deleted"):
        webhook_endpoints.retry(tx, ME, id)
    with database.statement() as tx, pytest.raises(NotFound):
        webhook_endpoints.get(tx, ME, endpoint.id)


def test_the_first_endpoint_is_the_merchants_url_and_cannot_be_deleted(
    database: Database, shop: Receiver, observer: psycopg.Connection
) -> None:
    with database.transaction() as tx:
        first = webhook_endpoints.update_first(
            tx, ME, url=shop.url, events=UNSET, reach=Reach(allowed_networks=LOOPBACK)
        )
    assert first.is_first
    assert observer.execute("select webhook_url from merchants").fetchall() == [(shop.url,)]
    with database.transaction() as tx, pytest.raises(BadRequest, match="webhook_url"):
        webhook_endpoints.delete(tx, ME, first.id)


def test_a_merchant_has_a_bounded_number_of_endpoints(database: Database, sealer: Sealer, shop: Receiver) -> None:
    for _ in range(webhook_endpoints.ENDPOINTS_MAX):
        _create(database, sealer, shop.url)
    with pytest.raises(BadRequest, match="at most"):
        _create(database, sealer, shop.url)


@pytest.mark.parametrize("secret", ["short", "x" * 256, "has spaces in the middle", "é" * 20, "tab\t" * 5])
def test_a_secret_of_the_merchants_own_is_checked(
    database: Database, sealer: Sealer, shop: Receiver, secret: str
) -> None:
    with pytest.raises(BadRequest, match="secret must have"):
        _create(database, sealer, shop.url, secret=secret)


def test_sealed_secrets_of_two_merchants_do_not_open_each_other(
    database: Database, bank: SimulatedBank, sealer: Sealer, shop: Receiver, observer: psycopg.Connection
) -> None:
    other = gateway.other_merchant(database, sealer)
    _create(database, sealer, shop.url)
    observer.execute(
        """update webhook_endpoints set secret = (select secret from webhook_endpoints where merchant_id = %s)
            where merchant_id = %s""",
        (other, ME),
    )
    gateway.pay(database, bank)
    _deliver(database, sealer)
    assert shop.received == []
    errors = observer.execute("select distinct error from webhook_attempts").fetchall()
    assert errors == [("internal: InvalidTag",)]
