"""POST /api/v1/webhooks/{webhook_id}/retry: start a delivery from the beginning, whatever became of it."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


class RetryScheduled(msgspec.Struct, kw_only=True):
    id: str
    status: str
    message: str


@endpoint(
    routes,
    "POST",
    "/api/v1/webhooks/{webhook_id}/retry",
    role="support",
    summary="Retry a webhook delivery",
    answer=RetryScheduled,
    errors=(400, 404),
    atomic=True,
    tag="Webhooks",
)
def retry_webhook(call: Call[None], webhook_id: str) -> RetryScheduled:
    id, staged = webhook_endpoints.retry(call.tx, call.merchant_id, webhook_id)
    call.staged.extend(staged)
    call.audit_user("webhook.retried", str(id))
    return RetryScheduled(id=str(id), status="pending", message="Webhook retry scheduled")
