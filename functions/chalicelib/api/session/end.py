"""DELETE /api/v1/session: sign out. The session ends here, whoever kept a copy of the cookie."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib import cookies
from chalicelib.http import Call, endpoint
from shared.services import sessions

routes = Blueprint(__name__)


class SessionsEnded(msgspec.Struct, kw_only=True):
    ended: int


@endpoint(
    routes,
    "DELETE",
    "/api/v1/session",
    caller="session",
    summary="Sign out",
    answer=SessionsEnded,
    atomic=True,
    tag="Session",
)
def sign_out(call: Call[None]) -> SessionsEnded:
    sessions.end(call.tx, call.session, call.who.actor)
    call.shown_headers.update(cookies.clear(call.on.config))
    return SessionsEnded(ended=1)
