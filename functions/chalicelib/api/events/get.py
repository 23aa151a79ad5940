"""GET /api/v1/events/{event_id}: one event, as receivers get it."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/events/{event_id}",
    role="read_only",
    summary="Get an event",
    answer=views.Event,
    errors=(404,),
    tag="Events",
)
def get_event(call: Call[None], event_id: str) -> views.Event:
    return views.of_event(webhook_endpoints.get_event(call.tx, call.merchant_id, event_id))
