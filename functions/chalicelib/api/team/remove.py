"""DELETE /api/v1/team/{user_id}: they are out at once. The last owner stays."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.services import team

routes = Blueprint(__name__)


class MemberRemoved(msgspec.Struct, kw_only=True):
    user_id: str
    removed: bool


@endpoint(
    routes,
    "DELETE",
    "/api/v1/team/{user_id}",
    caller="session",
    role="owner",
    confirmed=True,
    summary="Remove a member from your team",
    answer=MemberRemoved,
    errors=(400, 404),
    atomic=True,
    tag="Team",
)
def remove_member(call: Call[None], user_id: str) -> MemberRemoved:
    removed = team.remove(call.tx, call.merchant_id, call.who.actor, user_id)
    return MemberRemoved(user_id=str(removed.user_id), removed=True)
