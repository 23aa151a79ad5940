"""What Prometheus is told is what happened, in all processes of the server, with or without Postgres."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from local import metrics
from local.metrics import Metrics
from shared.connectors.simulator import SimulatedBank
from shared.db import deliveries
from shared.db.database import Database
from tests import gateway

AWAY = "postgresql://gateway_user@127.0.0.1:1/payment_gateway"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def other_process() -> Iterator[int]:
    """The id of a process that lives."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process.pid
    process.communicate(b"\n")


def read(made: Metrics) -> Samples:
    made.save()
    families = text_string_to_metric_families(made.page().decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def of_process(folder: Path, database: Database, pid: int) -> Metrics:
    made = Metrics(folder, database)
    made._file = folder / f"{pid}.tally"
    return made


def count(made: Metrics, *answers: tuple[str, str, int, float]) -> None:
    async def run() -> None:
        for method, route, status, seconds in answers:
            made.began()
            made.answered(method=method, route=route, status=status, seconds=seconds)

    asyncio.run(run())


def test_requests_are_added_up_over_all_processes(tmp_path: Path, database: Database, other_process: int) -> None:
    one, two = Metrics(tmp_path, database), of_process(tmp_path, database, other_process)
    count(one, ("GET", "/health", 200, 0.003), ("POST", "/api/v1/orders", 201, 0.02))
    count(two, ("GET", "/health", 200, 0.3), ("GET", "/health", 503, 99))
    two.limited("rate_limited")
    two.began()
    two.save()
    samples = read(one)
    assert value(samples, "gateway_requests_total", method="GET", route="/health", status="200") == 2
    assert value(samples, "gateway_requests_total", method="GET", route="/health", status="503") == 1
    assert value(samples, "gateway_requests_total", method="POST", route="/api/v1/orders", status="201") == 1
    assert value(samples, "gateway_rate_limited_total", reason="rate_limited") == 1
    assert value(samples, "gateway_requests_in_flight") == 1
    buckets = {bound: value(samples, "gateway_request_seconds_bucket", route="/health", le=bound) for bound in
               ("0.0025", "0.005", "0.25", "0.5", "30.0", "+Inf")}  # fmt: skip
    assert buckets == {"0.0025": 0, "0.005": 1, "0.25": 1, "0.5": 2, "30.0": 2, "+Inf": 3}
    assert value(samples, "gateway_request_seconds_count", route="/health") == 3
    assert value(samples, "gateway_request_seconds_sum", route="/health") == pytest.approx(99.303)
    assert read(two) == samples, "whoever is asked says the same"


def test_what_a_dead_process_counted_stays_but_it_has_nothing_in_flight(tmp_path: Path, database: Database) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead = of_process(tmp_path, database, gone.pid)
    count(dead, ("GET", "/health", 200, 0.003))
    dead.began()
    dead.save()
    samples = read(Metrics(tmp_path, database))
    assert value(samples, "gateway_requests_total", method="GET", route="/health", status="200") == 1
    assert value(samples, "gateway_requests_in_flight") == 0


def test_other_processes_learn_by_themselves(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "SAVE_SECONDS", 0.01)

    async def run() -> None:
        made = Metrics(tmp_path, database)
        for _ in range(2):
            made.began()
            made.answered(method="GET", route="/health", status=200, seconds=0.1)
            await asyncio.sleep(0.05)

    asyncio.run(run())
    samples = read(of_process(tmp_path, database, 1))
    assert value(samples, "gateway_requests_total", method="GET", route="/health", status="200") == 2


def test_what_a_stranger_makes_up_is_one_label(tmp_path: Path, database: Database) -> None:
    made = Metrics(tmp_path, database)
    count(made, *(("M" * n, "", 404, 0.1) for n in range(1, 50)))
    assert value(read(made), "gateway_requests_total", method="other", route="other", status="404") == 49


def test_jobs_are_told_by_kind(tmp_path: Path, database: Database, observer: psycopg.Connection) -> None:
    observer.execute(
        """insert into jobs (kind, subject, state, run_at, lease_until) values
           ('process_payment', 'a', 'pending', now() - interval '50 seconds', null),
           ('process_payment', 'b', 'pending', now() - interval '90 seconds', now() + interval '9 seconds'),
           ('process_payment', 'c', 'pending', now() - interval '70 seconds', now() - interval '9 seconds'),
           ('process_payment', 'd', 'pending', now() + interval '90 seconds', null),
           ('process_payment', 'e', 'dead',    now() - interval '99 seconds', null)"""
    )
    samples = read(Metrics(tmp_path, database))
    states = {state: value(samples, "gateway_jobs", kind="process_payment", state=state) for state in
              ("pending", "processing", "dead")}  # fmt: skip
    assert states == {"pending": 3, "processing": 1, "dead": 1}
    age = value(samples, "gateway_oldest_due_job_age_seconds", kind="process_payment")
    assert age == pytest.approx(70, abs=5), "of the first that is due and that nobody works on"
    assert value(samples, "gateway_jobs", kind="deliver_webhook", state="pending") == 0
    assert value(samples, "gateway_oldest_due_job_age_seconds", kind="deliver_webhook") == 0
    assert value(samples, "gateway_database_up") == 1


def test_deliveries_are_counted_up_to_a_bound(
    tmp_path: Path, database: Database, observer: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "COUNT_MAX", 3)
    observer.execute("update webhook_endpoints set url = 'http://127.0.0.1:1/' where is_first")
    bank = SimulatedBank(database, gateway.INSTANT)
    for _ in range(5):
        gateway.pay(database, bank)
    observer.execute("update webhook_logs set status = 'failed', next_retry_at = null")
    gateway.pay(database, bank)
    samples = read(Metrics(tmp_path, database))
    assert value(samples, "gateway_undelivered_webhooks", status="failed") == 3, "not the 5 and more there are"
    (pending,) = observer.execute("select count(*) from webhook_logs where status = 'pending'").fetchone() or (0,)
    assert value(samples, "gateway_undelivered_webhooks", status="pending") == pending > 0


def test_a_scrape_does_without_the_database(tmp_path: Path) -> None:
    made = Metrics(tmp_path, Database(AWAY, application_name="tests"))
    count(made, ("GET", "/health", 503, 0.003))
    samples = read(made)
    assert value(samples, "gateway_database_up") == 0
    assert value(samples, "gateway_requests_total", method="GET", route="/health", status="503") == 1
    assert not [name for name, _ in samples if "job" in name or "webhook" in name]
