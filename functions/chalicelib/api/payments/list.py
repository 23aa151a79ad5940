"""GET /api/v1/payments: the merchant's payments, newest first."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import lists
from chalicelib.api.payments.filters import PaymentFilters
from chalicelib.http import Call, endpoint
from chalicelib.query import paged
from shared.db import payments
from shared.domain import views

routes = Blueprint(__name__)

PaymentQuery = paged(PaymentFilters)


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
    query: Any = call.query
    rows = payments.page(call.tx, query.page(), merchant_id=call.merchant_id, where=query.where(call.merchant_id))
    return lists.show(rows, query, lambda row: views.of_payment(payments.of_row(row)))
