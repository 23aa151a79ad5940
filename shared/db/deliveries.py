"""SQL about deliveries: one event for one receiver (a row of webhook_logs), and its attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db import pages
from shared.db.database import Row, Tx, as_json
from shared.db.pages import Page, Rows
from shared.jobs import LEASE_SECONDS

COUNT_MAX = 10_000  # how far deliveries are counted; there may be millions

_SHOWN = """
    id, endpoint_id, event_id, event, status, attempts, created_at, last_attempt_at, next_retry_at, response_code,
    (select payment_id from events where events.id = webhook_logs.event_id) as payment_id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What a worker needs for one attempt. `url` is None if its endpoint wants no events any more."""

    id: str
    merchant_id: UUID
    endpoint_id: str
    event_id: str
    body: str
    attempts: int
    url: str | None
    secret_sealed: bytes | None
    previous_secrets_sealed: list[bytes]  # while they sign too


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """How one HTTP try ended, and what becomes of the delivery: `status`, and after how long the next try is due."""

    delivery_id: str
    request_headers: dict[str, str]
    response_code: int | None
    response_body: str
    error: str | None
    duration_ms: int
    status: str
    retry_seconds: float | None


def take(tx: Tx, delivery_ids: Sequence[str]) -> list[Delivery]:
    rows = tx.execute(
        """select l.id::text, l.merchant_id, l.endpoint_id, l.event_id, l.payload::text as body, l.attempts,
                  case when w.enabled then w.url end as url, w.secret as secret_sealed,
                  array(select p.secret from webhook_previous_secrets p
                         where p.endpoint_id = l.endpoint_id and p.until > now()
                         order by p.until) as previous_secrets_sealed
             from webhook_logs l
             left join webhook_endpoints w on w.id = l.endpoint_id
            where l.id = any(%s::uuid[]) and l.status = 'pending'""",
        (list(delivery_ids),),
    ).fetchall()
    return [Delivery(**row) for row in rows]


def lock(tx: Tx, delivery_ids: Sequence[str]) -> dict[str, int]:
    """How many attempts each has behind it. Held until the transaction ends: before their jobs, by all."""
    rows = tx.execute(
        "select id::text, attempts from webhook_logs where id = any(%s::uuid[]) order by id for no key update",
        (list(delivery_ids),),
    ).fetchall()
    return {row["id"]: row["attempts"] for row in rows}


def note_lost(tx: Tx, delivery_ids: Sequence[str]) -> None:
    """An attempt for each, whose worker died before it could say how it ended. It does not use up the schedule."""
    if not delivery_ids:
        return
    tx.execute(
        """insert into webhook_attempts (webhook_log_id, attempt, started_at, error)
           select id, coalesce((select max(attempt) from webhook_attempts where webhook_log_id = l.id), 0) + 1,
                  now() - make_interval(secs => %s), 'lost: the worker ended before it could record the answer'
             from webhook_logs l where id = any(%s::uuid[])""",
        (LEASE_SECONDS, list(delivery_ids)),
    )


def record(tx: Tx, attempts: Sequence[Attempt]) -> None:
    if not attempts:
        return
    tx.execute(
        """with ended as (
               select * from jsonb_to_recordset(%s::jsonb)
                   as a (delivery_id uuid, request_headers json, response_code int, response_body text, error text,
                         duration_ms int, status text, retry_seconds float8)
           ),
           logged as (
               insert into webhook_attempts
                      (webhook_log_id, attempt, started_at, duration_ms, request_headers, response_code,
                       response_body, error)
               select delivery_id,
                      coalesce((select max(attempt) from webhook_attempts where webhook_log_id = delivery_id), 0) + 1,
                      now() - make_interval(secs => duration_ms / 1000.0), duration_ms, request_headers,
                      response_code, response_body, error
                 from ended
           )
           update webhook_logs l
              set status = e.status, attempts = l.attempts + 1, last_attempt_at = now(),
                  next_retry_at = now() + make_interval(secs => e.retry_seconds),
                  response_code = e.response_code, response_body = e.response_body
             from ended e
            where l.id = e.delivery_id""",
        (as_json(attempts),),
    )


def give_up(tx: Tx, delivery_ids: Sequence[str]) -> None:
    """Deliveries with nowhere to go: failed, without an attempt."""
    if delivery_ids:
        tx.execute(
            """update webhook_logs set status = 'failed', next_retry_at = null
                where id = any(%s::uuid[]) and status = 'pending'""",
            (list(delivery_ids),),
        )


def stuck(tx: Tx, *, older_than_seconds: float, limit: int) -> dict[str, str]:
    """Deliveries that wait for an attempt and have no job to make it, with the lane that it belongs to."""
    rows = tx.execute(
        """select l.id::text as id, l.endpoint_id as lane from webhook_logs l
            where l.status = 'pending' and l.next_retry_at < now() - make_interval(secs => %s)
              and not exists (select from jobs j where j.kind = 'deliver_webhook' and j.subject = l.id::text
                                 and j.state = 'pending')
            order by l.next_retry_at limit %s""",
        (older_than_seconds, limit),
    ).fetchall()
    return {row["id"]: row["lane"] for row in rows}


def page(tx: Tx, page: Page, *, merchant_id: UUID, where: dict[str, object]) -> Rows:
    return pages.select(tx, table="webhook_logs", columns=_SHOWN, merchant_id=merchant_id, page=page, where=where)


def find(tx: Tx, delivery_id: UUID, *, merchant_id: UUID) -> Row | None:
    return tx.execute(
        f"""select {_SHOWN}, payload::text as payload, response_body
              from webhook_logs where id = %s and merchant_id = %s""",
        (delivery_id, merchant_id),
    ).fetchone()


def attempts(tx: Tx, delivery_id: UUID, *, limit: int) -> list[Row]:
    """The newest first."""
    return tx.execute(
        """select attempt, started_at, duration_ms, request_headers, response_code, response_body, error
             from webhook_attempts where webhook_log_id = %s order by attempt desc limit %s""",
        (delivery_id, limit),
    ).fetchall()


def count_undelivered(tx: Tx) -> dict[str, int]:
    """How many deliveries are pending and failed, counted up to COUNT_MAX."""
    rows = tx.execute(
        """select status, (select count(*) from (
                              select from webhook_logs l where l.status = s.status limit %s) as counted) as count
             from unnest(array['pending', 'failed']) as s (status)""",
        (COUNT_MAX,),
    ).fetchall()
    return {row["status"]: row["count"] for row in rows}
