"""What must follow a write, in the same statement: the event, a delivery for whoever wants it, and the jobs.

A writer's statement names its changed rows and its events (`staged_event`), and ends with FOLLOWED_BY, which makes
a webhook log and a job for each event whose merchant has a receiver for it, and returns every job that was staged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.event import Event


@dataclass(frozen=True, slots=True)
class StagedJob:
    """A job that waits for the commit: to be handed to the queue after it, as a wake-up and no more."""

    id: int
    kind: str


# Needs CTEs `staged_event` (id, merchant_id, type, body) and `staged_job` (id, kind) before it.
FOLLOWED_BY = """
    staged_log as (
        insert into webhook_logs (merchant_id, event_id, event, payload, next_retry_at)
        select e.merchant_id, e.id, e.type, e.body::json, now()
          from staged_event e
          join merchants m on m.id = e.merchant_id
         where m.webhook_url is not null
           and e.type = any(m.webhook_events)
     returning id, merchant_id
    ),
    staged_delivery as (
        insert into jobs (kind, subject, lane)
        select 'deliver_webhook', id::text, merchant_id::text
          from staged_log
     returning id, kind
    )
    select id, kind from staged_job
     union all
    select id, kind from staged_delivery
"""

# The events of many moves as rows; `moved` (id) are the payments that really moved.
STAGED_EVENTS = """
    staged_event as (
        insert into events (id, merchant_id, payment_id, sequence, type, from_state, to_state, body, created_at)
        select e.*
          from unnest(%(event_id)s::text[], %(event_merchant_id)s::uuid[], %(event_payment_id)s::text[],
                      %(event_sequence)s::int[], %(event_type)s::text[], %(event_from_state)s::text[],
                      %(event_to_state)s::text[], %(event_body)s::text[], %(event_created_at)s::timestamptz[])
               as e (id, merchant_id, payment_id, sequence, type, from_state, to_state, body, created_at)
          join moved on moved.id = e.payment_id
     returning id, merchant_id, type, body
    )
"""


def event_columns(events: Sequence[Event]) -> dict[str, list[Any]]:
    """The parameters of STAGED_EVENTS."""
    return {
        "event_id": [e.id for e in events],
        "event_merchant_id": [e.merchant_id for e in events],
        "event_payment_id": [e.payment_id for e in events],
        "event_sequence": [e.sequence for e in events],
        "event_type": [e.type for e in events],
        "event_from_state": [e.from_state for e in events],
        "event_to_state": [e.to_state for e in events],
        "event_body": [e.body for e in events],
        "event_created_at": [e.created_at for e in events],
    }


def staged(rows: Sequence[dict[str, Any]]) -> list[StagedJob]:
    return [StagedJob(row["id"], row["kind"]) for row in rows]
