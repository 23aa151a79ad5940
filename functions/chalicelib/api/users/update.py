"""PUT /api/v1/users/{user_id}: whether a user is an operator, and a further merchant of theirs. For the operator.

What is left out stays as it is. Who is in a merchant's team, and as what, is otherwise its owners' to say.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib import people
from chalicelib.http import Call, endpoint
from shared.domain.user import Role
from shared.services import merchants, team

routes = Blueprint(__name__)


class UserUpdate(msgspec.Struct, kw_only=True):
    is_operator: bool | None = None
    merchant_id: Annotated[str | None, Meta(description="For whom they sign in, too.")] = None
    role: Annotated[
        Role | None, Meta(description="For that merchant; left out, the one they have there, or else `owner`.")
    ] = None


@endpoint(
    routes,
    "PUT",
    "/api/v1/users/{user_id}",
    caller="operator",
    confirmed=True,
    summary="Update a user, by id or email",
    body=UserUpdate,
    answer=people.User,
    errors=(400, 404),
    atomic=True,
    tag="Operator",
)
def update_user(call: Call[UserUpdate], user_id: str) -> people.User:
    user, change = team.find_user(call.tx, user_id), call.body
    if change.merchant_id is not None:
        merchant = merchants.find(call.tx, change.merchant_id)
        team.add_existing(call.tx, call.who.actor, user, merchant.id, change.role)
    if change.is_operator is not None:
        user = team.set_operator(call.tx, call.who.actor, user, change.is_operator)
    return people.show_user(call.tx, user)
