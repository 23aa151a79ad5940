"""GET /api/v1/balance: what the merchant has, by currency."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import ledger

routes = Blueprint(__name__)


class Balances(msgspec.Struct, kw_only=True):
    data: list[views.Balance]


@endpoint(routes, "GET", "/api/v1/balance", role="read_only", summary="Get the balance", answer=Balances, tag="Ledger")
def get_balance(call: Call[None]) -> Balances:
    return Balances(data=ledger.balances(call.tx, call.merchant_id))
