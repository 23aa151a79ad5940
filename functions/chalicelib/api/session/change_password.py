"""POST /api/v1/session/password: change your password. Your other sessions end."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib import people
from chalicelib.http import Call, endpoint
from shared.services import sessions

routes = Blueprint(__name__)


class PasswordChange(msgspec.Struct, kw_only=True):
    current_password: Annotated[str, Meta(examples=["the one before"])]
    new_password: Annotated[
        str,
        Meta(description="8 to 128 characters; not one of the commonest.", examples=["a long one that only you know"]),
    ]


@endpoint(
    routes,
    "POST",
    "/api/v1/session/password",
    caller="session",
    summary="Change your password",
    body=PasswordChange,
    answer=people.Session,
    errors=(400,),
    tag="Session",
)
def change_password(call: Call[PasswordChange]) -> people.Session:
    sent = call.body
    sessions.change_password(call.tx, call.session, sent.current_password, sent.new_password, call.who.actor)
    return people.show_session(call.tx, call.on.config, call.session)
