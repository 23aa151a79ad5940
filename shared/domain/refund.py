"""A refund: captured money on its way back to the customer. Its own object and status, told in the payment's events.

Each function takes the payment and the refund as they are and returns what is stored together: the refund, the moves
of the payment with their events, and the ledger transactions. The amount is reserved while the bank has not answered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared import ids
from shared.domain import ledger, views
from shared.domain import payment as payments
from shared.domain.payment import Move, Payment, State
from shared.errors import BadRequest

# The code that clients of refunds know, as the reason of a BAD_REQUEST_ERROR.
INSUFFICIENT = "INSUFFICIENT_REFUND_AMOUNT"


class RefundStatus(StrEnum):
    PENDING = "pending"
    PROCESSED = "processed"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refund:
    id: str
    merchant_id: UUID
    payment_id: str
    amount: int
    currency: str
    reason: str | None
    notes: dict[str, Any]
    status: RefundStatus
    acquirer_reference: str | None
    error_reason: str | None
    error_description: str | None
    inquiries: int
    next_inquiry_at: datetime | None
    last_answer: str | None
    created_at: datetime
    updated_at: datetime
    processed_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """Stored together or not at all; the moves in their order."""

    refund: Refund
    moves: tuple[Move, ...]
    booked: tuple[ledger.Transaction, ...]


def request(payment: Payment, amount: int, *, reason: str | None, notes: dict[str, Any], at: datetime) -> Step:
    """A new refund; its amount is reserved. Raises BadRequest.

    A payment that was not captured yet is captured as a whole by its first refund: the merchant gives back a part of
    what it keeps.
    """
    captures: tuple[Move, ...] = ()
    if payment.state == State.AUTHORIZED:
        captures = (payments.capture(payment, None, at=at),)
    elif payment.status not in ("success", "partially_refunded", "refunded") or not payment.captured:
        raise BadRequest(
            f"Payment cannot be refunded: its status is {payment.status}",
            reason="payment_not_refundable",
            status=payment.status,
        )
    taken = captures[0].payment if captures else payment
    left = taken.amount_captured - taken.amount_refunded - taken.amount_refund_pending
    if amount < 1:
        raise BadRequest("amount must be at least 1", field="amount")
    if amount > left:
        raise BadRequest("Refund amount exceeds available amount", field="amount", reason=INSUFFICIENT, available=left)
    refund = Refund(
        id=ids.refund_id(),
        merchant_id=payment.merchant_id,
        payment_id=payment.id,
        amount=amount,
        currency=payment.currency,
        reason=reason,
        notes=notes,
        status=RefundStatus.PENDING,
        acquirer_reference=None,
        error_reason=None,
        error_description=None,
        inquiries=0,
        next_inquiry_at=None,
        last_answer=None,
        created_at=at,
        updated_at=at,
        processed_at=None,
    )
    created = payments.note(
        taken,
        "refund.created",
        views.of_refund(refund),
        at=at,
        amount_refund_pending=taken.amount_refund_pending + amount,
    )
    booked = [ledger.of_capture(move.payment, before=payment.amount_captured) for move in captures]
    booked.append(ledger.of_refund(ledger.Kind.REFUND, refund, at=created.payment.updated_at))
    return Step(refund=refund, moves=(*captures, created), booked=tuple(booked))


def process(payment: Payment, refund: Refund, *, acquirer_reference: str, at: datetime) -> Step:
    """The bank has sent the money back."""
    processed = _answered(refund, RefundStatus.PROCESSED, at=at, acquirer_reference=acquirer_reference, processed_at=at)
    refunded = payment.amount_refunded + refund.amount
    moved = payments.move(
        payment,
        State.REFUNDED if refunded == payment.amount_captured else State.PARTIALLY_REFUNDED,
        at=at,
        amount_refund_pending=payment.amount_refund_pending - refund.amount,
        amount_refunded=refunded,
        authorization_expires_at=None,
    )
    told = payments.note(moved.payment, "refund.processed", views.of_refund(processed), at=at)
    booked = ledger.of_refund(ledger.Kind.REFUND_PROCESSED, processed, at=told.payment.updated_at)
    return Step(refund=processed, moves=(moved, told), booked=(booked,))


def fail(payment: Payment, refund: Refund, *, reason: str, description: str, at: datetime) -> Step:
    """The bank refused: what was reserved is free again."""
    failed = _answered(refund, RefundStatus.FAILED, at=at, error_reason=reason, error_description=description)
    told = payments.note(
        payment,
        "refund.failed",
        views.of_refund(failed),
        at=at,
        amount_refund_pending=payment.amount_refund_pending - refund.amount,
    )
    booked = ledger.of_refund(ledger.Kind.REFUND_FAILED, failed, at=told.payment.updated_at)
    return Step(refund=failed, moves=(told,), booked=(booked,))


def take_back(payment: Payment, refund: Refund, *, reason: str, description: str, at: datetime) -> Step:
    """A processed refund came back from the customer's bank: the merchant has the money again."""
    failed = _answered(refund, RefundStatus.FAILED, at=at, error_reason=reason, error_description=description)
    left = payment.amount_refunded - refund.amount
    moved = payments.move(
        payment,
        State.PARTIALLY_REFUNDED if left else State.CAPTURED,
        told_as="payment.refund_returned",  # between the same two states it is otherwise a refund
        at=at,
        amount_refunded=left,
    )
    told = payments.note(moved.payment, "refund.failed", views.of_refund(failed), at=at)
    booked = ledger.of_refund(ledger.Kind.REFUND_RETURNED, failed, at=told.payment.updated_at)
    return Step(refund=failed, moves=(moved, told), booked=(booked,))


def _answered(refund: Refund, status: RefundStatus, *, at: datetime, **changes: Any) -> Refund:
    return replace(refund, status=status, updated_at=at, next_inquiry_at=None, **changes)
