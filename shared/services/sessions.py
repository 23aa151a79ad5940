"""Signing in and out, and whose a session is.

A wrong password, an unknown email and an account that may do nothing are refused in the same words after the same work.
Tries are counted before a password is looked at, so that many at once are no more than the limit allows; they are
counted for the account and the address together, so that nobody is locked out of their account from elsewhere. No
connection is held while a password is hashed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from shared.db import audit, sessions, users
from shared.db.audit import Actor
from shared.db.database import Database, Tx
from shared.domain.user import PASSWORD_CHARACTERS_MAX, Session, User, check_password, normal
from shared.errors import AuthenticationError, BadRequest, NotFound
from shared.services import passwords, test_merchant, tokens, tries
from shared.services.merchants import EMAIL_CHARACTERS_MAX
from shared.services.tokens import Token

IDLE_SECONDS = 30 * 60
LASTS_SECONDS = 12 * 3600
SEE_SECONDS = 60  # seeing somebody is a write: not at every call
CONFIRMED_SECONDS = 5 * 60
SESSIONS_MAX = 20  # of a user; a further one ends the oldest
TRIES_MAX = 10  # wrong ones, for an account from an address
ADDRESS_TRIES_MAX = 50  # from an address, whatever the account
HASHES_MAX = 60  # that somebody who has signed in may have us compute, right or wrong
USER_AGENT_CHARACTERS_MAX = 255
KEPT_DAYS = 30  # a session after its end

UNKNOWN = "unknown account"


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    session_id: UUID
    user_id: UUID


def sign_in(database: Database, *, email: str, password: str, address: str, user_agent: str, production: bool) -> Begun:
    """A new session. Raises AuthenticationError, or TooManyRequests with `retry_after`."""
    with database.statement() as tx:
        user = _find(tx, email, production=production)
        account = tries.key(str(user.id) if user else email.casefold(), address)
        from_address = tries.key(address)
        tries.count(tx, "account", account, TRIES_MAX)
        tries.count(tx, "address", from_address, ADDRESS_TRIES_MAX)
    right = passwords.is_right(password, user.password_hash if user and _is_possible(password) else None)
    with database.transaction() as tx:
        begun = _begin(tx, user, address=address, user_agent=user_agent) if right and user else None
        if begun is None:
            # Of an unknown account too: what is typed as an email stays out of it, and the work is the same.
            actor = Actor(name=user.email if user else UNKNOWN, user_id=user.id if user else None, address=address)
            audit.record_for_user(tx, actor, "session.sign_in_failed", actor.name)
        else:
            sessions.forget_tries(tx, "account", account)
            sessions.take_back_try(tx, "address", from_address)
    if begun is None or user is None:
        raise AuthenticationError("Email or password is wrong", reason="credentials_invalid")
    if passwords.is_outdated(user.password_hash):
        with database.statement() as tx:
            users.rehash(tx, user.id, old=user.password_hash, new=passwords.hash(password))
    return begun


def authenticate(tx: Tx, secret: str, cookie: str, *, production: bool) -> tuple[Session, Token]:
    """The living session that a cookie names. Raises AuthenticationError."""
    token = tokens.read(secret, cookie)
    session = None
    if token is not None and not (production and token.user_id == test_merchant.USER_ID):
        session = sessions.find_living(tx, token.session_id, user_id=token.user_id, idle_seconds=IDLE_SECONDS)
    if token is None or session is None:
        raise AuthenticationError("Sign in again: this session has ended", reason="session_ended")
    return session, token


def see(tx: Tx, session: Session) -> Session:
    """A person did something: the session lives on from now. `tx` commits it by itself, whatever comes of the call."""
    if session.seen_seconds_ago < SEE_SECONDS:
        return session
    ends_at = sessions.see(tx, session.id, idle_seconds=IDLE_SECONDS)
    return session if ends_at is None else replace(session, ends_at=ends_at)


def end_earlier(tx: Tx, secret: str, cookie: str, *, address: str, production: bool) -> None:
    """Ends the session that a browser had until it signed in again, if it lives."""
    try:
        session, _ = authenticate(tx, secret, cookie, production=production)
    except AuthenticationError:
        return
    end(tx, session, Actor(name=session.email, user_id=session.user_id, address=address))


def end(tx: Tx, session: Session, actor: Actor) -> None:
    sessions.end(tx, session.id)
    audit.record(tx, actor, "session.signed_out", session.email, merchant_id=session.merchant_id)


def end_all(tx: Tx, session: Session, actor: Actor) -> int:
    """Ends every session of the user, this one too, and says how many. One that is just being begun comes after."""
    users.lock(tx, session.user_id)
    ended = sessions.end_all(tx, session.user_id)
    audit.record_for_user(tx, actor, "session.all_ended", session.email)
    return ended


def confirm(database: Database, session: Session, password: str, actor: Actor) -> datetime:
    """Until when this session may do what takes the password again."""
    _check_own(database, session, password, actor, field="password")
    with database.statement() as tx:
        return sessions.confirm(tx, session.id, seconds=CONFIRMED_SECONDS)


def change_password(database: Database, session: Session, current: str, new: str, actor: Actor) -> None:
    """Every other session of the user ends."""
    user = _check_own(database, session, current, actor, field="current_password")
    chosen = check_password(new, email=session.email, name=session.name, field="new_password")
    if chosen == normal(current):
        raise BadRequest("new_password is the one you have", field="new_password", reason="password_unchanged")
    hashed = passwords.hash(chosen)
    with database.transaction() as tx:
        locked = users.lock(tx, user.id)
        if locked is None or locked.password_changed_at != user.password_changed_at:
            raise BadRequest("The password was changed a moment ago", reason="password_changed")
        users.set_password(tx, user.id, hashed, must_change=False)
        sessions.end_all(tx, user.id, but=session.id)
        audit.record_for_user(tx, actor, "password.changed", session.email)


def switch(tx: Tx, session: Session, merchant_id: str) -> None:
    """The session is for another merchant of the user's from now on. Raises NotFound."""
    mine = {str(merchant["id"]): merchant["id"] for merchant in users.merchants_of(tx, session.user_id)}
    if merchant_id not in mine:
        raise NotFound("Merchant not found", field="merchant_id")
    sessions.switch(tx, session.id, mine[merchant_id])


