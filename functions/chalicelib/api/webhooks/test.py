"""POST /api/v1/webhooks/test: send a test event to the merchant's webhook_url, or to another endpoint."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.db import merchants
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


class TestEvent(msgspec.Struct, kw_only=True):
    webhook_endpoint_id: Annotated[str | None, Meta(description="Left out, the merchant's `webhook_url`.")] = None


class TestEventSent(msgspec.Struct, kw_only=True):
    event_id: str
    webhook_endpoint_id: Annotated[str, Meta(description="Where it is sent.")]
    message: str


@endpoint(
    routes,
    "POST",
    "/api/v1/webhooks/test",
    role="support",
    summary="Send a test event",
    body=TestEvent,
    body_optional=True,
    answer=TestEventSent,
    errors=(400, 404),
    atomic=True,
    tag="Webhooks",
)
def test_webhook(call: Call[TestEvent]) -> TestEventSent:
    chosen = call.body.webhook_endpoint_id
    event_id, staged = webhook_endpoints.send_test(call.tx, call.merchant_id, chosen)
    call.staged.extend(staged)
    sent_to = merchants.get(call.tx, call.merchant_id).webhook_endpoint_id if chosen is None else chosen
    return TestEventSent(event_id=event_id, webhook_endpoint_id=sent_to, message="Test event scheduled")
