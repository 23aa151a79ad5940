"""DELETE /api/v1/webhook_endpoints/{webhook_endpoint_id}: it gets nothing any more; its logs stay."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


class WebhookEndpointDeleted(msgspec.Struct, kw_only=True):
    id: str
    deleted: bool


@endpoint(
    routes,
    "DELETE",
    "/api/v1/webhook_endpoints/{webhook_endpoint_id}",
    role="developer",
    summary="Delete a webhook endpoint",
    answer=WebhookEndpointDeleted,
    errors=(400, 404),
    atomic=True,
    tag="Webhook endpoints",
)
def delete_webhook_endpoint(call: Call[None], webhook_endpoint_id: str) -> WebhookEndpointDeleted:
    deleted = webhook_endpoints.delete(call.tx, call.merchant_id, webhook_endpoint_id)
    call.audit("webhook_endpoint.deleted", deleted.id, url=deleted.url)
    return WebhookEndpointDeleted(id=deleted.id, deleted=True)
