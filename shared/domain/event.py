"""An event: a fact about a payment, numbered without gaps, in the exact bytes that receivers get.

The body is a fixed point of JSON.stringify(JSON.parse(body)), because receivers verify its signature by parsing
and printing it again: compact, UTF-8 unescaped, whole numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from shared.domain import views

# Sent to every receiver. The rest of EVENT_TYPES goes to those who ask for it.
DEFAULT_WEBHOOK_EVENTS = (
    "payment.created",
    "payment.pending",
    "payment.success",
    "payment.failed",
    "refund.created",
    "refund.processed",
)
ENDPOINT_DISABLED = "webhook_endpoint.disabled"
EVENT_TYPES = (
    *DEFAULT_WEBHOOK_EVENTS,
    "payment.requires_action",
    "payment.outcome_unknown",
    "payment.captured",
    "payment.voided",
    "payment.authorization_expired",
    "payment.partially_refunded",
    "payment.refunded",
    "payment.refund_returned",
    "refund.failed",
    ENDPOINT_DISABLED,
)
TEST = "webhook.test"  # sent when a merchant asks for it, whatever the endpoint wants

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    id: str
    merchant_id: UUID
    payment_id: str
    sequence: int
    type: str
    from_state: str | None
    to_state: str
    body: str
    created_at: datetime


def body(
    *,
    id: str,
    type: str,
    at: datetime,
    sequence: int,
    payment: views.Payment,
    refund: views.Refund | None = None,
) -> str:
    """The exact text that is stored, signed and sent."""
    return _encoder.encode(
        {
            "event": type,
            "timestamp": int(at.timestamp()),
            "data": {"payment": payment} if refund is None else {"payment": payment, "refund": refund},
            "id": id,
            "sequence": sequence,
        }
    ).decode()


def body_about(*, id: str, type: str, at: datetime, **data: msgspec.Struct) -> str:
    """The same for an event that belongs to no payment's sequence. `data` names what it is about."""
    return _encoder.encode(
        {"event": type, "timestamp": int(at.timestamp()), "data": data, "id": id, "sequence": None}
    ).decode()


def test_body(*, id: str, at: datetime) -> str:
    """A payment that never was, so that a receiver can be tried."""
    shown = views.timestamp(at)
    payment = views.Payment(
        id="pay_TestTestTestTest",
        order_id="order_TestTestTestTest",
        amount=50000,
        currency="INR",
        method="upi",
        vpa="test@upi",
        status="success",
        state="authorized",
        captured=False,
        amount_captured=0,
        amount_refunded=0,
        amount_refund_pending=0,
        notes={"test": True},
        error_code=None,
        error_reason=None,
        error_description=None,
        next_action=None,
        inquiries=0,
        next_inquiry_at=None,
        last_answer=None,
        authorization_expires_at=None,
        created_at=shown,
        updated_at=shown,
    )
    return body_about(id=id, type=TEST, at=at, payment=payment)
