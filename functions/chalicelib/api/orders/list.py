"""GET /api/v1/orders: the merchant's orders, newest first."""

from __future__ import annotations

from typing import Any, Literal

from chalice import Blueprint

from chalicelib import lists
from chalicelib.http import Call, endpoint
from chalicelib.query import Created
from shared.db import orders
from shared.domain import views

routes = Blueprint(__name__)


class OrderQuery(Created, kw_only=True):
    status: Literal["created", "attempted", "paid", "expired", "cancelled"] | None = None
    receipt: str | None = None
    amount: int | None = None
    amount_gte: int | None = None
    amount_lte: int | None = None


@endpoint(
    routes,
    "GET",
    "/api/v1/orders",
    role="read_only",
    summary="List orders",
    query=OrderQuery,
    answer=lists.list_of(views.Order),
    tag="Orders",
)
def list_orders(call: Call[None]) -> Any:
    query: OrderQuery = call.query
    where = {
        "status = %s": query.status,
        "receipt = %s": query.receipt,
        "amount = %s": query.amount,
        "amount >= %s": query.amount_gte,
        "amount <= %s": query.amount_lte,
        **query.created(),
    }
    rows = orders.page(call.tx, query.page(), merchant_id=call.merchant_id, where=where)
    return lists.show(rows, query, lambda row: views.of_order(orders.of_row(row)))
