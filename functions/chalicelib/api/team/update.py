"""PUT /api/v1/team/{user_id}: what a member may do, or their name. What is left out stays; so does the last owner."""

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


@endpoint(
    routes,
    "PUT",
    "/api/v1/team/{user_id}",
    caller="session",
    role="owner",
    summary="Update a member of your team",
    body=MemberUpdate,
    answer=people.Member,
    errors=(400, 404),
    atomic=True,
    tag="Team",
)
def update_member(call: Call[MemberUpdate], user_id: str) -> people.Member:
    changed = team.update(call.tx, call.merchant_id, call.who.actor, user_id, role=call.body.role, name=call.body.name)
    return people.show_member(changed)
