"""What a doorbell is answered with: wake what is due, hand it to the Chalice handler as SQS would, until nothing is.

At low load a batch is one job; under load batches grow, which is what makes them cheap. Invocations run side by side
in a few slots, each within its time limit. Jobs of a lane share a slow party, a merchant's receiver: one invocation
carries one lane, a lane has one invocation at a time, and lanes that were slow lately share half of the slots. So a
receiver that hangs holds up nobody else.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg
import redis

from local import doorbell, events
from local.doorbell import Doorbell
from shared.db import jobs
from shared.db.database import Database
from shared.jobs import BATCH_MAX, HANDLER_SECONDS_MAX, Kind

Handler = Callable[[dict[str, Any], events.Context], Any]

SLOTS: dict[Kind, int] = {"process_payment": 2, "process_refund": 2, "deliver_webhook": 64}
DRAINING_SECONDS_MAX = 1.0  # of one answer; RQ learns of a stop between two answers
BEAT_SECONDS = 2.0  # the heartbeat is a commit: no more of them than it takes to be believed
SLOW_SECONDS = 1.0  # an invocation that took longer makes its lane a slow one
SLOW_LANES_MAX = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Running:
    lane: str
    stop_at: float


class Drain:
    """Runs the jobs of one kind in this process."""

    def __init__(self, kind: Kind, handler: Handler, database: Database, bell: Doorbell) -> None:
        self._kind = kind
        self._handler = handler
        self._database = database
        self._bell = bell
        self._slots = SLOTS[kind]
        self._by_lane = self._slots > 2
        self._lock = threading.Condition()
        self._running: dict[int, _Running] = {}
        self._slow: set[str] = set()
        self._number = 0
        self._beat_at = float("-inf")
        self._threads = ThreadPoolExecutor(max_workers=self._slots, thread_name_prefix="slot")

    def run(self) -> None:
        """Starts what is due, in as many slots as are free, until nothing is due or it is time to look up."""
        self._beat()
        look_up_at = time.monotonic() + DRAINING_SECONDS_MAX
        while time.monotonic() < look_up_at:
            free, busy = self._wait_for_slot(look_up_at)
            if not free:
                break
            with self._database.statement() as tx:
                waiting = jobs.wake(tx, self._kind, limit=BATCH_MAX, busy_lanes=busy)
            if not waiting:
                return
            lanes: dict[str, list[int]] = defaultdict(list)
            for job in waiting:
                lanes[job.lane].append(job.id)
            left = [id for lane, ids in lanes.items() if not self._start(lane, ids) for id in ids]
            if left:
                with self._database.statement() as tx:
                    jobs.unwake(tx, left)
        self._bell.wake(self._kind)  # there was more, or no slot for it

    def _beat(self) -> None:
        if time.monotonic() - self._beat_at >= BEAT_SECONDS:
            self._beat_at = time.monotonic()
            try:
                with self._database.statement() as tx:
                    jobs.note_drained(tx, self._kind)
            except psycopg.OperationalError as error:  # a heartbeat missed stops no work
                log.warning("heartbeat not stored: %s", " ".join(str(error).split()))

    def wait_until_idle(self, seconds: float) -> bool:
        """Lets what runs finish; False if it did not in time."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._running, timeout=seconds)

    def overdue(self) -> bool:
        """Whether an invocation is past its time limit: Lambda would end its sandbox now."""
        with self._lock:
            return any(time.monotonic() > running.stop_at for running in self._running.values())

    def _wait_for_slot(self, until: float) -> tuple[bool, list[str]]:
        """Whether there is a free slot in time, and the lanes to leave alone."""
        with self._lock:
            free = self._lock.wait_for(
                lambda: len(self._running) < self._slots, timeout=max(0.0, until - time.monotonic())
            )
            if not self._by_lane:
                return free, []
            busy = {running.lane for running in self._running.values()}
            if len(busy & self._slow) >= self._slots // 2:
                busy |= self._slow
            return free, sorted(busy)

    def _start(self, lane: str, ids: list[int]) -> bool:
        """False if there is no slot for this lane now."""
        with self._lock:
            slow = sum(running.lane in self._slow for running in self._running.values())
            if len(self._running) >= self._slots or (lane in self._slow and slow >= self._slots // 2):
                return False
            self._number += 1
            number = self._number
            self._running[number] = _Running(lane, time.monotonic() + HANDLER_SECONDS_MAX)
        self._threads.submit(self._invoke, number, lane, ids)
        return True

    def _invoke(self, number: int, lane: str, ids: list[int]) -> None:
        started = time.monotonic()
        try:
            event = events.sqs_event(self._kind, [json.dumps({"jobs": ids})])
            report = self._handler(event, events.Context(self._kind, timeout_seconds=HANDLER_SECONDS_MAX))
            if report["batchItemFailures"]:
                log.warning("%s: a batch failed; its jobs come again when their lease ends", self._kind)
        except Exception:
            log.exception("%s: the handler raised", self._kind)
        finally:
            with self._lock:
                del self._running[number]
                if self._by_lane:
                    self._note_speed(lane, time.monotonic() - started)
                self._lock.notify_all()
        if self._by_lane:
            self._bell.wake(self._kind)  # for what was due in this lane meanwhile

    def _note_speed(self, lane: str, seconds: float) -> None:
        if seconds <= SLOW_SECONDS:
            self._slow.discard(lane)
        elif len(self._slow) < SLOW_LANES_MAX:
            self._slow.add(lane)


_drain: Drain | None = None
_connection: redis.Redis | None = None


def set_up(drain: Drain, connection: redis.Redis) -> None:
    """What `answer` drains in this process."""
    global _drain, _connection
    _drain, _connection = drain, connection


def answer(kind: Kind) -> None:
    """The one function that RQ runs. The bell is taken down first: what is committed from now on rings again."""
    assert _drain is not None and _connection is not None, "a worker sets up before it listens"
    doorbell.take_down(_connection, kind)
    _drain.run()


def end_process() -> None:
    """As Lambda ends a sandbox: at once. Leases run out, and the supervisor starts another worker."""
    os._exit(70)
