"""SQL about figures of a merchant's payments: from the rollup, and from what happened since it was last added to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.db.database import Tx
from shared.db.rollups import FRESH

Span = Literal["half_hour", "day"]

# Both halves and the mark between them are read by one statement: nothing is counted twice, and nothing is missed.
_FACTS = f"""
    select at, figure, currency, method, detail, count, amount
      from payment_figures
     where merchant_id = %(merchant_id)s and span = %(span)s and at >= %(since)s and at < %(until)s
     union all
    select at, figure, currency, method, detail, count, amount
      from payment_facts
     where merchant_id = %(merchant_id)s and {FRESH}
       and at >= %(since)s and at < %(until)s
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """Of the period, or of the one `before` it; of one step of the series if that is not None."""

    step: int | None
    before: bool
    figure: str  # made, succeeded, failed, took or refunded
    currency: str
    method: str
    detail: str
    count: int
    amount: int


def figures(
    tx: Tx, *, merchant_id: UUID, span: Span, before: datetime, since: datetime, until: datetime, step_seconds: int
) -> Sequence[Figure]:
    """From `before` to `until`: the sums before `since` and from then on, and what each step from `since` on has."""
    rows = tx.execute(
        f"""select case grouping(step) when 0 then step end as step, coalesce(before, false) as before,
                   figure, currency, coalesce(method, '') as method, coalesce(detail, '') as detail,
                   sum(count)::bigint as count, sum(amount)::bigint as amount
              from (select at < %(from)s as before,
                           floor(extract(epoch from at - %(from)s) / %(step)s)::int as step,
                           figure, currency, method, detail, count, amount
                      from ({_FACTS}) f) s
             group by grouping sets ((before, figure, currency, method, detail), (step, figure, currency))
            having grouping(step) = 1 or (step >= 0 and figure <> 'took')""",
        {
            "merchant_id": merchant_id,
            "span": span,
            "since": before,
            "from": since,
            "until": until,
            "step": step_seconds,
        },
    ).fetchall()
    return [Figure(**row) for row in rows]


def first_at(tx: Tx, *, merchant_id: UUID) -> datetime | None:
    """When the merchant's first payment was made."""
    row = tx.execute(
        "select created_at from payments where merchant_id = %s order by created_at, id limit 1", (merchant_id,)
    ).fetchone()
    return None if row is None else row["created_at"]
