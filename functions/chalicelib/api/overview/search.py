"""GET /api/v1/search: payments, orders, refunds and deliveries by what one has at hand."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib import query
from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import search

routes = Blueprint(__name__)


class SearchQuery(msgspec.Struct, kw_only=True):
    q: Annotated[
        str,
        Meta(
            description="An id or its beginning, a receipt, a VPA or a card's last four digits.",
            extra_json_schema={"maxLength": query.TEXT_MAX},
        ),
    ] = ""


class FoundList(msgspec.Struct, kw_only=True):
    data: list[views.Found]


@endpoint(
    routes,
    "GET",
    "/api/v1/search",
    role="read_only",
    summary="Search",
    query=SearchQuery,
    answer=FoundList,
    tag="Overview",
)
def find(call: Call[None]) -> FoundList:
    text = query.looked_for(call.query.q)
    return FoundList(data=search.find(call.tx, call.merchant_id, text) if text else [])
