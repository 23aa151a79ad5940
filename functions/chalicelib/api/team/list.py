"""GET /api/v1/team: who may sign in for the merchant, and as what."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib import people
from chalicelib.http import Call, endpoint
from shared.db import users

routes = Blueprint(__name__)


class Team(msgspec.Struct, kw_only=True):
    data: list[people.Member]


@endpoint(
    routes,
    "GET",
    "/api/v1/team",
    caller="session",
    role="owner",
    summary="List your team",
    answer=Team,
    tag="Team",
)
def list_team(call: Call[None]) -> Team:
    return Team(data=[people.show_member(one) for one in users.members(call.tx, merchant_id=call.merchant_id)])
