"""POST /api/v1/payments/{payment_id}/capture: take what the bank holds, all of it or a part."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import payments

routes = Blueprint(__name__)


class Capture(msgspec.Struct, kw_only=True):
    amount: Annotated[int | None, Meta(description="In minor units; left out, all that is left.", examples=[50000])] = (
        None
    )


@endpoint(
    routes,
    "POST",
    "/api/v1/payments/{payment_id}/capture",
    role="support",
    summary="Capture a payment",
    body=Capture,
    body_optional=True,
    answer=views.Payment,
    errors=(400, 404),
    atomic=True,
    tag="Payments",
)
def capture_payment(call: Call[Capture], payment_id: str) -> views.Payment:
    payment, staged = payments.capture(call.tx, call.merchant_id, payment_id, call.body.amount)
    call.staged.extend(staged)
    call.audit_user("payment.captured", payment_id, amount=call.body.amount, captured=payment.amount_captured)
    return views.of_payment(payment)
