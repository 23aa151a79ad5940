"""What a dashboard shows first: figures, what needs attention, what changed, searches, calls of the API, a timeline."""

from __future__ import annotations

import csv
import io
import json
import math
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import app as handlers
import psycopg
import pytest
from chalicelib import masking, request_log, runtime
from chalicelib.api.payments.create import NewPayment
from chalicelib.api.payments.filters import PaymentFilters
from chalicelib.schedules import figures as figures_schedule

from local import events
from shared.config import Config
from shared.db import requests, rollups
from shared.db import stats as db_stats
from shared.db.database import Database
from shared.domain import views
from shared.services import exporting, stats, test_merchant
from tests import gateway, people
from tests.functions.test_api import CARD, CREDENTIALS, Api, _start

OPERATOR_SECRET = "an operator's secret, for tests and for nothing else"
OPERATOR = {"authorization": f"Bearer {OPERATOR_SECRET}"}


@pytest.fixture
def api(settings: Config, database: Database) -> Iterator[Api]:
    yield _start(replace(settings, operator_secret=OPERATOR_SECRET), database)
    runtime.current().close()


def _get(api: Api, path: str, *, headers: dict[str, str] | None = None) -> Any:
    answer = api.call("GET", f"/api/v1{path}", headers=headers)
    assert answer.status == 200, answer.json
    return answer.json


def _paid(api: Api, database: Database, vpa: str = "approve@magic", **order: Any) -> str:
    payment_id: str = api.pay(api.order(**order), vpa=vpa).json["id"]
    gateway.process(database, runtime.current().bank)
    return payment_id


def _refunded(api: Api, database: Database, payment_id: str, amount: int) -> str:
    made = api.call("POST", f"/api/v1/payments/{payment_id}/refunds", {"amount": amount})
    gateway.process_refunds(database, runtime.current().bank)
    return made.json["id"]


# Figures


def test_figures_are_of_what_happened_a_moment_ago(api: Api, database: Database) -> None:
    assert _get(api, "/stats")["totals"] == {
        "payments": 0, "succeeded": 0, "failed": 0, "pending": 0, "amount_succeeded": 0, "refunds": 0,
        "amount_refunded": 0, "success_rate": None, "p50_seconds": None, "p95_seconds": None,
    }  # fmt: skip
    paid = _paid(api, database, amount=70000)
    _paid(api, database, "insufficient-funds@magic")
    _refunded(api, database, paid, 20000)
    api.pay(api.order())
    shown = _get(api, "/stats")
    wanted = {"payments": 3, "succeeded": 1, "failed": 1, "pending": 1, "amount_succeeded": 70000, "refunds": 1,
              "amount_refunded": 20000, "success_rate": 0.5}  # fmt: skip
    assert {name: shown["totals"][name] for name in wanted} == wanted
    assert 0 < shown["totals"]["p50_seconds"] <= shown["totals"]["p95_seconds"] < 60
    assert shown["failures"] == [{"reason": "insufficient_funds", "count": 1}]
    assert shown["by_method"] == [{"method": "upi", "payments": 3, "succeeded": 1, "success_rate": 0.5}]
    assert (shown["currency"], shown["currencies"], shown["previous"]) == ("INR", ["INR"], None)
    with database.transaction() as tx:
        rollups.fold(tx)
    assert _get(api, "/stats") == shown


def test_a_period_counts_what_was_made_in_it_beside_the_period_before(api: Api, database: Database) -> None:
    now = datetime.now(UTC)
    day = now.replace(hour=18, minute=30, second=0, microsecond=0) - timedelta(days=3)  # midnight in India
    for ago, amount in ((timedelta(0), 10000), (timedelta(hours=23, minutes=59), 30000), (timedelta(days=-1), 50000)):
        payment_id = _paid(api, database, amount=amount)
        with database.transaction() as tx:
            tx.execute("update payments set created_at = %s where id = %s", (day + ago, payment_id))
    for added_up in (False, True):
        if added_up:
            with database.transaction() as tx:
                rollups.rebuild(tx)
        shown = _get(api, f"/stats?from={day:%Y-%m-%dT%H:%M:%SZ}&to={day + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}")
        assert (shown["totals"]["payments"], shown["totals"]["amount_succeeded"]) == (2, 40000)
        assert (shown["previous"]["payments"], shown["previous"]["amount_succeeded"]) == (1, 50000)
        assert [point["payments"] for point in shown["series"]] == [2]
        hours = _get(
            api,
            f"/stats?from={day:%Y-%m-%dT%H:%M:%SZ}&to={day + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}&interval=hour",
        )
        assert len(hours["series"]) == 24
        assert {n: p["payments"] for n, p in enumerate(hours["series"]) if p["payments"]} == {0: 1, 23: 1}
        assert hours["series"][0]["at"] == f"{day:%Y-%m-%dT%H:%M:%SZ}"
        assert sum(point["payments"] for point in _get(api, "/stats")["series"]) == 3


HALF_HOUR = timedelta(minutes=30)


