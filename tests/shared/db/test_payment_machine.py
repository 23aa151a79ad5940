"""The payment machine stands in three places: the code, the database and the README. They agree, and hold."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from shared.connectors.simulator import SimulatedBank
from shared.db import payments
from shared.db.database import Database
from shared.domain import payment as domain
from shared.domain.payment import STATUS, TRANSITIONS, State
from tests import gateway

OPEN = (State.CREATED, State.REQUIRES_ACTION, State.PROCESSING, State.OUTCOME_UNKNOWN, State.FAILED)
HELD = (State.AUTHORIZED, State.VOIDED, State.AUTHORIZATION_EXPIRED)


@pytest.fixture
def payment_id(database: Database) -> str:
    return gateway.pay(database, SimulatedBank(database, gateway.INSTANT))


def _force(observer: psycopg.Connection, payment_id: str, state: State) -> None:
    """Puts a payment into a state that it could not reach by itself, with amounts that fit."""
    authorized = 0 if state in OPEN else 50000
    captured = 0 if state in OPEN or state in HELD else 50000
    with observer.transaction():
        observer.execute("alter table payments disable trigger payments_check_move")
        observer.execute(
            """update payments set state = %s, amount_authorized = %s, amount_captured = %s, error_code = %s
                where id = %s""",
            (state, authorized, captured, "PAYMENT_FAILED" if state == State.FAILED else None, payment_id),
        )
        observer.execute("alter table payments enable trigger payments_check_move")


def test_the_database_holds_the_same_transitions_and_events_as_the_code(observer: psycopg.Connection) -> None:
    rows = observer.execute("select from_state, to_state, event from payment_transitions").fetchall()
    assert {(a, b): event for a, b, event in rows} == {(a.value, b.value): e for (a, b), e in TRANSITIONS.items()}


def test_the_readme_draws_the_same_transitions_as_the_code(root: Path) -> None:
    diagram = re.search(r"```mermaid\nstateDiagram-v2\n(.*?)```", (root / "README.md").read_text(), re.DOTALL)
    assert diagram is not None, "the README has no state diagram"
    drawn = set(re.findall(r"^\s*(\w+) --> (\w+)", diagram[1], re.MULTILINE))
    assert drawn == {(a.value, b.value) for a, b in TRANSITIONS}


@pytest.mark.parametrize("state", list(State))
def test_the_database_shows_the_same_status_as_the_code(
    observer: psycopg.Connection, payment_id: str, state: State
) -> None:
    _force(observer, payment_id, state)
    shown = observer.execute("select status from payments where id = %s", (payment_id,)).fetchone()
    assert shown == (STATUS[state],)


@pytest.mark.parametrize("to", list(State))
@pytest.mark.parametrize("start", list(State))
def test_the_database_refuses_every_move_that_the_table_does_not_hold(
    observer: psycopg.Connection, payment_id: str, start: State, to: State
) -> None:
    if start == to:
        return  # no change of state
    _force(observer, payment_id, start)
    authorized = 0 if to in OPEN else 50000
    captured = 0 if to in OPEN or to in HELD else 50000
    error = "PAYMENT_FAILED" if to == State.FAILED else None
    move = """update payments set state = %s, sequence = sequence + 1, amount_authorized = %s, amount_captured = %s,
                                  error_code = %s where id = %s"""
    if (start, to) in TRANSITIONS:
        assert observer.execute(move, (to, authorized, captured, error, payment_id)).rowcount == 1
    else:
        with pytest.raises(psycopg.errors.CheckViolation, match=f"no way from {start} to {to}"):
            observer.execute(move, (to, authorized, captured, error, payment_id))


def test_a_change_of_state_without_its_event_number_is_refused(observer: psycopg.Connection, payment_id: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="cannot follow"):
        observer.execute("update payments set state = 'processing' where id = %s", (payment_id,))


@pytest.mark.parametrize(
    "amounts",
    [
        "amount_authorized = 50001, amount_captured = 100",
        "amount_captured = 50001",
        "amount_refunded = 50001",
        "amount_refunded = 30000, amount_refund_pending = 20001",
        "amount_refunded = -1",
        "amount_refund_pending = -1",
    ],
)
def test_amounts_never_exceed_what_they_are_part_of(
    observer: psycopg.Connection, payment_id: str, amounts: str
) -> None:
    _force(observer, payment_id, State.CAPTURED)
    with pytest.raises(psycopg.errors.CheckViolation, match="payments_amounts"):
        observer.execute(f"update payments set {amounts} where id = %s", (payment_id,))  # type: ignore[arg-type]


@pytest.mark.parametrize("change", ["amount = amount + 1", "currency = 'USD'", "sequence = sequence + 7"])
def test_what_a_payment_is_never_changes(observer: psycopg.Connection, payment_id: str, change: str) -> None:
    moved = "" if "sequence" in change else ", sequence = sequence + 1"
    with pytest.raises(psycopg.errors.CheckViolation):
        observer.execute(f"update payments set {change}{moved} where id = %s", (payment_id,))  # type: ignore[arg-type]


def test_a_payment_cannot_be_born_paid(observer: psycopg.Connection, payment_id: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="born as authorized"):
        observer.execute(
            """insert into payments (id, merchant_id, order_id, connector, amount, currency, method, vpa, capture,
                                     exclusive, state, sequence, amount_authorized)
               select 'pay_0000000000000000', merchant_id, order_id, connector, amount, currency, method, vpa,
                      capture, false, 'authorized', 1, amount from payments where id = %s""",
            (payment_id,),
        )


def test_events_are_never_changed(observer: psycopg.Connection, payment_id: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation):
        observer.execute("update events set type = 'payment.success' where payment_id = %s", (payment_id,))


def test_the_code_refuses_a_move_that_the_table_does_not_hold(database: Database, payment_id: str) -> None:
    with database.transaction() as tx:
        now, (payment,) = payments.lock(tx, [payment_id])
    with pytest.raises(domain.IllegalMove, match="created → captured"):
        domain.move(payment, State.CAPTURED, at=now)


def test_a_move_from_a_state_that_has_changed_meanwhile_stores_nothing(database: Database, payment_id: str) -> None:
    with database.transaction() as tx:
        now, (payment,) = payments.lock(tx, [payment_id])
        payments.move(tx, [domain.hand_to_bank(payment, at=now)])
    with pytest.raises(payments.StaleMove), database.transaction() as tx:
        payments.move(tx, [domain.move(payment, State.FAILED, at=now, error_code="PAYMENT_FAILED")])
    assert gateway.state(database, payment_id) == State.PROCESSING
    with database.statement() as tx:
        rows = tx.execute("select sequence from events where payment_id = %s order by 1", (payment_id,)).fetchall()
    assert [row["sequence"] for row in rows] == [1, 2]
