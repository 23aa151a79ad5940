"""GET /api/v1/payments/{payment_id}/refunds: the refunds of one payment, newest first."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import lists
from chalicelib.http import Call, endpoint
from chalicelib.query import Paging
from shared.db import refunds
from shared.domain import views
from shared.services import payments

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/payments/{payment_id}/refunds",
    role="read_only",
    summary="List the refunds of a payment",
    query=Paging,
    answer=lists.list_of(views.Refund),
    errors=(404,),
    tag="Refunds",
)
def list_refunds_of_payment(call: Call[None], payment_id: str) -> Any:
    payment = payments.get(call.tx, call.merchant_id, payment_id)
    rows = refunds.page(call.tx, call.query.page(), merchant_id=call.merchant_id, where={"payment_id = %s": payment.id})
    return lists.show(rows, call.query, lambda row: views.of_refund(refunds.of_row(row)))
