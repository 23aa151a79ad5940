"""GET /api/v1/webhook_endpoints/{webhook_endpoint_id}: one endpoint, and how it is doing."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/webhook_endpoints/{webhook_endpoint_id}",
    role="read_only",
    summary="Get a webhook endpoint",
    answer=views.WebhookEndpoint,
    errors=(404,),
    tag="Webhook endpoints",
)
def get_webhook_endpoint(call: Call[None], webhook_endpoint_id: str) -> views.WebhookEndpoint:
    return views.of_endpoint(webhook_endpoints.get(call.tx, call.merchant_id, webhook_endpoint_id))
