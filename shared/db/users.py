"""SQL about users and what they are to merchants."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared.db.database import Tx
from shared.domain.user import Member, Role, User

_COLUMNS = "id, email, name, password_hash, is_operator, must_change_password, created_at, password_changed_at"


def find(tx: Tx, user_id: UUID) -> User | None:
    row = tx.execute(f"select {_COLUMNS} from users where id = %s", (user_id,)).fetchone()
    return None if row is None else User(**row)


def find_by_email(tx: Tx, email: str) -> User | None:
    row = tx.execute(f"select {_COLUMNS} from users where lower(email) = lower(%s)", (email,)).fetchone()
    return None if row is None else User(**row)


def lock(tx: Tx, user_id: UUID) -> User | None:
    """The user, held until the transaction ends: sign-ins and changes of the password wait for each other."""
    row = tx.execute(f"select {_COLUMNS} from users where id = %s for no key update", (user_id,)).fetchone()
    return None if row is None else User(**row)


def insert_once(
    tx: Tx,
    *,
    email: str,
    name: str,
    password_hash: str,
    is_operator: bool,
    must_change_password: bool = False,
    id: UUID | None = None,
) -> User | None:
    """The new user; None if there is one with this email or id."""
    row = tx.execute(
        f"""insert into users (id, email, name, password_hash, is_operator, must_change_password)
            values (coalesce(%s, gen_random_uuid()), %s, %s, %s, %s, %s)
                on conflict do nothing returning {_COLUMNS}""",
        (id, email, name, password_hash, is_operator, must_change_password),
    ).fetchone()
    return None if row is None else User(**row)


def set_password(tx: Tx, user_id: UUID, password_hash: str, *, must_change: bool) -> None:
    tx.execute(
        """update users set password_hash = %s, password_changed_at = now(), must_change_password = %s
            where id = %s""",
        (password_hash, must_change, user_id),
    )


def rehash(tx: Tx, user_id: UUID, *, old: str, new: str) -> None:
    """The same password at another cost."""
    tx.execute("update users set password_hash = %s where id = %s and password_hash = %s", (new, user_id, old))


def set_operator(tx: Tx, user_id: UUID, is_operator: bool) -> None:
    tx.execute("update users set is_operator = %s where id = %s", (is_operator, user_id))


def rename(tx: Tx, user_id: UUID, name: str) -> None:
    tx.execute("update users set name = %s where id = %s", (name, user_id))


def all(tx: Tx, *, after: str, limit: int) -> list[dict[str, Any]]:
    """For an operator: by email, from the one after, with what each is to which merchant."""
    return tx.execute(
        """select u.id, u.email, u.name, u.is_operator, u.created_at,
                  array(select m.name || ': ' || s.role from memberships s join merchants m on m.id = s.merchant_id
                         where s.user_id = u.id order by s.created_at) as roles
             from users u where lower(u.email) > lower(%s) order by lower(u.email) limit %s""",
        (after, limit),
    ).fetchall()


# Memberships


def put_membership(tx: Tx, user_id: UUID, merchant_id: UUID, role: Role) -> None:
    tx.execute(
        """insert into memberships (user_id, merchant_id, role) values (%s, %s, %s)
               on conflict (user_id, merchant_id) do update set role = excluded.role""",
        (user_id, merchant_id, role),
    )


def delete_membership(tx: Tx, user_id: UUID, merchant_id: UUID) -> None:
    tx.execute("delete from memberships where user_id = %s and merchant_id = %s", (user_id, merchant_id))


def merchants_of(tx: Tx, user_id: UUID) -> list[dict[str, Any]]:
    """Those the user is a member of, the first one first: id, name, role."""
    return tx.execute(
        """select m.id, m.name, s.role from memberships s join merchants m on m.id = s.merchant_id
            where s.user_id = %s order by s.created_at, m.id""",
        (user_id,),
    ).fetchall()


def member(tx: Tx, user_id: UUID, *, merchant_id: UUID) -> Member | None:
    found = _members(tx, merchant_id, "and u.id = %s", (user_id,))
    return found[0] if found else None


def members(tx: Tx, *, merchant_id: UUID) -> list[Member]:
    return _members(tx, merchant_id, "", ())


def _members(tx: Tx, merchant_id: UUID, condition: str, values: tuple[Any, ...]) -> list[Member]:
    rows = tx.execute(
        f"""select u.id as user_id, u.email, u.name, s.role, s.created_at,
                   (select max(seen_at) from sessions where user_id = u.id and merchant_id = s.merchant_id) as seen_at
              from memberships s join users u on u.id = s.user_id
             where s.merchant_id = %s {condition} order by s.created_at, u.id""",
        (merchant_id, *values),
    ).fetchall()
    return [Member(**row) for row in rows]
