"""The sweeps: what finds work that no message told of, so that losing every message loses nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from shared.db import deliveries, jobs, payments, refunds
from shared.db.database import Database
from shared.jobs import Kind
from shared.queue import Queue

log = logging.getLogger(__name__)

STUCK_SECONDS = 60
STUCK_MAX = 500


def sweep(database: Database, queue: Queue) -> Sequence[Kind]:
    """Wakes the due jobs that nobody was told of, and says of which kinds there were any."""
    with database.statement() as tx:
        kinds = jobs.due_kinds(tx)
    for kind in kinds:
        try:
            queue.wake(kind)
        except Exception:  # of one kind: the others are due all the same
            log.exception("not woken: kind=%s", kind)
    queue.beat()
    return kinds


def inquire(database: Database, queue: Queue) -> int:
    """Gives a job to every payment, refund and delivery on its way that has none, and says how many there were."""
    with database.transaction() as tx:
        stuck = payments.stuck(tx, older_than_seconds=STUCK_SECONDS, limit=STUCK_MAX)
        staged = jobs.ensure(tx, "process_payment", stuck)
        unrefunded = refunds.stuck(tx, older_than_seconds=STUCK_SECONDS, limit=STUCK_MAX)
        staged += jobs.ensure(tx, "process_refund", unrefunded)
        unsent = deliveries.stuck(tx, older_than_seconds=STUCK_SECONDS, limit=STUCK_MAX)
        staged += jobs.ensure(tx, "deliver_webhook", list(unsent), list(unsent.values()))
    queue.send(staged)
    return len(staged)
