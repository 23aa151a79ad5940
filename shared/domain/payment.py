"""A payment: one intent to move an order's amount from customer to merchant, and the machine it moves through.

TRANSITIONS is the whole machine: what may follow what, and the event that tells of it. The database holds the same
table and refuses anything else; the README draws it. `move` is the only way from one state to another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared import ids
from shared.domain import event, views
from shared.domain.event import Event
from shared.domain.order import OrderToPay
from shared.errors import BadRequest


class State(StrEnum):
    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    OUTCOME_UNKNOWN = "outcome_unknown"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    VOIDED = "voided"
    AUTHORIZATION_EXPIRED = "authorization_expired"
    FAILED = "failed"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


S = State

TRANSITIONS: dict[tuple[State, State], str] = {
    (S.CREATED, S.REQUIRES_ACTION): "payment.requires_action",
    (S.CREATED, S.PROCESSING): "payment.pending",
    (S.CREATED, S.FAILED): "payment.failed",
    (S.REQUIRES_ACTION, S.PROCESSING): "payment.pending",
    (S.REQUIRES_ACTION, S.FAILED): "payment.failed",
    (S.PROCESSING, S.AUTHORIZED): "payment.success",
    (S.PROCESSING, S.CAPTURED): "payment.success",
    (S.PROCESSING, S.REQUIRES_ACTION): "payment.requires_action",
    (S.PROCESSING, S.FAILED): "payment.failed",
    (S.PROCESSING, S.OUTCOME_UNKNOWN): "payment.outcome_unknown",
    (S.OUTCOME_UNKNOWN, S.REQUIRES_ACTION): "payment.requires_action",
    (S.OUTCOME_UNKNOWN, S.AUTHORIZED): "payment.success",
    (S.OUTCOME_UNKNOWN, S.CAPTURED): "payment.success",
    (S.OUTCOME_UNKNOWN, S.FAILED): "payment.failed",
    (S.AUTHORIZED, S.PARTIALLY_CAPTURED): "payment.captured",
    (S.AUTHORIZED, S.CAPTURED): "payment.captured",
    (S.AUTHORIZED, S.VOIDED): "payment.voided",
    (S.AUTHORIZED, S.AUTHORIZATION_EXPIRED): "payment.authorization_expired",
    (S.PARTIALLY_CAPTURED, S.PARTIALLY_CAPTURED): "payment.captured",
    (S.PARTIALLY_CAPTURED, S.CAPTURED): "payment.captured",
    (S.PARTIALLY_CAPTURED, S.PARTIALLY_REFUNDED): "payment.partially_refunded",
    (S.PARTIALLY_CAPTURED, S.REFUNDED): "payment.refunded",
    (S.CAPTURED, S.PARTIALLY_REFUNDED): "payment.partially_refunded",
    (S.CAPTURED, S.REFUNDED): "payment.refunded",
    (S.PARTIALLY_REFUNDED, S.PARTIALLY_REFUNDED): "payment.partially_refunded",
    (S.PARTIALLY_REFUNDED, S.REFUNDED): "payment.refunded",
    (S.PARTIALLY_REFUNDED, S.CAPTURED): "payment.refund_returned",
    (S.REFUNDED, S.PARTIALLY_REFUNDED): "payment.refund_returned",
    (S.REFUNDED, S.CAPTURED): "payment.refund_returned",
}

# What merchants see: the status is a pure function of the state. The database generates its column from the same table.
STATUS: dict[State, str] = {
    S.CREATED: "pending",
    S.REQUIRES_ACTION: "pending",
    S.PROCESSING: "pending",
    S.OUTCOME_UNKNOWN: "pending",
    S.AUTHORIZED: "success",
    S.PARTIALLY_CAPTURED: "success",
    S.CAPTURED: "success",
    S.VOIDED: "refunded",
    S.AUTHORIZATION_EXPIRED: "refunded",
    S.FAILED: "failed",
    S.PARTIALLY_REFUNDED: "partially_refunded",
    S.REFUNDED: "refunded",
}


AUTHORIZATION_SECONDS = 7 * 24 * 3600  # how long a bank holds money that nobody captures
DECLINED = "PAYMENT_FAILED"  # the error code of every failed payment; the reason is finer


class IllegalMove(Exception):
    """A move that the table does not hold: a bug of ours, never a caller's mistake."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NextAction:
    """What the customer must do before the bank goes on, where, and until when."""

    type: str  # otp, upi_app
    url: str  # a relative one is the checkout's
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    id: str
    merchant_id: UUID
    order_id: str
    connector: str
    amount: int
    currency: str
    method: str
    vpa: str | None
    card_network: str | None
    card_last4: str | None
    token: str | None  # stands for the card at the connector; worthless elsewhere
    capture: str
    exclusive: bool  # whether it keeps every other payment of its order out while it lives
    notes: dict[str, Any]
    state: State
    sequence: int  # of its newest event
    amount_authorized: int
    amount_captured: int
    amount_refunded: int
    amount_refund_pending: int
    acquirer_reference: str | None
    error_code: str | None  # PAYMENT_FAILED when failed
    error_reason: str | None  # the bank's own: insufficient_funds, ...
    error_description: str | None
    inquiries: int
    next_inquiry_at: datetime | None
    last_answer: str | None  # of the bank, while the outcome is unknown
    next_action: NextAction | None  # while it is the customer's turn
    authorization_expires_at: datetime | None  # while there is something left to capture
    created_at: datetime
    updated_at: datetime

    @property
    def status(self) -> str:
        return STATUS[self.state]

    @property
    def captured(self) -> bool:
        return self.amount_captured > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A payment after a step, and the event that tells of it. Stored together or not at all."""

    payment: Payment
    event: Event


def create(
    order: OrderToPay,
    *,
    connector: str,
    method: str,
    vpa: str | None = None,
    card_network: str | None = None,
    card_last4: str | None = None,
    token: str | None = None,
    exclusive: bool,
    notes: dict[str, Any] | None = None,
    at: datetime,
) -> Move:
    """A new payment of an order; the amount and the currency are always the order's."""
    payment = Payment(
        id=ids.payment_id(),
        merchant_id=order.merchant_id,
        order_id=order.id,
        connector=connector,
        amount=order.amount,
        currency=order.currency,
        method=method,
        vpa=vpa,
        card_network=card_network,
        card_last4=card_last4,
        token=token,
        capture=order.capture,
        exclusive=exclusive,
        notes=notes or {},
        state=State.CREATED,
        sequence=1,
        amount_authorized=0,
        amount_captured=0,
        amount_refunded=0,
        amount_refund_pending=0,
        acquirer_reference=None,
        error_code=None,
        error_reason=None,
        error_description=None,
        inquiries=0,
        next_inquiry_at=None,
        last_answer=None,
        next_action=None,
        authorization_expires_at=None,
        created_at=at,
        updated_at=at,
    )
    return Move(payment=payment, event=_tell(payment, "payment.created", from_state=None))


