"""GET /api/v1/merchants/me: the merchant that calls."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.db import merchants
from shared.domain import views

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/merchants/me",
    role="read_only",
    summary="Get your merchant",
    answer=views.Merchant,
    tag="Merchants",
)
def get_me(call: Call[None]) -> views.Merchant:
    return views.of_merchant(merchants.get(call.tx, call.merchant_id))
