"""SQL about refunds. The amount they reserve, and the events that tell of them, are the payment's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from shared.db import outbox, pages
from shared.db.database import Row, Tx, as_json
from shared.db.outbox import StagedJob
from shared.db.pages import Page, Rows
from shared.domain.refund import Refund, RefundStatus

_COLUMNS = """
    id, merchant_id, payment_id, amount, currency, reason, notes, status, acquirer_reference, error_reason,
    error_description, inquiries, next_inquiry_at, last_answer, created_at, updated_at, processed_at
"""


def insert(tx: Tx, refund: Refund) -> list[StagedJob]:
    """Stores a new refund, and the job that hands it to the bank."""
    rows = tx.execute(
        """with refund as (
               insert into refunds (id, merchant_id, payment_id, amount, currency, reason, notes, created_at,
                                    updated_at)
               values (%(id)s, %(merchant_id)s, %(payment_id)s, %(amount)s, %(currency)s, %(reason)s,
                       %(notes)s::jsonb, %(created_at)s, %(created_at)s)
               returning id
           )
           insert into jobs (kind, subject) select 'process_refund', id from refund
        returning id, kind""",
        {
            "id": refund.id,
            "merchant_id": refund.merchant_id,
            "payment_id": refund.payment_id,
            "amount": refund.amount,
            "currency": refund.currency,
            "reason": refund.reason,
            "notes": as_json(refund.notes),
            "created_at": refund.created_at,
        },
    ).fetchall()
    return outbox.staged(rows)


def save(tx: Tx, refunds: Sequence[Refund]) -> None:
    """Stores what became of refunds that the caller holds."""
    if not refunds:
        return
    tx.execute(
        """update refunds r
              set status = n.status, acquirer_reference = n.acquirer_reference, error_reason = n.error_reason,
                  error_description = n.error_description, next_inquiry_at = n.next_inquiry_at,
                  updated_at = n.updated_at, processed_at = n.processed_at
             from jsonb_to_recordset(%s::jsonb)
                  as n (id text, status text, acquirer_reference text, error_reason text, error_description text,
                        next_inquiry_at timestamptz, updated_at timestamptz, processed_at timestamptz)
            where r.id = n.id""",
        (as_json(refunds),),
    )


def note_inquiries(tx: Tx, refund_ids: Sequence[str], waits: Sequence[float], answers: Sequence[str]) -> None:
    """Counts for each refund an inquiry that told nothing, with what came instead of an answer and the next wait.

    One that was settled meanwhile, by what the bank said unasked, waits for nothing.
    """
    if not refund_ids:
        return
    tx.execute(
        """update refunds r
              set inquiries = r.inquiries + 1, next_inquiry_at = now() + make_interval(secs => w.wait),
                  last_answer = w.answer
             from unnest(%s::text[], %s::float8[], %s::text[]) as w (id, wait, answer)
            where r.id = w.id and r.status = 'pending'""",
        (list(refund_ids), list(waits), list(answers)),
    )


def find(tx: Tx, refund_id: str, *, merchant_id: UUID) -> Refund | None:
    row = tx.execute(
        f"select {_COLUMNS} from refunds where id = %s and merchant_id = %s", (refund_id, merchant_id)
    ).fetchone()
    return None if row is None else of_row(row)


def take(tx: Tx, refund_ids: Sequence[str]) -> list[Refund]:
    """For jobs, which serve all merchants; not held."""
    if not refund_ids:
        return []
    rows = tx.execute(f"select {_COLUMNS} from refunds where id = any(%s) order by id", (list(refund_ids),)).fetchall()
    return [of_row(row) for row in rows]


def lock(tx: Tx, refund_ids: Sequence[str]) -> tuple[datetime, list[Refund]]:
    """For jobs: the time by the database's clock, and the refunds, held until the transaction ends.

    Their payments are locked before them, by everybody.
    """
    rows = tx.execute(
        f"select now(), {_COLUMNS} from refunds where id = any(%s) order by id for no key update",
        (list(refund_ids),),
    ).fetchall()
    now = datetime.now(UTC)
    for row in rows:
        now = row.pop("now")
    return now, [of_row(row) for row in rows]


def stuck(tx: Tx, *, older_than_seconds: float, limit: int) -> list[str]:
    """Refunds on their way whose job is missing or dead: they would wait for ever."""
    rows = tx.execute(
        """select r.id from refunds r
            where r.status = 'pending' and r.updated_at < now() - make_interval(secs => %s)
              and not exists (select from jobs j
                               where j.kind = 'process_refund' and j.subject = r.id and j.state = 'pending')
            order by r.updated_at limit %s""",
        (older_than_seconds, limit),
    ).fetchall()
    return [row["id"] for row in rows]


def page(tx: Tx, page: Page, *, merchant_id: UUID, where: dict[str, object]) -> Rows:
    return pages.select(tx, table="refunds", columns=_COLUMNS, merchant_id=merchant_id, page=page, where=where)


def of_row(row: Row) -> Refund:
    row["status"] = RefundStatus(row["status"])
    return Refund(**row)
