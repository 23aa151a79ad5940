"""POST /api/v1/team: somebody new, with a password to begin with, which they must change."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib import people
from chalicelib.http import Call, endpoint
from shared.domain.user import Role
from shared.services import team

routes = Blueprint(__name__)


class NewMember(msgspec.Struct, kw_only=True):
    email: Annotated[str, Meta(examples=["ravi@shop.example"])]
    name: Annotated[str, Meta(examples=["Ravi Rao"])]
    role: Role
    password: Annotated[
        str, Meta(description="To begin with: 8 to 128 characters.", examples=["to be changed at once"])
    ]


@endpoint(
    routes,
    "POST",
    "/api/v1/team",
    caller="session",
    role="owner",
    confirmed=True,
    summary="Add a member to your team",
    body=NewMember,
    answer=people.Member,
    status=201,
    errors=(400,),
    connected=False,  # none is held while the password is hashed
    tag="Team",
)
def add_member(call: Call[NewMember]) -> people.Member:
    new = call.body
    database = call.on.database
    with database.statement() as tx:
        team.count_added(tx, call.merchant_id)
    password_hash = team.hashed(database, call.session, new.password, email=new.email, name=new.name)
    with database.transaction() as tx:
        member = team.add(
            tx,
            call.merchant_id,
            call.who.actor,
            email=new.email,
            name=new.name,
            role=new.role,
            password_hash=password_hash,
        )
        team.take_back_added(tx, call.merchant_id)
    return people.show_member(member)
