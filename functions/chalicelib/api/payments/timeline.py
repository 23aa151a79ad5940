"""GET /api/v1/payments/{payment_id}/timeline: everything that happened to a payment, oldest first."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import timeline

routes = Blueprint(__name__)


class Timeline(msgspec.Struct, kw_only=True):
    data: list[views.TimelineEntry]


@endpoint(
    routes,
    "GET",
    "/api/v1/payments/{payment_id}/timeline",
    role="read_only",
    summary="Get a payment's timeline",
    answer=Timeline,
    errors=(404,),
    tag="Payments",
)
def get_timeline(call: Call[None], payment_id: str) -> Timeline:
    return Timeline(data=timeline.of(call.tx, call.merchant_id, payment_id))
