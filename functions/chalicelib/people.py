"""Sessions, members and what they did, as the API shows them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.config import Config
from shared.db import users
from shared.db.database import Row, Tx
from shared.domain import user as domain
from shared.domain import views

RoleShown = Annotated[str, Meta(description="`owner`, `developer`, `support` or `read_only`.", examples=["owner"])]


class SessionUser(msgspec.Struct, kw_only=True):
    id: str
    email: str
    name: str
    is_operator: Annotated[bool, Meta(description="Whether they may do what is the operator's.")]
    must_change_password: Annotated[
        bool, Meta(description="Whether somebody else knows it: until it is changed, no other call is answered.")
    ]


class SessionMerchant(msgspec.Struct, kw_only=True):
    id: str
    name: str


class MerchantOfUser(SessionMerchant, kw_only=True):
    role: RoleShown


class User(SessionUser, kw_only=True):
    merchants: Annotated[list[MerchantOfUser], Meta(description="For whom they may sign in.")]


class UserWithPassword(User, kw_only=True):
    password: Annotated[str, Meta(description="Shown this once: it is to be changed after signing in.")]


class UpdatedUser(User, kw_only=True):
    password: Annotated[
        str | UnsetType,
        Meta(
            description="A new one, shown this once: it is to be changed after signing in, and all their sessions have"
            " ended. There only if they became an operator or a further merchant's by this call, were no operator"
            " before, and did not make it themself."
        ),
    ] = UNSET


class Session(msgspec.Struct, kw_only=True):
    user: SessionUser
    merchant: Annotated[SessionMerchant | None, Meta(description="Of an operator who is no merchant's: null.")]
    merchants: Annotated[list[MerchantOfUser], Meta(description="What the session may be switched to.")]
    role: Annotated[RoleShown | None, Meta(description="For that merchant.")]
    test_mode: Annotated[bool, Meta(description="Whether the bank is one to try things with.")]
    checkout_url: Annotated[str | None, Meta(description="Where payers go.", examples=["http://localhost:3001"])]
    expires_at: Annotated[views.Timestamp, Meta(description="If nothing more is done.")]


class Member(msgspec.Struct, kw_only=True):
    user_id: str
    email: str
    name: str
    role: RoleShown
    created_at: views.Timestamp
    last_seen_at: Annotated[views.Timestamp | None, Meta(description="When they last did something here.")]


class AuditEntry(msgspec.Struct, kw_only=True):
    id: str
    at: views.Timestamp
    actor: Annotated[str, Meta(description="An email, an API key without its secret, or `operator`.")]
    action: Annotated[str, Meta(examples=["refund.created"])]
    subject: Annotated[str, Meta(description="What it was done to.")]
    details: dict[str, Any]
    address: Annotated[str, Meta(description="Where the request came from.")]


def show_session(tx: Tx, settings: Config, session: domain.Session) -> Session:
    merchants = _merchants_of(tx, session.user_id)
    current = next((one for one in merchants if one.id == str(session.merchant_id)), None)
    return Session(
        user=SessionUser(
            id=str(session.user_id),
            email=session.email,
            name=session.name,
            is_operator=session.is_operator,
            must_change_password=session.must_change_password,
        ),
        merchant=None if current is None else SessionMerchant(id=current.id, name=current.name),
        merchants=merchants,
        role=session.role,
        test_mode=not settings.production,
        checkout_url=settings.checkout_url,
        expires_at=views.timestamp(session.ends_at),
    )


def show_user(tx: Tx, user: domain.User) -> User:
    return User(
        id=str(user.id),
        email=user.email,
        name=user.name,
        is_operator=user.is_operator,
        must_change_password=user.must_change_password,
        merchants=_merchants_of(tx, user.id),
    )


def show_user_with_password(tx: Tx, user: domain.User, password: str) -> UserWithPassword:
    return UserWithPassword(**msgspec.structs.asdict(show_user(tx, user)), password=password)


def show_updated_user(tx: Tx, user: domain.User, password: str | None) -> UpdatedUser:
    return UpdatedUser(**msgspec.structs.asdict(show_user(tx, user)), password=UNSET if password is None else password)


def _merchants_of(tx: Tx, user_id: UUID) -> list[MerchantOfUser]:
    rows = users.merchants_of(tx, user_id)
    return [MerchantOfUser(id=str(row["id"]), name=row["name"], role=row["role"]) for row in rows]


def show_member(member: domain.Member) -> Member:
    return Member(
        user_id=str(member.user_id),
        email=member.email,
        name=member.name,
        role=member.role,
        created_at=views.timestamp(member.created_at),
        last_seen_at=None if member.seen_at is None else views.timestamp(member.seen_at),
    )


def show_entry(row: Row) -> AuditEntry:
    return AuditEntry(
        id=str(row["id"]),
        at=views.timestamp(row["created_at"]),
        actor=row["actor"],
        action=row["action"],
        subject=row["subject"],
        details=row["details"],
        address=row["address"],
    )
