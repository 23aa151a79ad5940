"""POST /api/v1/payments: pay an order by UPI or card. Answers at once; the bank is asked by a job."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.domain.card import CardDetails
from shared.errors import BadRequest
from shared.services import payments

routes = Blueprint(__name__)


class NewPayment(msgspec.Struct, kw_only=True):
    order_id: Annotated[str, Meta(description="The order to pay; amount and currency are the order's.")]
    method: Literal["upi", "card"]
    vpa: Annotated[str | None, Meta(description="For `upi`.", examples=["asha@upi"])] = None
    card: Annotated[CardDetails | None, Meta(description="For `card`. Number and CVV are never stored.")] = None

    notes: Annotated[dict[str, Any] | None, Meta(description="Whatever you want to find here again.")] = None


def instrument(method: str, *, vpa: str | None, card: CardDetails | None) -> str | CardDetails:
    """What is paid with. Raises BadRequest if it is missing."""
    given = vpa if method == "upi" else card
    if given is None:
        field = "vpa" if method == "upi" else "card"
        raise BadRequest(f"{field} is required for method {method}", field=field, reason="missing")
    return given


@endpoint(
    routes,
    "POST",
    "/api/v1/payments",
    role="support",
    summary="Create a payment",
    body=NewPayment,
    answer=views.Payment,
    status=201,
    errors=(400, 404, 409),
    trusting=True,
    tag="Payments",
)
def create_payment(call: Call[NewPayment]) -> views.Payment:
    payment, staged = payments.create(
        call.tx,
        call.on.bank,
        call.merchant_id,
        order_id=call.body.order_id,
        instrument=instrument(call.body.method, vpa=call.body.vpa, card=call.body.card),
        exclusive=call.on.config.orders_paid_once,
        notes=call.body.notes,
    )
    call.staged.extend(staged)
    return views.of_payment(payment)
