"""SQL about webhook endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from shared.db.database import Row, Tx
from shared.domain.webhook_endpoint import WebhookEndpoint

_COLUMNS = """
    id, merchant_id, is_first, url, description, events, enabled,
    (select max(until) from webhook_previous_secrets
      where endpoint_id = webhook_endpoints.id and until > now()) as previous_secret_until,
    failing_since, disabled_at, gap_since, created_at, updated_at
"""


def insert(
    tx: Tx,
    *,
    id: str,
    merchant_id: UUID,
    is_first: bool,
    url: str | None,
    description: str,
    events: Sequence[str],
    enabled: bool,
    secret_sealed: bytes,
) -> WebhookEndpoint:
    row = tx.execute(
        f"""insert into webhook_endpoints (id, merchant_id, is_first, url, description, events, enabled, secret)
            values (%s, %s, %s, %s, %s, %s, %s, %s) returning {_COLUMNS}""",
        (id, merchant_id, is_first, url, description, list(events), enabled, secret_sealed),
    ).fetchone()
    assert row is not None, "an insert returns its row"
    return _endpoint(row)


def count(tx: Tx, *, merchant_id: UUID) -> int:
    row = tx.execute("select count(*) as n from webhook_endpoints where merchant_id = %s", (merchant_id,)).fetchone()
    assert row is not None, "a count is a row"
    return int(row["n"])


def all(tx: Tx, *, merchant_id: UUID) -> list[WebhookEndpoint]:
    """Those that have a URL, the first one first."""
    rows = tx.execute(
        f"""select {_COLUMNS} from webhook_endpoints
             where merchant_id = %s and url is not null order by is_first desc, created_at, id""",
        (merchant_id,),
    ).fetchall()
    return [_endpoint(row) for row in rows]


def find(tx: Tx, endpoint_id: str, *, merchant_id: UUID) -> WebhookEndpoint | None:
    row = tx.execute(
        f"select {_COLUMNS} from webhook_endpoints where id = %s and merchant_id = %s", (endpoint_id, merchant_id)
    ).fetchone()
    return None if row is None else _endpoint(row)


def lock(tx: Tx, endpoint_id: str, *, merchant_id: UUID) -> WebhookEndpoint | None:
    """The endpoint, held until the transaction ends."""
    row = tx.execute(
        f"select {_COLUMNS} from webhook_endpoints where id = %s and merchant_id = %s for no key update",
        (endpoint_id, merchant_id),
    ).fetchone()
    return None if row is None else _endpoint(row)


def secret_of(tx: Tx, endpoint_id: str, *, merchant_id: UUID) -> bytes | None:
    """Sealed."""
    row = tx.execute(
        "select secret from webhook_endpoints where id = %s and merchant_id = %s", (endpoint_id, merchant_id)
    ).fetchone()
    return None if row is None else row["secret"]


def secrets_of_first(tx: Tx, *, merchant_id: UUID) -> list[bytes]:
    """What the merchant's own endpoint signs with: the secret, then those before that sign too. All sealed."""
    rows = tx.execute(
        """select w.secret as secret_sealed,
                  array(select p.secret from webhook_previous_secrets p
                         where p.endpoint_id = w.id and p.until > now() order by p.until) as previous_secrets_sealed
             from webhook_endpoints w where w.merchant_id = %s and w.is_first""",
        (merchant_id,),
    ).fetchall()
    return [one for row in rows for one in (row["secret_sealed"], *row["previous_secrets_sealed"])]


def lock_first(tx: Tx, *, merchant_id: UUID) -> WebhookEndpoint:
    """The merchant's own, held until the transaction ends."""
    row = tx.execute(
        f"select {_COLUMNS} from webhook_endpoints where merchant_id = %s and is_first for no key update",
        (merchant_id,),
    ).fetchone()
    assert row is not None, "every merchant has a first endpoint"
    return _endpoint(row)


def save(
    tx: Tx, endpoint_id: str, *, url: str | None, description: str, events: Sequence[str], enabled: bool
) -> WebhookEndpoint:
    """What the merchant wants of it now. Enabled, or somewhere else, it starts with a clean record."""
    row = tx.execute(
        f"""update webhook_endpoints
               set failing_since = case when %(enabled)s and enabled and url = %(url)s then failing_since end,
                   disabled_at = case when not %(enabled)s then disabled_at end,
                   url = %(url)s, description = %(description)s, events = %(events)s, enabled = %(enabled)s,
                   updated_at = now()
             where id = %(id)s returning {_COLUMNS}""",
        {"id": endpoint_id, "url": url, "description": description, "events": list(events), "enabled": enabled},
    ).fetchone()
    assert row is not None, "the caller holds it"
    return _endpoint(row)


def delete(tx: Tx, endpoint_id: str) -> None:
    tx.execute("delete from webhook_endpoints where id = %s", (endpoint_id,))


def change_secret(tx: Tx, endpoint_id: str, *, secret_sealed: bytes, overlap_seconds: int) -> WebhookEndpoint:
    """A new secret; the one before signs too until the overlap is over. None ends those before it."""
    tx.execute(
        "delete from webhook_previous_secrets where endpoint_id = %s and (until <= now() or %s = 0)",
        (endpoint_id, overlap_seconds),
    )
    if overlap_seconds:
        tx.execute(
            """insert into webhook_previous_secrets (endpoint_id, secret, until)
               select id, secret, now() + make_interval(secs => %s) from webhook_endpoints where id = %s""",
            (overlap_seconds, endpoint_id),
        )
    row = tx.execute(
        f"update webhook_endpoints set secret = %s, updated_at = now() where id = %s returning {_COLUMNS}",
        (secret_sealed, endpoint_id),
    ).fetchone()
    assert row is not None, "the caller holds it"
    return _endpoint(row)


def count_previous_secrets(tx: Tx, endpoint_id: str) -> int:
    """How many sign too."""
    row = tx.execute(
        "select count(*) as n from webhook_previous_secrets where endpoint_id = %s and until > now()", (endpoint_id,)
    ).fetchone()
    assert row is not None, "a count is a row"
    return int(row["n"])


def note_health(
    tx: Tx, *, accepting: Sequence[str], failing: Sequence[str], disable_seconds: float
) -> list[WebhookEndpoint]:
    """How endpoints are doing; returns those that have failed for so long that they are disabled now."""
    if accepting:
        tx.execute(
            "update webhook_endpoints set failing_since = null where id = any(%s) and failing_since is not null",
            (list(accepting),),
        )
    if not failing:
        return []
    tx.execute(
        "update webhook_endpoints set failing_since = now() where id = any(%s) and failing_since is null",
        (list(failing),),
    )
    rows = tx.execute(
        f"""update webhook_endpoints
               set enabled = false, disabled_at = now(), gap_since = least(gap_since, failing_since), updated_at = now()
             where id = any(%s) and enabled and failing_since < now() - make_interval(secs => %s)
         returning {_COLUMNS}""",
        (list(failing), disable_seconds),
    ).fetchall()
    return [_endpoint(row) for row in rows]


def close_gap(tx: Tx, endpoint_id: str) -> None:
    tx.execute("update webhook_endpoints set gap_since = null where id = %s", (endpoint_id,))


def _endpoint(row: Row) -> WebhookEndpoint:
    return WebhookEndpoint(**(row | {"events": tuple(row["events"])}))
