"""A merchant's figures: what became of the payments made in a period, how long that took, and what was given back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from shared.db import database, stats
from shared.db.database import Tx
from shared.db.stats import Figure
from shared.domain import views
from shared.errors import BadRequest

Interval = Literal["hour", "day"]

STEP_SECONDS: Mapping[Interval, int] = {"hour": 3600, "day": 86400}
GRAIN = timedelta(minutes=30)  # of the rollup: periods begin and end on it, as midnights do nearly everywhere
POINTS_MAX = 800  # of a series: a month of hours, two years of days
REASONS_MAX = 20
DEFAULT_CURRENCY = "INR"


def of(
    tx: Tx,
    merchant_id: UUID,
    *,
    since: datetime | None,
    until: datetime | None,
    interval: Interval,
    currency: str | None,
) -> views.Stats:
    """Without `since` and `until` it is of all there ever was, and has nothing before it to compare with."""
    step = timedelta(seconds=STEP_SECONDS[interval])
    end = _up(until or database.now(tx) + timedelta(seconds=1))
    ever = since is None
    if since is not None:
        start = _down(since)
    elif until is not None:
        start = _down(min(stats.first_at(tx, merchant_id=merchant_id) or end, end))
    else:
        today = _day(end - timedelta(seconds=1))  # in the day's last half hour its end is tomorrow
        start = _day(min(stats.first_at(tx, merchant_id=merchant_id) or today, today))
        end = today + timedelta(days=1)
    if start > end:
        raise BadRequest("from must be before to", field="from", reason="invalid_value")
    if not ever and (end - start) / step > POINTS_MAX:
        raise BadRequest(
            f"The period has more than {POINTS_MAX} {interval}s: ask for a shorter one, or for longer steps",
            field="interval",
            reason="too_many_points",
        )
    before = start if ever else start - (end - start)
    points = range(-((start - end) // step))[-POINTS_MAX:]  # the newest
    found = stats.figures(
        tx,
        merchant_id=merchant_id,
        before=before,
        since=start,
        until=end,
        points_since=start + points.start * step,
        step_seconds=STEP_SECONDS[interval],
    )
    currencies = _currencies(found)
    chosen = currency or (currencies[0] if currencies else DEFAULT_CURRENCY)
    own = [figure for figure in found if figure.currency == chosen]
    whole = [figure for figure in own if figure.step is None]
    now = [figure for figure in whole if not figure.before]
    return views.Stats(
        since=views.timestamp(start),
        until=views.timestamp(end),
        interval=interval,
        currency=chosen,
        currencies=currencies,
        payments_in_all_currencies=sum(
            one.count for one in found if one.step is None and not one.before and one.figure == "made"
        ),
        totals=_totals(now),
        previous=None if ever else _totals([figure for figure in whole if figure.before]),
        series=_series([figure for figure in own if figure.step is not None], points, start, step),
        by_method=_by_method(now),
        failures=_failures(now),
    )


def percentile(steps: Mapping[int, int], share: float) -> float | None:
    """Seconds that this share took at most, of counts by tenths of a power of ten; the step's middle, as one speaks."""
    total = sum(steps.values())
    passed = 0
    for step in sorted(steps):
        passed += steps[step]
        if passed >= share * total:
            return float(f"{10 ** ((step + 0.5) / 10):.3g}")
    return None


def _totals(figures: Iterable[Figure]) -> views.StatsTotals:
    counts: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    steps: Counter[int] = Counter()
    for one in figures:
        counts[one.figure] += one.count
        amounts[one.figure] += one.amount
        if one.figure == "took":
            steps[int(one.detail)] += one.count
    return views.StatsTotals(
        payments=counts["made"],
        succeeded=counts["succeeded"],
        failed=counts["failed"],
        pending=counts["made"] - counts["succeeded"] - counts["failed"],
        amount_succeeded=amounts["succeeded"],
        refunds=counts["refunded"],
        amount_refunded=amounts["refunded"],
        success_rate=_rate(counts),
        p50_seconds=percentile(steps, 0.50),
        p95_seconds=percentile(steps, 0.95),
    )


def _series(figures: Sequence[Figure], points: range, start: datetime, step: timedelta) -> list[views.StatsPoint]:
    """A point for each of these steps, whether or not something happened in it."""
    found: defaultdict[int, list[Figure]] = defaultdict(list)
    for one in figures:
        assert one.step is not None, "a point is of a step"
        found[one.step].append(one)
    shown = []
    for number in points:
        here = _totals(found[number])
        shown.append(
            views.StatsPoint(
                at=views.timestamp(start + number * step),
                payments=here.payments,
                succeeded=here.succeeded,
                failed=here.failed,
                amount_succeeded=here.amount_succeeded,
                amount_refunded=here.amount_refunded,
                p50_seconds=here.p50_seconds,
                p95_seconds=here.p95_seconds,
            )
        )
    return shown


def _by_method(figures: Iterable[Figure]) -> list[views.MethodStats]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in figures:
        if one.figure in ("made", "succeeded", "failed"):
            found[one.method][one.figure] += one.count
    return [
        views.MethodStats(
            method=method, payments=counts["made"], succeeded=counts["succeeded"], success_rate=_rate(counts)
        )
        for method, counts in sorted(found.items())
    ]


def _failures(figures: Iterable[Figure]) -> list[views.FailureStats]:
    reasons: Counter[str] = Counter()
    for one in figures:
        if one.figure == "failed":
            reasons[one.detail] += one.count
    return [views.FailureStats(reason=reason, count=count) for reason, count in reasons.most_common(REASONS_MAX)]


def _currencies(figures: Iterable[Figure]) -> list[str]:
    """Those there are payments in, the one with most of them first."""
    counts: Counter[str] = Counter()
    for one in figures:
        if one.step is None and one.figure == "made":
            counts[one.currency] += one.count
    return [currency for currency, _ in counts.most_common()]


def _rate(counts: Mapping[str, int]) -> float | None:
    """Of those whose outcome is known."""
    known = counts["succeeded"] + counts["failed"]
    return round(counts["succeeded"] / known, 4) if known else None


def _day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _down(moment: datetime) -> datetime:
    return moment - (moment - datetime.fromtimestamp(0, UTC)) % GRAIN


def _up(moment: datetime) -> datetime:
    down = _down(moment)
    return down if down == moment else down + GRAIN
