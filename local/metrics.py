"""What Prometheus is told at /metrics: the requests that all processes of the server answered, and the jobs there are.

Each process counts in memory and leaves what it has counted in a file of a common folder: whoever is asked adds up
the files. Those of processes that have died stay, so a count never falls.
"""

from __future__ import annotations

import asyncio
import logging
import os
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import psycopg
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from shared.db import deliveries, jobs
from shared.db.database import Database

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # up to a Lambda's limit
SAVE_SECONDS = 1.0  # how old what other processes have counted may be
METHODS = frozenset(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))
OTHER = "other"  # whatever a stranger makes up is one label

log = logging.getLogger(__name__)


class Tally(msgspec.Struct):
    """What one process has counted."""

    requests: dict[tuple[str, str, int], int] = {}  # by method, route and status
    durations: dict[str, list[int]] = {}  # by route: how many took up to each of SECONDS, and how many longer
    seconds: dict[str, float] = {}  # by route, in all
    limited: dict[str, int] = {}  # by reason
    in_flight: int = 0
    unnoted: int = 0  # calls that merchants are not shown

    def add(self, other: Tally) -> None:
        for key, count in other.requests.items():
            self.requests[key] = self.requests.get(key, 0) + count
        for route, counts in other.durations.items():
            so_far = self.durations.get(route) or [0] * len(counts)
            self.durations[route] = [sum(pair) for pair in zip(so_far, counts, strict=True)]
            self.seconds[route] = self.seconds.get(route, 0.0) + other.seconds[route]
        for reason, count in other.limited.items():
            self.limited[reason] = self.limited.get(reason, 0) + count
        self.in_flight += other.in_flight
        self.unnoted += other.unnoted


class Metrics:
    """Of one process; `folder` is common to all. For one thread, the event loop's, but for `page` and `unnoted`."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._file = folder / f"{os.getpid()}.tally"
        self._database = database
        self._tally = Tally()
        self._save_is_due = False

    def began(self) -> None:
        self._tally.in_flight += 1

    def broke_off(self) -> None:
        """A request that began will have no answer."""
        self._tally.in_flight -= 1

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """A request that began has its answer. `route` is a template of ours, or empty."""
        tally, route = self._tally, route or OTHER
        tally.in_flight -= 1
        key = method if method in METHODS else OTHER, route, status
        tally.requests[key] = tally.requests.get(key, 0) + 1
        counts = tally.durations.get(route)
        if counts is None:
            counts = tally.durations[route] = [0] * (len(SECONDS) + 1)
            tally.seconds[route] = 0.0
        counts[bisect_left(SECONDS, seconds)] += 1
        tally.seconds[route] += seconds
        if not self._save_is_due:
            self._save_is_due = True
            asyncio.get_running_loop().call_later(SAVE_SECONDS, self.save)

    def limited(self, reason: str) -> None:
        self._tally.limited[reason] = self._tally.limited.get(reason, 0) + 1

    def unnoted(self, count: int) -> None:
        """So many calls are in no merchant's list of calls. Two threads at once may count as one."""
        self._tally.unnoted += count

    def save(self) -> None:
        """Leaves for the other processes what was counted up to now."""
        self._save_is_due = False
        new = self._file.with_suffix(".new")
        try:
            new.write_bytes(msgspec.msgpack.encode(self._tally))
            new.replace(self._file)
        except OSError as error:  # a full disk must not become an error of a request
            log.warning("metrics not saved: %s", error)

    def page(self) -> bytes:
        """All metrics in Prometheus' text format; without those of the database if it is away. Call `save` before."""
        return generate_latest(_Page(_added_up(self._folder), self._database))


class _Page(Collector):
    def __init__(self, tally: Tally, database: Database) -> None:
        self._tally = tally
        self._database = database

    def collect(self) -> Iterator[Metric]:
        yield from _of_requests(self._tally)
        yield from _of_database(self._database)


def _added_up(folder: Path) -> Tally:
    total = Tally()
    for file in folder.glob("*.tally"):
        tally = msgspec.msgpack.decode(file.read_bytes(), type=Tally)
        if not psutil.pid_exists(int(file.stem)):
            tally.in_flight = 0
        total.add(tally)
    return total


def _of_requests(tally: Tally) -> Iterator[Metric]:
    labels = ("method", "route", "status")
    requests = CounterMetricFamily("gateway_requests", "Requests answered", labels=labels)
    for (method, route, status), count in tally.requests.items():
        requests.add_metric([method, route, str(status)], count)
    yield requests
    durations = HistogramMetricFamily("gateway_request_seconds", "From a request to its answer", labels=["route"])
    for route, counts in tally.durations.items():
        buckets, so_far = [], 0
        for bound, count in zip([*map(str, SECONDS), "+Inf"], counts, strict=True):
            so_far += count
            buckets.append((bound, float(so_far)))
        durations.add_metric([route], buckets, tally.seconds[route])
    yield durations
    limited = CounterMetricFamily("gateway_rate_limited", "Requests refused by a limit", labels=["reason"])
    for reason, count in tally.limited.items():
        limited.add_metric([reason], count)
    yield limited
    yield CounterMetricFamily("gateway_requests_unnoted", "Missing in merchants' lists of calls", value=tally.unnoted)
    yield GaugeMetricFamily("gateway_requests_in_flight", "Requests that have no answer yet", value=tally.in_flight)


def _of_database(database: Database) -> Iterator[Metric]:
    up = GaugeMetricFamily("gateway_database_up", "1 if Postgres answers; without it there are no metrics of jobs")
    try:
        with database.statement() as tx:
            backlogs, undelivered = jobs.backlogs(tx), deliveries.count_undelivered(tx)
    except psycopg.OperationalError as error:
        log.warning("metrics without the database: %s", " ".join(str(error).split()))
        up.add_metric([], 0)
        yield up
        return
    up.add_metric([], 1)
    yield up
    count = GaugeMetricFamily("gateway_jobs", "Jobs there are", labels=["kind", "state"])
    age = GaugeMetricFamily("gateway_oldest_due_job_age_seconds", "How long the first job is due", labels=["kind"])
    for backlog in backlogs:
        for state in ("pending", "processing", "dead"):
            count.add_metric([backlog.kind, state], getattr(backlog, state))
        age.add_metric([backlog.kind], backlog.oldest_due_seconds)
    yield count
    yield age
    webhooks = GaugeMetricFamily(
        "gateway_undelivered_webhooks", f"Deliveries, counted up to {deliveries.COUNT_MAX}", labels=["status"]
    )
    for status, number in undelivered.items():
        webhooks.add_metric([status], number)
    yield webhooks
