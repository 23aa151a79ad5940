"""GET /api/v1/stats: what became of the payments of a period, beside the period before; without one, of all there ever
was.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from chalicelib.query import MOMENT, query_moment
from shared import money
from shared.domain import views
from shared.errors import BadRequest
from shared.services import stats

routes = Blueprint(__name__)


class StatsQuery(msgspec.Struct, kw_only=True):
    since: Annotated[
        str | None,
        Meta(description=f"The period begins then: {MOMENT}; taken down to the half hour. The + of an offset is %2B."),
    ] = msgspec.field(name="from", default=None)
    until: Annotated[str | None, Meta(description="It ends before then; now, if left out.")] = msgspec.field(
        name="to", default=None
    )
    interval: Annotated[
        Literal["hour", "day"], Meta(description="Of the series; its first step begins with the period.")
    ] = "day"
    currency: Annotated[str | None, Meta(description="Left out, the one that most payments are in.")] = None


@endpoint(
    routes,
    "GET",
    "/api/v1/stats",
    role="read_only",
    summary="Get figures",
    query=StatsQuery,
    answer=views.Stats,
    tag="Overview",
)
def get_stats(call: Call[None]) -> views.Stats:
    query: StatsQuery = call.query
    if query.currency is not None and not money.is_currency(query.currency):
        raise BadRequest("currency must be one of ISO 4217, such as INR", field="currency", reason="invalid_value")
    return stats.of(
        call.tx,
        call.merchant_id,
        since=query_moment(query.since, field="from"),
        until=query_moment(query.until, field="to"),
        interval=query.interval,
        currency=query.currency,
    )
