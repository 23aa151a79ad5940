"""GET /api/v1/requests: the calls that the merchant's programs made, newest first."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint
from msgspec import Meta

from chalicelib import lists
from chalicelib.http import Call, endpoint
from chalicelib.query import Created
from shared.db import requests
from shared.domain import views

routes = Blueprint(__name__)


class RequestQuery(Created, kw_only=True):
    status: Annotated[Literal["2xx", "3xx", "4xx", "5xx"] | None, Meta(description="How it was answered.")] = None
    method: Annotated[Literal["GET", "POST", "PUT", "DELETE"] | None, Meta(description="As it was sent.")] = None
    path: Annotated[str | None, Meta(description="What the path begins with, such as `/api/v1/payments`.")] = None


@endpoint(
    routes,
    "GET",
    "/api/v1/requests",
    role="read_only",
    summary="List API calls",
    query=RequestQuery,
    answer=lists.list_of(views.ApiRequest),
    tag="Overview",
)
def list_requests(call: Call[None]) -> Any:
    query: RequestQuery = call.query
    where = {
        "status / 100 = %s": None if query.status is None else int(query.status[0]),
        "method = %s": query.method,
        "starts_with(path, %s)": query.path,
        **query.created(),
    }
    rows = requests.page(call.tx, query.page(), merchant_id=call.merchant_id, where=where)
    return lists.show(rows, query, views.of_request)
