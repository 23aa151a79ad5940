"""GET /api/v1/payments/{payment_id}: one payment. With ?wait=20 it answers once the outcome is there."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from chalicelib.query import Wait
from shared.domain import views
from shared.services import payments

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/payments/{payment_id}",
    role="read_only",
    summary="Get a payment",
    query=Wait,
    pending=lambda payment: payment.status == "pending",
    answer=views.Payment,
    errors=(400, 404),
    tag="Payments",
)
def get_payment(call: Call[None], payment_id: str) -> views.Payment:
    return views.of_payment(payments.get(call.tx, call.merchant_id, payment_id))
