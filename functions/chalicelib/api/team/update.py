"""PUT /api/v1/team/{user_id}: what a member may do, their name, or another password. What is left out stays."""

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


class MemberUpdate(msgspec.Struct, kw_only=True):
    role: Role | None = None
    name: Annotated[str | None, Meta(examples=["Ravi Rao"])] = None
    password: Annotated[
        str | None,
        Meta(
            description="For who has forgotten theirs, and is a member of no other team: they must change it, and all"
            " their sessions end.",
            examples=["to be changed at once"],
        ),
    ] = None


@endpoint(
    routes,
    "PUT",
    "/api/v1/team/{user_id}",
    caller="session",
    role="owner",
    confirmed=True,
    summary="Update a member of your team",
    body=MemberUpdate,
    answer=people.Member,
    errors=(400, 404),
    connected=False,  # none is held while a password is hashed
    tag="Team",
)
def update_member(call: Call[MemberUpdate], user_id: str) -> people.Member:
    sent, database = call.body, call.on.database
    password_hash = None
    if sent.password is not None:
        with database.statement() as tx:
            member = team.get(tx, call.merchant_id, user_id)
        password_hash = team.hashed(database, call.session, sent.password, email=member.email, name=member.name)
    with database.transaction() as tx:
        changed = team.update(
            tx,
            call.merchant_id,
            call.who.actor,
            user_id,
            role=sent.role,
            name=sent.name,
            password_hash=password_hash,
        )
    return people.show_member(changed)
