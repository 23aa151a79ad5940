"""SQL about deliveries: one event for one receiver (a row of webhook_logs), and its attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db.database import Tx, as_json
from shared.jobs import LEASE_SECONDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What a worker needs for one attempt. `url` is None if the merchant wants no events any more."""

    id: str
    merchant_id: UUID
    event_id: str
    body: str
    attempts: int
    url: str | None
    secret_sealed: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """How one HTTP try ended, and what becomes of the delivery: `status`, and after how long the next try is due."""

    delivery_id: str
    response_code: int | None
    response_body: str
    error: str | None
    duration_ms: int
    status: str
    retry_seconds: float | None


def take(tx: Tx, delivery_ids: Sequence[str]) -> list[Delivery]:
    rows = tx.execute(
        """select l.id::text, l.merchant_id, l.event_id, l.payload::text as body, l.attempts,
                  m.webhook_url as url, m.webhook_secret as secret_sealed
             from webhook_logs l
             join merchants m on m.id = l.merchant_id
            where l.id = any(%s::uuid[]) and l.status = 'pending'""",
        (list(delivery_ids),),
    ).fetchall()
    return [Delivery(**row) for row in rows]


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
                   as a (delivery_id uuid, response_code int, response_body text, error text, duration_ms int,
                         status text, retry_seconds float8)
           ),
           logged as (
               insert into webhook_attempts
                      (webhook_log_id, attempt, started_at, duration_ms, response_code, response_body, error)
               select delivery_id,
                      coalesce((select max(attempt) from webhook_attempts where webhook_log_id = delivery_id), 0) + 1,
                      now() - make_interval(secs => duration_ms / 1000.0), duration_ms, response_code,
                      response_body, error
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


def stuck(tx: Tx, *, older_than_seconds: float, limit: int) -> list[str]:
    """Deliveries that wait for an attempt and have no job to make it."""
    rows = tx.execute(
        """select l.id::text as id from webhook_logs l
            where l.status = 'pending' and l.next_retry_at < now() - make_interval(secs => %s)
              and not exists (select from jobs j where j.kind = 'deliver_webhook' and j.subject = l.id::text)
            order by l.next_retry_at limit %s""",
        (older_than_seconds, limit),
    ).fetchall()
    return [row["id"] for row in rows]
