"""What ends by itself: orders that nobody pays in time, holds that nobody captures in time; nothing that was paid."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from shared.config import BankConfig
from shared.connectors.simulator import SimulatedBank
from shared.db.database import Database
from shared.domain.payment import AUTHORIZATION_SECONDS
from shared.errors import BadRequest
from shared.services import expiring
from tests import gateway
from tests.invariants import violations


@pytest.fixture
def bank(database: Database) -> SimulatedBank:
    return SimulatedBank(database, BankConfig())


@pytest.fixture(autouse=True)
def _sound(observer: psycopg.Connection, database: Database) -> Iterator[None]:
    yield
    assert violations(observer) == []


def _let_time_pass(observer: psycopg.Connection, *order_ids: str) -> None:
    observer.execute("update orders set expires_at = now() where id = any(%s)", (list(order_ids),))


def _status(observer: psycopg.Connection, order_id: str) -> str:
    row = observer.execute("select status from orders where id = %s", (order_id,)).fetchone()
    assert row is not None
    return str(row[0])


def _let_hold_end(observer: psycopg.Connection, payment_id: str) -> None:
    observer.execute("update payments set authorization_expires_at = now() where id = %s", (payment_id,))


def _authorized(database: Database, bank: SimulatedBank) -> str:
    payment_id = gateway.pay(database, bank, "approve@magic")
    gateway.process(database, bank)
    return payment_id


def _events(observer: psycopg.Connection, payment_id: str) -> list[str]:
    rows = observer.execute("select type from events where payment_id = %s order by sequence", (payment_id,))
    return [type for (type,) in rows]


# Orders


def test_an_order_ends_when_its_time_is_over_and_not_before(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    late, fresh = gateway.order(database), gateway.order(database)
    _let_time_pass(observer, late)
    expiring.expire_orders(database)
    assert (_status(observer, late), _status(observer, fresh)) == ("expired", "created")
    with pytest.raises(BadRequest) as refused:
        gateway.pay(database, bank, order_id=late)
    assert refused.value.reason == "order_expired"


def test_an_order_whose_time_is_over_takes_no_payment_even_before_it_is_ended(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    late = gateway.order(database)
    _let_time_pass(observer, late)
    with pytest.raises(BadRequest) as refused:
        gateway.pay(database, bank, order_id=late)
    assert refused.value.reason == "order_expired"


def test_a_paid_order_never_ends(database: Database, observer: psycopg.Connection, bank: SimulatedBank) -> None:
    paid = gateway.order(database)
    payment_id = gateway.pay(database, bank, "approve@magic", order_id=paid)
    gateway.process(database, bank)
    _let_time_pass(observer, paid)
    expiring.expire_orders(database)
    assert _status(observer, paid) == "paid"
    gateway.void(database, payment_id)
    expiring.expire_orders(database)
    assert _status(observer, paid) == "paid"


@pytest.mark.parametrize(
    ("vpa", "becomes"),
    [("approve@magic", "paid"), ("timeout-after-debit@magic", "paid"), ("do-not-honour@magic", "expired")],
)
def test_an_order_with_a_payment_under_way_is_left_to_it(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank, vpa: str, becomes: str
) -> None:
    late = gateway.order(database)
    gateway.pay(database, bank, vpa, order_id=late)
    _let_time_pass(observer, late)
    expiring.expire_orders(database)
    assert _status(observer, late) == "attempted"
    gateway.process(database, bank)
    if vpa.startswith("timeout"):
        expiring.expire_orders(database)
        assert _status(observer, late) == "attempted", "an unknown outcome is no failure"
        gateway.make_due(database)
        gateway.process(database, bank)
    assert _status(observer, late) == becomes


def test_an_order_whose_payment_failed_in_time_ends_in_its_time(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    order_id = gateway.order(database)
    gateway.pay(database, bank, "do-not-honour@magic", order_id=order_id)
    gateway.process(database, bank)
    assert _status(observer, order_id) == "attempted"
    _let_time_pass(observer, order_id)
    expiring.expire_orders(database)
    assert _status(observer, order_id) == "expired"


def test_more_orders_than_a_batch_end_in_one_go(
    database: Database, observer: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiring, "BATCH", 3)
    ids = [gateway.order(database) for _ in range(10)]
    _let_time_pass(observer, *ids)
    expiring.expire_orders(database)
    assert {_status(observer, id) for id in ids} == {"expired"}


def test_an_order_that_is_paid_while_the_schedule_waits_for_another_stays_paid(
    database: Database, database_url: str, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    held, paid = gateway.order(database), gateway.order(database)
    _let_time_pass(observer, held, paid)
    observer.execute("update orders set expires_at = now() - interval '1 second' where id = %s", (held,))
    with ThreadPoolExecutor(1) as schedule, psycopg.connect(database_url) as holder:
        holder.execute("select from orders where id = any(%s) for update", ([held, paid],))
        ending = schedule.submit(expiring.expire_orders, database)
        while not observer.execute("select from pg_stat_activity where wait_event_type = 'Lock'").rowcount:
            assert not ending.done(), "it waited for nobody"
            threading.Event().wait(0.01)
        holder.execute("update orders set status = 'paid' where id = %s", (paid,))
        holder.commit()
        ending.result()
    assert _status(observer, held) == "expired"
    assert _status(observer, paid) == "paid"
    observer.execute("update orders set status = 'expired' where id = %s", (paid,))  # there was no payment after all


# Holds


def test_a_hold_lasts_a_week(database: Database, observer: psycopg.Connection, bank: SimulatedBank) -> None:
    _authorized(database, bank)
    row = observer.execute("select extract(epoch from authorization_expires_at - updated_at)::int from payments")
    assert row.fetchone() == (AUTHORIZATION_SECONDS,)
    assert AUTHORIZATION_SECONDS == 7 * 24 * 3600


def test_a_hold_that_nobody_captured_in_time_ends(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    late, fresh = _authorized(database, bank), _authorized(database, bank)
    _let_hold_end(observer, late)
    expiring.expire_authorizations(database, gateway.Told())
    assert gateway.state(database, late) == "authorization_expired"
    assert gateway.state(database, fresh) == "authorized"
    assert _events(observer, late)[3:] == ["payment.authorization_expired"]
    expiring.expire_authorizations(database, gateway.Told())
    assert len(_events(observer, late)) == 4, "it ends once"
    with pytest.raises(BadRequest):
        gateway.capture(database, late)
    with pytest.raises(BadRequest):
        gateway.refund(database, late)


def test_a_hold_whose_time_is_over_cannot_be_captured_even_before_it_is_ended(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _authorized(database, bank)
    _let_hold_end(observer, payment_id)
    with pytest.raises(BadRequest):
        gateway.capture(database, payment_id)
    with pytest.raises(BadRequest):
        gateway.refund(database, payment_id)  # it would capture first
    assert gateway.state(database, payment_id) == "authorized"


def test_of_a_hold_that_was_captured_in_part_the_rest_ends_and_the_part_stays(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _authorized(database, bank)
    gateway.capture(database, payment_id, 20000)
    _let_hold_end(observer, payment_id)
    expiring.expire_authorizations(database, gateway.Told())
    shown = "select state, amount_captured, authorization_expires_at from payments"
    assert observer.execute(shown).fetchone() == ("partially_captured", 20000, None)
    assert len(_events(observer, payment_id)) == 4, "what was captured did not change"
    with pytest.raises(BadRequest):
        gateway.capture(database, payment_id, 1)
    gateway.refund(database, payment_id)
    gateway.process_refunds(database, bank)
    assert gateway.state(database, payment_id) == "refunded"


@pytest.mark.parametrize("then", ["captured", "voided"])
def test_what_was_captured_or_voided_in_time_is_left_alone(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank, then: str
) -> None:
    payment_id = _authorized(database, bank)
    (gateway.capture if then == "captured" else gateway.void)(database, payment_id)
    assert observer.execute("select authorization_expires_at from payments").fetchone() == (None,)
    expiring.expire_authorizations(database, gateway.Told())
    assert gateway.state(database, payment_id) == then


def test_more_holds_than_a_batch_end_in_one_go(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiring, "BATCH", 2)
    ids = [_authorized(database, bank) for _ in range(5)]
    gateway.capture(database, ids[0], 100)
    for id in ids:
        _let_hold_end(observer, id)
    expiring.expire_authorizations(database, gateway.Told())
    assert [gateway.state(database, id) for id in ids] == ["partially_captured"] + ["authorization_expired"] * 4


def test_a_hold_that_somebody_is_capturing_is_left_to_them(
    database: Database, database_url: str, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _authorized(database, bank)
    _let_hold_end(observer, payment_id)
    with psycopg.connect(database_url) as capturing:
        capturing.execute("select from payments where id = %s for update", (payment_id,))
        expiring.expire_authorizations(database, gateway.Told())
        capturing.rollback()
    assert gateway.state(database, payment_id) == "authorized"
    expiring.expire_authorizations(database, gateway.Told())
    assert gateway.state(database, payment_id) == "authorization_expired"
