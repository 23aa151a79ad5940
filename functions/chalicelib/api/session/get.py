"""GET /api/v1/session: who is signed in, for which merchant, and as what."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib import people
from chalicelib.http import Call, endpoint

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/session",
    caller="session",
    summary="Get your session",
    answer=people.Session,
    tag="Session",
)
def get_session(call: Call[None]) -> people.Session:
    return people.show_session(call.tx, call.on.config, call.session)
