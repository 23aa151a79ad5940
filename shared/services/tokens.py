"""What the session cookie holds: a short-lived JWT that names a session. What the session may do, the database says."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

TOKEN_SECONDS = 15 * 60
RENEW_SECONDS = 5 * 60  # a token older than this is replaced
LEEWAY_SECONDS = 5  # between the clocks of our machines
CHARACTERS_MAX = 1024
ALGORITHM = "HS256"
TYPE = "session+jwt"
ISSUER = "payment-gateway"
AUDIENCE = "payment-gateway/dashboard"
_CLAIMS = ["iss", "aud", "exp", "iat", "sid", "sub"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    session_id: UUID
    user_id: UUID
    issued_at: int

    @property
    def is_old(self) -> bool:
        return time.time() - self.issued_at > RENEW_SECONDS


def issue(secret: str, *, session_id: UUID, user_id: UUID) -> str:
    import jwt  # only calls with a cookie should wait for it

    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "sid": str(session_id),
        "sub": str(user_id),
    }
    return jwt.encode(claims, secret, algorithm=ALGORITHM, headers={"typ": TYPE})


def read(secret: str, token: str) -> Token | None:
    """What a token of ours says; None for any other. The algorithm is ours, whatever the token claims."""
    import jwt

    if len(token) > CHARACTERS_MAX or not token.isascii():
        return None
    try:
        found = jwt.decode_complete(
            token,
            secret,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": _CLAIMS, "strict_aud": True},
        )
        header, claims = found["header"], found["payload"]
        if set(header) != {"alg", "typ"} or header["typ"] != TYPE:
            return None
        issued_at, expires_at = claims["iat"], claims["exp"]
        if type(issued_at) is not int or type(expires_at) is not int or expires_at - issued_at > TOKEN_SECONDS:
            return None
        return Token(session_id=UUID(claims["sid"]), user_id=UUID(claims["sub"]), issued_at=issued_at)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