def move(payment: Payment, to: State, *, at: datetime, told_as: str | None = None, **changes: Any) -> Move:
    """The payment in its next state. Raises IllegalMove if the table does not hold the step."""
    event_type = TRANSITIONS.get((payment.state, to))
    if event_type is None:
        raise IllegalMove(f"{payment.id}: {payment.state} → {to}")
    moved = _one_event_on(payment, at=at, state=to, **changes)
    return Move(payment=moved, event=_tell(moved, told_as or event_type, from_state=payment.state))


def note(payment: Payment, event_type: str, refund: views.Refund, *, at: datetime, **changes: Any) -> Move:
    """What happened to a refund of the payment, told in the payment's sequence; its state stays."""
    noted = _one_event_on(payment, at=at, **changes)
    return Move(payment=noted, event=_tell(noted, event_type, from_state=payment.state, refund=refund))


def hand_to_bank(payment: Payment, *, at: datetime) -> Move:
    """For the first time, or again once the customer has done what the bank wanted."""
    return move(payment, State.PROCESSING, at=at, next_action=None)


def require_action(payment: Payment, *, type: str, url: str, seconds: float, at: datetime) -> Move:
    """It is the customer's turn, for so many seconds."""
    action = NextAction(type=type, url=url, expires_at=at + timedelta(seconds=seconds))
    return move(payment, State.REQUIRES_ACTION, at=at, next_action=action, next_inquiry_at=None)


