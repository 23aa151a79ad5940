"""SQL about merchants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.db.database import Row, Tx
from shared.domain.merchant import Merchant

_COLUMNS = "id, name, email, api_key, webhook_url, webhook_events, webhook_secret, created_at, updated_at"


def credential(tx: Tx, api_key: str) -> tuple[UUID, bytes] | None:
    """The merchant that an API key names, and the digest of its secret."""
    row = tx.execute("select id, api_secret_digest from merchants where api_key = %s", (api_key,)).fetchone()
    return None if row is None else (row["id"], row["api_secret_digest"])


def get(tx: Tx, merchant_id: UUID) -> Merchant:
    merchant = find(tx, merchant_id)
    assert merchant is not None, "a merchant that called us exists"
    return merchant


def find(tx: Tx, merchant_id: UUID) -> Merchant | None:
    row = tx.execute(f"select {_COLUMNS} from merchants where id = %s", (merchant_id,)).fetchone()
    return None if row is None else _merchant(row)


def lock(tx: Tx, merchant_id: UUID) -> Merchant:
    """The merchant that called us, held until the transaction ends."""
    tx.execute("select from merchants where id = %s for no key update", (merchant_id,))
    return get(tx, merchant_id)


def save_webhook(tx: Tx, merchant_id: UUID, *, url: str | None, events: Sequence[str]) -> Merchant:
    row = tx.execute(
        f"""update merchants set webhook_url = %s, webhook_events = %s, updated_at = now()
             where id = %s returning {_COLUMNS}""",
        (url, list(events), merchant_id),
    ).fetchone()
    assert row is not None, "a merchant that called us exists"
    return _merchant(row)


def insert_once(
    tx: Tx,
    *,
    id: UUID,
    name: str,
    email: str,
    api_key: str,
    api_secret_digest: bytes,
    webhook_events: Sequence[str],
    webhook_secret_sealed: bytes,
) -> None:
    """A merchant that is left as it is if it is there already."""
    tx.execute(
        """insert into merchants (id, name, email, api_key, api_secret_digest, webhook_events, webhook_secret)
           values (%s, %s, %s, %s, %s, %s, %s)
               on conflict do nothing""",
        (id, name, email, api_key, api_secret_digest, list(webhook_events), webhook_secret_sealed),
    )


def _merchant(row: Row) -> Merchant:
    created_at: datetime = row["created_at"]
    return Merchant(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        api_key=row["api_key"],
        webhook_url=row["webhook_url"],
        webhook_events=tuple(row["webhook_events"]),
        webhook_secret_sealed=row["webhook_secret"],
        created_at=created_at,
        updated_at=row["updated_at"],
    )
