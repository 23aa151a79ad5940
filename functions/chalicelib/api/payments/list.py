"""GET /api/v1/payments: the merchant's payments, newest first."""

from __future__ import annotations

from typing import Any, Literal

from chalice import Blueprint

from chalicelib import lists
from chalicelib.http import Call, endpoint
from chalicelib.query import Created
from shared.db import payments
from shared.domain import views

routes = Blueprint(__name__)


class PaymentQuery(Created, kw_only=True):
    status: Literal["pending", "success", "failed", "partially_refunded", "refunded"] | None = None
    method: Literal["upi", "card"] | None = None
    order_id: str | None = None
    amount: int | None = None
    amount_gte: int | None = None
    amount_lte: int | None = None


@endpoint(
    routes,
    "GET",
    "/api/v1/payments",
    role="read_only",
    summary="List payments",
    query=PaymentQuery,
    answer=lists.list_of(views.Payment),
    tag="Payments",
)
def list_payments(call: Call[None]) -> Any:
    query: PaymentQuery = call.query
    where = {
        "status = %s": query.status,
        "method = %s": query.method,
        "order_id = %s": query.order_id,
        "amount = %s": query.amount,
        "amount >= %s": query.amount_gte,
        "amount <= %s": query.amount_lte,
        **query.created(),
    }
    rows = payments.page(call.tx, query.page(), merchant_id=call.merchant_id, where=where)
    return lists.show(rows, query, lambda row: views.of_payment(payments.of_row(row)))
