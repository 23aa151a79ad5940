"""POST /api/v1/session/end_all: sign out everywhere."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib import cookies
from chalicelib.api.session.end import SessionsEnded
from chalicelib.http import Call, endpoint
from shared.services import sessions

routes = Blueprint(__name__)


@endpoint(
    routes,
    "POST",
    "/api/v1/session/end_all",
    caller="session",
    summary="Sign out everywhere",
    answer=SessionsEnded,
    atomic=True,
    tag="Session",
)
def sign_out_everywhere(call: Call[None]) -> SessionsEnded:
    ended = sessions.end_all(call.tx, call.session, call.who.actor)
    call.shown_headers.update(cookies.clear(call.on.config))
    return SessionsEnded(ended=ended)