def _find(tx: Tx, email: str, *, production: bool) -> User | None:
    if len(email) > EMAIL_CHARACTERS_MAX or not email.isprintable():
        return None
    user = users.find_by_email(tx, email)
    # Its password is published, and a database that was developed on keeps it.
    return None if user is not None and production and user.id == test_merchant.USER_ID else user


def _begin(tx: Tx, user: User, *, address: str, user_agent: str) -> Begun | None:
    """None if the password was changed meanwhile, or there is nothing that the user may see."""
    locked = users.lock(tx, user.id)
    if locked is None or locked.password_changed_at != user.password_changed_at:
        return None
    merchants = users.merchants_of(tx, user.id)
    if not merchants and not locked.is_operator:
        return None
    session_id, merchant_id = uuid4(), merchants[0]["id"] if merchants else None
    sessions.insert(
        tx,
        id=session_id,
        user_id=user.id,
        merchant_id=merchant_id,
        lasts_seconds=LASTS_SECONDS,
        address=address,
        user_agent="".join(filter(str.isprintable, user_agent))[:USER_AGENT_CHARACTERS_MAX],
    )
    sessions.end_oldest(tx, user.id, keep=SESSIONS_MAX)
    actor = Actor(name=user.email, user_id=user.id, address=address)
    audit.record(tx, actor, "session.signed_in", user.email, merchant_id=merchant_id)
    return Begun(session_id=session_id, user_id=user.id)


def count_hash(tx: Tx, session: Session) -> None:
    """Before a password is hashed for somebody who has signed in. Raises TooManyRequests."""
    tries.count(tx, "hash", tries.key(str(session.user_id)), HASHES_MAX)


def _check_own(database: Database, session: Session, password: str, actor: Actor, *, field: str) -> User:
    """The user whose password it is. Whoever found an unlocked screen may guess no more often than at the door."""
    key = tries.key(str(session.user_id))
    with database.statement() as tx:
        tries.count(tx, "session", key, TRIES_MAX)
        count_hash(tx, session)
        user = users.find(tx, session.user_id)
    assert user is not None, "whose session lives"
    right = passwords.is_right(password, user.password_hash if _is_possible(password) else None)
    with database.statement() as tx:
        if right:
            sessions.forget_tries(tx, "session", key)
        else:
            audit.record_for_user(tx, actor, "password.confirmation_failed", session.email)
    if not right:
        raise BadRequest("The password is wrong", field=field, reason="password_wrong")
    return user


def _is_possible(password: str) -> bool:
    return len(normal(password)) <= PASSWORD_CHARACTERS_MAX
