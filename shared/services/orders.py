"""Orders: what merchants want paid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shared import ids, money
from shared.config import ORDER_EXPIRY_SECONDS
from shared.db import orders
from shared.db.database import Tx
from shared.domain import notes as domain_notes
from shared.domain.order import Order
from shared.errors import BadRequest, NotFound

RECEIPT_CHARACTERS_MAX = 255
EXPIRY_MAX = timedelta(days=366)


def create(
    tx: Tx,
    merchant_id: UUID,
    *,
    amount: int,
    currency: str,
    receipt: str | None,
    notes: dict[str, Any],
    capture: str,
    expires_at: datetime | None = None,
    expiry_seconds: int = ORDER_EXPIRY_SECONDS,
) -> Order:
    if amount < money.AMOUNT_MIN:
        raise BadRequest(f"amount must be at least {money.AMOUNT_MIN}", field="amount", reason="invalid_value")
    if amount > money.AMOUNT_MAX:
        raise BadRequest(f"amount must be at most {money.AMOUNT_MAX}", field="amount", reason="invalid_value")
    if not money.is_currency(currency):
        raise BadRequest(
            "currency must be an ISO 4217 code in upper case, such as INR", field="currency", reason="invalid_value"
        )
    if receipt is not None:
        if len(receipt) > RECEIPT_CHARACTERS_MAX:
            raise BadRequest(
                f"receipt must have at most {RECEIPT_CHARACTERS_MAX} characters",
                field="receipt",
                reason="invalid_value",
            )
        domain_notes.check_text(receipt, field="receipt")
    if expires_at is not None and not timedelta() < expires_at - datetime.now(UTC) <= EXPIRY_MAX:
        raise BadRequest(
            f"expires_at must be in the future, within {EXPIRY_MAX.days} days",
            field="expires_at",
            reason="invalid_value",
        )
    return orders.insert(
        tx,
        id=ids.order_id(),
        merchant_id=merchant_id,
        amount=amount,
        currency=currency,
        receipt=receipt,
        notes=domain_notes.check(notes),
        capture=capture,
        expires_at=expires_at,
        expiry_seconds=expiry_seconds,
    )


def get(tx: Tx, merchant_id: UUID, order_id: str) -> Order:
    order = orders.find(tx, order_id, merchant_id=merchant_id) if ids.is_id("order", order_id) else None
    if order is None:
        raise NotFound("Order not found")
    return order


def owner(tx: Tx, order_id: str) -> UUID:
    """Whose order it is, for a caller who knows nothing but its unguessable id. Raises NotFound."""
    merchant_id = orders.owner(tx, order_id) if ids.is_id("order", order_id) else None
    if merchant_id is None:
        raise NotFound("Order not found")
    return merchant_id
