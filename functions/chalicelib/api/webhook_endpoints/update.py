"""PUT /api/v1/webhook_endpoints/{webhook_endpoint_id}: what is left out stays as it is."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import UNSET, Meta, UnsetType

from chalicelib import event_types
from chalicelib.event_types import EventTypes
from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


class WebhookEndpointUpdate(msgspec.Struct, kw_only=True):
    url: str | UnsetType = UNSET
    events: Annotated[EventTypes | UnsetType, Meta(description="The types of event to send.")] = UNSET
    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


@endpoint(
    routes,
    "PUT",
    "/api/v1/webhook_endpoints/{webhook_endpoint_id}",
    role="developer",
    summary="Update a webhook endpoint",
    body=WebhookEndpointUpdate,
    answer=views.WebhookEndpoint,
    errors=(400, 404),
    atomic=True,
    tag="Webhook endpoints",
)
def update_webhook_endpoint(call: Call[WebhookEndpointUpdate], webhook_endpoint_id: str) -> views.WebhookEndpoint:
    update = call.body
    if not isinstance(update.events, UnsetType):
        event_types.check(update.events, field="events", instead="send enabled: false instead")
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
    changed = sorted(msgspec.to_builtins(update))
    call.audit("webhook_endpoint.updated", updated.id, url=updated.url, enabled=updated.enabled, changed=changed)
    return views.of_endpoint(updated)
