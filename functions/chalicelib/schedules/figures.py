"""Every minute: adds up what happened, notes what the queues are like, and forgets old calls of the API."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
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
FORGETTING_SECONDS = 5

log = logging.getLogger(__name__)


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="figures")
@noted
def figures(event: Any) -> None:
    database = runtime.current().database
    remaining = event.context.get_remaining_time_in_millis() / 1000
    stop_at = time.monotonic() + min(LOOPING_SECONDS, remaining - PAUSE_SECONDS)
    errors: list[Exception] = []
    busy = _alone(_fold, database, errors)
    for chore in (_sample, _forget):
        _alone(chore, database, errors)
    while busy and time.monotonic() + PAUSE_SECONDS < stop_at:
        time.sleep(PAUSE_SECONDS)
        _fold(database)
    if errors:
        raise errors[0]


def _alone(work: Callable[[Database], bool], database: Database, errors: list[Exception]) -> bool:
    """None of these has to wait for another one's trouble to end."""
    try:
        return work(database)
    except Exception as error:
        log.warning("%s failed: %s", work.__name__.strip("_"), type(error).__name__)
        errors.append(error)
        return False


def _fold(database: Database) -> bool:
    """Adds up all there is, and says whether it was much."""
    with database.statement() as tx:
        busy = rollups.waiting(tx, most=BUSY_EVENTS) >= BUSY_EVENTS
    while True:
        with database.transaction() as tx:
            if not rollups.fold(tx):
                return busy


def _sample(database: Database) -> bool:
    with database.transaction() as tx:
        operations.sample(tx)
    return False


def _forget(database: Database) -> bool:
    """Of a sixteenth of the merchants each minute, in turn."""
    stop_at = time.monotonic() + FORGETTING_SECONDS
    ending = f"{int(time.time() / 60) % 16:x}"
    while time.monotonic() < stop_at:
        with database.statement() as tx:
            if requests.trim(tx, ending=ending) < requests.TRIMMED_MAX:
                break
    return False
