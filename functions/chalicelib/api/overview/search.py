"""GET /api/v1/search: payments, orders, refunds and deliveries by what one has at hand."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.errors import BadRequest
from shared.services import search

routes = Blueprint(__name__)

CHARACTERS_MAX = 255  # as long as a receipt may be


class SearchQuery(msgspec.Struct, kw_only=True):
    q: Annotated[
        str,
        Meta(
            description="An id or its beginning, a receipt, a VPA or a card's last four digits.",
            extra_json_schema={"maxLength": CHARACTERS_MAX},
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
    text: str = call.query.q
    if len(text) > CHARACTERS_MAX:
        raise BadRequest(f"q must have at most {CHARACTERS_MAX} characters", field="q", reason="too_long")
    return FoundList(data=search.find(call.tx, call.merchant_id, text))
