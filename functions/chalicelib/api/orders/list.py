"""GET /api/v1/orders: the merchant's orders, newest first."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint
from msgspec import Meta

from chalicelib import lists
from chalicelib.http import Call, endpoint
from chalicelib.query import Created, looked_for
from shared.db import orders
from shared.domain import views

routes = Blueprint(__name__)


_ANY = (
    """(id = %s or receipt = %s or id = (select p.order_id from payments p where p.id = %s and p.merchant_id = %s))"""
)


class OrderQuery(Created, kw_only=True):
    q: Annotated[str | None, Meta(description="Its id, its receipt or the id of a payment of it: any that is so.")] = (
        None
    )
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
    text = looked_for(query.q)
    where = {
        _ANY: text and (text, text, text, call.merchant_id),
        "status = %s": query.status,
        "receipt = %s": query.receipt,
        "amount = %s": query.amount,
        "amount >= %s": query.amount_gte,
        "amount <= %s": query.amount_lte,
        **query.created(),
    }
    rows = orders.page(call.tx, query.page(), merchant_id=call.merchant_id, where=where)
    return lists.show(rows, query, lambda row: views.of_order(orders.of_row(row)))
