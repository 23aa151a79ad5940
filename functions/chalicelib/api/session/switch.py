"""POST /api/v1/session/merchant: go on for another merchant of yours."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib import people
from chalicelib.http import Call, endpoint
from shared.db import sessions as db
from shared.errors import NotFound
from shared.services import sessions

routes = Blueprint(__name__)


class Switch(msgspec.Struct, kw_only=True):
    merchant_id: str


@endpoint(
    routes,
    "POST",
    "/api/v1/session/merchant",
    caller="session",
    summary="Switch to another merchant",
    body=Switch,
    answer=people.Session,
    errors=(404,),
    atomic=True,
    tag="Session",
)
def switch_merchant(call: Call[Switch]) -> people.Session:
    sessions.switch(call.tx, call.session, call.body.merchant_id)
    switched = db.find_living(
        call.tx, call.session.id, user_id=call.session.user_id, idle_seconds=sessions.IDLE_SECONDS
    )
    if switched is None:  # removed from that team this instant
        raise NotFound("Merchant not found", field="merchant_id")
    return people.show_session(call.tx, call.on.config, switched)
