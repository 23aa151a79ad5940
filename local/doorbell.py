"""The queue on one machine: a doorbell on Redis that an RQ worker answers by draining what is due.

The rows in Postgres say what there is to do; the bell only says "look". So rings are many and cheap at rest, few
under load: while a bell hangs unanswered nobody hangs another, and each process waits a moment between two rings of
its own. Ringing happens in a thread of its own, so no request ever waits for Redis.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

import redis
from rq import Queue as RqQueue
from rq.serializers import JSONSerializer

from shared.db.outbox import StagedJob
from shared.jobs import KINDS, Kind

ANSWER = "local.drain.answer"  # the only function that our RQ jobs name
BELL_MS = 1000  # an unanswered bell is hung again after this long, whoever lost it
PAUSE_SECONDS = 0.005  # between two rings of one process
BUSY_SECONDS = 0.05  # before the next try when a bell hangs unanswered: the worker is busy, and will look anyway
SOCKET_SECONDS = 2.0

log = logging.getLogger(__name__)


def connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=SOCKET_SECONDS)


def rq_queue(kind: str, connection: redis.Redis) -> RqQueue:
    return RqQueue(kind, connection=connection, serializer=JSONSerializer)


def ring(connection: redis.Redis, kind: Kind) -> bool:
    """Hangs the bell of this kind; False if one hangs already. Raises redis.RedisError."""
    if not connection.set(_bell(kind), 1, nx=True, px=BELL_MS):
        return False
    rq_queue(kind, connection).enqueue(ANSWER, kind, result_ttl=0, failure_ttl=60, job_timeout=-1)
    return True


def take_down(connection: redis.Redis, kind: Kind) -> None:
    """Done by whoever answers, before it looks: what is committed after this look hangs a bell of its own."""
    connection.delete(_bell(kind))


def _bell(kind: str) -> str:
    return f"bell:{kind}"


class Doorbell:
    """One for a process; safe to use from all of its threads."""

    beat_seconds = 30.0  # a worker looks for work every few seconds

    def __init__(self, url: str) -> None:
        self._url = url
        self._wanted: dict[Kind, threading.Event] = {kind: threading.Event() for kind in KINDS}
        self._any = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._checker = connect(url)

    def send(self, jobs: Sequence[StagedJob]) -> None:
        for kind in {job.kind for job in jobs if not job.in_seconds}:  # the ticker rings for what falls due later
            self.wake(kind)  # type: ignore[arg-type]

    def wake(self, kind: Kind) -> None:
        if self._thread is None:
            self._start()
        wanted = self._wanted[kind]
        if not wanted.is_set():
            wanted.set()
            self._any.set()

    def beat(self) -> None:
        """Nothing: each worker tells of itself."""

    def ping(self) -> None:
        self._checker.ping()

    def _start(self) -> None:
        # Started with the first job rather than with the object: a server forks between the two.
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._ring_for_ever, name="doorbell", daemon=True)
                self._thread.start()

    def _ring_for_ever(self) -> None:
        connection = connect(self._url)
        not_before = dict.fromkeys(KINDS, 0.0)
        while True:
            self._any.wait()
            self._any.clear()
            for kind, wanted in self._wanted.items():
                if not wanted.is_set():
                    continue
                if time.monotonic() < not_before[kind]:
                    self._any.set()  # its turn comes
                    continue
                wanted.clear()
                try:
                    rung = ring(connection, kind)
                    not_before[kind] = time.monotonic() + (PAUSE_SECONDS if rung else BUSY_SECONDS)
                except Exception as error:  # the ticker finds the jobs in Postgres when Redis is back
                    log.warning("bell not rung: kind=%s %s", kind, error)
                    not_before[kind] = time.monotonic() + BUSY_SECONDS
            time.sleep(PAUSE_SECONDS)
