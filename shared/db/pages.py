"""Lists, newest first, a page at a time: from a cursor, which stays right while rows are inserted, or by offset.

The order is by creation and id, which the tables' `…_newest` indexes hold, so a page costs the same anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from shared.db.database import Row, Tx
from shared.errors import BadRequest

_NAMED_BY_UUID = ("webhook_logs", "merchants", "audit_log", "api_requests")
LIMIT_MAX = 100
OFFSET_MAX = 100_000  # rows before it are read and thrown away


class UnknownCursor(BadRequest):
    """It names no object of the list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Which part of a list: at most `limit` rows after or before the one with that id, or after `offset` rows."""

    limit: int = 10
    starting_after: str | None = None
    ending_before: str | None = None
    offset: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    rows: list[Row]
    has_more: bool
    total: int | None  # only when asked by offset: counting costs a look at every row


def select(
    tx: Tx,
    *,
    table: Literal[
        "orders",
        "payments",
        "refunds",
        "events",
        "webhook_logs",
        "ledger_transactions",
        "merchants",
        "audit_log",
        "api_requests",
    ],
    columns: str,
    merchant_id: UUID | None,
    page: Page,
    where: Mapping[str, Any],
) -> Rows:
    """`where` has conditions with one `%s` as keys, or with one for each member of a tuple; None does not count.

    `merchant_id` is None only where an operator asks. Raises BadRequest for a cursor that names no row of the list.
    """
    if page.starting_after is not None and page.ending_before is not None:
        raise BadRequest("Send starting_after or ending_before, not both", field="ending_before")
    if page.offset is not None and (page.starting_after or page.ending_before):
        raise BadRequest("Send offset or a cursor, not both", field="offset")
    given = {condition: value for condition, value in where.items() if value is not None}
    conditions = list(given)
    values = [one for value in given.values() for one in (value if isinstance(value, tuple) else (value,))]
    if merchant_id is not None:
        conditions.insert(0, "merchant_id = %s")
        values.insert(0, merchant_id)
    total = None
    if page.offset is not None:
        counted = tx.execute(f"select count(*) as total from {table} {_where(conditions)}", values).fetchone()
        assert counted is not None, "a count is a row"
        total = counted["total"]
    backwards = page.ending_before is not None
    cursor = page.starting_after or page.ending_before
    if cursor is not None:
        field = "ending_before" if backwards else "starting_after"
        place = _place(tx, table, cursor, merchant_id, field)
        conditions.append(f"(created_at, id) {'>' if backwards else '<'} (%s, %s)")
        values += [place["created_at"], place["id"]]
    direction = "asc" if backwards else "desc"
    # What has to be looked up for a row is looked up for those of the page, and not for those that are skipped.
    rows = tx.execute(
        f"""select {columns}
              from (select * from {table} {_where(conditions)}
                     order by created_at {direction}, id {direction} limit %s offset %s) {table}
             order by created_at {direction}, id {direction}""",
        [*values, page.limit + 1, page.offset or 0],
    ).fetchall()
    has_more = len(rows) > page.limit
    rows = rows[: page.limit]
    return Rows(rows=rows[::-1] if backwards else rows, has_more=has_more, total=total)


def _where(conditions: list[str]) -> str:
    return f"where {' and '.join(conditions)}" if conditions else ""


def _place(tx: Tx, table: str, cursor: str, merchant_id: UUID | None, field: str) -> Row:
    """Where the row that a cursor names stands in the order."""
    unknown = UnknownCursor(f"{field} names no object of this list", field=field, reason="unknown_cursor")
    try:
        id: str | UUID = UUID(cursor) if table in _NAMED_BY_UUID else cursor
    except ValueError:
        raise unknown from None
    conditions, values = ["id = %s"], [id]
    if merchant_id is not None:
        conditions.append("merchant_id = %s")
        values.append(merchant_id)
    row = tx.execute(f"select created_at, id from {table} {_where(conditions)}", values).fetchone()
    if row is None:
        raise unknown
    return row
