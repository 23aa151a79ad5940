"""GET /api/v1/events: what happened, newest first, whether or not anybody was told."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import lists
from chalicelib.http import Call, endpoint
from chalicelib.query import Created
from shared.db import events
from shared.domain import views

routes = Blueprint(__name__)


class EventQuery(Created, kw_only=True):
    type: str | None = None
    payment_id: str | None = None


@endpoint(
    routes,
    "GET",
    "/api/v1/events",
    role="read_only",
    summary="List events",
    query=EventQuery,
    answer=lists.list_of(views.Event),
    tag="Events",
)
def list_events(call: Call[None]) -> Any:
    query: EventQuery = call.query
    where = {"type = %s": query.type, "payment_id = %s": query.payment_id, **query.created()}
    rows = events.page(call.tx, query.page(), merchant_id=call.merchant_id, where=where)
    return lists.show(rows, query, views.of_event)
