"""PUT /api/v1/webhook_endpoints/{webhook_endpoint_id}: what is left out stays as it is."""

from __future__ import annotations

import msgspec
from chalice import Blueprint
from msgspec import UNSET, UnsetType

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


class WebhookEndpointUpdate(msgspec.Struct, kw_only=True):
    url: str | UnsetType = UNSET
    events: list[str] | UnsetType = UNSET
    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


@endpoint(
    routes,
    "PUT",
    "/api/v1/webhook_endpoints/{webhook_endpoint_id}",
    summary="Update a webhook endpoint",
    body=WebhookEndpointUpdate,
    answer=views.WebhookEndpoint,
    errors=(400, 404),
    atomic=True,
    tag="Webhook endpoints",
)
def update_webhook_endpoint(call: Call[WebhookEndpointUpdate], webhook_endpoint_id: str) -> views.WebhookEndpoint:
    update = call.body
    updated = webhook_endpoints.update(
        call.tx,
        call.merchant_id,
        webhook_endpoint_id,
        url=update.url,
        events=update.events,
        description=update.description,
        enabled=update.enabled,
        reach=call.on.config.reach,
    )
    return views.of_endpoint(updated)
