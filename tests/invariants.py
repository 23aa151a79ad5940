"""What must be true of the gateway's rows, of its books and of the bank's, whatever was done to them.

Each invariant is a query for what breaks it, and finds nothing. Those of ALWAYS hold at every instant, in the eyes of
any one statement; those of AT_REST when nothing is under way and the bank has said all it has to say.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

SHOWN_MAX = 20  # of what breaks one invariant

ALWAYS = {
    "a payment gives back more than was captured, or captures more than was authorized": """
        select id from payments
         where amount_refunded < 0 or amount_refund_pending < 0 or amount_captured > amount_authorized
            or amount_refunded + amount_refund_pending > amount_captured or amount_authorized > amount""",
    "a payment is not what its order asks for": """
        select p.id from payments p left join orders o on o.id = p.order_id
         where (p.amount, p.currency, p.merchant_id) is distinct from (o.amount, o.currency, o.merchant_id)""",
    "an order has two live payments": """
        select order_id from payments where exclusive and status <> 'failed' group by order_id having count(*) > 1""",
    "an order is paid without a payment, or was paid for and does not say so": """
        select o.id from orders o
         where (o.status = 'paid')
               <> exists (select from payments p where p.order_id = o.id and p.amount_authorized > 0)""",
    "a payment's counters are not the sums of its refunds": """
        select p.id from payments p left join refunds r on r.payment_id = p.id group by p.id
        having p.amount_refund_pending <> coalesce(sum(r.amount) filter (where r.status = 'pending'), 0)
            or p.amount_refunded <> coalesce(sum(r.amount) filter (where r.status = 'processed'), 0)""",
    "a ledger transaction does not sum to zero, or has fewer than two entries": """
        select t.id from ledger_transactions t left join ledger_entries e on e.transaction_id = t.id
         group by t.id having coalesce(sum(e.amount), 1) <> 0 or count(e.*) < 2""",
    "a ledger entry is in another currency, or another merchant's, than its transaction and its payment": """
        select e.transaction_id from ledger_entries e
          join ledger_transactions t on t.id = e.transaction_id
          join payments p on p.id = t.payment_id
         where (e.currency, e.merchant_id) is distinct from (t.currency, t.merchant_id)
            or (t.currency, t.merchant_id) is distinct from (p.currency, p.merchant_id)""",
    "the same effect is booked twice": """
        select kind, reference from ledger_transactions group by kind, reference having count(*) > 1
         union all
        select kind, refund_id from ledger_transactions
         where refund_id is not null group by kind, refund_id having count(*) > 1""",
    "the ledger holds another sum for a payment than the payment": """
        select p.id from payments p
          left join ledger_transactions t on t.payment_id = p.id
          left join ledger_entries e on e.transaction_id = t.id
         group by p.id
        having coalesce(sum(e.amount) filter (where e.account = 'acquirer'), 0)
               <> p.amount_refunded - p.amount_captured
            or coalesce(sum(e.amount) filter (where e.account = 'refunds_pending'), 0) <> p.amount_refund_pending
            or coalesce(sum(e.amount) filter (where e.account = 'available'), 0)
               <> p.amount_captured - p.amount_refunded - p.amount_refund_pending
            or coalesce(sum(e.amount) filter (where e.account = 'available' and t.kind = 'capture'), 0)
               <> p.amount_captured""",
    "a refund's bookings do not tell how it came to its status": """
        select r.id from refunds r left join ledger_transactions t on t.refund_id = r.id group by r.id
        having coalesce(string_agg(t.kind, ' ' order by t.kind), '') not in (
               select unnest(case r.status when 'pending'   then array['refund']
                                           when 'processed' then array['refund refund_processed']
                                           else array['refund refund_failed',
                                                      'refund refund_processed refund_returned'] end))""",
    "a payment's events are not numbered from 1 to its sequence": """
        select p.id from payments p left join events e on e.payment_id = p.id group by p.id
        having count(e.*) <> p.sequence or min(e.sequence) <> 1 or max(e.sequence) <> p.sequence""",
    "an event does not begin where the one before it ended": """
        select id from (select e.id, e.from_state,
                               lag(e.to_state) over (partition by e.payment_id order by e.sequence) as before
                          from events e where e.payment_id is not null) as steps
         where from_state is distinct from before""",
    "an event tells of a step that the machine does not hold": """
        select e.id from events e
         where e.payment_id is not null and e.sequence > 1
           and not exists (select from payment_transitions t
                            where (t.from_state, t.to_state, t.event) = (e.from_state, e.to_state, e.type))
           and not (e.type like 'refund.%' and e.from_state = e.to_state)
           and not (e.type = 'payment.refund_returned'
                    and e.from_state = 'partially_refunded' and e.to_state = 'partially_refunded')""",
    "a payment is in another state than its newest event says": """
        select p.id from payments p join events e on e.payment_id = p.id and e.sequence = p.sequence
         where e.to_state <> p.state""",
    "a refund is not told once in each event that it has come to": """
        select r.id from refunds r
          left join events e on e.payment_id = r.payment_id and e.type like 'refund.%'
                            and e.body::json -> 'data' -> 'refund' ->> 'id' = r.id
         group by r.id
        having count(*) filter (where e.type = 'refund.created') <> 1
            or count(*) filter (where e.type = 'refund.failed') <> (r.status = 'failed')::int
            or count(*) filter (where e.type = 'refund.processed') <> (r.processed_at is not null)::int""",
    "something refers to another merchant's row": """
        select r.id from refunds r join payments p on p.id = r.payment_id where p.merchant_id <> r.merchant_id
         union all
        select e.id from events e join payments p on p.id = e.payment_id where p.merchant_id <> e.merchant_id
         union all
        select l.id::text from webhook_logs l join events e on e.id = l.event_id
          left join webhook_endpoints w on w.id = l.endpoint_id
         where e.merchant_id <> l.merchant_id or w.merchant_id <> l.merchant_id""",
    "something is under way without a job": """
        select p.id from payments p
         where p.status = 'pending'
           and not exists (select from jobs j where j.kind = 'process_payment' and j.subject = p.id)
         union all
        select r.id from refunds r
         where r.status = 'pending'
           and not exists (select from jobs j where j.kind = 'process_refund' and j.subject = r.id)
         union all
        select l.id::text from webhook_logs l
         where l.status = 'pending'
           and not exists (select from jobs j where j.kind = 'deliver_webhook' and j.subject = l.id::text)""",
    "a delivery carries other bytes than its event, or went to one endpoint twice": """
        select l.id::text from webhook_logs l join events e on e.id = l.event_id where l.payload::text <> e.body
         union all
        select event_id from webhook_logs group by event_id, endpoint_id having count(*) > 1""",
    "a delivery's status is not what its attempts say": """
        select l.id::text from webhook_logs l
          left join webhook_attempts a on a.webhook_log_id = l.id
         group by l.id
        having count(a.*) <> coalesce(max(a.attempt), 0) or l.attempts > count(a.*)
            or l.status = 'success' and not coalesce(bool_or(a.response_code between 200 and 299), false)""",
    "an idempotency key was kept without its answer": """
        select key from idempotency_keys where status is null or (response is null and sealed is null)""",
    "a payment holds money that the bank did not debit, or failed although it did": """
        select p.id from payments p left join bank.charges c on c.reference = p.id and c.approved
         where p.amount_authorized > 0
               and (c.amount, c.currency, c.acquirer_reference)
                   is distinct from (p.amount_authorized, p.currency, p.acquirer_reference)
            or p.state = 'failed' and c.reference is not null""",
    "a refund was processed that the bank did not send, or failed although it did": """
        select r.id from refunds r left join bank.refunds b on b.reference = r.id and b.approved
         where r.status = 'processed'
               and (b.amount, b.currency, b.charge_reference, b.acquirer_reference)
                   is distinct from (r.amount, r.currency, r.payment_id, r.acquirer_reference)
            or r.status = 'failed' and b.reference is not null and coalesce(b.returned_at > now(), true)""",
    "the bank sent more back than it had debited": """
        select c.reference from bank.charges c join bank.refunds b on b.charge_reference = c.reference
         where b.approved and coalesce(b.returned_at > now(), true)
         group by c.reference having sum(b.amount) > c.amount or not c.approved""",
    "the bank was asked for what nobody here knows of": """
        select c.reference from bank.charges c
         where not exists (select from payments p where p.id = c.reference)
         union all
        select b.reference from bank.refunds b
         where not exists (select from refunds r where r.id = b.reference)""",
}

AT_REST = {
    "something is still under way": """
        select id from payments where status = 'pending'
         union all
        select id from refunds where status = 'pending'
         union all
        select id::text from webhook_logs where status = 'pending'""",
    "a job is left over": "select kind, subject from jobs",
    "the bank debited what no payment holds": """
        select c.reference from bank.charges c left join payments p on p.id = c.reference
         where c.approved and coalesce(p.amount_authorized, 0) <> c.amount""",
    "the bank sent back what no refund tells of, or has it back and we do not know": """
        select b.reference from bank.refunds b left join refunds r on r.id = b.reference
         where b.approved
           and r.status is distinct from case when b.returned_at <= now() then 'failed' else 'processed' end""",
}


def violations(connection: Connection[Any], *, at_rest: bool = False) -> list[str]:
    """One sentence for each invariant that is broken, with what breaks it. One statement, and so one moment."""
    found: dict[str, list[str]] = {}
    with connection.cursor(row_factory=tuple_row) as cursor:
        for sentence, broken in cursor.execute(_in_one(at_rest), prepare=True):  # type: ignore[arg-type]
            found.setdefault(sentence, []).append(broken)
    return [f"{sentence}: {', '.join(broken)}" for sentence, broken in found.items()]


@cache
def _in_one(at_rest: bool) -> str:
    return " union all ".join(
        f"""(select $${sentence}$$::text, to_jsonb(broken) #>> '{{}}' from ({query}) as broken limit {SHOWN_MAX})"""
        for sentence, query in (ALWAYS | AT_REST if at_rest else ALWAYS).items()
    )
