"""What a merchant's lists cost with a million payments, side by side with what they cost with ten thousand.

Both merchants have a database and a server of their own on the same Postgres, and are asked in turn, so that whatever
else the machine does happens to both.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from statistics import median
from urllib.parse import urlencode

import psycopg

from local.bench import http_load
from local.bench.gateway import HEADERS, Bench
from local.embedded_postgres import EmbeddedPostgres
from shared.services import test_merchant

FEW, MANY = 10_000, 1_000_000
RATIO_AIM = 1.5
ROUNDS = 5
REQUESTS = 30  # in a round, of each merchant; fewer when they take longer than:
ROUND_SECONDS = 2.0
PAGE = 10
HUNDREDTH = 99 * PAGE  # rows before it
WALK = 99  # rows at a time, on the way there
HISTORY_DAYS = (30, 90)  # of figures, from midnight to midnight in India, which is no midnight of theirs
INDIA = timedelta(hours=5, minutes=30)

# One payment a second, each with an order, a refund, an event, a delivery and an entry in the ledger; the last was made
# when this runs. Ids are in no order, as real ones are. The five oldest have what no other has. Rows are written with
# triggers and references off, by the superuser: they would be checked one by one, and are right by construction.
FILL = """
set session_replication_role = replica;

create temporary table rows as
select n, '{merchant}'::uuid as merchant_id, substr(md5(n::text), 1, 16) as id,
       now() - make_interval(secs => ({count} - n)::float8) as at, 100 + n * 7919 % 1000000 as amount
  from generate_series(1::bigint, {count}) n;

insert into orders (id, merchant_id, amount, currency, receipt, status, expires_at, created_at, updated_at)
select 'order_' || id, merchant_id, amount, 'INR', 'receipt_' || n,
       case when n <= 5 then 'cancelled' when n % 5000 = 0 then 'expired' when n % 10 = 0 then 'attempted'
            when n % 7 = 0 then 'created' else 'paid' end, at + interval '7 days', at, at
  from rows;

insert into payments (id, merchant_id, order_id, connector, amount, currency, method, vpa, card_network, card_last4,
                      token, capture, exclusive, state, sequence, amount_authorized, amount_captured, amount_refunded,
                      error_code, created_at, updated_at)
select 'pay_' || id, merchant_id, 'order_' || id, 'simulator', amount, 'INR',
       case when n % 3 = 0 then 'card' else 'upi' end, case when n % 3 <> 0 then 'asha' || n % 50000 || '@upi' end,
       case when n % 3 = 0 then 'visa' end, case when n % 3 = 0 then lpad((n % 10000)::text, 4, '0') end,
       case when n % 3 = 0 then 'sim_' || n end,
       'manual', true, state, 3, case when state not in ('processing', 'failed') then amount else 0 end,
       case when state in ('captured', 'refunded', 'partially_refunded') then amount else 0 end,
       case state when 'refunded' then amount when 'partially_refunded' then 100 else 0 end,
       case state when 'failed' then 'BAD_REQUEST_ERROR' end, at, at
  from rows, lateral (select case when n <= 5 then 'partially_refunded' when n % 5000 = 0 then 'processing'
                                  when n % 100 < 60 then 'captured' when n % 100 < 80 then 'authorized'
                                  when n % 100 < 95 then 'failed' else 'refunded' end as state) s;

insert into refunds (id, merchant_id, payment_id, amount, currency, status, error_reason, created_at, updated_at,
                     processed_at)
select 'rfnd_' || id, merchant_id, 'pay_' || id, 100, 'INR', status, case status when 'failed' then 'declined' end,
       at, at, case status when 'processed' then at end
  from rows, lateral (select case when n <= 5 then 'pending' when n % 7 = 0 then 'failed' else 'processed' end
                             as status) s;

create temporary table bodies as
select *, json_build_object('event', type, 'timestamp', extract(epoch from at)::bigint,
           'data', json_build_object('payment', json_build_object('id', 'pay_' || id, 'amount', amount)),
           'id', 'evt_' || id, 'sequence', 1, 'padding', repeat('x', 300))::text as body
  from rows, lateral (select case when n <= 5 then 'payment.voided' when n % 7 = 0 then 'payment.failed'
                                  else 'payment.success' end as type) s;

insert into events (id, merchant_id, payment_id, sequence, type, to_state, body, created_at)
select 'evt_' || id, merchant_id, 'pay_' || id, 1, type, 'created', body, at from bodies;

insert into webhook_logs (merchant_id, event_id, endpoint_id, event, payload, status, attempts, created_at,
                          last_attempt_at, next_retry_at, response_code)
select merchant_id, 'evt_' || id, (select id from webhook_endpoints where is_first), type, body::json, status, 1, at,
       at, case status when 'pending' then at + interval '1 year' end, 200
  from bodies, lateral (select case when n <= 5 then 'pending' when n % 7 = 0 then 'failed' else 'success' end
                               as status) s;

