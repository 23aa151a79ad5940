"""SQL about everything that is stored about one payment, for its timeline. The caller has seen whose payment it is."""

from __future__ import annotations

from shared.db.database import Row, Tx


def events(tx: Tx, payment_id: str, *, limit: int) -> list[Row]:
    return tx.execute(
        """select id, type, sequence, from_state, to_state, body, created_at
             from events where payment_id = %s order by sequence limit %s""",
        (payment_id, limit),
    ).fetchall()


def deliveries(tx: Tx, payment_id: str, *, limit: int) -> list[Row]:
    return tx.execute(
        """select l.id::text, l.endpoint_id, l.event, l.status, l.attempts, l.created_at, l.next_retry_at
             from events e join webhook_logs l on l.event_id = e.id
            where e.payment_id = %s order by l.created_at, l.id limit %s""",
        (payment_id, limit),
    ).fetchall()


def attempts(tx: Tx, payment_id: str, *, limit: int) -> list[Row]:
    return tx.execute(
        """select l.id::text, l.endpoint_id, l.event, a.attempt, a.started_at, a.duration_ms, a.response_code, a.error
             from events e
             join webhook_logs l on l.event_id = e.id
             join webhook_attempts a on a.webhook_log_id = l.id
            where e.payment_id = %s order by a.started_at, a.attempt limit %s""",
        (payment_id, limit),
    ).fetchall()


def refunds(tx: Tx, payment_id: str, *, limit: int) -> list[Row]:
    return tx.execute(
        """select id, amount, currency, status, reason, error_reason, error_description, inquiries, last_answer,
                  acquirer_reference, next_inquiry_at, created_at, updated_at, processed_at
             from refunds where payment_id = %s order by created_at, id limit %s""",
        (payment_id, limit),
    ).fetchall()


def bookings(tx: Tx, payment_id: str, *, limit: int) -> list[Row]:
    return tx.execute(
        """select t.id, t.kind, t.refund_id, t.currency, t.created_at,
                  jsonb_object_agg(e.account, e.amount) as entries
             from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
            where t.payment_id = %s group by t.id order by t.created_at, t.id limit %s""",
        (payment_id, limit),
    ).fetchall()
