"""The ledger is only added to, and every transaction in it balances: the database sees to both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from shared.connectors.simulator import SimulatedBank
from shared.db import ledger, payments
from shared.db.database import Database
from shared.domain import ledger as books
from shared.domain.ledger import Account, Entry, Transaction
from shared.domain.payment import Payment
from shared.services import ledger as balances
from shared.services import test_merchant
from tests import gateway


@pytest.fixture
def payment(database: Database) -> Payment:
    """Captured, and booked so."""
    bank = SimulatedBank(database, gateway.INSTANT)
    payment_id = gateway.pay(database, bank)
    gateway.process(database, bank)
    gateway.capture(database, payment_id)
    with database.transaction() as tx:
        _, (found,) = payments.lock(tx, [payment_id])
    return found


def _transaction(payment: Payment, *entries: tuple[str, int], **more: Any) -> Transaction:
    """A capture of 1 that nobody asked for; with other entries, if they are given."""
    made = books.of_capture(replace(payment, amount_captured=1))
    return replace(made, entries=tuple(Entry(account=a, amount=n) for a, n in entries) or made.entries, **more)


def _book(database: Database, *transactions: Transaction) -> None:
    with database.transaction() as tx:
        ledger.book(tx, transactions)


def _count(observer: psycopg.Connection) -> tuple[int, int]:
    row = observer.execute(
        "select (select count(*) from ledger_transactions), (select count(*) from ledger_entries)"
    ).fetchone()
    assert row is not None
    return row


def test_a_balanced_transaction_is_stored_with_its_entries(
    database: Database, observer: psycopg.Connection, payment: Payment
) -> None:
    assert _count(observer) == (1, 2)
    _book(database, _transaction(payment, (Account.ACQUIRER, -3), (Account.AVAILABLE, 2), ("fees", 1)))
    assert _count(observer) == (2, 5)


@pytest.mark.parametrize("table", ["ledger_transactions", "ledger_entries"])
@pytest.mark.parametrize(
    "statement",
    [
        "update {} set currency = 'USD'",
        "update {} set currency = currency where false",
        "delete from {}",
        "delete from {} where false",
        "truncate {} cascade",
    ],
)
def test_what_is_booked_is_never_changed(
    observer: psycopg.Connection, payment: Payment, statement: str, table: str
) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match="only added to"):
        observer.execute(statement.format(table))  # type: ignore[arg-type]
    assert _count(observer) == (1, 2)


def test_payments_and_refunds_cannot_be_truncated_from_under_the_ledger(
    observer: psycopg.Connection, payment: Payment
) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation):
        observer.execute("truncate payments cascade")
    with pytest.raises(psycopg.errors.ForeignKeyViolation), observer.transaction():
        observer.execute("delete from events")
        observer.execute("delete from payments")
    assert _count(observer) == (1, 2)


@pytest.mark.parametrize(
    "entries",
    [
        ((Account.ACQUIRER, -100), (Account.AVAILABLE, 99)),
        ((Account.ACQUIRER, -100), (Account.AVAILABLE, 101)),
        ((Account.AVAILABLE, 100),),
    ],
)
def test_a_transaction_that_does_not_sum_to_zero_is_refused(
    database: Database, observer: psycopg.Connection, payment: Payment, entries: tuple[tuple[str, int], ...]
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="do not sum to zero"):
        _book(database, _transaction(payment, *entries))
    assert _count(observer) == (1, 2)


def test_two_transactions_that_only_together_sum_to_zero_are_refused(
    database: Database, observer: psycopg.Connection, payment: Payment
) -> None:
    first = _transaction(payment, (Account.ACQUIRER, -100), (Account.AVAILABLE, 99), reference="a", id="ltx_a")
    second = _transaction(payment, (Account.ACQUIRER, -100), (Account.AVAILABLE, 101), reference="b", id="ltx_b")
    with pytest.raises(psycopg.errors.CheckViolation):
        _book(database, first, second)
    assert _count(observer) == (1, 2)


def test_a_transaction_without_entries_is_refused(observer: psycopg.Connection, payment: Payment) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="do not sum to zero"):
        observer.execute(
            """insert into ledger_transactions (id, merchant_id, kind, reference, payment_id, currency)
               values ('ltx_0', %s, 'capture', 'x', %s, 'INR')""",
            (payment.merchant_id, payment.id),
        )
    assert _count(observer) == (1, 2)


def test_an_entry_added_to_a_transaction_later_is_refused(observer: psycopg.Connection, payment: Payment) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="do not sum to zero"):
        observer.execute(
            """insert into ledger_entries (transaction_id, account, merchant_id, currency, amount)
               select id, 'fees', merchant_id, currency, 1 from ledger_transactions"""
        )
    assert _count(observer) == (1, 2)


def test_an_entry_of_nothing_is_refused(database: Database, observer: psycopg.Connection, payment: Payment) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        _book(database, _transaction(payment, (Account.ACQUIRER, 0), (Account.AVAILABLE, 0)))
    assert _count(observer) == (1, 2)


@pytest.mark.parametrize("column", ["currency", "merchant_id"])
def test_entries_in_another_currency_or_of_another_merchant_are_refused(
    observer: psycopg.Connection, payment: Payment, column: str
) -> None:
    """Balanced as they are: a rupee is no dollar, and one merchant's money is not another's."""
    other = {"currency": "USD", "merchant_id": "00000000-0000-0000-0000-000000000001"}
    own = {"currency": payment.currency, "merchant_id": str(payment.merchant_id)}
    with pytest.raises(psycopg.errors.CheckViolation), observer.transaction():
        observer.execute(
            """insert into ledger_transactions (id, merchant_id, kind, reference, payment_id, currency)
               values ('ltx_0', %s, 'capture', 'x', %s, 'INR')""",
            (payment.merchant_id, payment.id),
        )
        for account, amount, of in (("a", -5, own), ("b", 5, own), ("c", -5, own | {column: other[column]}),
                                    ("d", 5, own | {column: other[column]})):  # fmt: skip
            observer.execute(
                """insert into ledger_entries (transaction_id, account, merchant_id, currency, amount)
                   values ('ltx_0', %s, %s, %s, %s)""",
                (account, of["merchant_id"], of["currency"], amount),
            )
    assert _count(observer) == (1, 2)


def test_the_same_effect_is_booked_once(database: Database, observer: psycopg.Connection, payment: Payment) -> None:
    again = books.of_capture(payment)
    with pytest.raises(psycopg.errors.UniqueViolation):
        _book(database, again)
    assert _count(observer) == (1, 2)
    once = _transaction(payment)
    _book(database, once)
    with pytest.raises(psycopg.errors.UniqueViolation):
        _book(database, replace(once, id="ltx_again"))
    assert _count(observer) == (2, 4)


def test_what_a_failed_transaction_booked_is_not_there(
    database: Database, observer: psycopg.Connection, payment: Payment
) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        ledger.book(tx, [_transaction(payment)])
        _ = 1 / 0
    assert _count(observer) == (1, 2)


def test_an_imbalance_of_somebody_elses_making_is_found_at_commit(database_url: str, payment: Payment) -> None:
    """Whatever wrote the rows, in whatever order: the transaction of the database ends with them balanced, or not."""
    entry = """insert into ledger_entries (transaction_id, account, merchant_id, currency, amount)
               values ('ltx_0', %s, %s, 'INR', %s)"""
    with psycopg.connect(database_url) as writing:
        writing.execute(
            """insert into ledger_transactions (id, merchant_id, kind, reference, payment_id, currency)
               values ('ltx_0', %s, 'capture', 'x', %s, 'INR')""",
            (payment.merchant_id, payment.id),
        )
        writing.execute(entry, ("acquirer", payment.merchant_id, -7))  # unbalanced for now, which is nobody's business
        with pytest.raises(psycopg.errors.CheckViolation):
            writing.commit()


def test_the_balance_is_the_sum_of_what_was_booked(database: Database, payment: Payment) -> None:
    bank = SimulatedBank(database, gateway.INSTANT)
    gateway.refund(database, payment.id, 20000)
    with database.statement() as tx:
        (shown,) = balances.balances(tx, test_merchant.ID)
    assert (shown.currency, shown.available, shown.refunds_pending) == ("INR", 30000, 20000)
    gateway.process_refunds(database, bank)
    with database.statement() as tx:
        (shown,) = balances.balances(tx, test_merchant.ID)
    assert (shown.available, shown.refunds_pending) == (30000, 0)