insert into ledger_transactions (id, merchant_id, kind, reference, payment_id, currency, created_at)
select 'txn_' || id, merchant_id, case when n <= 10 then 'refund_returned' else 'capture' end, id, 'pay_' || id, 'INR',
       at
  from rows where n % 2 = 0;

insert into ledger_entries (transaction_id, account, merchant_id, currency, amount)
select 'txn_' || id, account, merchant_id, 'INR', case account when 'acquirer' then -amount else amount end
  from rows, unnest('{{acquirer,available}}'::text[]) account where n % 2 = 0;
"""


# What happened within twelve days, again and again: figures of half a year, for a quarter and the one before it.
HISTORY = """
insert into payment_figures (merchant_id, span, at, figure, currency, method, detail, count, amount)
select merchant_id, span, at - n * interval '13 days', figure, currency, method, detail, count, amount
  from payment_figures, generate_series(1, 14) n
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A list as somebody asks for it, and which of its pages: the first, the hundredth, or one amid all rows."""

    path: str
    query: dict[str, str]
    page: str = "first"

    @property
    def name(self) -> str:
        asked = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"{self.path.removeprefix('/api/v1')}{'?' if asked else ''}{asked}"


def cases() -> Iterator[Case]:
    """`@id` and the like stand for what the database has amid all rows."""
    amid = {"created_gte": "@from", "created_lte": "@to"}
    for path, common, rare in (
        ("payments", {"status": "failed"}, ({"status": "pending"}, {"status": "partially_refunded"})),
        ("orders", {"status": "attempted"}, ({"status": "expired"}, {"status": "cancelled"})),
        ("refunds", {"status": "failed"}, ({"status": "pending"},)),
        ("events", {"type": "payment.failed"}, ({"type": "payment.voided"},)),
        ("webhooks", {"status": "failed"}, ({"status": "pending"},)),
        ("ledger", {"kind": "capture"}, ({"kind": "refund_returned"},)),
    ):
        whole = f"/api/v1/{path}"
        first = "with total" if path == "webhooks" else "first"  # without a cursor, that one counts
        for page in (first, "hundredth", "amid"):
            yield Case(path=whole, query={}, page=page)
        for query in (common, amid):
            for page in (first, "hundredth"):
                yield Case(path=whole, query=query, page=page)
        for query in rare:
            yield Case(path=whole, query=query, page=first)
        if path == "payments":
            for page in ("first", "hundredth"):
                yield Case(path=whole, query={"method": "card"}, page=page)
            yield Case(path=whole, query={"status": "failed", "method": "card"})
            yield Case(path=whole, query={"order_id": "order_@id"})
            yield Case(path=whole, query={"amount": "@amount"})
        if path == "orders":
            yield Case(path=whole, query={"receipt": "@receipt"})
        if path in ("refunds", "events"):
            yield Case(path=whole, query={"payment_id": "pay_@id"})
        if path == "webhooks":
            yield Case(path=whole, query={"event_id": "evt_@id"}, page=first)
    for path in ("payments", "orders", "webhooks"):
        for offset in ("0", "990", "9900"):
            yield Case(path=f"/api/v1/{path}", query={"offset": offset}, page="with total")
    yield Case(path="/api/v1/payments", query={"status": "failed", "offset": "0"}, page="with total")
    for query in ({"vpa": "asha7@upi"}, {"card_last4": "0042"}, {"receipt": "@receipt"}, {"state": "voided"}):
        yield Case(path="/api/v1/payments", query=query)
    yield Case(path="/api/v1/webhooks", query={"total": "false"})
    for path, text in (("payments", "@receipt"), ("payments", "0042"), ("orders", "@receipt")):
        yield Case(path=f"/api/v1/{path}", query={"q": text})
    for path in ("balance", "stats", "changes", "attention", "payments/pay_@id/timeline"):
        yield Case(path=f"/api/v1/{path}", query={}, page="")
    yield Case(path="/api/v1/stats", query={"from": "@from", "to": "@to", "interval": "hour"}, page="")
    for days in HISTORY_DAYS:
        yield Case(path="/api/v1/stats", query={"from": f"@{days}_days", "to": "@midnight"}, page="")
    for text in ("pay_@id", "@receipt", "asha7@upi", "0042", "nothing"):
        yield Case(path="/api/v1/search", query={"q": text}, page="")


class Merchant:
    """One with that many payments, on a database of its own."""

    def __init__(self, postgres: EmbeddedPostgres, redis_url: str, count: int) -> None:
        name = f"lists_{count}"
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute(f"create database {name}")  # type: ignore[arg-type]
        self.count = count
        self.gateway = Bench(postgres.url_of(name), redis_url)
        self.gateway.migrate()
        began = time.monotonic()
        with psycopg.connect(postgres.admin_url, dbname=name, autocommit=True) as connection:
            connection.execute(FILL.format(merchant=test_merchant.ID, count=count))  # type: ignore[arg-type]
            connection.execute("select rollup_rebuild()")
            connection.execute(HISTORY)
            connection.execute("vacuum analyze")
        self.filled_seconds = time.monotonic() - began
        self._values = self._amid()
        self.gateway.start("local.server")
        self.gateway.wait_for_server()

    def close(self) -> None:
        self.gateway.stop()
        self.gateway.connection.close()

    def request(self, case: Case) -> bytes:
        """What asks for that page."""
        query = {name: self._known(value) for name, value in case.query.items()}
        path = self._known(case.path)
        if case.page == "hundredth":
            query["starting_after"] = self._before_hundredth(case.path, query)
        elif case.page == "amid":
            table = {"webhooks": "webhook_logs", "ledger": "ledger_transactions"}.get(case.path.split("/")[-1])
            query["starting_after"] = self._newest_before_the_middle(table or case.path.split("/")[-1])
        return http_load.request("GET", f"{path}?{urlencode(query)}", headers=HEADERS)

    def _known(self, text: str) -> str:
        for name, value in self._values.items():
            text = text.replace(name, value)
        return text

    def _amid(self) -> dict[str, str]:
        id, amount, receipt, at = self.gateway.row(
            f"""select substr(id, 7), amount, receipt, extract(epoch from created_at)::bigint from orders
                 where receipt = 'receipt_{self.count // 2}'"""
        )
        known = {"@id": id, "@amount": str(amount), "@receipt": receipt, "@from": str(at), "@to": str(at + 2000)}
        midnight = datetime.now(timezone(INDIA)).replace(hour=0, minute=0, second=0, microsecond=0)
        known["@midnight"] = str(int(midnight.timestamp()))
        return known | {
            f"@{days}_days": str(int((midnight - timedelta(days=days)).timestamp())) for days in HISTORY_DAYS
        }

    def _newest_before_the_middle(self, table: str) -> str:
        (id,) = self.gateway.row(
            f"""select id from {table} where created_at <= to_timestamp({self._values["@from"]})
                 order by created_at desc, id desc limit 1"""
        )
        return str(id)

    def _before_hundredth(self, path: str, query: dict[str, str]) -> str:
        """The last id of the ninety-ninth page, found as a client finds it."""
        cursor: dict[str, str] = {"limit": str(WALK)}
        for _ in range(HUNDREDTH // WALK):
            asked = http_load.request("GET", f"{path}?{urlencode(query | cursor)}", headers=HEADERS)
            load = http_load.run(self.gateway.port, iter([asked]), connections=1, keep_bodies=True)
            if set(load.statuses) != {200}:
                raise RuntimeError(f"{path} answers {load.statuses}: {load.bodies[0]!r}")
            cursor["starting_after"] = json.loads(load.bodies[0])["data"][-1]["id"]
        return cursor["starting_after"]


def run(postgres: EmbeddedPostgres, redis_url: str) -> None:
    print(f"\nLists: pages of {PAGE}, of a merchant with {FEW:,} payments and of one with {MANY:,}", flush=True)
    merchants: list[Merchant] = []
    try:
        for count in (FEW, MANY):
            merchants.append(Merchant(postgres, redis_url, count))
            print(f"{count:,} of everything written in {merchants[-1].filled_seconds:.0f} s", flush=True)
        print(f"{'median, one request at a time':<58}{FEW:>12,}{MANY:>12,}   ratio", flush=True)
        for case in cases():
            print(_line(case, *(_latency_ms(merchants, case))), flush=True)
    finally:
        for merchant in merchants:
            merchant.close()


def _latency_ms(merchants: list[Merchant], case: Case) -> list[float | str]:
    """The median of each merchant, who take turns; or what came instead of an answer."""
    requests = [merchant.request(case) for merchant in merchants]
    latencies: list[list[float]] = [[] for _ in merchants]
    refused: list[set[int]] = [set() for _ in merchants]
    for _ in range(ROUNDS):
        for n, merchant in enumerate(merchants):
            load = http_load.run(merchant.gateway.port, _for_a_while(requests[n]), connections=1)
            latencies[n] += load.latencies
            refused[n] |= load.statuses.keys() - {200}
    return [f"HTTP {min(refused[n])}" if refused[n] else median(taken) * 1000 for n, taken in enumerate(latencies)]


def _for_a_while(request: bytes) -> Iterator[bytes]:
    stop_at = time.monotonic() + ROUND_SECONDS
    for _ in range(REQUESTS):
        yield request
        if time.monotonic() > stop_at:
            return


def _line(case: Case, few: float | str, many: float | str) -> str:
    shown = [f"{taken:>9,.2f} ms" if isinstance(taken, float) else f"{taken:>12}" for taken in (few, many)]
    ratio = ""
    if isinstance(few, float) and isinstance(many, float):
        aim = f" (aim: ≤ {RATIO_AIM})" if case.page in ("first", "hundredth") and many > few * RATIO_AIM else ""
        ratio = f"{many / few:>8.2f}{aim}"
    return f"{case.name:<46}{case.page:<12}{''.join(shown)}{ratio}"
