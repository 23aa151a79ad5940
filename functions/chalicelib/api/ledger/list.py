"""GET /api/v1/ledger: the merchant's books, newest first: what every capture and refund did to which account."""

from __future__ import annotations

from typing import Any, Literal

from chalice import Blueprint

from chalicelib import lists
from chalicelib.http import Call, endpoint
from chalicelib.query import Created
from shared.db import ledger
from shared.domain import views

routes = Blueprint(__name__)


class LedgerQuery(Created, kw_only=True):
    kind: Literal["capture", "refund", "refund_processed", "refund_failed", "refund_returned"] | None = None
    payment_id: str | None = None
    refund_id: str | None = None


@endpoint(
    routes,
    "GET",
    "/api/v1/ledger",
    role="read_only",
    summary="List ledger transactions",
    query=LedgerQuery,
    answer=lists.list_of(views.LedgerTransaction),
    tag="Ledger",
)
def list_ledger(call: Call[None]) -> Any:
    query: LedgerQuery = call.query
    where = {
        "kind = %s": query.kind,
        "payment_id = %s": query.payment_id,
        "refund_id = %s": query.refund_id,
        **query.created(),
    }
    rows = ledger.page(call.tx, query.page(), merchant_id=call.merchant_id, where=where)
    return lists.show(rows, query, views.of_ledger_transaction)
