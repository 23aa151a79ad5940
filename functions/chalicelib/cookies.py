"""The session cookie: no script reads it, no other site's page sends it, and in production no other host sets it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from shared.config import Config
from shared.services import tokens

NAME = "gateway_session"
# Browsers take a cookie with this prefix only over TLS, for the whole of one host, from that host itself.
PREFIX = "__Host-"
_KEPT_FROM_OTHERS = "Path=/; HttpOnly; SameSite=Strict"


def name(*, production: bool) -> str:
    return f"{PREFIX}{NAME}" if production else NAME


def read(headers: Mapping[str, str], *, production: bool) -> str | None:
    """What the browser sends back; None if it sends none."""
    wanted = name(production=production)
    for part in headers.get("cookie", "").split(";"):
        given, _, value = part.strip().partition("=")
        if given == wanted:
            return value
    return None


def set(settings: Config, *, session_id: UUID, user_id: UUID) -> dict[str, str]:
    """The header that gives a browser a fresh token. It lasts until the browser is closed; the token less long."""
    token = tokens.issue(settings.jwt_secret, session_id=session_id, user_id=user_id)
    return _header(settings, token)


def clear(settings: Config) -> dict[str, str]:
    return _header(settings, "", "; Max-Age=0")


def _header(settings: Config, value: str, more: str = "") -> dict[str, str]:
    secure = "; Secure" if settings.production else ""
    return {"Set-Cookie": f"{name(production=settings.production)}={value}; {_KEPT_FROM_OTHERS}{secure}{more}"}
