"""The job that sends money back: reserved, sent once, and returned to where it belongs if it cannot be sent."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from shared.config import BankConfig
from shared.connectors.connector import Answer, Approved, Declined, RefundOrder, Unknown
from shared.connectors.simulator import SimulatedBank
from shared.db import jobs
from shared.db.database import Database
from shared.db.jobs import Claim
from shared.domain.refund import INSUFFICIENT
from shared.errors import BadRequest
from shared.services import processing, sweeping
from tests import gateway
from tests.invariants import violations

MAGIC = BankConfig()


@pytest.fixture
def bank(database: Database) -> SimulatedBank:
    return SimulatedBank(database, MAGIC)


@pytest.fixture(autouse=True)
def _sound(observer: psycopg.Connection, database: Database) -> Iterator[None]:
    yield
    assert violations(observer) == []


def _captured(database: Database, bank: SimulatedBank, vpa: str = "approve@magic", amount: int | None = None) -> str:
    payment_id = gateway.pay(database, bank, vpa)
    gateway.process(database, bank)
    gateway.capture(database, payment_id, amount)
    return payment_id


def _amounts(observer: psycopg.Connection, payment_id: str) -> tuple[str, int, int, int]:
    """The payment's state, and what was captured, is reserved for refunds, and was refunded."""
    row = observer.execute(
        "select state, amount_captured, amount_refund_pending, amount_refunded from payments where id = %s",
        (payment_id,),
    ).fetchone()
    assert row is not None
    return row


def _refund(observer: psycopg.Connection, refund_id: str) -> tuple[str, str | None]:
    row = observer.execute("select status, error_reason from refunds where id = %s", (refund_id,)).fetchone()
    assert row is not None
    return row


def _sent(observer: psycopg.Connection) -> list[tuple[str, int, int]]:
    """What the bank's own books say was sent: reference, amount, and how often it was asked."""
    return observer.execute("select reference, amount, asked from bank.refunds where approved").fetchall()


def _balances(observer: psycopg.Connection) -> dict[str, int]:
    return dict(observer.execute("select account, sum(amount)::int from ledger_entries group by account").fetchall())


def _told(observer: psycopg.Connection, payment_id: str) -> list[str]:
    """The types of the payment's events from the first refund on."""
    rows = observer.execute(
        "select type from events where payment_id = %s and sequence > 4 order by sequence", (payment_id,)
    )
    return [type for (type,) in rows]


def test_a_refund_reserves_its_amount_until_the_bank_has_answered(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank)
    refund_id = gateway.refund(database, payment_id, 20000)
    assert _amounts(observer, payment_id) == ("captured", 50000, 20000, 0)
    assert _refund(observer, refund_id) == ("pending", None)
    assert _balances(observer) == {"acquirer": -50000, "available": 30000, "refunds_pending": 20000}
    with pytest.raises(BadRequest) as refused:
        gateway.refund(database, payment_id, 30001)
    assert (refused.value.reason, refused.value.more) == (INSUFFICIENT, {"available": 30000})


def test_a_processed_refund_takes_what_was_reserved(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank)
    refund_id = gateway.refund(database, payment_id, 20000)
    gateway.process_refunds(database, bank)
    assert _amounts(observer, payment_id) == ("partially_refunded", 50000, 0, 20000)
    assert _refund(observer, refund_id) == ("processed", None)
    assert _balances(observer) == {"acquirer": -30000, "available": 30000, "refunds_pending": 0}
    assert _told(observer, payment_id) == ["refund.created", "payment.partially_refunded", "refund.processed"]
    assert _sent(observer) == [(refund_id, 20000, 1)]
    gateway.refund(database, payment_id)
    gateway.process_refunds(database, bank)
    assert _amounts(observer, payment_id) == ("refunded", 50000, 0, 50000)
    assert violations(observer, at_rest=True) == []


def test_a_declined_refund_sets_free_what_was_reserved(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank, "refund-declined@magic")
    refund_id = gateway.refund(database, payment_id)
    gateway.process_refunds(database, bank)
    assert _amounts(observer, payment_id) == ("captured", 50000, 0, 0)
    assert _refund(observer, refund_id) == ("failed", "refund_declined")
    assert _balances(observer) == {"acquirer": -50000, "available": 50000, "refunds_pending": 0}
    assert _told(observer, payment_id) == ["refund.created", "refund.failed"]
    assert _sent(observer) == []
    gateway.refund(database, payment_id)  # another try is welcome
    assert violations(observer) == []


