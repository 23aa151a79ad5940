"""SQL about orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from shared.db.database import Row, Tx
from shared.domain.order import Order, OrderStatus

_COLUMNS = "id, merchant_id, amount, currency, receipt, notes, capture, status, created_at, updated_at"

FIND = f"select {_COLUMNS}, now() from orders where id = %s and merchant_id = %s"


def insert(
    tx: Tx,
    *,
    id: str,
    merchant_id: UUID,
    amount: int,
    currency: str,
    receipt: str | None,
    notes: dict[str, Any],
    capture: str,
) -> Order:
    row = tx.execute(
        """insert into orders (id, merchant_id, amount, currency, receipt, notes, capture)
           values (%s, %s, %s, %s, %s, %s::jsonb, %s) returning created_at""",
        (id, merchant_id, amount, currency, receipt, msgspec.json.encode(notes).decode(), capture),
    ).fetchone()
    assert row is not None
    return Order(
        id=id,
        merchant_id=merchant_id,
        amount=amount,
        currency=currency,
        receipt=receipt,
        notes=notes,
        capture=capture,
        status=OrderStatus.CREATED,
        created_at=row["created_at"],
        updated_at=row["created_at"],
    )


def find(tx: Tx, order_id: str, *, merchant_id: UUID) -> tuple[Order, datetime] | None:
    """The order, and the time by the database's clock."""
    row = tx.execute(FIND, (order_id, merchant_id)).fetchone()
    if row is None:
        return None
    now = row.pop("now")
    return _order(row), now


def _order(row: Row) -> Order:
    row["status"] = OrderStatus(row["status"])
    return Order(**row)
