"""GET /api/v1/payments/{payment_id}/public: what a customer may see of a payment."""

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
    "/api/v1/payments/{payment_id}/public",
    caller="checkout",
    owner=lambda call, payment_id: payments.owner(call.tx, payment_id),
    summary="Get a payment as its payer sees it",
    query=Wait,
    pending=lambda payment: payment.status == "pending" and payment.next_action is None,
    answer=views.PublicPayment,
    errors=(404,),
    tag="Checkout",
)
def get_public_payment(call: Call[None], payment_id: str) -> views.PublicPayment:
    payment = payments.get(call.tx, call.merchant_id, payment_id)
    signatures = payments.signatures_of_success(call.tx, call.on.sealer, payment)
    return views.of_public_payment(payment, signatures=signatures)
