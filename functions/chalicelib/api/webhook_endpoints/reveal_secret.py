"""POST /api/v1/webhook_endpoints/{webhook_endpoint_id}/reveal: its secret, for whoever gave the password again."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


class SecretRevealed(msgspec.Struct, kw_only=True):
    secret: str


@endpoint(
    routes,
    "POST",
    "/api/v1/webhook_endpoints/{webhook_endpoint_id}/reveal",
    caller="session",
    role="developer",
    confirmed=True,
    summary="Reveal the secret of a webhook endpoint",
    answer=SecretRevealed,
    errors=(404,),
    atomic=True,
    secret_answer=True,
    tag="Webhook endpoints",
)
def reveal_webhook_secret(call: Call[None], webhook_endpoint_id: str) -> SecretRevealed:
    secret = webhook_endpoints.reveal_secret(call.tx, call.on.sealer, call.merchant_id, webhook_endpoint_id)
    call.audit("webhook_secret.revealed", webhook_endpoint_id)
    return SecretRevealed(secret=secret)
