"""GET /api/v1/audit: who did what for the merchant, newest first. It is only ever added to."""

from __future__ import annotations

from typing import Annotated, Any

from chalice import Blueprint
from msgspec import Meta

from chalicelib import lists, people
from chalicelib.http import Call, endpoint
from chalicelib.query import Created
from shared.db import audit

routes = Blueprint(__name__)


class AuditQuery(Created, kw_only=True):
    actor: Annotated[str | None, Meta(description="An email, or an API key.")] = None
    action: str | None = None
    subject: Annotated[str | None, Meta(description="The id of what it was done to.")] = None


@endpoint(
    routes,
    "GET",
    "/api/v1/audit",
    caller="session",
    role="owner",
    summary="List who did what",
    query=AuditQuery,
    answer=lists.list_of(people.AuditEntry),
    tag="Audit",
)
def list_audit(call: Call[None]) -> Any:
    query: AuditQuery = call.query
    where = {"actor = %s": query.actor, "action = %s": query.action, "subject = %s": query.subject, **query.created()}
    rows = audit.page(call.tx, query.page(), merchant_id=call.merchant_id, where=where)
    return lists.show(rows, query, people.show_entry)
