"""POST /api/v1/payments/public: a customer pays an order from the checkout page, which has no secret."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.api.payments.create import instrument
from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.domain.card import CardDetails
from shared.services import orders, payments

routes = Blueprint(__name__)


class NewPublicPayment(msgspec.Struct, kw_only=True):
    order_id: Annotated[str, Meta(description="The order to pay; amount and currency are the order's.")]
    method: Literal["upi", "card"]
    vpa: Annotated[str | None, Meta(description="For `upi`.", examples=["asha@upi"])] = None
    card: Annotated[CardDetails | None, Meta(description="For `card`. Number and CVV are never stored.")] = None


@endpoint(
    routes,
    "POST",
    "/api/v1/payments/public",
    caller="checkout",
    owner=lambda call: orders.owner(call.tx, call.body.order_id),
    summary="Create a payment from the checkout page",
    body=NewPublicPayment,
    answer=views.PublicPayment,
    status=201,
    errors=(400, 404, 409),
    tag="Checkout",
)
def create_public_payment(call: Call[NewPublicPayment]) -> views.PublicPayment:
    new = call.body
    payment, staged = payments.create(
        call.tx,
        call.on.bank,
        call.merchant_id,
        order_id=new.order_id,
        instrument=instrument(new.method, vpa=new.vpa, card=new.card),
        exclusive=call.on.config.orders_paid_once,
    )
    call.staged.extend(staged)
    return views.of_public_payment(payment)
