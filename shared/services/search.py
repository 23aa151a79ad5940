"""Finding a merchant's objects by what a person types or pastes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from shared import money
from shared.db import search
from shared.db.database import Row, Tx
from shared.db.search import Table
from shared.domain import views

FOUND_MAX = 10  # of each kind
BEGINNING_MIN = 4  # characters of an id: fewer would be the beginning of thousands

_ID = re.compile(rf"(pay|order|rfnd|evt)_[0-9A-Za-z]{{{BEGINNING_MIN},16}}")
_TABLES: dict[str, tuple[Table, str]] = {
    "pay": ("payments", "payment"),
    "order": ("orders", "order"),
    "rfnd": ("refunds", "refund"),
}
_LAST_FOUR = re.compile(r"[0-9]{4}")


def find(tx: Tx, merchant_id: UUID, text: str) -> list[views.Found]:
    """Nothing, if it is no beginning of an id, no receipt, no VPA and no four digits."""
    text = text.strip()
    if not text:
        return []
    found = _by_id(tx, merchant_id, text)
    if "@" in text or _LAST_FOUR.fullmatch(text):
        rows = search.payments_by_instrument(tx, text, merchant_id=merchant_id, limit=FOUND_MAX)
        found += _money("payment", rows)
    # Whatever it looks like, it may be a shop's own number: `order_1001`, a UUID, an e-mail address.
    orders = search.orders_by_receipt(tx, text, merchant_id=merchant_id, limit=FOUND_MAX)
    if orders:
        order_ids = [order["id"] for order in orders]
        rows = search.payments_of_orders(tx, order_ids, merchant_id=merchant_id, limit=FOUND_MAX)
        found += _money("order", orders) + _money("payment", rows)
    return list({one.id: one for one in found}.values())


def _by_id(tx: Tx, merchant_id: UUID, text: str) -> list[views.Found]:
    known = _ID.fullmatch(text)
    if known and known[1] == "evt":
        return _webhooks(search.webhooks_of_event(tx, text, merchant_id=merchant_id, limit=FOUND_MAX))
    if known:
        table, kind = _TABLES[known[1]]
        return _money(kind, search.by_id(tx, table, text, merchant_id=merchant_id, limit=FOUND_MAX))
    with suppress(ValueError):
        return _webhooks(search.webhook(tx, UUID(text), merchant_id=merchant_id))
    return []


def _money(kind: str, rows: Iterable[Row]) -> list[views.Found]:
    return [
        views.Found(
            type=kind,
            id=row["id"],
            title=money.in_words(row["amount"], row["currency"]),
            subtitle=row["detail"],
            status=row["status"],
        )
        for row in rows
    ]


def _webhooks(rows: Iterable[Row]) -> list[views.Found]:
    return [
        views.Found(type="webhook", id=row["id"], title=row["event"], subtitle=row["detail"], status=row["status"])
        for row in rows
    ]
