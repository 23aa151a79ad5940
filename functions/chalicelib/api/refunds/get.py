"""GET /api/v1/refunds/{refund_id}: one refund. With ?wait=20 it answers once the bank has."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from chalicelib.query import Wait
from shared.domain import views
from shared.services import refunds

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/refunds/{refund_id}",
    role="read_only",
    summary="Get a refund",
    query=Wait,
    pending=lambda refund: refund.status == "pending",
    answer=views.Refund,
    errors=(400, 404),
    tag="Refunds",
)
def get_refund(call: Call[None], refund_id: str) -> views.Refund:
    return views.of_refund(refunds.get(call.tx, call.merchant_id, refund_id))