def approve(payment: Payment, *, acquirer_reference: str, at: datetime) -> Move:
    """The bank holds the money; an order that captures automatically takes it in the same step."""
    automatic = payment.capture == "automatic"
    return move(
        payment,
        State.CAPTURED if automatic else State.AUTHORIZED,
        at=at,
        amount_authorized=payment.amount,
        amount_captured=payment.amount if automatic else 0,
        authorization_expires_at=None if automatic else at + timedelta(seconds=AUTHORIZATION_SECONDS),
        acquirer_reference=acquirer_reference,
        next_inquiry_at=None,
    )


def decline(payment: Payment, *, reason: str, description: str, at: datetime) -> Move:
    return move(
        payment,
        State.FAILED,
        at=at,
        error_code=DECLINED,
        error_reason=reason,
        error_description=description,
        next_inquiry_at=None,
        next_action=None,
    )


def lose_sight(payment: Payment, *, next_inquiry_at: datetime, why: str, at: datetime) -> Move:
    """The bank gave no answer, or none that can be read: the money may or may not have moved. Never a failure."""
    return move(
        payment,
        State.OUTCOME_UNKNOWN,
        at=at,
        inquiries=payment.inquiries + 1,
        next_inquiry_at=next_inquiry_at,
        last_answer=why,
    )


def capture(payment: Payment, amount: int | None, *, at: datetime) -> Move:
    """Takes the amount, or all that is left, of what the bank holds. Raises BadRequest."""
    if not _holds(payment, at=at):
        raise BadRequest(
            "Payment not in capturable state",
            reason="payment_not_capturable",
            status=payment.status,
            state=payment.state,
        )
    left = payment.amount_authorized - payment.amount_captured
    if amount is None:
        amount = left
    if amount < 1:
        raise BadRequest("amount must be at least 1", field="amount", reason="invalid_value")
    if amount > left:
        raise BadRequest(
            f"Capture amount exceeds what is left of the authorization ({left})",
            field="amount",
            reason="capture_exceeds_authorization",
            available=left,
        )
    captured = payment.amount_captured + amount
    whole = captured == payment.amount_authorized
    return move(
        payment,
        State.CAPTURED if whole else State.PARTIALLY_CAPTURED,
        at=at,
        amount_captured=captured,
        authorization_expires_at=None if whole else payment.authorization_expires_at,
    )


def void(payment: Payment, *, at: datetime) -> Move:
    """Lets go of a hold of which nothing was captured. Raises BadRequest."""
    if payment.state != State.AUTHORIZED:
        raise BadRequest(
            "Payment not in voidable state",
            reason="payment_not_voidable",
            status=payment.status,
            state=payment.state,
        )
    return move(payment, State.VOIDED, at=at, authorization_expires_at=None)


def expire_authorization(payment: Payment, *, at: datetime) -> Move | None:
    """The bank has let go of the hold. None if something was captured: then only the rest is gone, and no state."""
    if payment.state != State.AUTHORIZED:
        return None
    return move(payment, State.AUTHORIZATION_EXPIRED, at=at, authorization_expires_at=None)


def _holds(payment: Payment, *, at: datetime) -> bool:
    """Whether there is something left to capture."""
    return (
        payment.state in (State.AUTHORIZED, State.PARTIALLY_CAPTURED)
        and payment.authorization_expires_at is not None
        and at < payment.authorization_expires_at
    )


def _one_event_on(payment: Payment, *, at: datetime, **changes: Any) -> Payment:
    """Later than before even where two events have one moment, or clocks differ: in a list, events keep their order."""
    at = max(at, payment.updated_at + timedelta(microseconds=1))
    return replace(payment, sequence=payment.sequence + 1, updated_at=at, **changes)


def _tell(payment: Payment, type: str, *, from_state: State | None, refund: views.Refund | None = None) -> Event:
    event_id = ids.event_id()
    return Event(
        id=event_id,
        merchant_id=payment.merchant_id,
        payment_id=payment.id,
        sequence=payment.sequence,
        type=type,
        from_state=from_state,
        to_state=payment.state,
        body=event.body(
            id=event_id,
            type=type,
            at=payment.updated_at,
            sequence=payment.sequence,
            payment=views.of_payment(payment),
            refund=refund,
        ),
        created_at=payment.updated_at,
    )
