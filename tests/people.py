"""People who sign in, for tests: made past the door where what is tried lies behind it."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID, uuid4

import jwt

from shared.db import sessions as db
from shared.db import users
from shared.db.database import Database
from shared.domain.user import Role
from shared.services import sessions, test_merchant, tokens

JWT_SECRET = "a secret of tests, long enough to be one"
HOST = "dashboard.example"
OWN = {"host": HOST, "origin": f"https://{HOST}", "content-type": "application/json"}
PASSWORD = "password"  # of everybody here, so that none is hashed but the one that is seeded
ADDRESS = "192.0.2.1"


def signed_up(
    database: Database, merchant_id: UUID | None, role: Role | None, *, email: str | None = None, operator: bool = False
) -> UUID:
    """A user whose password is PASSWORD."""
    with database.transaction() as tx:
        seeded = users.find(tx, test_merchant.USER_ID)
        assert seeded is not None
        made = users.insert_once(
            tx,
            email=email or f"{uuid4().hex[:12]}@people.example",
            name="Asha Rao",
            password_hash=seeded.password_hash,
            is_operator=operator,
        )
        assert made is not None
        if merchant_id is not None and role is not None:
            users.put_membership(tx, made.id, merchant_id, role)
    return made.id


def session_of(database: Database, user_id: UUID, *, confirmed: bool = False, merchant_id: UUID | None = None) -> UUID:
    session_id = uuid4()
    with database.transaction() as tx:
        mine = users.merchants_of(tx, user_id)
        db.insert(
            tx,
            id=session_id,
            user_id=user_id,
            merchant_id=merchant_id or (mine[0]["id"] if mine else None),
            lasts_seconds=sessions.LASTS_SECONDS,
            address=ADDRESS,
            user_agent="tests",
        )
        if confirmed:
            db.confirm(tx, session_id, seconds=sessions.CONFIRMED_SECONDS)
    return session_id


def cookie_of(database: Database, user_id: UUID, **more: Any) -> dict[str, str]:
    """The headers of a page of ours, with a session of the user's."""
    return headers_of(session_of(database, user_id, **more), user_id)


def headers_of(session_id: UUID, user_id: UUID) -> dict[str, str]:
    return OWN | {"cookie": f"gateway_session={token(session_id, user_id)}"}


def token(
    session_id: Any,
    user_id: Any,
    *,
    secret: Any = JWT_SECRET,
    algorithm: str = "HS256",
    header: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """One as the gateway makes it, and what is said otherwise; a claim that is None is left out."""
    now = int(time.time())
    said = {
        "iss": tokens.ISSUER,
        "aud": tokens.AUDIENCE,
        "iat": now,
        "exp": now + tokens.TOKEN_SECONDS,
        "sid": str(session_id),
        "sub": str(user_id),
    } | claims
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, secret, algorithm=algorithm, headers={"typ": tokens.TYPE} | (header or {}))
