"""SQL about payments. Every write carries the events and jobs that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation
from psycopg.pq import TransactionStatus

from shared.db import outbox, pages
from shared.db.database import Row, Tx, as_json
from shared.db.outbox import StagedJob
from shared.db.pages import Page, Rows
from shared.db.prepared import Prepared
from shared.domain.payment import Move, NextAction, Payment, State

_COLUMNS = """
    id, merchant_id, order_id, connector, amount, currency, method, vpa, card_network, card_last4, token, capture,
    exclusive, notes, state, sequence, amount_authorized, amount_captured, amount_refunded, amount_refund_pending,
    acquirer_reference, error_code, error_reason, error_description, inquiries, next_inquiry_at, last_answer,
    next_action, authorization_expires_at, created_at, updated_at
"""

CREATE = Prepared(
    "create_payment",
    f"""
    with payment as (
        insert into payments (id, merchant_id, order_id, connector, amount, currency, method, vpa, card_network,
                              card_last4, token, capture, exclusive, notes, state, sequence, created_at, updated_at)
        select %(id)s, %(merchant_id)s::uuid, %(order_id)s, %(connector)s, %(amount)s::bigint, %(currency)s,
               %(method)s, %(vpa)s, %(card_network)s, %(card_last4)s, %(token)s, %(capture)s, %(exclusive)s::boolean,
               %(notes)s::jsonb, 'created', 1, %(created_at)s::timestamptz, %(created_at)s::timestamptz
         where not exists (
               select from payments
                where order_id = %(order_id)s and exclusive and status <> 'failed' and %(exclusive)s::boolean)
     returning id, merchant_id
    ),
    attempted as (
        update orders set status = 'attempted', updated_at = now()
         where id = %(order_id)s and status = 'created' and exists (select from payment)
    ),
    staged_event as (
        insert into events (id, merchant_id, payment_id, sequence, type, to_state, body, created_at)
        select %(event_id)s, merchant_id, id, 1, %(event_type)s, 'created', %(event_body)s,
               %(created_at)s::timestamptz
          from payment
     returning id, merchant_id, type, body
    ),
    staged_job as (
        insert into jobs (kind, subject) select 'process_payment', id from payment
     returning id, kind
    ),
    {outbox.FOLLOWED_BY}
""",
)

_MOVED = "moved"  # not a job: the row of a move's answer that says how many payments moved

_MOVE = f"""
    with moved as (
        update payments p
           set state = m.state, sequence = m.sequence, amount_authorized = m.amount_authorized,
               amount_captured = m.amount_captured, amount_refunded = m.amount_refunded,
               amount_refund_pending = m.amount_refund_pending, acquirer_reference = m.acquirer_reference,
               error_code = m.error_code, error_reason = m.error_reason,
               error_description = m.error_description, inquiries = m.inquiries,
               next_inquiry_at = m.next_inquiry_at, last_answer = m.last_answer, next_action = m.next_action,
               authorization_expires_at = m.authorization_expires_at, updated_at = m.updated_at
          from jsonb_to_recordset(%(payments)s::jsonb)
               as m (id text, state text, sequence int, amount_authorized bigint, amount_captured bigint,
                     amount_refunded bigint, amount_refund_pending bigint, acquirer_reference text, error_code text,
                     error_reason text, error_description text, inquiries int, next_inquiry_at timestamptz,
                     last_answer text, next_action jsonb, authorization_expires_at timestamptz, updated_at timestamptz)
         where p.id = m.id and p.sequence = m.sequence - 1
     returning p.id, p.order_id, p.status
    ),
    settled as (
        update orders o set status = case moved.status when 'success' then 'paid' else 'expired' end, updated_at = now()
          from moved
         where o.id = moved.order_id
           and (moved.status = 'success' and o.status <> 'paid'
                or moved.status = 'failed' and o.status in ('created', 'attempted') and o.expires_at <= now())
    ),
    {outbox.STAGED_EVENTS},
    staged_job as (select count(*) as id, '{_MOVED}' as kind from moved),
    {outbox.FOLLOWED_BY}
