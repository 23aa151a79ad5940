"""GET /api/v1/refunds: the merchant's refunds, newest first."""

from __future__ import annotations

from typing import Any, Literal

from chalice import Blueprint

from chalicelib import lists
from chalicelib.http import Call, endpoint
from chalicelib.query import Created
from shared.db import refunds
from shared.domain import views

routes = Blueprint(__name__)


class RefundQuery(Created, kw_only=True):
    status: Literal["pending", "processed", "failed"] | None = None
    payment_id: str | None = None


@endpoint(
    routes,
    "GET",
    "/api/v1/refunds",
    role="read_only",
    summary="List refunds",
    query=RefundQuery,
    answer=lists.list_of(views.Refund),
    tag="Refunds",
)
def list_refunds(call: Call[None]) -> Any:
    query: RefundQuery = call.query
    where = {"status = %s": query.status, "payment_id = %s": query.payment_id, **query.created()}
    rows = refunds.page(call.tx, query.page(), merchant_id=call.merchant_id, where=where)
    return lists.show(rows, query, lambda row: views.of_refund(refunds.of_row(row)))
