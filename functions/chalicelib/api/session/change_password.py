"""POST /api/v1/session/password: change your password. Your other sessions end."""

from __future__ import annotations

from dataclasses import replace
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
    connected=False,  # none is held while passwords are hashed
    tag="Session",
)
def change_password(call: Call[PasswordChange]) -> people.Session:
    sent = call.body
    database = call.on.database
    sessions.change_password(database, call.session, sent.current_password, sent.new_password, call.who.actor)
    with database.statement() as tx:
        return people.show_session(tx, call.on.config, replace(call.session, must_change_password=False))
