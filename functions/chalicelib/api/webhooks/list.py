"""GET /api/v1/webhooks: the deliveries of the merchant's events, newest first."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib import lists
from chalicelib.http import Call, endpoint
from chalicelib.query import Created
from shared.db import deliveries
from shared.db.pages import Page
from shared.domain import views

routes = Blueprint(__name__)


class WebhookQuery(Created, kw_only=True):
    status: Literal["pending", "success", "failed"] | None = None
    event: Annotated[str | None, Meta(description="The type of event, such as `payment.success`.")] = None
    event_id: str | None = None
    webhook_endpoint_id: str | None = None
    total: Annotated[bool, Meta(description="`false`: they are not counted where no cursor is given.")] = True

    def page(self) -> Page:
        """By offset unless a cursor says otherwise: clients of this list expect a total."""
        page = Created.page(self)
        by_cursor = page.starting_after or page.ending_before or page.offset is not None
        return page if by_cursor or not self.total else msgspec.structs.replace(self, offset=0).page()


@endpoint(
    routes,
    "GET",
    "/api/v1/webhooks",
    role="read_only",
    summary="List webhook deliveries",
    query=WebhookQuery,
    answer=lists.list_of(views.Webhook),
    tag="Webhooks",
)
def list_webhooks(call: Call[None]) -> Any:
    query: WebhookQuery = call.query
    where = {
        "status = %s": query.status,
        "event = %s": query.event,
        "event_id = %s": query.event_id,
        "endpoint_id = %s": query.webhook_endpoint_id,
        **query.created(),
    }
    page = query.page()
    rows = deliveries.page(call.tx, page, merchant_id=call.merchant_id, where=where)
    return lists.show(rows, page, views.of_webhook)
