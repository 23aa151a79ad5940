"""POST /api/v1/webhook_endpoints/{webhook_endpoint_id}/replay: send an endpoint what it missed."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from chalicelib.query import MOMENT, moment
from shared.services import webhook_endpoints

routes = Blueprint(__name__)


class Replay(msgspec.Struct, kw_only=True):
    from_: Annotated[
        str | int | None,
        Meta(description=f"From then on: {MOMENT}. Left out, the endpoint's gap."),
    ] = msgspec.field(name="from", default=None)
    to: Annotated[str | int | None, Meta(description="Up to then; left out, up to now.")] = None
    delivered: Annotated[bool, Meta(description="Whether to send again what it has accepted, too.")] = False


class Replayed(msgspec.Struct, kw_only=True):
    scheduled: Annotated[int, Meta(description="Deliveries; what is on its way already counts not.")]
    has_more: Annotated[bool, Meta(description="Whether another call is needed for the rest.")]
    next_from: Annotated[str | None, Meta(description="What that call sends as `from`.")]


@endpoint(
    routes,
    "POST",
    "/api/v1/webhook_endpoints/{webhook_endpoint_id}/replay",
    role="support",
    summary="Replay what a webhook endpoint missed",
    body=Replay,
    body_optional=True,
    answer=Replayed,
    errors=(400, 404),
    atomic=True,
    tag="Webhook endpoints",
)
def replay_webhook_endpoint(call: Call[Replay], webhook_endpoint_id: str) -> Replayed:
    staged, more_from = webhook_endpoints.replay(
        call.tx,
        call.merchant_id,
        webhook_endpoint_id,
        since=moment(call.body.from_, field="from"),
        until=moment(call.body.to, field="to"),
        delivered=call.body.delivered,
    )
    call.staged.extend(staged)
    call.audit_user("webhook_endpoint.replayed", webhook_endpoint_id, deliveries=len(staged))
    return Replayed(
        scheduled=len(staged),
        has_more=more_from is not None,
        next_from=None if more_from is None else more_from.astimezone(UTC).isoformat(),
    )
