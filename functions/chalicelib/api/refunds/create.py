"""POST /api/v1/payments/{payment_id}/refunds: give back all or a part. Answers at once; the bank is asked by a job."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import refunds

routes = Blueprint(__name__)


class NewRefund(msgspec.Struct, kw_only=True):
    amount: Annotated[int, Meta(description="In minor units; at most what is left to refund.", examples=[20000])]
    reason: Annotated[str | None, Meta(description="At most 255 characters.", examples=["Returned goods"])] = None
    notes: Annotated[dict[str, Any] | None, Meta(description="Whatever you want to find here again.")] = None


@endpoint(
    routes,
    "POST",
    "/api/v1/payments/{payment_id}/refunds",
    role="support",
    summary="Create a refund",
    body=NewRefund,
    answer=views.Refund,
    status=201,
    errors=(400, 404),
    atomic=True,
    tag="Refunds",
)
def create_refund(call: Call[NewRefund], payment_id: str) -> views.Refund:
    new = call.body
    refund, staged = refunds.create(
        call.tx, call.merchant_id, payment_id, amount=new.amount, reason=new.reason, notes=new.notes or {}
    )
    call.staged.extend(staged)
    call.audit("refund.created", refund.id, payment_id=payment_id, amount=refund.amount, currency=refund.currency)
    return views.of_refund(refund)