def _scattered(database: Database, dice: random.Random, first: datetime, *, half_hours: int) -> None:
    """Payments and refunds at moments between, many of them just before or on a half hour, or a midnight somewhere."""
    vpas = ("approve@magic", "asha@upi", "insufficient-funds@magic", "wrong-pin@magic")
    ids = [gateway.pay(database, runtime.current().bank, dice.choice(vpas)) for _ in range(12)]
    gateway.process(database, runtime.current().bank)
    for payment_id in ids:
        if gateway.state(database, payment_id) == "authorized":
            gateway.capture(database, payment_id)
            if dice.random() < 0.6:
                gateway.refund(database, payment_id, 100)
    gateway.process_refunds(database, runtime.current().bank)
    ids += [gateway.pay(database, runtime.current().bank) for _ in range(4)]
    nudges = (timedelta(0), timedelta(microseconds=-1), timedelta(minutes=11))
    with database.transaction() as tx:
        tx.execute("alter table ledger_transactions disable trigger ledger_is_final")
        for payment_id in ids:
            for table, column in (("payments", "id"), ("ledger_transactions", "payment_id")):
                at = first + dice.randrange(half_hours) * HALF_HOUR + dice.choice(nudges)
                tx.execute(f"update {table} set created_at = %s where {column} = %s", (at, payment_id))
        tx.execute("alter table ledger_transactions enable trigger ledger_is_final")


def _straight(observer: psycopg.Connection[Any], since: datetime, until: datetime) -> Any:
    """What is in a period, counted from the rows themselves."""
    return observer.execute(
        """select count(*), count(*) filter (where succeeded), count(*) filter (where failed),
                  coalesce(sum(amount) filter (where succeeded), 0), count(*) filter (where succeeded or failed),
                  (select coalesce(sum(n.amount), 0)
                     from ledger_transactions t
                     join ledger_entries n on n.transaction_id = t.id and n.account = 'acquirer'
                    where t.kind = 'refund_processed' and t.created_at >= %(since)s and t.created_at < %(until)s)
             from payments p
            cross join lateral (
                      select bool_or(type = 'payment.success') as succeeded, bool_or(type = 'payment.failed') as failed
                        from events where payment_id = p.id) e
            where created_at >= %(since)s and created_at < %(until)s""",
        {"since": since, "until": until},
    ).fetchone()


def _took(observer: psycopg.Connection[Any], since: datetime, until: datetime) -> tuple[float | None, float | None]:
    """What half, and 95 of 100, of a period's payments took at most, from the rows themselves."""
    seconds = observer.execute(
        """select extract(epoch from e.created_at - p.created_at)::float8
             from payments p join events e on e.payment_id = p.id and e.type in ('payment.success', 'payment.failed')
            where p.created_at >= %s and p.created_at < %s""",
        (since, until),
    ).fetchall()
    steps = Counter(min(max(math.floor(10 * math.log10(max(took, 0.001))), -30), 70) for (took,) in seconds)
    return stats.percentile(steps, 0.50), stats.percentile(steps, 0.95)


