"""SQL about orders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.db import pages
from shared.db.database import Row, Tx, as_json
from shared.db.pages import Page, Rows
from shared.db.prepared import Prepared
from shared.domain.order import Order, OrderStatus, OrderToPay

_COLUMNS = "id, merchant_id, amount, currency, receipt, notes, capture, status, expires_at, created_at, updated_at"

TO_PAY = Prepared(
    "order_to_pay",
    """select amount, currency, capture,
              case when status in ('created', 'attempted') and expires_at <= now() then 'expired' else status end,
              extract(epoch from now())
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
    expires_at: datetime | None,
    expiry_seconds: int,
) -> Order:
    """`expiry_seconds` from now it ends, unless `expires_at` says when."""
    row = tx.execute(
        """insert into orders (id, merchant_id, amount, currency, receipt, notes, capture, expires_at)
           values (%s, %s, %s, %s, %s, %s::jsonb, %s, coalesce(%s, now() + make_interval(secs => %s)))
        returning created_at, expires_at""",
        (id, merchant_id, amount, currency, receipt, as_json(notes), capture, expires_at, expiry_seconds),
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
        expires_at=row["expires_at"],
        created_at=row["created_at"],
        updated_at=row["created_at"],
    )


def find(tx: Tx, order_id: str, *, merchant_id: UUID) -> Order | None:
    row = tx.execute(
        f"select {_COLUMNS} from orders where id = %s and merchant_id = %s", (order_id, merchant_id)
    ).fetchone()
    return None if row is None else of_row(row)


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


def expire(tx: Tx, *, limit: int) -> bool:
    """Ends orders whose time is over, a few at a time, and says whether there may be more.

    One with a payment under way is left to that payment: if it fails, it ends the order.
    """
    row = tx.execute(
        """with mark as (select through from schedule_marks where name = 'order_expiry' for no key update),
                late as (
                    select o.id from orders o, mark
                     where o.expires_at >= mark.through - interval '1 minute' and o.expires_at <= now()
                       and o.status in ('created', 'attempted')
                       and not exists (select from payments p where p.order_id = o.id and p.status = 'pending')
                     order by o.expires_at limit %(limit)s
                ),
                expired as (
                    update orders o set status = 'expired', updated_at = now() from late
                     where o.id = late.id and o.status in ('created', 'attempted')  -- it may have been paid meanwhile
                )
           update schedule_marks
              set through = case when (select count(*) from late) < %(limit)s then now() else through end
            where name = 'order_expiry'
        returning (select count(*) from late) = %(limit)s as more""",
        {"limit": limit},
    ).fetchone()
    return row is not None and bool(row["more"])


def owner(tx: Tx, order_id: str) -> UUID | None:
    """The merchant whose order it is: for the checkout, which has nothing but its unguessable id."""
    row = tx.execute("select merchant_id from orders where id = %s", (order_id,)).fetchone()
    return None if row is None else row["merchant_id"]


def page(tx: Tx, page: Page, *, merchant_id: UUID, where: dict[str, object]) -> Rows:
    return pages.select(tx, table="orders", columns=_COLUMNS, merchant_id=merchant_id, page=page, where=where)


def of_row(row: Row) -> Order:
    row["status"] = OrderStatus(row["status"])
    return Order(**row)
