"""GET /api/v1/merchants: every merchant, newest first. For the operator."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib import lists
from chalicelib.http import Call, endpoint
from chalicelib.query import Paging
from shared.db import merchants
from shared.domain import views

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/merchants",
    caller="operator",
    summary="List merchants",
    query=Paging,
    answer=lists.list_of(views.Merchant),
    errors=(404,),
    tag="Operator",
)
def list_merchants(call: Call[None]) -> Any:
    return lists.show(
        merchants.page(call.tx, call.query.page()), call.query, lambda row: views.of_merchant(row["merchant"])
    )
