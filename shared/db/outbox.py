"""What must follow a write, in the same statement: the event, a delivery for whoever wants it, and the jobs.

A writer's statement names its changed rows and its events (`staged_event`), and ends with FOLLOWED_BY, which makes
a webhook log and a job for each event and each endpoint that wants it, and returns every job that was staged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class StagedJob:
    """A job that waits for the commit: to be handed to the queue after it, as a wake-up and no more."""

    id: int
    kind: str
    in_seconds: float = 0.0  # until it is due


# Needs CTEs `staged_event` (id, merchant_id, type, body) and `staged_job` (id, kind) before it.
FOLLOWED_BY = """
    staged_log as (
        insert into webhook_logs (merchant_id, event_id, endpoint_id, event, payload, next_retry_at)
        select e.merchant_id, e.id, w.id, e.type, e.body::json, now()
          from staged_event e
          join webhook_endpoints w on w.merchant_id = e.merchant_id
         where w.url is not null and w.enabled
           and e.type = any(w.events)
     returning id, endpoint_id
    ),
    staged_delivery as (
        insert into jobs (kind, subject, lane)
        select 'deliver_webhook', id::text, endpoint_id
          from staged_log
     returning id, kind
    )
    select id, kind from staged_job
     union all
    select id, kind from staged_delivery
"""

# The events of many moves as rows; `moved` (id) are the payments that really moved. Rows travel as one JSON text:
# a batch is one parameter to encode, however many columns it has.
STAGED_EVENTS = """
    staged_event as (
        insert into events (id, merchant_id, payment_id, sequence, type, from_state, to_state, body, created_at)
        select e.*
          from jsonb_to_recordset(%(events)s::jsonb)
               as e (id text, merchant_id uuid, payment_id text, sequence int, type text, from_state text,
                     to_state text, body text, created_at timestamptz)
          join moved on moved.id = e.payment_id
     returning id, merchant_id, type, body
    )
"""


def staged(rows: Sequence[dict[str, Any]]) -> list[StagedJob]:
    return [StagedJob(row["id"], row["kind"]) for row in rows]
