"""Every minute: adds up what happened, notes what the queues are like, and forgets old calls of the API."""

from __future__ import annotations

import time
from typing import Any

from chalice import Blueprint, Rate

from chalicelib import runtime
from chalicelib.schedules import noted
from shared.db import operations, requests, rollups
from shared.db.database import Database

schedules = Blueprint(__name__)

# While this many events a minute come, it stays and adds them up every few seconds: whoever asks counts fewer live. A
# gateway that has little to do pays for a moment each minute.
BUSY_EVENTS = 1000
PAUSE_SECONDS = 10
LOOPING_SECONDS = 50  # of its minute


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="figures")
@noted
def figures(event: Any) -> None:
    database = runtime.current().database
    remaining = event.context.get_remaining_time_in_millis() / 1000
    stop_at = time.monotonic() + min(LOOPING_SECONDS, remaining - PAUSE_SECONDS)
    with database.transaction() as tx:
        operations.sample(tx)
        requests.trim(tx)
    busy = _fold(database)
    while busy and time.monotonic() + PAUSE_SECONDS < stop_at:
        time.sleep(PAUSE_SECONDS)
        _fold(database)


def _fold(database: Database) -> bool:
    """Adds up all there is, and says whether it was much."""
    with database.statement() as tx:
        busy = rollups.waiting(tx, most=BUSY_EVENTS) >= BUSY_EVENTS
    while True:
        with database.transaction() as tx:
            if not rollups.fold(tx):
                return busy
