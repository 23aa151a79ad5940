"""SQL that finds a merchant's objects by what one has at hand: an id or its beginning, a receipt, a VPA, four digits.

Every statement goes through an index and is bounded, so a search costs the same among a million rows.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from shared.db.database import Row, Tx

Table = Literal["payments", "orders", "refunds"]

_LAST = "\U0010ffff"  # sorts behind every character that an id has
_SHOWN = {
    "payments": """id, amount, currency, status,
                   method || ' ' || coalesce(vpa, card_network || ' …' || card_last4, '') as detail""",
    "orders": "id, amount, currency, status, coalesce(receipt, '') as detail",
    "refunds": "id, amount, currency, status, payment_id as detail",
}


def by_id(tx: Tx, table: Table, beginning: str, *, merchant_id: UUID, limit: int) -> list[Row]:
    return tx.execute(
        f"""select {_SHOWN[table]} from {table}
             where id >= %s and id < %s and merchant_id = %s order by id limit %s""",
        (beginning, beginning + _LAST, merchant_id, limit),
    ).fetchall()


def payments_by_instrument(tx: Tx, instrument: str, *, merchant_id: UUID, limit: int) -> list[Row]:
    """By VPA, however it is written, or by a card's last four digits; the newest first."""
    return tx.execute(
        f"""select {_SHOWN["payments"]} from payments
             where merchant_id = %s and coalesce(lower(vpa), card_last4) = lower(%s)
             order by created_at desc, id desc limit %s""",
        (merchant_id, instrument, limit),
    ).fetchall()


def orders_by_receipt(tx: Tx, receipt: str, *, merchant_id: UUID, limit: int) -> list[Row]:
    return tx.execute(
        f"select {_SHOWN['orders']} from orders where merchant_id = %s and receipt = %s limit %s",
        (merchant_id, receipt, limit),
    ).fetchall()


def payments_of_orders(tx: Tx, order_ids: list[str], *, merchant_id: UUID, limit: int) -> list[Row]:
    return tx.execute(
        f"""select {_SHOWN["payments"]} from payments
             where order_id = any(%s) and merchant_id = %s order by created_at desc, id desc limit %s""",
        (order_ids, merchant_id, limit),
    ).fetchall()


def webhook(tx: Tx, id: UUID, *, merchant_id: UUID) -> list[Row]:
    return tx.execute(
        "select id::text, event, status, event_id as detail from webhook_logs where id = %s and merchant_id = %s",
        (id, merchant_id),
    ).fetchall()


def webhooks_of_event(tx: Tx, event_id: str, *, merchant_id: UUID, limit: int) -> list[Row]:
    return tx.execute(
        """select id::text, event, status, event_id as detail from webhook_logs
            where event_id = %s and merchant_id = %s limit %s""",
        (event_id, merchant_id, limit),
    ).fetchall()