"""


class StaleMove(Exception):
    """A payment changed between being read and being moved: the caller starts over, nothing was stored."""


def create(tx: Tx, move: Move) -> list[StagedJob]:
    """Stores a new payment with its event and jobs. Empty: a live payment of the order keeps it out.

    The statement looks for one first, which answers nearly always; of two that look at once, the index stops one.
    """
    payment, event = move.payment, move.event
    at = payment.created_at.isoformat()
    values = {
        "id": payment.id,
        "merchant_id": str(payment.merchant_id),
        "order_id": payment.order_id,
        "connector": payment.connector,
        "amount": str(payment.amount),
        "currency": payment.currency,
        "method": payment.method,
        "vpa": payment.vpa,
        "card_network": payment.card_network,
        "card_last4": payment.card_last4,
        "token": payment.token,
        "capture": payment.capture,
        "exclusive": str(payment.exclusive),
        "notes": as_json(payment.notes),
        "created_at": at,
        "event_id": event.id,
        "event_type": event.type,
        "event_body": event.body,
    }
    try:
        # Inside a transaction the index stops only this statement, not what the caller does next.
        alone = tx.info.transaction_status == TransactionStatus.IDLE
        with nullcontext() if alone else tx.transaction():
            rows = CREATE.rows(tx, [values[name] for name in CREATE.names])
    except UniqueViolation as error:
        if error.diag.constraint_name != "payments_one_live":
            raise
        return []
    return [StagedJob(int(id or 0), kind or "") for id, kind in rows]


def move(tx: Tx, moves: Sequence[Move]) -> list[StagedJob]:
    """Stores every move with its event and deliveries. Raises StaleMove if any payment is no longer where it was."""
    if not moves:
        return []
    rows = tx.execute(
        _MOVE,
        {"payments": as_json([m.payment for m in moves]), "events": as_json([m.event for m in moves])},
    ).fetchall()
    stored = next(row["id"] for row in rows if row["kind"] == _MOVED)
    if stored != len(moves):
        raise StaleMove(f"{len(moves) - stored} of {len(moves)} payments had changed")
    return outbox.staged([row for row in rows if row["kind"] != _MOVED])


def note_inquiries(tx: Tx, payment_ids: Sequence[str], waits: Sequence[float], answers: Sequence[str]) -> None:
    """Counts for each payment an inquiry that told nothing, with what came instead of an answer and the next wait."""
    if not payment_ids:
        return
    tx.execute(
        """update payments p
              set inquiries = p.inquiries + 1, next_inquiry_at = now() + make_interval(secs => w.wait),
                  last_answer = w.answer
             from unnest(%s::text[], %s::float8[], %s::text[]) as w (id, wait, answer)
            where p.id = w.id""",
        (list(payment_ids), list(waits), list(answers)),
    )


def find(tx: Tx, payment_id: str, *, merchant_id: UUID) -> Payment | None:
    row = tx.execute(
        f"select {_COLUMNS} from payments where id = %s and merchant_id = %s",
        (payment_id, merchant_id),
    ).fetchone()
    return None if row is None else of_row(row)


def find_live(tx: Tx, order_id: str, *, merchant_id: UUID) -> Payment | None:
    """The payment that keeps others of its order out, if there is one."""
    row = tx.execute(
        f"""select {_COLUMNS} from payments
             where order_id = %s and merchant_id = %s and exclusive and status <> 'failed'""",
        (order_id, merchant_id),
    ).fetchone()
    return None if row is None else of_row(row)


def lock(tx: Tx, payment_ids: Sequence[str]) -> tuple[datetime, list[Payment]]:
    """For jobs, which serve all merchants: the time by the database's clock, and the payments.

    They are held until the transaction ends, and taken in one order by all, so that nobody waits in a circle.
    """
    if not payment_ids:
        return datetime.now(UTC), []
    rows = tx.execute(
        f"select now(), {_COLUMNS} from payments where id = any(%s) order by id for no key update",
        (list(payment_ids),),
    ).fetchall()
    now = datetime.now(UTC)
    for row in rows:
        now = row.pop("now")
    return now, [of_row(row) for row in rows]


def lock_own(tx: Tx, payment_id: str, *, merchant_id: UUID) -> tuple[datetime, Payment] | None:
    """For a merchant: the time by the database's clock, and its payment, held until the transaction ends."""
    row = tx.execute(
        f"select now(), {_COLUMNS} from payments where id = %s and merchant_id = %s for no key update",
        (payment_id, merchant_id),
    ).fetchone()
    return None if row is None else (row.pop("now"), of_row(row))


def expiring(tx: Tx, *, limit: int) -> tuple[datetime, list[Payment]]:
    """Payments whose hold has run out, held until the transaction ends; those that others hold come again."""
    rows = tx.execute(
        f"""select now(), {_COLUMNS} from payments where authorization_expires_at <= now()
             order by authorization_expires_at limit %s for no key update skip locked""",
        (limit,),
    ).fetchall()
    now = datetime.now(UTC)
    for row in rows:
        now = row.pop("now")
    return now, [of_row(row) for row in rows]


def forget_holds(tx: Tx, payment_ids: Sequence[str]) -> None:
    """What was left of these holds is gone; what was captured stays captured."""
    tx.execute("update payments set authorization_expires_at = null where id = any(%s)", (list(payment_ids),))


def stuck(tx: Tx, *, older_than_seconds: float, limit: int) -> list[str]:
    """Payments on their way whose job is missing or dead: they would wait for ever."""
    rows = tx.execute(
        """select p.id from payments p
            where p.status = 'pending'
              and p.updated_at < now() - make_interval(secs => %s)
              and not exists (select from jobs j
                               where j.kind = 'process_payment' and j.subject = p.id and j.state = 'pending')
            order by p.updated_at limit %s""",
        (older_than_seconds, limit),
    ).fetchall()
    return [row["id"] for row in rows]


def owner(tx: Tx, payment_id: str) -> UUID | None:
    """The merchant whose payment it is: for the checkout, which has nothing but its unguessable id."""
    row = tx.execute("select merchant_id from payments where id = %s", (payment_id,)).fetchone()
    return None if row is None else row["merchant_id"]


def page(tx: Tx, page: Page, *, merchant_id: UUID, where: dict[str, object]) -> Rows:
    return pages.select(tx, table="payments", columns=_COLUMNS, merchant_id=merchant_id, page=page, where=where)


def export(tx: Tx, page: Page, *, merchant_id: UUID, where: Mapping[str, object]) -> Rows:
    """A page with what is shown of each, and the receipt of its order."""
    return pages.select(
        tx,
        table="payments",
        columns="""id, created_at, status, state, amount, currency, method, vpa, card_network, card_last4, order_id,
                   (select receipt from orders o where o.id = payments.order_id) as receipt, amount_captured,
                   amount_refunded, amount_refund_pending, error_code, error_reason, error_description, notes,
                   updated_at""",
        merchant_id=merchant_id,
        page=page,
        where=where,
    )


def of_row(row: Row) -> Payment:
    row["state"] = State(row["state"])
    if row["next_action"] is not None:
        row["next_action"] = msgspec.convert(row["next_action"], NextAction)
    return Payment(**row)
