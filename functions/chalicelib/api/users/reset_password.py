"""POST /api/v1/users/{user_id}/password: a new password for who lost theirs, and the end of their sessions.

For the operator; the password is shown here, and never again.
"""

from __future__ import annotations

from chalice import Blueprint

from chalicelib import people
from chalicelib.http import Call, endpoint
from shared.services import team

routes = Blueprint(__name__)


@endpoint(
    routes,
    "POST",
    "/api/v1/users/{user_id}/password",
    caller="operator",
    confirmed=True,
    summary="Reset a user's password, by id or email",
    answer=people.UserWithPassword,
    errors=(404,),
    atomic=True,
    secret_answer=True,
    tag="Operator",
)
def reset_user_password(call: Call[None], user_id: str) -> people.UserWithPassword:
    found = team.find_user(call.tx, user_id)
    user, password = team.reset_password(call.tx, call.who.actor, found, None)
    return people.show_user_with_password(call.tx, user, password)
