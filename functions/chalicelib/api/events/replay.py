"""POST /api/v1/events/{event_id}/replay: send one event again, with the same id and body."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


class EventReplay(msgspec.Struct, kw_only=True):
    webhook_endpoint_id: Annotated[
        str | None, Meta(description="Left out, every enabled endpoint that wants events of this type.")
    ] = None


class EventReplayed(msgspec.Struct, kw_only=True):
    scheduled: Annotated[int, Meta(description="Deliveries; one that is on its way already counts not.")]


@endpoint(
    routes,
    "POST",
    "/api/v1/events/{event_id}/replay",
    role="support",
    summary="Replay an event",
    body=EventReplay,
    body_optional=True,
    answer=EventReplayed,
    errors=(400, 404),
    atomic=True,
    tag="Events",
)
def replay_event(call: Call[EventReplay], event_id: str) -> EventReplayed:
    staged = webhook_endpoints.replay_event(call.tx, call.merchant_id, event_id, call.body.webhook_endpoint_id)
    call.staged.extend(staged)
    call.audit_user("event.replayed", event_id, deliveries=len(staged))
    return EventReplayed(scheduled=len(staged))
