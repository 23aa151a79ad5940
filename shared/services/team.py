"""A merchant's team: who may sign in for it, and as what. Every merchant that has a team keeps an owner."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from shared.db import audit, merchants, sessions, users
from shared.db.audit import Actor
from shared.db.database import Database, Tx
from shared.domain import notes as domain_notes
from shared.domain.user import Member, Role, Session, User, check_password
from shared.errors import BadRequest, NotFound
from shared.services import passwords, tries
from shared.services.merchants import NAME_CHARACTERS_MAX, check_email
from shared.services.sessions import count_hash

MEMBERS_MAX = 100
UNKNOWN_MAX = 20  # who may in vain be added to a team in a while
PASSWORD_BYTES = 15  # of one that we make: 120 bits


def hashed(database: Database, session: Session, password: str, *, email: str, name: str) -> str:
    """Of a password that an owner gives to somebody else. No connection is held while it is computed."""
    chosen = check_password(password, email=email, name=name, field="password")
    with database.statement() as tx:
        count_hash(tx, session)
    return passwords.hash(chosen)


def add(tx: Tx, merchant_id: UUID, actor: Actor, *, email: str, name: str, role: Role, password_hash: str) -> Member:
    """A member with a password to begin with, which they must change.

    Somebody who is another merchant's already is not added: whoever made that account may know its password, and its
    people were not asked. The operator may.
    """
    check_email(email)
    merchants.lock(tx, merchant_id)
    if len(users.members(tx, merchant_id=merchant_id)) >= MEMBERS_MAX:
        raise BadRequest(f"A team has at most {MEMBERS_MAX} members", reason="too_many_members")
    user = _create(tx, email=email, name=name, password_hash=password_hash, must_change=True)
    users.put_membership(tx, user.id, merchant_id, role)
    audit.record(tx, actor, "team.member_added", user.email, merchant_id=merchant_id, details={"role": role})
    return get(tx, merchant_id, str(user.id))


def count_added(tx: Tx, merchant_id: UUID) -> None:
    """Before somebody is added: a refusal tells whether an email has an account. Raises TooManyRequests."""
    tries.count(tx, "member", tries.key(str(merchant_id)), UNKNOWN_MAX)


def take_back_added(tx: Tx, merchant_id: UUID) -> None:
    """Somebody was added, so nothing was told."""
    sessions.take_back_try(tx, "member", tries.key(str(merchant_id)))


def update(
    tx: Tx,
    merchant_id: UUID,
    actor: Actor,
    user_id: str,
    *,
    role: Role | None,
    name: str | None,
    password_hash: str | None = None,
) -> Member:
    """What is None stays as it is. The last owner stays one. Whose password is given must change it."""
    merchants.lock(tx, merchant_id)  # two owners who demote each other wait for one another
    member = get(tx, merchant_id, user_id)
    if role is not None and role != member.role:
        _check_another_owner(tx, merchant_id, member)
        users.put_membership(tx, member.user_id, merchant_id, role)
    if name is not None and name != member.name:
        if len(users.merchants_of(tx, member.user_id)) > 1:
            raise BadRequest("Other merchants know this person by that name", field="name", reason="member_of_others")
        users.rename(tx, member.user_id, _check_name(name))
    if password_hash is not None:
        _give_password(tx, merchant_id, actor, member, password_hash)
    changed = get(tx, merchant_id, user_id)
    details = {"role": changed.role, "role_before": member.role}
    if (role, name) != (None, None) or password_hash is None:
        audit.record(tx, actor, "team.member_changed", member.email, merchant_id=merchant_id, details=details)
    return changed


def remove(tx: Tx, merchant_id: UUID, actor: Actor, user_id: str) -> Member:
    """Their sessions for this merchant end at once. The last owner stays."""
    merchants.lock(tx, merchant_id)
    member = get(tx, merchant_id, user_id)
    _check_another_owner(tx, merchant_id, member)
    users.delete_membership(tx, member.user_id, merchant_id)
    sessions.end_all(tx, member.user_id, merchant_id=merchant_id)
    details = {"role_before": member.role}
    audit.record(tx, actor, "team.member_removed", member.email, merchant_id=merchant_id, details=details)
    return member


def get(tx: Tx, merchant_id: UUID, user_id: str) -> Member:
    try:
        member = users.member(tx, UUID(user_id), merchant_id=merchant_id)
    except ValueError:
        member = None
    if member is None:
        raise NotFound("Member not found")
    return member


# For an operator, who is trusted with who belongs to whom


def create_user(
    tx: Tx,
    actor: Actor,
    *,
    email: str,
    name: str,
    password: str | None,
    merchant_id: UUID | None,
    role: Role,
    is_operator: bool,
) -> tuple[User, str]:
    """A user and the password, which is made up unless one is given, and then must be changed."""
    check_email(email)
    chosen, password_hash = _hashed(password, email=email, name=name)
    if merchant_id is not None:
        merchants.lock(tx, merchant_id)
    user = _create(
        tx,
        email=email,
        name=name,
        password_hash=password_hash,
        must_change=password is None,
        is_operator=is_operator,
    )
    if merchant_id is not None:
        users.put_membership(tx, user.id, merchant_id, role)
    details = {"role": role if merchant_id else None, "operator": is_operator}
    audit.record(tx, actor, "team.member_added", user.email, merchant_id=merchant_id, details=details)
    return user, chosen


def find_user(tx: Tx, email_or_id: str) -> User:
    """Raises NotFound."""
    user = None
    if "@" in email_or_id and email_or_id.isprintable():
        user = users.find_by_email(tx, email_or_id)
    elif "@" not in email_or_id:
        with suppress(ValueError):
            user = users.find(tx, UUID(email_or_id))
    if user is None:
        raise NotFound("User not found")
    return user


def update_user(
    tx: Tx, actor: Actor, found: User, *, merchant_id: UUID | None, role: Role | None, is_operator: bool | None
) -> tuple[User, str | None]:
    """A further merchant of the user's, and whether they are an operator; what is None stays as it is.

    A role that is None is the one that they have there, an owner's if they have none. Who gets to open more by it, and
    is no operator nor the actor, gets a new password, which is returned and must be changed; all their sessions end:
    whoever made the account may know the one that they had. Raises NotFound.
    """

    def opens_more(user: User) -> bool:
        if user.is_operator or user.id == actor.user_id:
            return False
        further = merchant_id is not None and users.member(tx, user.id, merchant_id=merchant_id) is None
        return further or is_operator is True

    made = _hashed(None, email=found.email, name=found.name) if opens_more(found) else None
    if merchant_id is not None:
        merchants.lock(tx, merchant_id)
    # No owner gives them a password meanwhile, who may only while they are nobody else's.
    user = users.lock(tx, found.id)
    if user is None:
        raise NotFound("User not found")
    if not opens_more(user):
        made = None
    elif made is None:  # an operator or a member until a moment ago
        made = _hashed(None, email=user.email, name=user.name)
    if merchant_id is not None:
        _put_member(tx, actor, user, merchant_id, role)
    if is_operator is not None:
        users.set_operator(tx, user.id, is_operator)  # every call looks it up
        action = "user.made_operator" if is_operator else "user.operator_removed"
        audit.record(tx, actor, action, user.email, merchant_id=None)
        user = replace(user, is_operator=is_operator)
    if made is None:
        return user, None
    chosen, password_hash = made
    return _reset_password(tx, actor, user, password_hash, must_change=True), chosen


def reset_password(tx: Tx, actor: Actor, found: User, password: str | None) -> tuple[User, str]:
    """A new password, made up unless one is given, and then to be changed. All sessions end. Raises NotFound."""
    chosen, password_hash = _hashed(password, email=found.email, name=found.name)
    user = users.lock(tx, found.id)
    if user is None:
        raise NotFound("User not found")
    return _reset_password(tx, actor, user, password_hash, must_change=password is None), chosen


def _hashed(password: str | None, *, email: str, name: str) -> tuple[str, str]:
    """A password, made up unless one is given, and its hash, which takes a while: nothing is to be locked yet."""
    chosen = secrets.token_urlsafe(PASSWORD_BYTES) if password is None else password
    chosen = check_password(chosen, email=email, name=name, field="password")
    return chosen, passwords.hash(chosen)


def _reset_password(tx: Tx, actor: Actor, user: User, password_hash: str, *, must_change: bool) -> User:
    users.set_password(tx, user.id, password_hash, must_change=must_change)
    sessions.end_all(tx, user.id)
    audit.record_for_user(tx, actor, "password.reset", user.email, user_id=user.id)
    return replace(user, must_change_password=must_change)


def _put_member(tx: Tx, actor: Actor, user: User, merchant_id: UUID, asked: Role | None) -> None:
    known = users.member(tx, user.id, merchant_id=merchant_id)
    role = asked or (known.role if known else "owner")
    if known is not None and known.role != role:
        _check_another_owner(tx, merchant_id, known)
    users.put_membership(tx, user.id, merchant_id, role)
    audit.record(tx, actor, "team.member_added", user.email, merchant_id=merchant_id, details={"role": role})


def _give_password(tx: Tx, merchant_id: UUID, actor: Actor, member: Member, password_hash: str) -> None:
    """To a member of nobody else: what the password opens is this merchant's alone. Their sessions end."""
    if member.user_id == actor.user_id:
        raise BadRequest("Change your own password with the one you have", field="password", reason="own_password")
    user = users.lock(tx, member.user_id)
    if user is None or user.is_operator or len(users.merchants_of(tx, member.user_id)) > 1:
        raise BadRequest(
            "This person signs in for others, too: the operator of this gateway can give them a new password",
            field="password",
            reason="member_of_others",
        )
    users.set_password(tx, user.id, password_hash, must_change=True)
    sessions.end_all(tx, user.id)
    audit.record(tx, actor, "team.password_reset", member.email, merchant_id=merchant_id)


