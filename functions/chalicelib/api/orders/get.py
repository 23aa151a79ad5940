"""GET /api/v1/orders/{order_id}: one order."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import orders

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/orders/{order_id}",
    role="read_only",
    summary="Get an order",
    answer=views.Order,
    errors=(404,),
    tag="Orders",
)
def get_order(call: Call[None], order_id: str) -> views.Order:
    return views.of_order(orders.get(call.tx, call.merchant_id, order_id))
