"""POST /api/v1/users: somebody who may sign in. For the operator; the password is shown here, and never again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib import people
from chalicelib.http import Call, endpoint
from shared.domain.user import Role
from shared.errors import BadRequest
from shared.services import merchants, team

routes = Blueprint(__name__)


class NewUser(msgspec.Struct, kw_only=True):
    email: Annotated[str, Meta(examples=["asha@shop.example"])]
    name: Annotated[str, Meta(examples=["Asha Rao"])]
    merchant_id: Annotated[str | None, Meta(description="For whom they sign in; an operator may be nobody's.")] = None
    role: Annotated[Role, Meta(description="For that merchant.")] = "owner"
    is_operator: bool = False


@endpoint(
    routes,
    "POST",
    "/api/v1/users",
    caller="operator",
    confirmed=True,
    summary="Create a user",
    body=NewUser,
    answer=people.UserWithPassword,
    status=201,
    errors=(400, 404),
    atomic=True,
    secret_answer=True,
    tag="Operator",
)
def create_user(call: Call[NewUser]) -> people.UserWithPassword:
    new = call.body
    merchant_id: UUID | None = None
    if new.merchant_id is not None:
        merchant_id = merchants.find(call.tx, new.merchant_id).id
    elif not new.is_operator:
        raise BadRequest("Say merchant_id, or is_operator, or both", field="merchant_id")
    user, password = team.create_user(
        call.tx,
        call.who.actor,
        email=new.email,
        name=new.name,
        password=None,
        merchant_id=merchant_id,
        role=new.role,
        is_operator=new.is_operator,
    )
    return people.show_user_with_password(call.tx, user, password)