def _create(tx: Tx, *, email: str, name: str, password_hash: str, must_change: bool, is_operator: bool = False) -> User:
    named = _check_name(name)
    made = users.insert_once(
        tx,
        email=email,
        name=named,
        password_hash=password_hash,
        is_operator=is_operator,
        must_change_password=must_change,
    )
    if made is not None:
        return made
    found = users.find_by_email(tx, email)
    left = None if found is None else users.lock(tx, found.id)
    if left is None or left.is_operator or users.merchants_of(tx, left.id):
        raise BadRequest(
            "There is a user with this email: the operator may add them", field="email", reason="email_taken"
        )
    # Nobody's any more, so there is nothing that a new password would open.
    sessions.end_all(tx, left.id)
    users.set_password(tx, left.id, password_hash, must_change=must_change)
    users.rename(tx, left.id, named)
    users.set_operator(tx, left.id, is_operator)
    return replace(left, name=named, is_operator=is_operator, must_change_password=must_change)


def _check_name(name: str) -> str:
    if not name.strip() or len(name) > NAME_CHARACTERS_MAX:
        raise BadRequest(f"name must have 1 to {NAME_CHARACTERS_MAX} characters", field="name")
    return domain_notes.check_text(name.strip(), field="name")


def _check_another_owner(tx: Tx, merchant_id: UUID, member: Member) -> None:
    if member.role != "owner":
        return
    if not any(
        one.role == "owner" and one.user_id != member.user_id for one in users.members(tx, merchant_id=merchant_id)
    ):
        raise BadRequest("This is the last owner: make somebody else one first", reason="last_owner")
