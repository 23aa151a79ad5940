"""POST /api/v1/webhook_endpoints/{webhook_endpoint_id}/secret: a new secret; for a while the old one signs too."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


class NewSecret(msgspec.Struct, kw_only=True):
    overlap_seconds: Annotated[
        int | None, Meta(description="How long both secrets sign: a day, unless said; at most 7.")
    ] = None


@endpoint(
    routes,
    "POST",
    "/api/v1/webhook_endpoints/{webhook_endpoint_id}/secret",
    role="developer",
    confirmed=True,
    summary="Regenerate the secret of a webhook endpoint",
    body=NewSecret,
    body_optional=True,
    answer=views.WebhookEndpoint,
    errors=(400, 404),
    atomic=True,
    secret_answer=True,
    tag="Webhook endpoints",
)
def regenerate_webhook_secret(call: Call[NewSecret], webhook_endpoint_id: str) -> views.WebhookEndpoint:
    changed, secret = webhook_endpoints.regenerate_secret(
        call.tx, call.on.sealer, call.merchant_id, webhook_endpoint_id, overlap_seconds=call.body.overlap_seconds
    )
    call.audit("webhook_secret.regenerated", changed.id)
    return views.of_endpoint(changed, secret=secret)
