"""SQL about orders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.db.database import Row, Tx, as_json
from shared.db.prepared import Prepared
from shared.domain.order import Order, OrderStatus, OrderToPay

_COLUMNS = "id, merchant_id, amount, currency, receipt, notes, capture, status, created_at, updated_at"

TO_PAY = Prepared(
    "order_to_pay",
    """select amount, currency, capture, status, extract(epoch from now())
         from orders where id = %(id)s and merchant_id = %(merchant_id)s""",
)


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
        (id, merchant_id, amount, currency, receipt, as_json(notes), capture),
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


def find(tx: Tx, order_id: str, *, merchant_id: UUID) -> Order | None:
    row = tx.execute(
        f"select {_COLUMNS} from orders where id = %s and merchant_id = %s", (order_id, merchant_id)
    ).fetchone()
    return None if row is None else _order(row)


def find_to_pay(tx: Tx, order_id: str, *, merchant_id: UUID) -> tuple[OrderToPay, datetime] | None:
    """What a payment takes over from its order, and the time by the database's clock."""
    rows = TO_PAY.rows(tx, [order_id, str(merchant_id)])
    if not rows:
        return None
    amount, currency, capture, status, now = rows[0]
    assert amount and currency and capture and status and now, "none of these may be null"
    order = OrderToPay(
        id=order_id,
        merchant_id=merchant_id,
        amount=int(amount),
        currency=currency,
        capture=capture,
        status=OrderStatus(status),
    )
    return order, datetime.fromtimestamp(float(now), UTC)


def _order(row: Row) -> Order:
    row["status"] = OrderStatus(row["status"])
    return Order(**row)
