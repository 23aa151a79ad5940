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
)

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
