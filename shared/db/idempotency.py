"""SQL about idempotency keys."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.db.database import Tx

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Stored:
    """What a key was used for, and the answer."""

    method: str
    path: str
    request_mac: bytes
    status: int
    response: str
    sealed: bytes | None  # the response instead, if it shows a secret


def claim(tx: Tx, merchant_id: UUID, key: str, *, method: str, path: str, request_mac: bytes) -> bool:
    """Whether the key is new, or old enough to be used again. Waits for a twin that is under way.

    Raises psycopg.errors.LockNotAvailable if the twin takes longer than a lock may be waited for.
    """
    row = tx.execute(
        """insert into idempotency_keys as k (merchant_id, key, method, path, request_mac, expires_at)
           values (%s, %s, %s, %s, %s, now() + make_interval(secs => %s))
               on conflict (merchant_id, key) do update
                  set method = excluded.method, path = excluded.path, request_mac = excluded.request_mac,
                      status = null, response = null, sealed = null, created_at = now(),
                      expires_at = excluded.expires_at
                where k.expires_at <= now()
        returning key""",
        (merchant_id, key, method, path, request_mac, KEPT_SECONDS),
    ).fetchone()
    return row is not None


def find(tx: Tx, merchant_id: UUID, key: str) -> Stored | None:
    row = tx.execute(
        """select method, path, request_mac, status, response, sealed from idempotency_keys
            where merchant_id = %s and key = %s""",
        (merchant_id, key),
    ).fetchone()
    return None if row is None else Stored(**row)


def store(tx: Tx, merchant_id: UUID, key: str, *, status: int, response: str, sealed: bytes | None) -> None:
    tx.execute(
        "update idempotency_keys set status = %s, response = %s, sealed = %s where merchant_id = %s and key = %s",
        (status, response, sealed, merchant_id, key),
    )


def delete_expired(tx: Tx, *, limit: int) -> int:
    """Forgets keys that may be used again anyway, and says how many."""
    return tx.execute(
        """delete from idempotency_keys
            where ctid = any(array(select ctid from idempotency_keys where expires_at <= now() limit %s
                                      for update skip locked))""",
        (limit,),
    ).rowcount
