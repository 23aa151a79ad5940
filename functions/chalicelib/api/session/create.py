"""POST /api/v1/session: sign in. The answer sets the session cookie; a refusal does not say which part was wrong.

The session that the browser had before ends.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib import cookies, people, same_origin
from chalicelib.http import Call, endpoint
from shared.db import sessions as db
from shared.errors import AuthenticationError
from shared.services import sessions

routes = Blueprint(__name__)


class SignIn(msgspec.Struct, kw_only=True):
    email: Annotated[str, Meta(examples=["owner@shop.example"])]
    password: Annotated[str, Meta(examples=["a long one that only you know"])]


@endpoint(
    routes,
    "POST",
    "/api/v1/session",
    caller="anyone",
    summary="Sign in",
    body=SignIn,
    answer=people.Session,
    errors=(401, 403),
    connected=False,  # none is held while the password is hashed
    tag="Session",
)
def sign_in(call: Call[SignIn]) -> people.Session:
    settings, database = call.on.config, call.on.database
    same_origin.check_sign_in(call.headers, production=settings.production, known=settings.dashboard_url)
    begun = sessions.sign_in(
        database,
        email=call.body.email,
        password=call.body.password,
        address=call.who.actor.address,
        user_agent=call.headers.get("user-agent", ""),
        production=settings.production,
    )
    with database.statement() as tx:
        session = db.find_living(tx, begun.session_id, user_id=begun.user_id, idle_seconds=sessions.IDLE_SECONDS)
        if session is None:  # all sessions of this user were ended this instant
            raise AuthenticationError("Sign in again: this session has ended", reason="session_ended")
        shown = people.show_session(tx, settings, session)
    earlier = cookies.read(call.headers, production=settings.production)
    if earlier is not None:
        with database.transaction() as tx:
            sessions.end_earlier(
                tx, settings.jwt_secret, earlier, address=call.who.actor.address, production=settings.production
            )
    call.shown_headers.update(cookies.set(settings, session_id=session.id, user_id=session.user_id))
    return shown
