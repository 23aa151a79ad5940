"""POST /api/v1/session/confirm: give your password again, for what shows or changes secrets. It lasts five minutes."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import sessions

routes = Blueprint(__name__)


class Confirmation(msgspec.Struct, kw_only=True):
    password: Annotated[str, Meta(examples=["a long one that only you know"])]


class Confirmed(msgspec.Struct, kw_only=True):
    confirmed_until: views.Timestamp


@endpoint(
    routes,
    "POST",
    "/api/v1/session/confirm",
    caller="session",
    summary="Give your password again",
    body=Confirmation,
    answer=Confirmed,
    errors=(400,),
    connected=False,  # none is held while the password is hashed
    tag="Session",
)
def confirm_session(call: Call[Confirmation]) -> Confirmed:
    until = sessions.confirm(call.on.database, call.session, call.body.password, call.who.actor)
    return Confirmed(confirmed_until=views.timestamp(until))
