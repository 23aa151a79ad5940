"""The job that talks to the bank: one effect however often it runs, and no outcome that was not the bank's."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from shared.config import BankConfig
from shared.connectors.connector import Answer, Approved, Authorization, Unknown
from shared.connectors.magic_values import BEHAVIOURS, DECLINES
from shared.connectors.simulator import SimulatedBank
from shared.db import jobs
from shared.db.database import Database
from shared.db.jobs import Claim
from shared.domain.payment import State
from shared.services import processing, sweeping
from tests import gateway

MAGIC = BankConfig()


@pytest.fixture
def bank(database: Database) -> SimulatedBank:
    return SimulatedBank(database, MAGIC)


def _events(observer: psycopg.Connection, payment_id: str) -> list[tuple[int, str]]:
    return observer.execute(
        "select sequence, type from events where payment_id = %s order by sequence", (payment_id,)
    ).fetchall()


def _debits(observer: psycopg.Connection) -> int:
    row = observer.execute("select count(*) from bank.charges where approved").fetchone()
    assert row is not None
    return int(row[0])


def _jobs_left(observer: psycopg.Connection) -> int:
    row = observer.execute("select count(*) from jobs where kind = 'process_payment'").fetchone()
    assert row is not None
    return int(row[0])


# A worker that is gone, by SIGKILL, after the bank has answered and before the answer is recorded.
KILLED = """
import os, signal, sys
from shared.connectors.simulator import SimulatedBank
from shared.config import BankConfig
from shared.db import jobs
from shared.db.database import Database
from shared.db.jobs import Claim
from shared.services import processing

class Last(SimulatedBank):
    def authorize(self, operations):
        super().authorize(operations)
        os.kill(os.getpid(), signal.SIGKILL)