def test_any_period_has_what_a_straight_count_finds(
    api: Api, database: Database, observer: psycopg.Connection[Any]
) -> None:
    """Periods that begin and end on any half hour; some of what is in them is added up, and some is not yet."""
    dice = random.Random(19)
    first, half_hours = datetime(2026, 3, 27, 18, 30, tzinfo=UTC), 48 * 6
    _scattered(database, dice, first, half_hours=half_hours)
    with database.transaction() as tx:
        rollups.fold(tx)
    _scattered(database, dice, first, half_hours=half_hours)
    seen = 0
    for turn in range(60):
        since = first + dice.randrange(half_hours) * HALF_HOUR
        if turn % 3 == 0:
            since = since.replace(hour=0, minute=0)
        length = dice.choice((1, 2, 7, 47, 48, 48, 49, 95, 96, 97, 144, 48 * 5 + 1))
        until = since + length * HALF_HOUR
        interval: stats.Interval = dice.choice(("hour", "day"))
        with database.statement() as tx:
            shown = stats.of(tx, test_merchant.ID, since=since, until=until, interval=interval, currency="INR")
        step = timedelta(seconds=stats.STEP_SECONDS[interval])
        asked = f"{since} to {until} by {interval}"
        for totals, start, end in ((shown.totals, since, until), (shown.previous, since - (until - since), since)):
            assert totals is not None
            made, succeeded, failed, amount, known, refunded = _straight(observer, start, end)
            told = (totals.payments, totals.succeeded, totals.failed, totals.amount_succeeded, totals.amount_refunded)
            assert told == (made, succeeded, failed, amount, refunded), asked
            assert (totals.p50_seconds is not None) == (known > 0), asked
            seen += made
        assert sum(one.count for one in shown.failures) == shown.totals.failed, asked
        assert sum(one.payments for one in shown.by_method) == shown.totals.payments, asked
        starts = [since + n * step for n in range(-((since - until) // step))]
        assert [point.at for point in shown.series] == [views.timestamp(start) for start in starts]
        for point, start in zip(shown.series, starts, strict=True):
            end = min(start + step, until)
            made, succeeded, failed, amount, known, refunded = _straight(observer, start, end)
            told = (point.payments, point.succeeded, point.failed, point.amount_succeeded, point.amount_refunded)
            assert told == (made, succeeded, failed, amount, refunded), f"{asked}, at {start}"
            took = (point.p50_seconds, point.p95_seconds)
            assert took == (_took(observer, start, end) if known else (None, None)), f"{asked}, at {start}"
    assert seen > 100


def test_figures_are_of_one_currency(api: Api, database: Database) -> None:
    for _ in range(2):
        _paid(api, database, amount=500, currency="JPY")
    _paid(api, database, amount=700)
    shown = _get(api, "/stats")
    assert (shown["currency"], shown["currencies"]) == ("JPY", ["JPY", "INR"])
    assert (shown["payments_in_all_currencies"], shown["totals"]["payments"]) == (3, 2)
    assert shown["totals"]["amount_succeeded"] == 1000
    assert _get(api, "/stats?currency=INR")["totals"]["amount_succeeded"] == 700
    assert _get(api, "/stats?currency=EUR")["totals"]["payments"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2024-01-15T10:31:00", "to"),
        ("from=2024-02-01&to=2024-01-01", "from"),
        ("from=2020-01-01&to=2024-01-01", "interval"),
        ("from=2024-01-01&to=2024-03-01&interval=hour", "interval"),
        ("interval=week", "interval"),
        ("currency=XXX", "currency"),
        ("from=9000-12-31&to=9000-12-31", None),
        ("from=1970-01-01&to=1970-01-02", None),
    ],
)
def test_a_period_that_cannot_be_is_refused_with_the_member_named(api: Api, query: str, field: str | None) -> None:
    answer = api.call("GET", f"/api/v1/stats?{query}")
    assert answer.status == (200 if field is None else 400), answer.json
    assert field is None or answer.json["error"]["field"] == field


@pytest.mark.parametrize("clock", ["00:00:00", "00:00:01", "12:29:59", "23:29:58", "23:30:00", "23:45:00", "23:59:59"])
def test_all_time_ends_with_today_whatever_the_time(
    database: Database, monkeypatch: pytest.MonkeyPatch, clock: str
) -> None:
    monkeypatch.setattr(stats.database, "now", lambda _: datetime.fromisoformat(f"2026-11-21T{clock}Z"))
    with database.statement() as tx:
        shown = stats.of(tx, test_merchant.ID, since=None, until=None, interval="day", currency=None)
    assert [(point.at, point.payments) for point in shown.series] == [("2026-11-21T00:00:00Z", 0)]
    assert shown.until == "2026-11-22T00:00:00Z"


def test_a_long_period_is_read_by_days_wherever_its_midnights_are() -> None:
    start = datetime(2026, 3, 27, 18, 30, tzinfo=UTC)
    parts = db_stats._parts(start, start + timedelta(days=90))
    assert [span for span, _, _ in parts] == ["half_hour", "day", "half_hour"]
    assert [until - since for _, since, until in parts] == [HALF_HOUR * 11, timedelta(days=89), HALF_HOUR * 37]


def test_a_percentile_is_within_a_tenth_of_a_power_of_ten() -> None:
    assert stats.percentile({}, 0.5) is None
    for seconds in (0.05, 1.0, 5.0, 7.3, 120.0):
        found = stats.percentile({math.floor(10 * math.log10(seconds)): 10}, 0.5)
        assert found is not None and 1 / 1.13 < found / seconds < 1.13
    assert stats.percentile({0: 95, 20: 5}, 0.95) == stats.percentile({0: 1}, 0.5)
    assert stats.percentile({0: 94, 20: 6}, 0.95) == stats.percentile({20: 1}, 0.5)


# Attention and changes


def test_what_needs_attention_is_counted(api: Api, database: Database) -> None:
    assert _get(api, "/attention") == {
        "failing_endpoints": [], "unknown_outcomes": 0, "failed_webhooks": 0, "dead_jobs": None,
    }  # fmt: skip
    api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
    _paid(api, database, "timeout-after-debit@magic")
    with database.statement() as tx:
        tx.execute("update webhook_logs set status = 'failed', next_retry_at = null")
        tx.execute("update webhook_endpoints set failing_since = now() where url is not null")
    shown = _get(api, "/attention")
    assert (shown["unknown_outcomes"], shown["failed_webhooks"]) == (1, 2)
    (failing,) = shown["failing_endpoints"]
    assert (failing["url"], failing["disabled_at"]) == ("http://127.0.0.1:9/", None)


def test_who_asks_for_changes_is_told_of_each_and_else_of_none(api: Api, database: Database) -> None:
    def ask(etag: str = "") -> Any:
        return api.call("GET", "/api/v1/changes", headers=CREDENTIALS | ({"if-none-match": etag} if etag else {}))

    first = ask()
    assert first.status == 200 and first.headers["ETag"] == f'"{first.json["cursor"]}"'
    same = ask(first.headers["ETag"])
    assert (same.status, same.json, same.headers["ETag"]) == (304, None, first.headers["ETag"])
    assert ask(f'W/"other", {first.headers["ETag"]}').status == 304
    _paid(api, database)
    changed = ask(first.headers["ETag"])
    assert changed.status == 200 and changed.json["cursor"] != first.json["cursor"]
    assert ask(changed.headers["ETag"]).status == 304


def test_an_attempt_at_a_delivery_is_a_change(api: Api, database: Database) -> None:
    api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
    _paid(api, database)
    before = _get(api, "/changes")
    with database.statement() as tx:
        tx.execute("update webhook_logs set last_attempt_at = now(), attempts = 1")
    assert _get(api, "/changes") != before


# Search and filters


def _found(api: Api, text: str) -> set[tuple[str, str]]:
    return {(one["type"], one["id"]) for one in _get(api, f"/search?q={text}")["data"]}


def test_objects_are_found_by_what_one_has_at_hand(api: Api, database: Database) -> None:
    api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
    order = api.order(receipt="R/2024-7")
    payment = api.pay(order, vpa="Asha.Rao@okbank").json["id"]
    gateway.process(database, runtime.current().bank)
    card = api.pay(api.order(), method="card", vpa=None, card=CARD).json["id"]
    refund = _refunded(api, database, _paid(api, database), 100)
    delivery = _get(api, "/webhooks?event=payment.created")["data"][0]
    assert _found(api, payment) == {("payment", payment)} == _found(api, payment[:-3])
    assert _found(api, order) == {("order", order)}
    assert _found(api, refund) == {("refund", refund)}
    assert _found(api, "R/2024-7") == {("order", order), ("payment", payment)}
    assert _found(api, "asha.rao@OKBANK") == {("payment", payment)}
    assert _found(api, "1111") == {("payment", card)}
    assert _found(api, delivery["id"]) == {("webhook", delivery["id"])} == _found(api, delivery["event_id"])
    for nothing in ("", "%20", "pay_", "pay_abc", "9999", "nobody@upi", "%27;--", "pay_%25%25%25%25"):
        assert _found(api, nothing) == set(), nothing
    assert api.call("GET", f"/api/v1/search?q={'x' * 256}").json["error"]["field"] == "q"
    (shown,) = _get(api, f"/search?q={card}")["data"]
    assert shown == {
        "type": "payment", "id": card, "title": "INR 500.00", "subtitle": "card visa …1111", "status": "success",
    }  # fmt: skip


@pytest.mark.parametrize(
    "receipt",
    ["order_1001", "order_12345", "pay_2024", "rfnd_1001", "evt_1001", "5d41402abc4b2a76b9719d911017c592",
     "0b5b1f6e-8a3e-4c56-9a7c-2f1d7c1f3f10", "asha@shop.example", "1001", "INV-7"],
)  # fmt: skip
def test_a_receipt_is_found_whatever_it_looks_like(api: Api, receipt: str) -> None:
    order = api.order(receipt=receipt)
    payment = api.pay(order).json["id"]
    assert _found(api, receipt) == {("order", order), ("payment", payment)}


def test_payments_are_filtered_by_vpa_card_receipt_and_state(api: Api, database: Database) -> None:
    by_receipt = _paid(api, database, receipt="r-77")
    card = api.pay(api.order(), method="card", vpa=None, card=CARD).json["id"]
    unknown = _paid(api, database, "timeout-after-debit@magic")
    gateway.process(database, runtime.current().bank)

    def ids(query: str) -> list[str]:
        return [one["id"] for one in _get(api, f"/payments?{query}")["data"]]

    assert ids("receipt=r-77") == [by_receipt]
    assert ids("vpa=APPROVE@magic") == [by_receipt]
    assert ids("card_last4=1111") == [card]
    assert ids("state=outcome_unknown") == [unknown]
    assert ids("vpa=1111") == ids("card_last4=approve@magic") == ids("receipt=r") == []
    assert api.call("GET", "/api/v1/payments?state=x%27%20or%201=1").status == 400


def test_amounts_are_of_one_currency(api: Api, database: Database) -> None:
    rupees = _paid(api, database)
    dollars = api.pay(api.order(currency="USD")).json["id"]

    def ids(query: str) -> list[str]:
        return [one["id"] for one in _get(api, f"/payments?{query}")["data"]]

    assert ids("currency=USD&amount_gte=100") == [dollars]
    assert ids("currency=INR&amount_gte=100") == [rupees]
    assert ids("currency=EUR") == []
    exported = api.call("GET", "/api/v1/payments/export?currency=USD").json
    assert dollars in exported and rupees not in exported
    for unknown in ("usd", "XXX", "x%27%20or%201=1"):
        error = api.call("GET", f"/api/v1/payments?currency={unknown}").json["error"]
        assert (error["field"], error["reason"]) == ("currency", "invalid_value")


def test_few_payments_of_a_currency_are_found_among_many(api: Api, database: Database) -> None:
    for _ in range(3):
        api.pay(api.order(currency="USD"))
    merchant_id = UUID(_get(api, "/merchants/me")["id"])
    where = PaymentFilters(currency="USD").where(merchant_id)
    conditions = " and ".join(condition for condition, value in where.items() if value is not None)
    with database.transaction() as tx:
        for kind in ("seqscan", "bitmapscan", "sort"):
            tx.execute(f"set local enable_{kind} = off")
        plan = tx.execute(
            f"""explain select id from payments where merchant_id = %s and {conditions}
                order by created_at desc, id desc limit 26""",
            (merchant_id, "USD"),
        ).fetchall()
    assert "payments_rare_currency" in str(plan)


def test_one_text_finds_payments_and_orders_by_whatever_it_is_of_them(api: Api) -> None:
    orders = [api.order(receipt=text) for text in ("1111", "Asha@upi", "order_1001", "r-4", "r-5", "r-6")]
    made = [api.pay(order, vpa=f"a{n}@upi").json["id"] for n, order in enumerate(orders[:4])]
    made.append(api.pay(orders[4], vpa="asha@UPI").json["id"])
    made.append(api.pay(orders[5], method="card", vpa=None, card=CARD).json["id"])

    def found(text: str, more: str = "") -> tuple[list[int], list[int]]:
        return (
            [made.index(one["id"]) for one in _get(api, f"/payments?q={text}{more}")["data"]],
            [orders.index(one["id"]) for one in _get(api, f"/orders?q={text}{more}")["data"]],
        )

    assert found("1111") == ([5, 0], [0]), "a receipt of four digits, and a card's last four"
    assert found("asha@upi") == ([4], []), "a receipt is as it is written"
    assert found("Asha@upi") == ([4, 1], [1])
    assert found("order_1001") == ([2], [2])
    assert found(made[3]) == found(f"%20{orders[3]}%20") == found("r-4") == ([3], [3])
    assert found("%20", "&limit=2") == ([5, 4], [5, 4]), "nothing that is looked for is no filter"
    assert found("nothing") == found("' or '1'='1") == ([], [])
    assert found("1111", "&amount=1") == ([], []) and found("1111", "&amount=50000") == ([5, 0], [0])
    assert found("1111", "&limit=1")[0] == [5]
    assert [one["id"] for one in _get(api, f"/payments?q=1111&limit=1&starting_after={made[5]}")["data"]] == [made[0]]
    assert _get(api, "/payments?q=1111&offset=0&limit=1")["total"] == 2
    exported = api.call("GET", "/api/v1/payments/export?q=1111").json
    assert [row["id"] for row in csv.DictReader(io.StringIO(exported, newline=""))] == [made[5], made[0]]
    for path in ("payments", "orders"):
        assert api.call("GET", f"/api/v1/{path}?q={'x' * 256}").json["error"]["field"] == "q"


# Export

FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t1", "\r1", "=cmd|' /C calc'!A0", '=HYPERLINK("https://x","y")', "＝1+1", "＋1",
    "－1", "＠SUM(A1)", "-2+3+cmd|' /C calc'!A0", "@", "=", "+", "-",
]  # fmt: skip
# To a program that splits at ; or overlooks quotes.
INNER_FORMULAS = {
    "b;=1+1": "b;'=1+1", "b; -1": "b; '-1", "b,@A1": "b,'@A1", "b\t+1": "b\t'+1", "b\n=1": "b\n'=1",
    "b\r\n =1": "b\r\n '=1", "\t=1": "'\t'=1", 'b;"=1+1&"";': 'b;"\'=1+1&"";', ";＝1;=1": ";'＝1;'=1",
}  # fmt: skip
HARMLESS = [
    "1;2, 3",
    "a; b=c; d-e",
    "5 - 3, net",
    "[1,2]",
    "asha@shop.example;ravi@shop.example",
    "1\t2",
    '{"a":-1,"b":"+91"}',
    "receipt",
    "a,b",
    'a"b',
    "a\nb",
    "a\r\nb",
    "₹ 漢 🧾",
    "'quoted",
    " =1",
    "1-1",
    "a=b",
    ";",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_is_no_formula(text: str) -> None:
    assert exporting.cell(text) == f"'{text}"


def test_an_export_is_what_a_spreadsheet_reads_back(api: Api, database: Database) -> None:
    guarded = {text: f"'{text}" for text in FORMULAS} | INNER_FORMULAS | {text: text for text in HARMLESS}
    receipts = list(guarded)
    made = [api.pay(api.order(receipt=text), vpa="-asha@upi").json["id"] for text in receipts]
    answer = api.call("GET", "/api/v1/payments/export?format=csv")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/csv")
    assert "X-Next-Cursor" not in answer.headers
    assert answer.json.replace("\r\n", "").count("\r") == answer.json.count("\r1")
    rows = list(csv.DictReader(io.StringIO(answer.json, newline="")))
    assert [row["id"] for row in rows] == made[::-1]
    assert [row["receipt"] for row in rows] == list(guarded.values())[::-1]
    assert {row["vpa"] for row in rows} == {"'-asha@upi"}
    assert {row["amount"] for row in rows} == {"50000"}
    for row in rows:
        assert not [cell for cell in row.values() if cell.startswith(exporting.FORMULAS)]


def test_a_cell_within_a_cell_is_no_formula() -> None:
    for text, guarded in INNER_FORMULAS.items():
        assert exporting.cell(text) == guarded
    assert (
        exporting.cell({"a": "b;=1", "phones": ["1", "+91"], "c": -1})
        == """{"a":"b;'=1","phones":["1","'+91"],"c":-1}"""
    )


@pytest.mark.parametrize("written", ['"' * 1900, "न" * 1900], ids=["quotes", "Hindi"])
def test_a_page_of_an_export_fits_into_an_answer_whatever_its_notes(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setattr(exporting, "BYTES_MAX", 50_000)
    monkeypatch.setattr(exporting, "ROWS_AT_ONCE", 3)
    sent: list[dict[str, str]] = [{"n": str(n), "written": written if n < 14 else ""} for n in range(20)]
    for notes in sent:
        api.pay(api.order(), notes=notes)
    text, cursor, sizes = "", "", []
    while True:
        answer = api.call("GET", f"/api/v1/payments/export?{cursor}")
        text, sizes = text + answer.json, [*sizes, len(json.dumps(answer.json))]
        if "X-Next-Cursor" not in answer.headers:
            break
        cursor = f"cursor={answer.headers['X-Next-Cursor']}"
    assert len(sizes) > 2 and max(sizes) < 51_000
    assert [json.loads(row["notes"]) for row in csv.DictReader(io.StringIO(text, newline=""))] == sent[::-1]


def test_an_export_goes_on_page_by_page_with_the_lists_filters(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ROWS_MAX", 2)
    made = [api.pay(api.order(), vpa="a@upi").json["id"] for _ in range(5)]
    api.pay(api.order(), vpa="b@upi")
    text, cursor, pages = "", "", 0
    while True:
        answer = api.call("GET", f"/api/v1/payments/export?vpa=a@upi{cursor}")
        text, pages = text + answer.json, pages + 1
        if "X-Next-Cursor" not in answer.headers:
            break
        cursor = f"&cursor={answer.headers['X-Next-Cursor']}"
    assert pages == 3
    assert [row["id"] for row in csv.DictReader(io.StringIO(text, newline=""))] == made[::-1]
    refused = api.call("GET", "/api/v1/payments/export?cursor=pay_nothing")
    assert (refused.status, refused.json["error"]["field"]) == (400, "cursor")
    assert refused.headers["Content-Type"] == "application/json"


# Timeline


def test_a_timeline_tells_all_that_happened_in_its_order(api: Api, database: Database) -> None:
    api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
    paid = _paid(api, database, "timeout-after-debit@magic")
    gateway.make_due(database)
    gateway.process(database, runtime.current().bank)
    api.call("POST", f"/api/v1/payments/{paid}/capture")
    refund = _refunded(api, database, paid, 20000)
    with database.statement() as tx:
        tx.execute(
            """insert into webhook_attempts (webhook_log_id, attempt, started_at, duration_ms, response_code)
               select id, 1, created_at + interval '1 second', 12, 500 from webhook_logs
                where event = 'payment.created'"""
        )
    entries = _get(api, f"/payments/{paid}/timeline")["data"]
    told = [(one["kind"], one["title"]) for one in entries]
    ats = [one["at"] for one in entries]
    assert ats == sorted(ats) and all(len(at) == len("2024-01-15T10:31:00.250Z") for at in ats)
    wanted = [
        ("request", "POST /api/v1/payments"),
        ("event", "payment.created"),
        ("event", "payment.pending"),
        ("bank", "The bank gave no answer that tells the outcome"),
        ("event", "payment.outcome_unknown"),
        ("bank", "The bank approved the payment"),
        ("event", "payment.success"),
        ("request", f"POST /api/v1/payments/{paid}/capture"),
        ("event", "payment.captured"),
        ("ledger", "Booked: capture"),
        ("request", f"POST /api/v1/payments/{paid}/refunds"),
        ("event", "refund.created"),
        ("refund", "Refund requested"),
        ("ledger", "Booked: refund"),
        ("event", "payment.partially_refunded"),
        ("event", "refund.processed"),
        ("refund", "Refund processed"),
        ("ledger", "Booked: refund_processed"),
    ]
    assert sorted(one for one in told if one in wanted) == sorted(wanted)
    assert [one for one in told if one[0] == "event"] == [one for one in wanted if one[0] == "event"]
    assert ("webhook", "payment.created not accepted") in told
    assert ("webhook", "payment.success waits to be sent") in told
    approved = next(one for one in entries if one["title"] == "The bank approved the payment")
    assert approved["details"]["acquirer_reference"]
    assert {one["ref"] for one in entries if one["kind"] == "refund"} == {refund}
    assert api.call("GET", "/api/v1/payments/pay_nothing/timeline").status == 404


# Calls of the API


def _calls(api: Api, query: str = "") -> list[Any]:
    return _get(api, f"/requests?limit=100{query}")["data"]


def test_a_merchants_calls_are_there_with_what_came_of_them(api: Api) -> None:
    order = api.order(receipt="r-1")
    api.call("POST", "/api/v1/orders", {"amount": 5})
    api.call("GET", f"/api/v1/orders/{order}")
    newest, refused, made = _calls(api)[:3]
    assert (made["method"], made["path"], made["status"], made["subject"]) == ("POST", "/api/v1/orders", 201, order)
    assert json.loads(made["body"]) == {"amount": 50000, "receipt": "r-1"}
    assert (made["api_key"], made["address"]) == (test_merchant.API_KEY, "127.0.0.1")
    assert refused["status"] == 400 and newest["method"] == "GET" and newest["body"] is None
    assert [one["status"] for one in _calls(api, "&status=4xx")] == [400]
    assert {one["method"] for one in _calls(api, "&method=POST")} == {"POST"}
    assert {one["path"] for one in _calls(api, "&path=/api/v1/orders/order_")} == {f"/api/v1/orders/{order}"}


NUMBER, CVV = "4242424242424242", "873"


def test_no_card_number_cvv_or_secret_is_ever_kept(api: Api, observer: psycopg.Connection[Any]) -> None:
    card = CARD | {"number": NUMBER, "cvv": CVV}
    bodies: list[Any] = [
        {"order_id": api.order(), "method": "card", "card": card},
        {"order_id": api.order(), "method": "card", "card": card | {"expiry_month": "13"}},
        {"order_id": api.order(), "method": "card", "CARD": {"Number": NUMBER, "CVV": CVV}},
        {"order_id": api.order(), "method": "upi", "vpa": "a@upi", "notes": {"typed": "4242 4242 4242 4242"}},
        {
            "order_id": api.order(),
            "method": "upi",
            "vpa": "a@upi",
            "notes": {"list": [{"cvv": CVV, "token": "t" + CVV}]},
        },
        {"padding": "x" * 4060, "typed": NUMBER},
        [{"cvv": CVV}],
        NUMBER,
    ]
    for body in bodies:
        api.call("POST", "/api/v1/payments", body)
    api.call("POST", "/api/v1/payments", raw=b'{"card": {"number": "4242424242424242", "cvv": "873"')
    api.call("POST", f"/api/v1/payments/{NUMBER}/capture")
    api.call("POST", "/api/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/", "secret": f"whsec_{NUMBER}"})
    kept = [row[0] for row in observer.execute("select r::text from api_requests r").fetchall()]
    assert len(kept) > len(bodies)
    for row in kept:
        digits = row.replace(" ", "")
        assert NUMBER not in digits and CVV not in row.split(",", 12)[-1], row
        assert NUMBER[:12] not in digits, "half a card number"
        assert "Asha Rao" not in row and test_merchant.API_SECRET not in row and "whsec_4" not in row
    assert any('"vpa":"a@upi"' in row.replace('""', '"').replace("\\", "") for row in kept)


def test_a_key_that_let_nobody_in_is_not_kept_and_neither_is_a_password(
    api: Api, database: Database, observer: psycopg.Connection[Any]
) -> None:
    mine = people.cookie_of(database, test_merchant.USER_ID, confirmed=True)
    mine["x-api-key"] = f"key_{NUMBER}" + "x" * 5000
    api.call("POST", "/api/v1/session/confirm", {"password": "hunter2 hunter2"}, headers=mine)
    wrong = {"current_password": "hunter2", "newPassword": "hunter2"}
    api.call("POST", "/api/v1/session/password", wrong, headers=mine)
    mine["user-agent"] = "4242.4242.4242.4242 " * 100
    api.call("PUT", "/api/v1/team/4242–4242–4242–4242", {"password": "hunter2"}, headers=mine)
    kept = observer.execute("select api_key, path, user_agent, body from api_requests").fetchall()
    assert len(kept) == 3 and {row[0] for row in kept} == {None}
    assert "hunter2" not in str(kept) and "4242" not in str(kept)
    assert '{"current_password":"[masked]","newPassword":"[masked]"}' in {row[3] for row in kept}


def test_what_a_card_is_made_of_is_masked_whatever_it_is() -> None:
    sent = {"order_id": "order_1", "card": {"number": 1, "cvv": "8", "Holder_Name": "Asha"}, "vpa": "a@upi"}
    masked = dict.fromkeys(sent["card"], masking.MASK)  # type: ignore[arg-type]
    assert masking.asked_for(sent, NewPayment) == sent | {"card": masked}


@pytest.mark.parametrize(
    ("which", "kept"), [("all", {201, 400, 200}), ("writes", {201, 400}), ("errors", {400}), ("off", set())]
)
def test_the_setting_says_which_calls_are_kept(
    api: Api, observer: psycopg.Connection[Any], which: str, kept: set[int]
) -> None:
    api._gateway._which_noted = which
    order = api.order()
    api.call("POST", "/api/v1/orders", {"amount": 5})
    api.call("GET", f"/api/v1/orders/{order}")
    found = {status for (status,) in observer.execute("select status from api_requests").fetchall()}
    assert found == kept


def test_calls_without_a_merchant_are_nobodys(api: Api, observer: psycopg.Connection[Any]) -> None:
    api.call("GET", "/health", headers={})
    api.call("POST", "/api/v1/orders", {"amount": 500}, headers=CREDENTIALS | {"x-api-secret": "wrong"})
    api.call("GET", "/api/v1/merchants", headers=OPERATOR)
    api.call("GET", f"/api/v1/orders/{'x' * 22}/public", headers={})
    assert observer.execute("select count(*) from api_requests").fetchone() == (0,)


def test_calls_are_gathered_and_those_past_the_bound_are_only_counted(
    database: Database, observer: psycopg.Connection[Any]
) -> None:
    dropped: list[int] = []
    gathered = request_log.Gathered(database, dropped=dropped.append)
    gathered._thread = object()  # type: ignore[assignment] # its thread would store them meanwhile
    request_log.use(gathered)
    event = {"httpMethod": "POST", "path": "/api/v1/orders", "headers": {}, "body": '{"amount":1}',
             "requestContext": {"requestId": "r", "resourcePath": "/api/v1/orders",
                                "merchantId": test_merchant.ID}}  # fmt: skip
    try:
        for _ in range(request_log.WAITING_MAX + 7):
            request_log.note(event, {"statusCode": 201, "body": '{"id":"order_1"}'}, seconds=0.001, which="all")
    finally:
        request_log.use(request_log.AtOnce())
    assert sum(dropped) == 7
    gathered.store()
    assert observer.execute("select count(*), min(subject) from api_requests").fetchone() == (
        request_log.WAITING_MAX, "order_1",
    )  # fmt: skip


ENDING = str(test_merchant.ID)[-1]


def _called(database: Database, times: int) -> None:
    with database.statement() as tx:
        tx.execute(
            """insert into api_requests
                      (merchant_id, created_at, method, path, status, duration_ms, request_id, address, user_agent)
               select %s, now() - make_interval(secs => n), 'GET', '/' || n, 200, 1, 'r', '', ''
                 from generate_series(1, %s) n""",
            (test_merchant.ID, times),
        )


def test_only_the_newest_calls_are_kept(
    database: Database, observer: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "TRIMMED_MAX", 300)
    _called(database, 1500)
    with database.statement() as tx:
        assert requests.trim(tx, ending="f") == 0, "it is another merchant's turn"
        assert [requests.trim(tx, ending=ENDING) for _ in range(3)] == [300, 200, 0]
    kept = observer.execute("select count(*), max(created_at) > now() - interval '1 minute' from api_requests")
    assert kept.fetchone() == (requests.KEPT_MAX, True)
    observer.execute("update api_requests set created_at = now() - interval '31 days' where path = '/7'")
    with database.statement() as tx:
        assert requests.trim(tx, ending=ENDING) == 1


def test_each_merchants_turn_comes_and_all_of_its_old_calls_go(
    api: Api, database: Database, observer: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "TRIMMED_MAX", 100)
    _called(database, 1450)
    counts = []
    now = figures_schedule.time.time()
    for minute in range(16):
        monkeypatch.setattr(figures_schedule.time, "time", lambda minute=minute: now + 60 * minute)
        _run_figures()
        (count,) = observer.execute("select count(*) from api_requests").fetchone() or (0,)
        counts.append(count)
    turn = (int(ENDING, 16) - int(now / 60)) % 16
    assert counts == [1450] * turn + [1000] * (16 - turn)


def _run_figures() -> None:
    handlers.app.handler_map["figures"](events.clock_event("figures"), events.Context("figures", timeout_seconds=60))


@pytest.mark.parametrize("trouble", ["operations.sample", "requests.trim", "rollups.fold"])
def test_trouble_with_one_thing_that_is_done_each_minute_leaves_the_others(
    api: Api, database: Database, observer: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise psycopg.errors.QueryCanceled

    module, name = trouble.split(".")
    monkeypatch.setattr(getattr(figures_schedule, module), name, fail)
    monkeypatch.setattr(figures_schedule.time, "time", lambda: int(ENDING, 16) * 60)
    _called(database, 1001)
    api.pay(api.order())
    with pytest.raises(psycopg.errors.QueryCanceled):
        _run_figures()
    done = observer.execute(
        """select exists (select from job_samples), (select count(*) from api_requests) <= 1000,
                  exists (select from payment_figures)"""
    ).fetchone()
    assert done == tuple(one != trouble for one in ("operations.sample", "requests.trim", "rollups.fold"))


# Operations


def _kill(database: Database, kind: str) -> str:
    with database.statement() as tx:
        row = tx.execute(
            """update jobs set state = 'dead', attempts = 20, lease_until = now() + interval '45 seconds',
                               last_error = 'ValueError: odd'
                where kind = %s returning id""",
            (kind,),
        ).fetchone()
    assert row is not None
    return str(row["id"])


def test_a_dead_job_is_listed_and_tried_again(api: Api, database: Database) -> None:
    payment = api.pay(api.order()).json["id"]
    job = _kill(database, "process_payment")
    gateway.process(database, runtime.current().bank)
    assert gateway.state(database, payment) == "created"
    (dead,) = _get(api, "/operations/dead_jobs", headers=OPERATOR)["data"]
    assert (dead["id"], dead["subject"], dead["attempts"], dead["last_error"]) == (job, payment, 20, "ValueError: odd")
    assert abs(datetime.fromisoformat(dead["died_at"]) - datetime.now(UTC)) < timedelta(seconds=10)
    queues = {one["kind"]: one for one in _get(api, "/operations", headers=OPERATOR)["queues"]}
    assert queues["process_payment"]["dead"] == 1
    api.told.jobs.clear()
    revived = api.call("POST", f"/api/v1/operations/dead_jobs/{job}/retry", headers=OPERATOR)
    assert (revived.status, revived.json["subject"], revived.json["status"]) == (200, payment, "pending")
    assert [str(told.id) for told in api.told.jobs] == [job]
    with database.statement() as tx:
        noted = tx.execute("select actor, subject, details from audit_log where action = 'job.retried'").fetchall()
    assert noted == [
        {"actor": "operator", "subject": job, "details": {"kind": "process_payment", "of": payment}},
    ]
    assert api.call("POST", f"/api/v1/operations/dead_jobs/{job}/retry", headers=OPERATOR).status == 404
    gateway.process(database, runtime.current().bank)
    assert gateway.state(database, payment) == "authorized"


def test_a_delivery_that_its_dead_job_failed_waits_again(api: Api, database: Database) -> None:
    api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
    api.pay(api.order())
    job = _kill(database, "deliver_webhook")
    with database.statement() as tx:
        tx.execute("update webhook_logs set status = 'failed', next_retry_at = null")
    assert api.call("POST", f"/api/v1/operations/dead_jobs/{job}/retry", headers=OPERATOR).status == 200
    assert [one["status"] for one in _get(api, "/webhooks")["data"]] == ["pending"]


def test_a_dead_job_is_revived_once_by_many_at_a_time(api: Api, database: Database) -> None:
    api.pay(api.order())
    job = _kill(database, "process_payment")
    with ThreadPoolExecutor(8) as threads:
        statuses = list(
            threads.map(
                lambda _: api.call("POST", f"/api/v1/operations/dead_jobs/{job}/retry", headers=OPERATOR).status,
                range(8),
            )
        )
    assert sorted(statuses) == [200] + [404] * 7


def test_operators_see_queues_workers_schedules_and_throughput(
    api: Api, database: Database, observer: psycopg.Connection[Any]
) -> None:
    def run(name: str) -> None:
        handlers.app.handler_map[name](events.clock_event(name), events.Context(name, timeout_seconds=60))

    run("figures")
    run("expiry")
    observer.execute("update job_samples set at = at - interval '1 minute'")
    _paid(api, database)
    with database.statement() as tx:
        tx.execute("update queues set drained_at = now() where kind = 'process_payment'")
    run("figures")
    shown = _get(api, "/operations", headers=OPERATOR)
    queues = {one["kind"]: one for one in shown["queues"]}
    assert (queues["process_payment"]["worker"], queues["process_refund"]["worker"]) == ("running", "stopped")
    assert (queues["process_payment"]["completed"], queues["process_payment"]["pending"]) == (1, 0)
    assert {one["name"]: one["error"] for one in shown["schedules"]} == {"expiry": None, "figures": None}
    assert {one["kind"]: one["completed"] for one in shown["throughput"]} == {
        "process_payment": 1, "process_refund": 0, "deliver_webhook": 0,
    }  # fmt: skip


def test_a_schedule_that_fails_says_so_to_operators(
    api: Api, observer: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(figures_schedule.operations, "sample", fail)
    with pytest.raises(ZeroDivisionError):
        _run_figures()
    assert observer.execute("select error from schedule_runs where name = 'figures'").fetchone() == (
        "ZeroDivisionError",
    )
