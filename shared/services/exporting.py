"""Payments as a table that a spreadsheet opens, and nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db import pages, payments
from shared.db.database import Tx, as_json
from shared.db.pages import Page
from shared.domain import views
from shared.errors import BadRequest

CSV = "text/csv; charset=utf-8; header=present"
ROWS_MAX = 5000  # of a page: about a megabyte, unless notes are long
ROWS_AT_ONCE = 500  # in memory
BYTES_MAX = 4_000_000  # of a page within JSON, where a Lambda may answer with six million
# A cell that begins so is a formula to spreadsheets; the last three are = + - @ as one types them in East Asia.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where ; separates cells, as in much of Europe, or where quotes are overlooked, a cell may begin within ours.
_INNER_FORMULA = re.compile(r"""([;,\t\r\n][\s"]*)(?=[=+\-@＝＋－＠])""")

_COLUMNS = (
    "id", "created_at", "status", "state", "amount", "currency", "method", "vpa", "card_network", "card_last4",
    "order_id", "receipt", "amount_captured", "amount_refunded", "amount_refund_pending", "error_code", "error_reason",
    "error_description", "notes", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportPage:
    text: str
    next_cursor: str | None  # of the page that follows


def payments_page(tx: Tx, merchant_id: UUID, *, where: Mapping[str, Any], cursor: str | None) -> ExportPage:
    """Raises BadRequest for a cursor that is none."""
    lines = [_line(_COLUMNS)] if cursor is None else []
    size, written = 0, 0
    while True:
        page = Page(limit=min(ROWS_AT_ONCE, ROWS_MAX - written), starting_after=cursor)
        try:
            rows = payments.export(tx, page, merchant_id=merchant_id, where=where)
        except pages.UnknownCursor as error:
            raise BadRequest("cursor names no payment of yours", field="cursor", reason="unknown_cursor") from error
        for row in rows.rows:
            line = _line([cell(row[name]) for name in _COLUMNS])
            size += len(json.dumps(line))  # a Lambda may write all but ASCII as escapes
            if size > BYTES_MAX and written:
                return ExportPage("".join(lines), cursor)
            lines.append(line)
            cursor, written = row["id"], written + 1
        if not rows.has_more or written == ROWS_MAX:
            return ExportPage("".join(lines), cursor if rows.has_more else None)


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def cell(value: Any) -> str:
    """As a spreadsheet shows it and does not run it: what would be a formula gets a ' before it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return views.timestamp(value)
    if isinstance(value, int):
        return str(value)
    text = _INNER_FORMULA.sub(r"\1'", as_json(value) if isinstance(value, dict) else str(value))
    return f"'{text}" if text.startswith(FORMULAS) else text
