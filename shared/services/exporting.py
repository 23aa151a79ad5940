"""Payments as a table that a spreadsheet opens, and nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
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
ROWS_MAX = 5000  # of a page: about a megabyte, and a Lambda may answer with six
# A cell that begins so is a formula to spreadsheets; the last three are = + - @ as one types them in East Asia.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

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
    try:
        rows = payments.export(tx, Page(limit=ROWS_MAX, starting_after=cursor), merchant_id=merchant_id, where=where)
    except pages.UnknownCursor as error:
        raise BadRequest("cursor names no payment of yours", field="cursor", reason="unknown_cursor") from error
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\r\n")
    if cursor is None:
        table.writerow(_COLUMNS)
    for row in rows.rows:
        table.writerow([cell(row[name]) for name in _COLUMNS])
    return ExportPage(text.getvalue(), rows.rows[-1]["id"] if rows.has_more else None)


def cell(value: Any) -> str:
    """As a spreadsheet shows it and does not run it: text that would be a formula gets a ' before it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return views.timestamp(value)
    if isinstance(value, int):
        return str(value)
    text = as_json(value) if isinstance(value, dict) else str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text
