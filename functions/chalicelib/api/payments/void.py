"""POST /api/v1/payments/{payment_id}/void: let go of what the bank holds, before any of it is captured."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import payments

routes = Blueprint(__name__)


@endpoint(
    routes,
    "POST",
    "/api/v1/payments/{payment_id}/void",
    role="support",
    summary="Void a payment",
    answer=views.Payment,
    errors=(400, 404),
    atomic=True,
    tag="Payments",
)
def void_payment(call: Call[None], payment_id: str) -> views.Payment:
    payment, staged = payments.void(call.tx, call.merchant_id, payment_id)
    call.staged.extend(staged)
    call.audit_user("payment.voided", payment_id)
    return views.of_payment(payment)
