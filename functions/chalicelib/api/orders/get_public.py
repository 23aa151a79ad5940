"""GET /api/v1/orders/{order_id}/public: what a customer may see of an order, for the checkout page."""

from __future__ import annotations

from datetime import UTC, datetime

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.db import merchants
from shared.domain import views
from shared.services import orders, payments

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/orders/{order_id}/public",
    caller="checkout",
    owner=lambda call, order_id: orders.owner(call.tx, order_id),
    summary="Get an order as its payer sees it",
    answer=views.PublicOrder,
    errors=(404,),
    tag="Checkout",
)
def get_public_order(call: Call[None], order_id: str) -> views.PublicOrder:
    order = orders.get(call.tx, call.merchant_id, order_id)
    payment = payments.of_order(call.tx, call.merchant_id, order_id)
    return views.of_public_order(
        order.as_of(datetime.now(UTC)) if payment is None else order,
        merchant_name=merchants.get(call.tx, call.merchant_id).name,
        payment_id=None if payment is None else payment.id,
        test_mode=not call.on.config.production,
    )
