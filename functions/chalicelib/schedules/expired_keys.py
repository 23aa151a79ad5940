"""Every hour: forgets idempotency keys that have expired, wrong passwords, and sessions that ended long ago."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Rate

from chalicelib import runtime
from chalicelib.schedules import noted
from shared.db import idempotency
from shared.db import sessions as db
from shared.db.database import Tx
from shared.services import sessions

schedules = Blueprint(__name__)

BATCH = 5_000
BATCHES_MAX = 200  # a million keys an hour


@schedules.schedule(Rate(1, unit=Rate.HOURS), name="expired_keys")
@noted
def expired_keys(_: Any) -> None:
    database = runtime.current().database
    for forget in (idempotency.delete_expired, db.delete_expired_tries, _forget_sessions):
        for _batch in range(BATCHES_MAX):
            with database.statement() as tx:
                if forget(tx, limit=BATCH) < BATCH:
                    break


def _forget_sessions(tx: Tx, *, limit: int) -> int:
    return db.delete_old(tx, days=sessions.KEPT_DAYS, limit=limit)
