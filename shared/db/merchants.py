"""SQL about merchants and their API keys."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from shared.db import pages
from shared.db.database import Row, Tx
from shared.db.pages import Page, Rows
from shared.domain.merchant import ApiKey, Merchant

_SELECT = """
    select m.id, m.name, m.email, m.api_key, w.url as webhook_url, w.events as webhook_events,
           w.id as webhook_endpoint_id, m.checkout_origins, m.created_at, m.updated_at
      from merchants m
      join webhook_endpoints w on w.merchant_id = m.id and w.is_first
"""
_KEY_COLUMNS = "api_key, merchant_id, created_at, expires_at"


def credential(tx: Tx, api_key: str) -> tuple[UUID, bytes] | None:
    """The merchant that an API key names, and the digest of its secret."""
    row = tx.execute(
        """select merchant_id, secret_digest from api_keys
            where api_key = %s and (expires_at is null or expires_at > now())""",
        (api_key,),
    ).fetchone()
    return None if row is None else (row["merchant_id"], row["secret_digest"])


def get(tx: Tx, merchant_id: UUID) -> Merchant:
    merchant = find(tx, merchant_id)
    assert merchant is not None, "a merchant that called us exists"
    return merchant


def find(tx: Tx, merchant_id: UUID) -> Merchant | None:
    row = tx.execute(f"{_SELECT} where m.id = %s", (merchant_id,)).fetchone()
    return None if row is None else _merchant(row)


def find_by_email(tx: Tx, email: str) -> Merchant | None:
    row = tx.execute(f"{_SELECT} where lower(m.email) = lower(%s)", (email,)).fetchone()
    return None if row is None else _merchant(row)


def lock(tx: Tx, merchant_id: UUID) -> Merchant | None:
    """The merchant, held until the transaction ends."""
    tx.execute("select from merchants where id = %s for no key update", (merchant_id,))
    return find(tx, merchant_id)


def page(tx: Tx, page: Page) -> Rows:
    """For an operator."""
    listed = pages.select(tx, table="merchants", columns="id, created_at", merchant_id=None, page=page, where={})
    found = [find(tx, row["id"]) for row in listed.rows]
    return Rows(
        rows=[{"merchant": merchant} for merchant in found if merchant], has_more=listed.has_more, total=listed.total
    )


def insert_once(tx: Tx, *, id: UUID, name: str, email: str, api_key: str) -> bool:
    """Whether the merchant is new; one with the same id, email or key is left as it is."""
    row = tx.execute(
        """insert into merchants (id, name, email, api_key) values (%s, %s, %s, %s)
               on conflict do nothing returning id""",
        (id, name, email, api_key),
    ).fetchone()
    return row is not None


def set_identity(tx: Tx, merchant_id: UUID, *, name: str | None, email: str | None) -> None:
    """None stays as it is. Raises psycopg.errors.UniqueViolation if the email is another merchant's."""
    tx.execute(
        """update merchants set name = coalesce(%s, name), email = coalesce(%s, email), updated_at = now()
            where id = %s""",
        (name, email, merchant_id),
    )


def set_checkout_origins(tx: Tx, merchant_id: UUID, origins: Sequence[str]) -> None:
    tx.execute(
        "update merchants set checkout_origins = %s, updated_at = now() where id = %s", (list(origins), merchant_id)
    )


def insert_key(tx: Tx, merchant_id: UUID, *, api_key: str, secret_digest: bytes) -> ApiKey:
    """A key that becomes the merchant's newest. Raises psycopg.errors.UniqueViolation if it is somebody's."""
    row = tx.execute(
        f"""insert into api_keys (api_key, merchant_id, secret_digest) values (%s, %s, %s)
            returning {_KEY_COLUMNS}""",
        (api_key, merchant_id, secret_digest),
    ).fetchone()
    assert row is not None, "an insert returns its row"
    tx.execute("update merchants set api_key = %s, updated_at = now() where id = %s", (api_key, merchant_id))
    return ApiKey(**row)


def keys(tx: Tx, merchant_id: UUID) -> list[ApiKey]:
    """Every key that works, newest first."""
    rows = tx.execute(
        f"""select {_KEY_COLUMNS} from api_keys
             where merchant_id = %s and (expires_at is null or expires_at > now())
             order by created_at desc, api_key""",
        (merchant_id,),
    ).fetchall()
    return [ApiKey(**row) for row in rows]


def expire_key(tx: Tx, merchant_id: UUID, api_key: str, *, seconds: float) -> ApiKey | None:
    """Lets the key work that much longer and no more; never longer than it would have. None if there is no such key.

    By the clock, not by when the transaction began: it may have waited for one that ended the key.
    """
    row = tx.execute(
        f"""update api_keys set expires_at = least(expires_at, now() + make_interval(secs => %s))
             where api_key = %s and merchant_id = %s and (expires_at is null or expires_at > clock_timestamp())
         returning {_KEY_COLUMNS}""",
        (seconds, api_key, merchant_id),
    ).fetchone()
    return None if row is None else ApiKey(**row)


def show_key(tx: Tx, merchant_id: UUID) -> None:
    """Makes the newest working key the one that is shown."""
    tx.execute(
        """update merchants m
              set api_key = (select api_key from api_keys
                              where merchant_id = m.id and expires_at is null
                              order by created_at desc limit 1)
            where id = %s and exists (select from api_keys where merchant_id = m.id and expires_at is null)""",
        (merchant_id,),
    )


def _merchant(row: Row) -> Merchant:
    lists = {name: tuple(row[name]) for name in ("webhook_events", "checkout_origins")}
    return Merchant(**(row | lists))
