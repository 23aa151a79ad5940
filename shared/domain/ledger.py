"""Double-entry books: what each movement of money does to whose account.

An entry is positive where an account gains and negative where it gives; the entries of a transaction sum to zero. The
acquirer's account is negative by what it owes us.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from shared import ids

if TYPE_CHECKING:
    from shared.domain.payment import Payment
    from shared.domain.refund import Refund


class Account(StrEnum):
    ACQUIRER = "acquirer"  # who takes the money from customers and settles with us
    AVAILABLE = "available"  # the merchant's
    REFUNDS_PENDING = "refunds_pending"  # the merchant's, reserved for refunds that the bank has not answered


class Kind(StrEnum):
    CAPTURE = "capture"
    REFUND = "refund"
    REFUND_PROCESSED = "refund_processed"
    REFUND_FAILED = "refund_failed"
    REFUND_RETURNED = "refund_returned"


# Who gives and who gains by each kind of transaction.
FLOWS: dict[Kind, tuple[Account, Account]] = {
    Kind.CAPTURE: (Account.ACQUIRER, Account.AVAILABLE),
    Kind.REFUND: (Account.AVAILABLE, Account.REFUNDS_PENDING),
    Kind.REFUND_PROCESSED: (Account.REFUNDS_PENDING, Account.ACQUIRER),
    Kind.REFUND_FAILED: (Account.REFUNDS_PENDING, Account.AVAILABLE),
    Kind.REFUND_RETURNED: (Account.ACQUIRER, Account.AVAILABLE),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    account: str
    amount: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Transaction:
    id: str
    merchant_id: UUID
    kind: str
    reference: str  # of the effect: the same one is never booked twice
    payment_id: str
    refund_id: str | None
    currency: str
    entries: tuple[Entry, ...]
    created_at: datetime


def of_capture(after: Payment, *, before: int = 0) -> Transaction:
    """What was captured since `before`. Its reference holds the new total, which no other capture reaches."""
    return _transaction(
        Kind.CAPTURE,
        f"{after.id}/{after.amount_captured}",
        after.amount_captured - before,
        merchant_id=after.merchant_id,
        payment_id=after.id,
        refund_id=None,
        currency=after.currency,
        at=after.updated_at,
    )


def of_refund(kind: Kind, refund: Refund, *, at: datetime) -> Transaction:
    return _transaction(
        kind,
        refund.id,
        refund.amount,
        merchant_id=refund.merchant_id,
        payment_id=refund.payment_id,
        refund_id=refund.id,
        currency=refund.currency,
        at=at,
    )


def _transaction(
    kind: Kind,
    reference: str,
    amount: int,
    *,
    merchant_id: UUID,
    payment_id: str,
    refund_id: str | None,
    currency: str,
    at: datetime,
) -> Transaction:
    gives, gains = FLOWS[kind]
    return Transaction(
        id=ids.ledger_transaction_id(),
        merchant_id=merchant_id,
        kind=kind,
        reference=reference,
        payment_id=payment_id,
        refund_id=refund_id,
        currency=currency,
        entries=(Entry(account=gives, amount=-amount), Entry(account=gains, amount=amount)),
        created_at=at,
    )
