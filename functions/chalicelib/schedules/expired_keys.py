"""Every hour: forgets idempotency keys that have expired."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Rate

from chalicelib import runtime
from chalicelib.schedules import noted
from shared.db import idempotency

schedules = Blueprint(__name__)

BATCH = 5_000
BATCHES_MAX = 200  # a million keys an hour


@schedules.schedule(Rate(1, unit=Rate.HOURS), name="expired_keys")
@noted
def expired_keys(_: Any) -> None:
    database = runtime.current().database
    for _batch in range(BATCHES_MAX):
        with database.statement() as tx:
            if idempotency.delete_expired(tx, limit=BATCH) < BATCH:
                return