database = Database(sys.argv[1], application_name="killed")
processing.process(database, Last(database, BankConfig()), lambda _: None, [int(id) for id in sys.argv[2:]])
"""


def test_an_approved_payment_is_authorized_and_its_order_paid(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = gateway.pay(database, bank, "approve@magic")
    gateway.process(database, bank)
    assert gateway.state(database, payment_id) == State.AUTHORIZED
    assert _events(observer, payment_id) == [(1, "payment.created"), (2, "payment.pending"), (3, "payment.success")]
    assert observer.execute("select status from orders").fetchall() == [("paid",)]
    assert _jobs_left(observer) == 0


def test_an_order_that_captures_automatically_is_captured_in_one_step(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = gateway.pay(database, bank, "approve@magic", capture="automatic")
    gateway.process(database, bank)
    shown = observer.execute("select state, captured, amount_captured from payments where id = %s", (payment_id,))
    assert shown.fetchone() == ("captured", True, 50000)


@pytest.mark.parametrize("reason", DECLINES)
def test_a_decline_says_why_and_leaves_the_order_open_for_another_try(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank, reason: str
) -> None:
    order_id = gateway.order(database)
    first = gateway.pay(database, bank, f"{reason.replace('_', '-')}@magic", order_id=order_id)
    gateway.process(database, bank)
    shown = observer.execute("select state, error_code, error_reason, error_description from payments")
    assert shown.fetchone() == ("failed", "PAYMENT_FAILED", reason, DECLINES[reason])
    second = gateway.pay(database, bank, "approve@magic", order_id=order_id)
    assert second != first
    assert _debits(observer) == 0


@pytest.mark.parametrize("rounds", range(3))
def test_a_batch_run_by_many_workers_at_once_has_one_effect(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank, rounds: int
) -> None:
    ids = [gateway.pay(database, bank, "approve@magic") for _ in range(20)]
    due = gateway.due(database, "process_payment")
    together = threading.Barrier(10)

    def work(_: int) -> None:
        together.wait()
        gateway.process(database, bank, due)

    with ThreadPoolExecutor(10) as workers:
        list(workers.map(work, range(10)))
    assert [gateway.state(database, id) for id in ids] == [State.AUTHORIZED] * 20
    assert _debits(observer) == 20
    asked = observer.execute("select max(asked) from bank.charges").fetchone()
    assert asked == (1,), "the lease let two workers in"
    assert all(len(_events(observer, id)) == 3 for id in ids)


def test_the_same_message_twice_in_turn_has_one_effect(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = gateway.pay(database, bank, "approve@magic")
    due = gateway.due(database, "process_payment")
    gateway.process(database, bank, due)
    gateway.process(database, bank, due)
    assert len(_events(observer, payment_id)) == 3
    assert _debits(observer) == 1


def test_a_worker_that_dies_between_answer_and_record_leaves_one_debit_and_a_payment_that_finishes(
    database: Database, database_url: str, observer: psycopg.Connection, bank: SimulatedBank, root: Path
) -> None:
    payment_id = gateway.pay(database, bank, "approve@magic")
    due = [str(id) for id in gateway.due(database, "process_payment")]
    worker = subprocess.run([sys.executable, "-c", KILLED, database_url, *due], cwd=root, check=False)
    assert worker.returncode == -signal.SIGKILL
    assert _debits(observer) == 1
    assert gateway.state(database, payment_id) == State.PROCESSING
    gateway.process(database, bank)
    assert gateway.state(database, payment_id) == State.PROCESSING, "the lease was not respected"
    gateway.desert(database)
    gateway.process(database, bank)
    assert gateway.state(database, payment_id) == State.AUTHORIZED
    assert _debits(observer) == 1


def test_a_worker_whose_lease_ran_out_changes_nothing(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = gateway.pay(database, bank, "approve@magic")

    class Late:
        name = bank.name

        def authorize(self, operations: Sequence[Authorization]) -> dict[str, Answer]:
            bank.authorize(operations)
            gateway.desert(database)
            gateway.process(database, bank)  # somebody else took over and finished
            return {operation.reference: Unknown("late") for operation in operations}

        def inquire(self, references: Sequence[str]) -> dict[str, Answer]:
            raise AssertionError("a fresh payment needs no inquiry")

    gateway.process(database, Late())
    assert gateway.state(database, payment_id) == State.AUTHORIZED
    assert len(_events(observer, payment_id)) == 3
    assert _jobs_left(observer) == 0


def test_a_worker_whose_lease_somebody_else_holds_records_nothing(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = gateway.pay(database, bank, "approve@magic")
    ids = gateway.due(database, "process_payment")
    others: list[Claim] = []

    class Overtaken:
        name = bank.name

        def authorize(self, operations: Sequence[Authorization]) -> dict[str, Answer]:
            gateway.desert(database)
            with database.transaction() as tx:
                others.append(jobs.claim(tx, "process_payment", ids))
            return bank.authorize(operations)

        def inquire(self, references: Sequence[str]) -> dict[str, Answer]:
            raise AssertionError("a fresh payment needs no inquiry")

    gateway.process(database, Overtaken())
    assert gateway.state(database, payment_id) == State.PROCESSING
    assert observer.execute("select lease_token from jobs").fetchall() == [(others[0].token,)]
    gateway.desert(database)
    gateway.process(database, bank)
    assert gateway.state(database, payment_id) == State.AUTHORIZED


@pytest.mark.parametrize(("vpa", "asked"), [("timeout-after-debit@magic", 1), ("timeout-before-debit@magic", 1)])
def test_a_timeout_is_unknown_until_the_bank_was_asked_what_became_of_it(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank, vpa: str, asked: int
) -> None:
    payment_id = gateway.pay(database, bank, vpa)
    gateway.process(database, bank)
    assert gateway.state(database, payment_id) == State.OUTCOME_UNKNOWN
    shown = observer.execute("select status, inquiries, next_inquiry_at > now() from payments").fetchone()
    assert shown == ("pending", 1, True)
    assert gateway.due(database, "process_payment") == [], "the inquiry waits for its time"
    gateway.make_due(database)
    gateway.process(database, bank)
    assert gateway.state(database, payment_id) == State.AUTHORIZED
    assert observer.execute("select count(*), max(asked) from bank.charges").fetchone() == (1, asked)


def test_a_bank_that_stays_silent_is_asked_again_and_again_at_growing_intervals(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    class Silent:
        name = bank.name

        def authorize(self, operations: Sequence[Authorization]) -> dict[str, Answer]:
            return {}

        def inquire(self, references: Sequence[str]) -> dict[str, Answer]:
            return {}

    payment_id = gateway.pay(database, bank, "approve@magic")
    waits = []
    for _ in range(len(processing.INQUIRY_SECONDS) + 2):
        gateway.make_due(database)
        gateway.process(database, Silent())
        row = observer.execute("select extract(epoch from run_at - now())::float8 from jobs").fetchone()
        assert row is not None
        waits.append(round(row[0]))
    last = processing.INQUIRY_SECONDS[-1]
    assert waits == [*processing.INQUIRY_SECONDS, last, last]
    assert gateway.state(database, payment_id) == State.OUTCOME_UNKNOWN
    assert len(_events(observer, payment_id)) == 3, "asking again is no change of state"
    gateway.make_due(database)
    gateway.process(database, bank)
    assert gateway.state(database, payment_id) == State.AUTHORIZED


def test_a_slow_bank_keeps_no_worker_waiting(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = gateway.pay(database, bank, "slow@magic")
    gateway.process(database, bank)
    assert gateway.state(database, payment_id) == State.PROCESSING
    row = observer.execute("select run_at > now() + interval '15 s', lease_until from jobs").fetchone()
    assert row == (True, None)
    observer.execute("update bank.charges set answer_at = now()")
    gateway.make_due(database)
    gateway.process(database, bank)
    assert gateway.state(database, payment_id) == State.AUTHORIZED


def test_a_payment_without_a_live_job_gets_one_again(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    lost, dead, fresh = (gateway.pay(database, bank, "approve@magic") for _ in range(3))
    observer.execute("delete from jobs where subject = %s", (lost,))
    rested = "update jobs set state = 'dead', lease_until = now() - interval '61 minutes' where subject = %s"
    observer.execute(rested, (dead,))
    observer.execute("update payments set updated_at = now() - interval '61 s' where id in (%s, %s)", (lost, dead))
    told = gateway.Told()
    assert sweeping.inquire(database, told) == 2
    assert len(told.jobs) == 2
    gateway.process(database, bank)
    assert {gateway.state(database, id) for id in (lost, dead, fresh)} == {State.AUTHORIZED}


def test_a_payment_that_breaks_the_job_breaks_only_its_own(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    good = [gateway.pay(database, bank, "approve@magic") for _ in range(4)]
    bad = gateway.pay(database, bank, "approve@magic")

    class OddAnswer:
        name = bank.name

        def authorize(self, operations: Sequence[Authorization]) -> dict[str, Answer]:
            answers = bank.authorize(operations)
            return answers | {id: Approved("\x00") for id in answers if id == bad}

        def inquire(self, references: Sequence[str]) -> dict[str, Answer]:
            return {id: Approved("\x00") if id == bad else answer for id, answer in bank.inquire(references).items()}

    gateway.process(database, OddAnswer())
    assert [gateway.state(database, id) for id in good] == [State.AUTHORIZED] * 4
    assert gateway.state(database, bad) == State.PROCESSING
    row = observer.execute("select subject, last_error is not null, lease_until, run_at > now() from jobs").fetchone()
    assert row == (bad, True, None, True)
    gateway.make_due(database)
    gateway.process(database, bank)
    assert gateway.state(database, bad) == State.AUTHORIZED
    assert _debits(observer) == 5


def test_a_job_that_kills_its_workers_is_kept_as_dead(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    gateway.pay(database, bank)
    observer.execute("update jobs set attempts = 20")
    gateway.process(database, bank)
    assert observer.execute("select state from jobs").fetchall() == [("dead",)]
    assert _debits(observer) == 0


def test_every_documented_magic_value_is_a_behaviour_of_the_bank(bank: SimulatedBank, database: Database) -> None:
    for name in BEHAVIOURS:
        payment_id = gateway.pay(database, bank, f"{name}@magic")
        gateway.process(database, bank)
        assert gateway.state(database, payment_id) != State.CREATED, name


@pytest.mark.parametrize(("success", "state"), [(True, State.AUTHORIZED), (False, State.FAILED)])
def test_test_mode_decides_the_outcome(database: Database, success: bool, state: State) -> None:
    bank = SimulatedBank(database, BankConfig(test_mode=True, test_payment_success=success, test_processing_delay_ms=0))
    ids = [gateway.pay(database, bank, vpa) for vpa in ("asha@upi", "approve@magic")]
    gateway.process(database, bank)
    assert [gateway.state(database, id) for id in ids] == [state, state]


def test_without_test_mode_the_bank_takes_its_time_and_a_seed_repeats_its_draws(
    database: Database, observer: psycopg.Connection
) -> None:
    drawn: list[Any] = []
    for _ in range(2):
        bank = SimulatedBank(database, BankConfig(seed=7, upi_success_rate=0.5))
        for _ in range(30):
            gateway.pay(database, bank)
        gateway.process(database, bank)
        rows = observer.execute(
            """select approved, round(extract(epoch from answer_at - created_at) * 1000)
                 from bank.charges order by created_at desc, reference limit 30"""
        ).fetchall()
        assert all(5000 <= delay <= 10000 for _, delay in rows)
        drawn.append(sorted(rows))
        observer.execute("truncate bank.charges, bank.refunds")
    assert drawn[0] == drawn[1]
    assert {approved for approved, _ in drawn[0]} == {True, False}
