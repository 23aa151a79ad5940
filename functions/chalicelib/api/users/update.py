"""PUT /api/v1/users/{user_id}: whether a user is an operator, and a further merchant of theirs. For the operator.

What is left out stays as it is. Who gets to open more by it gets a new password; it is shown here, and never again.
Who is in a merchant's team, and as what, is otherwise its owners' to say.
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
    answer=people.UpdatedUser,
    errors=(400, 404),
    atomic=True,
    secret_answer=True,
    tag="Operator",
)
def update_user(call: Call[UserUpdate], user_id: str) -> people.UpdatedUser:
    found, change = team.find_user(call.tx, user_id), call.body
    user, password = team.update_user(
        call.tx,
        call.who.actor,
        found,
        merchant_id=None if change.merchant_id is None else merchants.find(call.tx, change.merchant_id).id,
        role=change.role,
        is_operator=change.is_operator,
    )
    return people.show_updated_user(call.tx, user, password)
