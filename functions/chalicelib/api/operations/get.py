"""GET /api/v1/operations: how the gateway itself does. For the operator."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import operations

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/operations",
    caller="operator",
    summary="Get how the gateway does",
    answer=views.Operations,
    errors=(404,),
    tag="Operator",
)
def get_operations(call: Call[None]) -> views.Operations:
    return operations.of(call.tx, beat_seconds=call.on.queue.beat_seconds)
