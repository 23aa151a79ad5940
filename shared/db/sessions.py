"""SQL about sessions, and about tries of what is limited."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from shared.db.database import Tx
from shared.domain.user import Session


def insert(
    tx: Tx, *, id: UUID, user_id: UUID, merchant_id: UUID | None, lasts_seconds: int, address: str, user_agent: str
) -> None:
    tx.execute(
        """insert into sessions (id, user_id, merchant_id, expires_at, address, user_agent)
           values (%s, %s, %s, now() + make_interval(secs => %s), %s, %s)""",
        (id, user_id, merchant_id, lasts_seconds, address, user_agent),
    )


def find_living(tx: Tx, session_id: UUID, *, user_id: UUID, idle_seconds: int) -> Session | None:
    """The session, unless it has ended, was idle too long, or its user is no member of its merchant any more."""
    row = tx.execute(
        """select s.id, s.user_id, u.email, u.name, u.is_operator, u.must_change_password, s.merchant_id, m.role,
                  coalesce(s.confirmed_until > now(), false) as confirmed, e.ends_at,
                  extract(epoch from now() - s.seen_at)::float as seen_seconds_ago
             from sessions s
             join users u on u.id = s.user_id
             left join memberships m on m.user_id = s.user_id and m.merchant_id = s.merchant_id
            cross join lateral (select least(s.expires_at, s.seen_at + make_interval(secs => %s)) as ends_at) e
            where s.id = %s and s.user_id = %s and s.ended_at is null and e.ends_at > now()
              and (m.role is not null or (s.merchant_id is null and u.is_operator))""",
        (idle_seconds, session_id, user_id),
    ).fetchone()
    return None if row is None else Session(**row)


def see(tx: Tx, session_id: UUID, *, idle_seconds: int) -> datetime | None:
    """Notes that a person is there, and says until when the session lives on; None if somebody else changes it now.

    It waits for nobody: whoever holds the row is the same person, or ends the session.
    """
    row = tx.execute(
        """update sessions set seen_at = greatest(seen_at, now())
            where id = (select id from sessions where id = %s and ended_at is null for no key update skip locked)
        returning least(expires_at, seen_at + make_interval(secs => %s)) as ends_at""",
        (session_id, idle_seconds),
    ).fetchone()
    return None if row is None else row["ends_at"]


def confirm(tx: Tx, session_id: UUID, *, seconds: int) -> datetime:
    row = tx.execute(
        """update sessions set confirmed_until = now() + make_interval(secs => %s) where id = %s
        returning confirmed_until""",
        (seconds, session_id),
    ).fetchone()
    assert row is not None, "the caller has it"
    until: datetime = row["confirmed_until"]
    return until


def switch(tx: Tx, session_id: UUID, merchant_id: UUID) -> None:
    tx.execute("update sessions set merchant_id = %s where id = %s", (merchant_id, session_id))


def end(tx: Tx, session_id: UUID) -> None:
    tx.execute("update sessions set ended_at = now() where id = %s and ended_at is null", (session_id,))


def end_all(tx: Tx, user_id: UUID, *, but: UUID | None = None, merchant_id: UUID | None = None) -> int:
    """Ends the user's sessions, save one, or only those at a merchant; and says how many."""
    return tx.execute(
        """update sessions set ended_at = now()
            where user_id = %s and ended_at is null and id is distinct from %s
              and (%s::uuid is null or merchant_id = %s)""",
        (user_id, but, merchant_id, merchant_id),
    ).rowcount


def end_oldest(tx: Tx, user_id: UUID, *, keep: int) -> None:
    tx.execute(
        """update sessions set ended_at = now()
            where id in (select id from sessions where user_id = %s and ended_at is null
                          order by created_at desc, id offset %s)""",
        (user_id, keep),
    )


def delete_old(tx: Tx, *, days: int, limit: int) -> int:
    """Forgets sessions that expired so many days ago, and says how many."""
    return tx.execute(
        """delete from sessions
            where id = any(array(select id from sessions where expires_at < now() - make_interval(days => %s) limit %s
                                    for update skip locked))""",
        (days, limit),
    ).rowcount


# Tries


def count_try(tx: Tx, kind: str, key: bytes, *, window_seconds: int) -> tuple[int, int]:
    """Counts one, and says how many there were in this window, this one among them, and when it is over, in seconds."""
    row = tx.execute(
        """insert into sign_in_tries as t (kind, key, count, until)
           values (%s, %s, 1, now() + make_interval(secs => %s))
               on conflict (kind, key) do update
                  set count = case when t.until <= now() then 1 else least(t.count, 1000000) + 1 end,
                      until = case when t.until <= now() then excluded.until else t.until end
        returning count, ceil(extract(epoch from until - now()))::int as seconds""",
        (kind, key, window_seconds),
    ).fetchone()
    assert row is not None, "an insert returns its row"
    return row["count"], max(1, row["seconds"])


def forget_tries(tx: Tx, kind: str, key: bytes) -> None:
    tx.execute("delete from sign_in_tries where kind = %s and key = %s", (kind, key))


def take_back_try(tx: Tx, kind: str, key: bytes) -> None:
    tx.execute("update sign_in_tries set count = greatest(0, count - 1) where kind = %s and key = %s", (kind, key))


def delete_expired_tries(tx: Tx, *, limit: int) -> int:
    return tx.execute(
        """delete from sign_in_tries
            where ctid = any(array(select ctid from sign_in_tries where until <= now() limit %s
                                      for update skip locked))""",
        (limit,),
    ).rowcount
