"""GET /health: whether the parts that a payment needs are there. For machines that watch; 503 says which is down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from chalice import Blueprint

from chalicelib.http import Answer, Call, endpoint
from shared.domain import views
from shared.services import health

routes = Blueprint(__name__)


class Health(msgspec.Struct, kw_only=True):
    status: str
    database: str
    redis: str  # whatever carries the wake-ups: Redis here, SQS on AWS
    worker: str
    timestamp: views.Timestamp


@endpoint(
    routes,
    "GET",
    "/health",
    caller="anyone",
    summary="Whether the gateway works",
    answer=Health,
    errors=(503,),
    tag="Operations",
    connected=False,
)
def get_health(call: Call[None]) -> Any:
    found = health.check(call.on.database, call.on.queue)
    shown = Health(
        status="healthy" if found.healthy else "unhealthy",
        database="connected" if found.database else "disconnected",
        redis="connected" if found.queue else "disconnected",
        worker="running" if found.worker else "stopped",
        timestamp=views.timestamp(datetime.now(UTC)),
    )
    return Answer(status=200 if found.healthy else 503, body=shown)
