"""Every minute: payments at the bank whose job is gone get one again, so that none waits for ever."""

from __future__ import annotations

import logging
from typing import Any

from chalice import Blueprint, Rate

from chalicelib import runtime
from chalicelib.schedules import noted
from shared.services import sweeping

schedules = Blueprint(__name__)

log = logging.getLogger(__name__)


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="inquiries")
@noted
def inquiries(_: Any) -> None:
    on = runtime.current()
    found = sweeping.inquire(on.database, on.queue)
    if found:
        log.warning("payments without a live job: %d", found)
