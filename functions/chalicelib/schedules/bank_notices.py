"""Every minute: stores what the bank says without being asked."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Rate

from chalicelib import runtime
from chalicelib.schedules import noted
from shared.services import noticing

schedules = Blueprint(__name__)

BATCHES_MAX = 50


@schedules.schedule(Rate(1, unit=Rate.MINUTES), name="bank_notices")
@noted
def bank_notices(_: Any) -> None:
    on = runtime.current()
    for _batch in range(BATCHES_MAX):
        if noticing.take_notices(on.database, on.bank, on.queue) < noticing.NOTICES_MAX:
            return
