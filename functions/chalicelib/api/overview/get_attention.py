"""GET /api/v1/attention: what somebody should look at."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import attention

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/attention",
    role="read_only",
    summary="Get what needs attention",
    answer=views.Attention,
    tag="Overview",
)
def get_attention(call: Call[None]) -> views.Attention:
    return attention.of(call.tx, call.merchant_id, operator=call.who.is_operator)
