"""SQL about the ledger: rows are added in the transaction of what they tell of, and never touched again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db import pages
from shared.db.database import Tx, as_json
from shared.db.pages import Page, Rows
from shared.db.rollups import FRESH
from shared.domain.ledger import Transaction


def book(tx: Tx, transactions: Sequence[Transaction]) -> None:
    """Raises psycopg.errors.UniqueViolation for an effect that is booked already."""
    if not transactions:
        return
    tx.execute(
        """with booked as (
               select * from jsonb_to_recordset(%s::jsonb)
                   as t (id text, merchant_id uuid, kind text, reference text, payment_id text, refund_id text,
                         currency text, entries jsonb, created_at timestamptz)
           ),
           stored as (
               insert into ledger_transactions (id, merchant_id, kind, reference, payment_id, refund_id, currency,
                                                created_at)
               select id, merchant_id, kind, reference, payment_id, refund_id, currency, created_at from booked
           )
           insert into ledger_entries (transaction_id, account, merchant_id, currency, amount)
           select b.id, e.account, b.merchant_id, b.currency, e.amount
             from booked b, jsonb_to_recordset(b.entries) as e (account text, amount bigint)""",
        (as_json(transactions),),
    )


@dataclass(frozen=True, slots=True)
class Sum:
    currency: str
    account: str
    amount: int


def sums(tx: Tx, *, merchant_id: UUID) -> list[Sum]:
    """What every account of the merchant holds: what is added up already, and what was booked since."""
    rows = tx.execute(
        f"""select currency, account, sum(amount)::bigint as amount
             from (select currency, account, amount from ledger_sums where merchant_id = %(merchant_id)s
                    union all
                   select e.currency, e.account, e.amount
                     from ledger_transactions t
                    cross join lateral (select currency, account, amount from ledger_entries n
                                         where n.transaction_id = t.id offset 0) e
                    where t.merchant_id = %(merchant_id)s and {FRESH}) as s
            group by currency, account order by currency, account""",
        {"merchant_id": merchant_id},
    ).fetchall()
    return [Sum(**row) for row in rows]


def page(tx: Tx, page: Page, *, merchant_id: UUID, where: dict[str, object]) -> Rows:
    """Transactions, each with its `entries`."""
    return pages.select(
        tx,
        table="ledger_transactions",
        columns="""id, kind, payment_id, refund_id, currency, created_at,
                   (select jsonb_agg(jsonb_build_object('account', e.account, 'amount', e.amount) order by e.amount)
                      from ledger_entries e where e.transaction_id = ledger_transactions.id) as entries""",
        merchant_id=merchant_id,
        page=page,
        where=where,
    )
