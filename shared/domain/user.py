"""People who sign in for a merchant: their roles, their sessions, and which passwords they may choose."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.domain.guessing import is_guessable
from shared.errors import BadRequest

Role = Literal["owner", "developer", "support", "read_only"]
ROLES: tuple[Role, ...] = ("read_only", "support", "developer", "owner")  # each may what those before it may
PASSWORD_CHARACTERS_MIN = 8
PASSWORD_CHARACTERS_MAX = 128


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    id: UUID
    email: str
    name: str
    password_hash: str
    is_operator: bool
    must_change_password: bool  # somebody else knows it
    created_at: datetime
    password_changed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A user, as one merchant has them."""

    user_id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime
    seen_at: datetime | None  # the last time they did something for this merchant


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A living session, with whose it is and what they may do."""

    id: UUID
    user_id: UUID
    email: str
    name: str
    is_operator: bool
    must_change_password: bool
    merchant_id: UUID | None  # None: an operator who is no merchant's
    role: Role | None  # for that merchant
    confirmed: bool  # the password was asked for again a moment ago
    ends_at: datetime  # if nothing more is done
    seen_seconds_ago: float


def may(role: Role | None, least: Role) -> bool:
    """Whether a role is enough for what wants at least the other."""
    return role is not None and ROLES.index(role) >= ROLES.index(least)


def normal(password: str) -> str:
    """One spelling of it: keyboards write the same letter in more than one way."""
    return unicodedata.normalize("NFC", password)


def check_password(password: str, *, email: str, name: str, field: str) -> str:
    """A password that may be chosen, normalized: nothing is cut off, no kind of letter asked for. Raises BadRequest."""
    chosen = normal(password)
    if not PASSWORD_CHARACTERS_MIN <= len(chosen) <= PASSWORD_CHARACTERS_MAX:
        raise BadRequest(
            f"{field} must have {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters",
            field=field,
            reason="password_length",
        )
    if is_guessable(chosen, own=(email, name)):
        raise BadRequest(f"{field} is one that is tried first: choose another", field=field, reason="password_common")
    return chosen
