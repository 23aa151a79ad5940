"""SQL about events: reading them, telling of what is no payment, and sending them again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from shared.db import outbox, pages
from shared.db.database import Row, Tx
from shared.db.outbox import StagedJob
from shared.db.pages import Page, Rows

_COLUMNS = "id, merchant_id, payment_id, sequence, type, body, created_at"

_TELL = f"""
    with staged_event as (
        insert into events (id, merchant_id, type, body, created_at)
        values (%(id)s, %(merchant_id)s, %(type)s, %(body)s, %(created_at)s)
     returning id, merchant_id, type, body
    ),
    staged_job as (select 0::bigint as id, '' as kind where false),
    {outbox.FOLLOWED_BY}
"""

_STORE = """
    insert into events (id, merchant_id, type, body, created_at)
    values (%(id)s, %(merchant_id)s, %(type)s, %(body)s, %(created_at)s)
"""

# Deliveries of events for one endpoint: made, or begun anew. A job whose attempt is under way is left to end it.
_SEND_AGAIN = """
    with wanted as ({wanted}),
    log as (
        insert into webhook_logs as l (merchant_id, event_id, endpoint_id, event, payload, next_retry_at)
        select merchant_id, id, %(endpoint_id)s, type, body::json, now() from wanted
            on conflict (event_id, endpoint_id) do update
               set status = 'pending', attempts = 0, next_retry_at = now()
     returning l.id
    )
    insert into jobs (kind, subject, lane)
    select 'deliver_webhook', id::text, %(endpoint_id)s from log
        on conflict (kind, subject) do update
           set run_at = now(), woken_at = null, state = 'pending', attempts = 0, lease_until = null,
               lease_token = case when jobs.state = 'pending' then jobs.lease_token end
         where jobs.state = 'dead' or jobs.lease_until is null or jobs.lease_until < now()
 returning id, kind
"""

_ONE = "select * from events where id = %(event_id)s and merchant_id = %(merchant_id)s"

_MISSED = """
    select e.id, e.created_at from events e
     where e.merchant_id = %(merchant_id)s and e.created_at >= %(since)s and e.created_at <= %(until)s
       and e.type = any(%(types)s)
       and not exists (select from webhook_logs d
                        where d.event_id = e.id and d.endpoint_id = %(endpoint_id)s
                          and (d.status = 'pending' or (d.status = 'success' and not %(delivered)s)))
     order by e.created_at, e.id limit %(limit)s
"""

_THESE = "select * from events where id = any(%(event_ids)s)"


def find(tx: Tx, event_id: str, *, merchant_id: UUID) -> Row | None:
    return tx.execute(
        f"select {_COLUMNS} from events where id = %s and merchant_id = %s", (event_id, merchant_id)
    ).fetchone()


def page(tx: Tx, page: Page, *, merchant_id: UUID, where: dict[str, object]) -> Rows:
    return pages.select(tx, table="events", columns=_COLUMNS, merchant_id=merchant_id, page=page, where=where)


def tell(tx: Tx, *, id: str, merchant_id: UUID, type: str, body: str, created_at: datetime) -> list[StagedJob]:
    """Stores an event that is about no payment, with a delivery for each endpoint that wants it."""
    values = {"id": id, "merchant_id": merchant_id, "type": type, "body": body, "created_at": created_at}
    return outbox.staged(tx.execute(_TELL, values).fetchall())


def store(tx: Tx, *, id: str, merchant_id: UUID, type: str, body: str, created_at: datetime) -> None:
    """Stores an event that nobody is told of by itself."""
    tx.execute(_STORE, {"id": id, "merchant_id": merchant_id, "type": type, "body": body, "created_at": created_at})


def send_again(tx: Tx, event_id: str, *, merchant_id: UUID, endpoint_id: str) -> list[StagedJob]:
    """Starts the delivery of the event to the endpoint from the beginning."""
    rows = tx.execute(
        _SEND_AGAIN.format(wanted=_ONE),
        {"event_id": event_id, "merchant_id": merchant_id, "endpoint_id": endpoint_id},
    ).fetchall()
    return outbox.staged(rows)


def send_missed(
    tx: Tx,
    *,
    merchant_id: UUID,
    endpoint_id: str,
    types: tuple[str, ...],
    since: datetime,
    until: datetime,
    delivered: bool,
    limit: int,
) -> tuple[list[StagedJob], datetime | None]:
    """The same for every event in the range that the endpoint wants and did not accept; `delivered` adds the others.

    What is on its way stays as it is. Also says from when on there may be more than the limit allowed.
    """
    missed = tx.execute(
        _MISSED,
        {
            "merchant_id": merchant_id,
            "endpoint_id": endpoint_id,
            "types": list(types),
            "since": since,
            "until": until,
            "delivered": delivered,
            "limit": limit,
        },
    ).fetchall()
    rows = tx.execute(
        _SEND_AGAIN.format(wanted=_THESE),
        {"event_ids": [event["id"] for event in missed], "endpoint_id": endpoint_id},
    ).fetchall()
    return outbox.staged(rows), missed[-1]["created_at"] if len(missed) == limit else None
