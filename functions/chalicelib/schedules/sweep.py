"""Every minute: wakes due jobs that no message told of. It is always on, so it is the path that is known to work."""

from __future__ import annotations

import logging
import time
from typing import Any

from chalice import Blueprint, Rate

from chalicelib import runtime
from chalicelib.schedules import noted
from shared.services import sweeping

schedules = Blueprint(__name__)

PAUSE_SECONDS = 5
LOOPING_SECONDS = 50  # of its minute; the clock calls no more often

log = logging.getLogger(__name__)


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
@noted
def sweep(event: Any) -> None:
    on = runtime.current()
    remaining = event.context.get_remaining_time_in_millis() / 1000
    stop_at = time.monotonic() + min(LOOPING_SECONDS, remaining - PAUSE_SECONDS)
    while True:
        kinds = sweeping.sweep(on.database, on.queue)
        if kinds:
            log.info("swept: kinds=%s", ",".join(kinds))
        if time.monotonic() + PAUSE_SECONDS >= stop_at:
            return
        time.sleep(PAUSE_SECONDS)
