"""GET /api/v1/webhook_endpoints: where the merchant wants to hear of things; the first one is its webhook_url."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.db import webhook_endpoints
from shared.domain import views

routes = Blueprint(__name__)


class WebhookEndpoints(msgspec.Struct, kw_only=True):
    data: list[views.WebhookEndpoint]


@endpoint(
    routes,
    "GET",
    "/api/v1/webhook_endpoints",
    role="read_only",
    summary="List webhook endpoints",
    answer=WebhookEndpoints,
    tag="Webhook endpoints",
)
def list_webhook_endpoints(call: Call[None]) -> WebhookEndpoints:
    found = webhook_endpoints.all(call.tx, merchant_id=call.merchant_id)
    return WebhookEndpoints(data=[views.of_endpoint(one) for one in found])