def test_a_refund_of_what_was_only_authorized_captures_all_of_it_first(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = gateway.pay(database, bank, "approve@magic")
    gateway.process(database, bank)
    gateway.refund(database, payment_id, 10000)
    assert _amounts(observer, payment_id) == ("captured", 50000, 10000, 0)
    assert _balances(observer) == {"acquirer": -50000, "available": 40000, "refunds_pending": 10000}
    gateway.process_refunds(database, bank)
    assert _amounts(observer, payment_id) == ("partially_refunded", 50000, 0, 10000)


def test_a_processed_refund_of_a_partially_captured_payment_closes_the_hold(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank, amount=20000)
    gateway.refund(database, payment_id, 5000)
    gateway.capture(database, payment_id, 1000)  # still open: the bank has not answered
    gateway.process_refunds(database, bank)
    assert _amounts(observer, payment_id) == ("partially_refunded", 21000, 0, 5000)
    with pytest.raises(BadRequest) as refused:
        gateway.capture(database, payment_id, 1)
    assert refused.value.reason == "payment_not_capturable"
    with pytest.raises(BadRequest) as refused:
        gateway.refund(database, payment_id, 16001)
    assert refused.value.reason == INSUFFICIENT, "what was never captured is nothing to give back"
    gateway.refund(database, payment_id)
    gateway.process_refunds(database, bank)
    assert _amounts(observer, payment_id) == ("refunded", 21000, 0, 21000)
    assert violations(observer, at_rest=True) == []


@pytest.mark.parametrize("vpa", ["approve@magic", "do-not-honour@magic", "voided"])
def test_what_holds_no_money_of_the_merchant_cannot_be_refunded(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank, vpa: str
) -> None:
    payment_id = gateway.pay(database, bank, "approve@magic" if vpa == "voided" else vpa)
    if vpa != "approve@magic":
        gateway.process(database, bank)
    if vpa == "voided":
        gateway.void(database, payment_id)
    with pytest.raises(BadRequest) as refused:
        gateway.refund(database, payment_id)
    assert refused.value.reason == "payment_not_refundable"
    assert observer.execute("select count(*) from refunds").fetchone() == (0,)


def test_a_refund_whose_answer_got_lost_is_inquired_about_and_sent_once(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank, "refund-timeout@magic")
    refund_id = gateway.refund(database, payment_id, 700)
    gateway.process_refunds(database, bank)
    assert _refund(observer, refund_id) == ("pending", None)
    assert _amounts(observer, payment_id) == ("captured", 50000, 700, 0), "no answer is no failure"
    shown = "select inquiries, next_inquiry_at > now(), last_answer from refunds"
    assert observer.execute(shown).fetchone() == (1, True, "no answer in time")
    assert gateway.due(database, "process_refund") == [], "the inquiry waits for its time"
    gateway.make_due(database)
    gateway.process_refunds(database, bank)
    assert _refund(observer, refund_id) == ("processed", None)
    assert _sent(observer) == [(refund_id, 700, 1)]


# A worker that is gone, by SIGKILL, after the bank has answered and before the answer is recorded.
KILLED = """
import os, signal, sys
from shared.connectors.simulator import SimulatedBank
from shared.config import BankConfig
from shared.db.database import Database
from shared.services import refunding

class Last(SimulatedBank):
    def refund(self, operations):
        super().refund(operations)
        os.kill(os.getpid(), signal.SIGKILL)

database = Database(sys.argv[1], application_name="killed")
refunding.process(database, Last(database, BankConfig()), lambda _: None, [int(id) for id in sys.argv[2:]])
"""


def test_a_worker_that_dies_between_answer_and_record_leaves_one_refund_in_the_banks_books(
    database: Database, database_url: str, observer: psycopg.Connection, bank: SimulatedBank, root: Path
) -> None:
    payment_id = _captured(database, bank)
    refund_id = gateway.refund(database, payment_id, 20000)
    due = [str(id) for id in gateway.due(database, "process_refund")]
    worker = subprocess.run([sys.executable, "-c", KILLED, database_url, *due], cwd=root, check=False)
    assert worker.returncode == -signal.SIGKILL
    assert _sent(observer) == [(refund_id, 20000, 1)]
    assert _refund(observer, refund_id) == ("pending", None)
    gateway.process_refunds(database, bank)
    assert _refund(observer, refund_id) == ("pending", None), "the lease was not respected"
    gateway.desert(database)
    gateway.process_refunds(database, bank)
    assert _refund(observer, refund_id) == ("processed", None)
    assert _sent(observer) == [(refund_id, 20000, 1)]
    assert _amounts(observer, payment_id) == ("partially_refunded", 50000, 0, 20000)
    assert violations(observer, at_rest=True) == []


class _Bank:
    """The bank, but for what a test says of it."""

    name = "simulator"

    def __init__(self, bank: SimulatedBank) -> None:
        self._bank = bank

    def refund(self, operations: Sequence[RefundOrder]) -> dict[str, Answer]:
        return self._bank.refund(operations)

    def inquire_refunds(self, references: Sequence[str]) -> dict[str, Answer]:
        return self._bank.inquire_refunds(references)


def test_a_worker_whose_lease_ran_out_changes_nothing(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank)
    refund_id = gateway.refund(database, payment_id, 20000)

    class Late(_Bank):
        def refund(self, operations: Sequence[RefundOrder]) -> dict[str, Answer]:
            super().refund(operations)
            gateway.desert(database)
            gateway.process_refunds(database, bank)  # somebody else took over and finished
            return {operation.reference: Declined("refund_declined", "too late") for operation in operations}

    gateway.process_refunds(database, Late(bank))
    assert _refund(observer, refund_id) == ("processed", None)
    assert _sent(observer) == [(refund_id, 20000, 1)]
    assert violations(observer, at_rest=True) == []


def test_a_worker_whose_lease_somebody_else_holds_records_nothing(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank)
    refund_id = gateway.refund(database, payment_id, 20000)
    due = gateway.due(database, "process_refund")
    others: list[Claim] = []

    class Overtaken(_Bank):
        def refund(self, operations: Sequence[RefundOrder]) -> dict[str, Answer]:
            gateway.desert(database)
            with database.transaction() as tx:
                others.append(jobs.claim(tx, "process_refund", due))
            return super().refund(operations)

    gateway.process_refunds(database, Overtaken(bank))
    assert _refund(observer, refund_id) == ("pending", None)
    leases = "select lease_token from jobs where kind = 'process_refund'"
    assert observer.execute(leases).fetchall() == [(others[0].token,)]
    gateway.desert(database)
    gateway.process_refunds(database, bank)
    assert _sent(observer) == [(refund_id, 20000, 1)]


def test_a_refund_that_is_settled_while_its_worker_hears_nothing_stays_as_it_is_and_its_job_ends(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank, "refund-returned@magic")
    refund_id = gateway.refund(database, payment_id, 20000)

    class Deaf(_Bank):
        def refund(self, operations: Sequence[RefundOrder]) -> dict[str, Answer]:
            super().refund(operations)
            gateway.take_notices(database, bank)  # the bank says that it came back, before we knew it had gone
            return {operation.reference: Unknown("no answer in time") for operation in operations}

    gateway.process_refunds(database, Deaf(bank))
    assert _refund(observer, refund_id) == ("failed", "refund_returned")
    assert _amounts(observer, payment_id) == ("captured", 50000, 0, 0)
    errors = "select last_error from jobs where kind = 'process_refund'"
    assert observer.execute(errors).fetchall() == [(None,)], "nothing broke"
    gateway.make_due(database)
    gateway.process_refunds(database, bank)
    assert violations(observer, at_rest=True) == []


def test_a_bank_that_stays_silent_is_asked_again_and_again_at_growing_intervals(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    class Silent(_Bank):
        def refund(self, operations: Sequence[RefundOrder]) -> dict[str, Answer]:
            return {}

        def inquire_refunds(self, references: Sequence[str]) -> dict[str, Answer]:
            return {}

    payment_id = _captured(database, bank)
    refund_id = gateway.refund(database, payment_id, 20000)
    waits = []
    for _ in range(len(processing.INQUIRY_SECONDS) + 2):
        gateway.make_due(database)
        gateway.process_refunds(database, Silent(bank))
        row = observer.execute(
            "select extract(epoch from run_at - now())::float8 from jobs where kind = 'process_refund'"
        ).fetchone()
        assert row is not None
        waits.append(round(row[0]))
    last = processing.INQUIRY_SECONDS[-1]
    assert waits == [*processing.INQUIRY_SECONDS, last, last]
    assert _refund(observer, refund_id) == ("pending", None)
    gateway.make_due(database)
    gateway.process_refunds(database, bank)
    assert _refund(observer, refund_id) == ("processed", None)


def test_a_bank_that_takes_its_time_keeps_no_worker_waiting(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = gateway.pay(database, bank, "slow@magic")
    gateway.process(database, bank)
    observer.execute("update bank.charges set answer_at = now()")
    gateway.make_due(database)
    gateway.process(database, bank)
    refund_id = gateway.refund(database, payment_id)
    gateway.process_refunds(database, bank)
    assert _refund(observer, refund_id) == ("pending", None)
    waiting = "select run_at > now() + interval '15 s', lease_until from jobs where kind = 'process_refund'"
    assert observer.execute(waiting).fetchone() == (True, None)
    observer.execute("update bank.refunds set answer_at = now()")
    gateway.make_due(database)
    gateway.process_refunds(database, bank)
    assert _refund(observer, refund_id) == ("processed", None)


def test_several_refunds_of_one_payment_in_one_batch_are_settled_one_after_the_other(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank)
    made = [gateway.refund(database, payment_id, amount) for amount in (10000, 15000, 25000)]
    gateway.process_refunds(database, bank)
    assert {_refund(observer, id) for id in made} == {("processed", None)}
    assert _amounts(observer, payment_id) == ("refunded", 50000, 0, 50000)
    told = _told(observer, payment_id)
    assert told[3:] == ["payment.partially_refunded", "refund.processed"] * 2 + ["payment.refunded", "refund.processed"]
    assert violations(observer, at_rest=True) == []


def test_no_refund_is_held_while_a_payment_is_waited_for(
    database: Database, database_url: str, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    """Payments come before refunds: who holds a refund and waits for a payment waits for whom waits for the refund."""
    payment_id, lost_payment_id = _captured(database, bank), _captured(database, bank, "refund-timeout@magic")
    refund_id, unheard = gateway.refund(database, payment_id, 100), gateway.refund(database, lost_payment_id, 100)
    waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name like 'tests%'"
    with psycopg.connect(database_url) as other, ThreadPoolExecutor(1) as worker:
        other.execute("select from payments where id = %s for no key update", (payment_id,))
        working = worker.submit(gateway.process_refunds, database, bank)
        stop_at = time.monotonic() + 4
        while observer.execute(waits).fetchone() == (0,):
            assert time.monotonic() < stop_at, "nobody waits for the payment"
            time.sleep(0.01)
        try:
            observer.execute("select from refunds where id = %s for no key update nowait", (unheard,))
        finally:
            other.rollback()
        working.result(10)
    assert _refund(observer, refund_id) == ("processed", None)
    assert _refund(observer, unheard) == ("pending", None)


def test_a_refund_that_breaks_the_job_breaks_only_its_own(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank)
    good = [gateway.refund(database, payment_id, 100) for _ in range(4)]
    bad = gateway.refund(database, payment_id, 100)

    class OddAnswer(_Bank):
        def _odd(self, answers: dict[str, Answer]) -> dict[str, Answer]:
            return answers | {id: Approved("\x00") for id in answers if id == bad and isinstance(answers[id], Approved)}

        def refund(self, operations: Sequence[RefundOrder]) -> dict[str, Answer]:
            return self._odd(super().refund(operations))

        def inquire_refunds(self, references: Sequence[str]) -> dict[str, Answer]:
            return self._odd(super().inquire_refunds(references))

    gateway.process_refunds(database, OddAnswer(bank))
    assert {_refund(observer, id) for id in good} == {("processed", None)}
    assert _refund(observer, bad) == ("pending", None)
    row = observer.execute("select subject, last_error is not null, lease_until, run_at > now() from jobs").fetchone()
    assert row == (bad, True, None, True)
    gateway.make_due(database)
    gateway.process_refunds(database, bank)
    assert _refund(observer, bad) == ("processed", None)
    assert sorted(_sent(observer)) == sorted((id, 100, 1) for id in [*good, bad])


def test_a_bank_that_declines_what_exceeds_its_debit_is_believed(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank)
    observer.execute("update bank.charges set amount = 10000")
    refund_id = gateway.refund(database, payment_id, 20000)
    gateway.process_refunds(database, bank)
    assert _refund(observer, refund_id) == ("failed", "refund_exceeds_charge")
    assert _amounts(observer, payment_id) == ("captured", 50000, 0, 0)
    observer.execute("update bank.charges set amount = 50000")


def test_a_refund_without_a_live_job_gets_one_again(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = _captured(database, bank)
    lost, dead, fresh = (gateway.refund(database, payment_id, 100) for _ in range(3))
    observer.execute("delete from jobs where subject = %s", (lost,))
    rested = "update jobs set state = 'dead', lease_until = now() - interval '61 minutes' where subject = %s"
    observer.execute(rested, (dead,))
    observer.execute("update refunds set updated_at = now() - interval '59 s' where id in (%s, %s)", (lost, dead))
    assert sweeping.inquire(database, gateway.Told()) == 0, "it may be about to get one"
    observer.execute("update refunds set updated_at = now() - interval '61 s' where id in (%s, %s)", (lost, dead))
    told: Any = gateway.Told()
    assert sweeping.inquire(database, told) == 2
    assert [job.kind for job in told.jobs] == ["process_refund"] * 2
    gateway.process_refunds(database, bank)
    assert {_refund(observer, id) for id in (lost, dead, fresh)} == {("processed", None)}


def test_a_job_that_kills_its_workers_is_kept_as_dead(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    gateway.refund(database, _captured(database, bank))
    observer.execute("update jobs set attempts = 20")
    gateway.process_refunds(database, bank)
    assert observer.execute("select state from jobs").fetchall() == [("dead",)]
    assert _sent(observer) == []
