"""POST /api/v1/webhook_endpoints: a further URL that wants events. Its secret is shown here, and never again."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib import event_types
from chalicelib.event_types import EventTypes
from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


class NewWebhookEndpoint(msgspec.Struct, kw_only=True):
    url: Annotated[str, Meta(examples=["https://shop.example/webhook"])]
    events: Annotated[EventTypes | None, Meta(description=event_types.LEFT_OUT)] = None
    description: Annotated[str, Meta(description="At most 255 characters.")] = ""
    enabled: bool = True
    secret: Annotated[str | None, Meta(description="Left out, one is generated: the better choice.")] = None


@endpoint(
    routes,
    "POST",
    "/api/v1/webhook_endpoints",
    role="developer",
    summary="Create a webhook endpoint",
    body=NewWebhookEndpoint,
    answer=views.WebhookEndpoint,
    status=201,
    errors=(400,),
    atomic=True,
    secret_answer=True,
    tag="Webhook endpoints",
)
def create_webhook_endpoint(call: Call[NewWebhookEndpoint]) -> views.WebhookEndpoint:
    new = call.body
    if new.events is not None:
        event_types.check(new.events, field="events", instead="send enabled: false instead")
    created, secret = webhook_endpoints.create(
        call.tx,
        call.on.sealer,
        call.merchant_id,
        url=new.url,
        events=new.events,
        description=new.description,
        enabled=new.enabled,
        secret=new.secret,
        reach=call.on.config.reach,
    )
    call.audit("webhook_endpoint.created", created.id, url=created.url, events=created.events)
    return views.of_endpoint(created, secret=secret)
