"""The clock of one machine: `python -m local.ticker`.

Rings for jobs as they fall due, and calls the schedules' handlers at the rates they declared to Chalice.
"""

from __future__ import annotations

import logging
import re
import signal
import sys
import threading
import time
from typing import Any

import app as handlers
import psycopg
from chalice.app import ScheduledEventConfig

from local import events, runtime
from shared.jobs import KINDS
from shared.services import sweeping

TICK_SECONDS = 0.1  # how late a due job may start
HEARTBEAT_SECONDS = 5.0  # each worker is rung this often even if there is nothing to do, and shows that it lives
SCHEDULE_SECONDS_MAX = 60
BACK_OFF_SECONDS = 1.0

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}

log = logging.getLogger(__name__)


def main() -> int:
    on = runtime.start(runtime.settings_or_exit(), name="ticker")
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    for schedule in schedules():
        threading.Thread(target=_call_for_ever, args=(*schedule, stopped), name=schedule[0], daemon=True).start()
    heartbeat_at = 0.0
    while not stopped.is_set():
        try:
            sweeping.sweep(on.database, on.queue)
            wait = TICK_SECONDS
        except psycopg.OperationalError as error:
            log.warning("Postgres does not answer: %s", " ".join(str(error).split()))
            wait = BACK_OFF_SECONDS
        if time.monotonic() >= heartbeat_at:
            heartbeat_at = time.monotonic() + HEARTBEAT_SECONDS
            for kind in KINDS:
                on.queue.wake(kind)
        stopped.wait(wait)
    return 0


def schedules() -> list[tuple[str, float]]:
    """Name and period in seconds of every schedule, as registered with Chalice."""
    found = []
    for source in handlers.app.event_sources:
        if isinstance(source, ScheduledEventConfig):
            rate = _RATE.fullmatch(source.schedule_expression.to_string())
            assert rate is not None, f"{source.name}: only rates are clocked here"
            found.append((source.name, int(rate[1]) * _SECONDS[rate[2]]))
    return found


def _call_for_ever(name: str, period: float, stopped: threading.Event) -> None:
    """One call at a time; a call that outlasts its period makes the next one late, not double."""
    handler: Any = handlers.app.handler_map[name]
    while not stopped.wait(period):
        try:
            handler(events.clock_event(name), events.Context(name, timeout_seconds=SCHEDULE_SECONDS_MAX))
        except Exception:
            log.exception("schedule failed: %s", name)


if __name__ == "__main__":
    sys.exit(main())
