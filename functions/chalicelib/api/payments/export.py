"""GET /api/v1/payments/export: the merchant's payments as CSV, newest first, a page at a time."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint
from msgspec import Meta

from chalicelib.api.payments.filters import PaymentFilters
from chalicelib.http import Answer, Call, endpoint
from shared.services import exporting

routes = Blueprint(__name__)


class ExportQuery(PaymentFilters, kw_only=True):
    format: Annotated[Literal["csv"], Meta(description="RFC 4180, with the names of columns on the first page.")] = (
        "csv"
    )
    cursor: Annotated[
        str | None,
        Meta(description="The `X-Next-Cursor` of the page before; left out, the first page."),
    ] = None


@endpoint(
    routes,
    "GET",
    "/api/v1/payments/export",
    role="read_only",
    summary="Export payments",
    query=ExportQuery,
    content_type=exporting.CSV,
    tag="Payments",
)
def export_payments(call: Call[None]) -> Any:
    query: ExportQuery = call.query
    page = exporting.payments_page(call.tx, call.merchant_id, where=query.where(call.merchant_id), cursor=query.cursor)
    headers = {"Content-Disposition": 'attachment; filename="payments.csv"'}
    if page.next_cursor is not None:
        headers["X-Next-Cursor"] = page.next_cursor
    return Answer(status=200, body=page.text.encode(), headers=headers)
