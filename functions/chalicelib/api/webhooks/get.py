"""GET /api/v1/webhooks/{webhook_id}: one delivery, with what was sent and every attempt."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.db import deliveries
from shared.domain import views
from shared.services import webhook_endpoints

routes = Blueprint(__name__)

ATTEMPTS_SHOWN_MAX = 100


@endpoint(
    routes,
    "GET",
    "/api/v1/webhooks/{webhook_id}",
    role="read_only",
    summary="Get a webhook delivery",
    answer=views.WebhookDetails,
    errors=(404,),
    tag="Webhooks",
)
def get_webhook(call: Call[None], webhook_id: str) -> views.WebhookDetails:
    log = webhook_endpoints.get_delivery(call.tx, call.merchant_id, webhook_id)
    return views.of_webhook_details(log, deliveries.attempts(call.tx, log["id"], limit=ATTEMPTS_SHOWN_MAX))
