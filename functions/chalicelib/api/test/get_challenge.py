"""GET /api/v1/test/bank/challenges/{payment_id}: what the simulated bank asks of a customer. Not in production."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.connectors.simulator import Challenge as Asked
from shared.connectors.simulator import NotAsked, SimulatedBank
from shared.db import merchants
from shared.domain import views
from shared.errors import NotFound
from shared.services import payments

routes = Blueprint(__name__)


class Challenge(msgspec.Struct, kw_only=True):
    payment_id: str
    type: Annotated[str, Meta(description="`otp` or `upi_app`.", examples=["otp"])]
    payee: Annotated[str, Meta(description="The merchant's name.", examples=["Asha's Bakery"])]
    amount: views.Amount
    currency: str
    status: Annotated[
        str, Meta(description="`open`, `approved`, `declined`, `cancelled` or `expired`.", examples=["open"])
    ]
    attempts_left: Annotated[int, Meta(description="Codes that may still be tried.", examples=[3])]
    expires_at: views.Timestamp


@endpoint(
    routes,
    "GET",
    "/api/v1/test/bank/challenges/{payment_id}",
    caller="checkout",
    owner=lambda call, payment_id: payments.owner(call.tx, payment_id),
    summary="Get what the bank asks of a customer",
    answer=Challenge,
    errors=(404,),
    tag="Test",
)
def get_challenge(call: Call[None], payment_id: str) -> Challenge:
    try:
        return shown(call, bank_of(call).challenge(payment_id))
    except NotAsked:
        raise nothing_asked() from None


def nothing_asked() -> NotFound:
    return NotFound("The bank asks nothing of this payment's customer")


def bank_of(call: Call[Any]) -> SimulatedBank:
    if not isinstance(call.on.bank, SimulatedBank):
        raise NotFound("The bank is a real one")
    return call.on.bank


def shown(call: Call[Any], asked: Asked) -> Challenge:
    return Challenge(
        payment_id=asked.reference,
        type=asked.type,
        payee=merchants.get(call.tx, call.merchant_id).name,
        amount=asked.amount,
        currency=asked.currency,
        status=asked.status,
        attempts_left=asked.attempts_left,
        expires_at=views.timestamp(asked.expires_at),
    )
