"""What the bank says unasked: stored once however often it is said, and acknowledged only then."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from shared.config import BankConfig
from shared.connectors.connector import Approved, Notice
from shared.connectors.simulator import SimulatedBank
from shared.db.database import Database
from shared.domain.payment import State
from shared.services import noticing
from tests import gateway
from tests.invariants import violations


@pytest.fixture
def bank(database: Database) -> SimulatedBank:
    return SimulatedBank(database, BankConfig())


@pytest.fixture(autouse=True)
def _sound(observer: psycopg.Connection, database: Database) -> Iterator[None]:
    yield
    assert violations(observer) == []


def _paid(database: Database, bank: SimulatedBank, vpa: str, **more: str) -> str:
    payment_id = gateway.pay(database, bank, vpa, **more)
    gateway.process(database, bank)
    return payment_id


def _events(observer: psycopg.Connection, payment_id: str) -> list[str]:
    rows = observer.execute("select type from events where payment_id = %s order by sequence", (payment_id,))
    return [type for (type,) in rows]


def _amounts(observer: psycopg.Connection, payment_id: str) -> tuple[str, int, int, int]:
    row = observer.execute(
        "select state, amount_captured, amount_refund_pending, amount_refunded from payments where id = %s",
        (payment_id,),
    ).fetchone()
    assert row is not None
    return row


def _balances(observer: psycopg.Connection) -> dict[str, int]:
    return dict(observer.execute("select account, sum(amount)::int from ledger_entries group by account").fetchall())


def _notices(observer: psycopg.Connection) -> int:
    row = observer.execute("select count(*) from bank.notices").fetchone()
    assert row is not None
    return int(row[0])


def test_an_answer_that_comes_late_ends_the_payment_that_waits_for_it(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _paid(database, bank, "late-answer@magic")
    assert gateway.state(database, payment_id) == State.OUTCOME_UNKNOWN
    assert noticing.take_notices(database, bank, gateway.Told()) == 0, "its time has not come"
    assert gateway.take_notices(database, bank) == 1
    assert gateway.state(database, payment_id) == State.AUTHORIZED
    assert observer.execute("select status from orders").fetchall() == [("paid",)]
    assert _notices(observer) == 0, "what was stored is acknowledged"
    gateway.make_due(database)
    gateway.process(database, bank)  # the inquiry that was to come finds nothing to do
    assert _events(observer, payment_id) == [
        "payment.created",
        "payment.pending",
        "payment.outcome_unknown",
        "payment.success",
    ]
    assert violations(observer, at_rest=True) == []


def test_an_answer_that_comes_late_for_an_order_that_captures_automatically_is_booked(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _paid(database, bank, "late-answer@magic", capture="automatic")
    gateway.take_notices(database, bank)
    assert _amounts(observer, payment_id) == ("captured", 50000, 0, 0)
    assert _balances(observer) == {"acquirer": -50000, "available": 50000}


def test_an_answer_that_comes_twice_changes_nothing_the_second_time(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _paid(database, bank, "double-answer@magic")
    gateway.capture(database, payment_id, 20000)
    assert gateway.take_notices(database, bank) == 1
    assert _amounts(observer, payment_id) == ("partially_captured", 20000, 0, 0)
    assert _events(observer, payment_id)[3:] == ["payment.captured"]
    assert _notices(observer) == 0


def test_a_refund_that_comes_back_gives_the_merchant_the_money_again(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _paid(database, bank, "refund-returned@magic")
    gateway.capture(database, payment_id)
    first, second = gateway.refund(database, payment_id, 20000), gateway.refund(database, payment_id, 30000)
    gateway.process_refunds(database, bank)
    assert _amounts(observer, payment_id) == ("refunded", 50000, 0, 50000)
    observer.execute("update bank.refunds set returned_at = now() where reference = %s", (first,))
    observer.execute("update bank.notices set ready_at = now() where reference = %s", (first,))
    assert noticing.take_notices(database, bank, gateway.Told()) == 1
    assert _amounts(observer, payment_id) == ("partially_refunded", 50000, 0, 30000)
    assert gateway.take_notices(database, bank) == 1
    assert _amounts(observer, payment_id) == ("captured", 50000, 0, 0)
    assert _balances(observer) == {"acquirer": -50000, "available": 50000, "refunds_pending": 0}
    shown = "select distinct status, error_reason from refunds where id in (%s, %s)"
    assert observer.execute(shown, (first, second)).fetchall() == [("failed", "refund_returned")]
    assert _events(observer, payment_id)[-4:] == ["payment.refund_returned", "refund.failed"] * 2
    gateway.refund(database, payment_id)  # it may be tried again
    assert _amounts(observer, payment_id) == ("captured", 50000, 50000, 0)


def test_a_refund_that_is_told_twice_to_have_come_back_comes_back_once(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _paid(database, bank, "refund-returned@magic")
    gateway.capture(database, payment_id)
    refund_id = gateway.refund(database, payment_id, 20000)
    gateway.process_refunds(database, bank)
    gateway.take_notices(database, bank)
    told = _events(observer, payment_id)
    observer.execute("insert into bank.notices (reference) values (%s), (%s)", (refund_id, refund_id))
    assert gateway.take_notices(database, bank) == 2
    assert _amounts(observer, payment_id) == ("captured", 50000, 0, 0)
    assert _events(observer, payment_id) == told
    assert _balances(observer)["available"] == 50000
    assert _notices(observer) == 0


def test_a_refund_that_came_back_before_we_knew_that_it_had_gone_has_failed_and_is_not_sent_again(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _paid(database, bank, "refund-returned@magic")
    gateway.capture(database, payment_id)
    gateway.refund(database, payment_id, 20000)

    class Dies(SimulatedBank):
        def refund(self, *operations: object) -> None:  # type: ignore[override]
            super().refund(*operations)  # type: ignore[arg-type]
            raise SystemExit

    with pytest.raises(SystemExit):
        gateway.process_refunds(database, Dies(database, BankConfig()))
    gateway.take_notices(database, bank)
    gateway.desert(database)
    gateway.process_refunds(database, bank)
    assert _amounts(observer, payment_id) == ("captured", 50000, 0, 0)
    assert observer.execute("select count(*), max(asked) from bank.refunds").fetchone() == (1, 1)
    assert violations(observer, at_rest=True) == []


def test_a_worker_that_dies_between_storing_and_acknowledging_hears_it_again_and_changes_nothing(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _paid(database, bank, "late-answer@magic")

    class Dies(SimulatedBank):
        def acknowledge(self, notices: Sequence[Notice]) -> None:
            raise SystemExit

    with pytest.raises(SystemExit):
        gateway.take_notices(database, Dies(database, BankConfig()))
    assert gateway.state(database, payment_id) == State.AUTHORIZED
    assert gateway.take_notices(database, bank) == 1
    assert len(_events(observer, payment_id)) == 4
    assert _notices(observer) == 0


def test_a_notice_that_could_not_be_stored_is_not_acknowledged(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _paid(database, bank, "late-answer@magic")

    class Odd(SimulatedBank):
        def notices(self, *, limit: int) -> list[Notice]:
            return [Notice(one.id, one.reference, Approved("\x00")) for one in super().notices(limit=limit)]

    with pytest.raises(psycopg.Error):
        gateway.take_notices(database, Odd(database, BankConfig()))
    assert gateway.state(database, payment_id) == State.OUTCOME_UNKNOWN
    assert gateway.take_notices(database, bank) == 1
    assert gateway.state(database, payment_id) == State.AUTHORIZED


def test_a_notice_about_what_nobody_knows_is_dropped(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    class Strange(SimulatedBank):
        def notices(self, *, limit: int) -> list[Notice]:
            names = ("pay_0000000000000000", "rfnd_0000000000000000", "?")
            return [Notice(number, name, Approved("bank_1")) for number, name in enumerate(names)]

    assert gateway.take_notices(database, Strange(database, BankConfig())) == 3


def test_notices_wait_for_a_payment_without_holding_another(
    database: Database, database_url: str, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    """Everybody locks payments in one order; whoever held a later one while waiting could wait in a circle."""
    first, last = sorted(_paid(database, bank, "double-answer@magic") for _ in range(2))
    gateway.capture(database, first)
    gateway.refund(database, first, 100)
    gateway.process_refunds(database, bank)
    observer.execute("delete from bank.notices where reference = %s", (first,))
    observer.execute("insert into bank.notices (reference) select reference from bank.refunds")
    waits = threading.Event()
    with ThreadPoolExecutor(1) as worker, psycopg.connect(database_url) as holder:
        holder.execute("select from payments where id = %s for update", (first,))
        taking = worker.submit(gateway.take_notices, database, bank)
        while not observer.execute("select from pg_stat_activity where wait_event_type = 'Lock'").rowcount:
            assert not taking.done(), "it waited for nobody"
            waits.wait(0.01)
        free = observer.execute("select from payments where id = %s for update skip locked", (last,)).rowcount
        holder.rollback()
        assert taking.result() == 2
    assert free == 1
