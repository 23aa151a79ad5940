"""POST /api/v1/orders: what a merchant wants paid."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from chalicelib.query import MOMENT, moment
from shared.domain import views
from shared.services import orders

routes = Blueprint(__name__)


class NewOrder(msgspec.Struct, kw_only=True):
    amount: Annotated[
        int, Meta(description="In minor units (paise), at least 100: 50000 is ₹500.00.", examples=[50000])
    ]
    currency: Annotated[str, Meta(description="ISO 4217, upper case.", examples=["INR"])] = "INR"
    receipt: Annotated[str | None, Meta(description="Your reference, at most 255 characters.")] = None
    notes: Annotated[dict[str, Any] | None, Meta(description="Whatever you want to find here again.")] = None
    capture: Annotated[
        Literal["manual", "automatic"],
        Meta(
            description="`manual`: the bank holds the money until you capture it."
            " `automatic` takes it as soon as the bank approves."
        ),
    ] = "manual"
    expires_at: Annotated[
        str | int | None,
        Meta(description=f"From then on it cannot be paid: {MOMENT}.", examples=["2024-01-15T10:31:00Z"]),
    ] = None


@endpoint(
    routes,
    "POST",
    "/api/v1/orders",
    role="support",
    summary="Create an order",
    body=NewOrder,
    answer=views.Order,
    status=201,
    errors=(400,),
    trusting=True,
    tag="Orders",
)
def create_order(call: Call[NewOrder]) -> views.Order:
    new = call.body
    order = orders.create(
        call.tx,
        call.merchant_id,
        amount=new.amount,
        currency=new.currency,
        receipt=new.receipt,
        notes=new.notes or {},
        capture=new.capture,
        expires_at=moment(new.expires_at, field="expires_at"),
        expiry_seconds=call.on.config.order_expiry_seconds,
    )
    return views.of_order(order)
