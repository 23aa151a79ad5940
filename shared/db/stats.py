"""SQL about figures of a merchant's payments: from the rollup, and from what happened since it was last added to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from shared.db.database import Tx
from shared.db.rollups import FRESH

DAY = timedelta(days=1)

Span = Literal["half_hour", "day"]
PointSpan = Literal["point", "day"]

# Both halves and the mark between them are read by one statement: nothing is counted twice, and nothing is missed.
_FIGURES = f"""
    with fresh as materialized (
        select at, figure, currency, method, detail, count, amount
          from payment_facts
         where merchant_id = %(merchant_id)s and {FRESH}
           and at >= %(before)s and at < %(until)s
    )
    select null::int as step, before, figure, currency, method, detail,
           sum(count)::bigint as count, sum(amount)::bigint as amount
      from (select p.before, f.*
              from unnest(%(befores)s::boolean[], %(spans)s::text[], %(sinces)s::timestamptz[],
                          %(untils)s::timestamptz[]) as p (before, span, since, until)
             cross join lateral (
                       select figure, currency, method, detail, count, amount
                         from payment_figures
                        where merchant_id = %(merchant_id)s and span = p.span
                          and at >= p.since and at < p.until) f
             union all
            select at < %(since)s, figure, currency, method, detail, count, amount from fresh) t
     group by before, figure, currency, method, detail
     union all
    select floor(extract(epoch from at - %(since)s) / %(step)s)::int, false, figure, currency, '',
           case figure when 'took' then detail else '' end as took, sum(count)::bigint, sum(amount)::bigint
      from (select at, figure, currency, detail, count, amount
              from payment_figures
             where merchant_id = %(merchant_id)s and span = %(point_span)s
               and at >= %(points_since)s and at < %(until)s
             union all
            select at, figure, currency, detail, count, amount from fresh
             where at >= %(points_since)s) s
     group by 1, figure, currency, took
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
    tx: Tx,
    *,
    merchant_id: UUID,
    before: datetime,
    since: datetime,
    until: datetime,
    points_since: datetime,
    step_seconds: int,
) -> Sequence[Figure]:
    """The sums from `before` to `since` and from then to `until`, and what each step from `points_since` on has.

    All of these are full half hours. Steps are counted from `since`, and are hours or days.
    """
    parts = [(True, *part) for part in _parts(before, since)] + [(False, *part) for part in _parts(since, until)]
    whole_days = step_seconds % DAY.total_seconds() == 0 and _day(since) == since and _day(until) == until
    point_span: PointSpan = "day" if whole_days else "point"
    rows = tx.execute(
        _FIGURES,
        {
            "merchant_id": merchant_id,
            "before": before,
            "since": since,
            "until": until,
            "befores": [part[0] for part in parts],
            "spans": [part[1] for part in parts],
            "sinces": [part[2] for part in parts],
            "untils": [part[3] for part in parts],
            "point_span": point_span,
            "points_since": points_since,
            "step": step_seconds,
        },
    ).fetchall()
    return [Figure(**row) for row in rows]


def _parts(since: datetime, until: datetime) -> list[tuple[Span, datetime, datetime]]:
    """A period as few rows hold it: the whole days in UTC within it, and the half hours before and after them."""
    first, last = _day(since + DAY - timedelta(microseconds=1)), _day(until)
    if first >= last:
        return [("half_hour", since, until)]
    return [("half_hour", since, first), ("day", first, last), ("half_hour", last, until)]


def _day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def first_at(tx: Tx, *, merchant_id: UUID) -> datetime | None:
    """When the merchant's first payment was made."""
    row = tx.execute(
        "select created_at from payments where merchant_id = %s order by created_at, id limit 1", (merchant_id,)
    ).fetchone()
    return None if row is None else row["created_at"]
