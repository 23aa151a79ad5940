"""The sweeps: what finds work that no message told of, so that losing every message loses nothing."""

from __future__ import annotations

from collections.abc import Sequence

from shared.db import jobs, payments
from shared.db.database import Database
from shared.jobs import Kind
from shared.queue import Queue

STUCK_SECONDS = 60
STUCK_MAX = 500


def sweep(database: Database, queue: Queue) -> Sequence[Kind]:
    """Wakes the due jobs that nobody was told of, and says of which kinds there were any."""
    with database.statement() as tx:
        kinds = jobs.due_kinds(tx)
    for kind in kinds:
        queue.wake(kind)
    return kinds


def inquire(database: Database, queue: Queue) -> int:
    """Gives a job to every payment that is on its way and has none alive, and says how many there were."""
    with database.transaction() as tx:
        stuck = payments.stuck(tx, older_than_seconds=STUCK_SECONDS, limit=STUCK_MAX)
        staged = jobs.ensure(tx, "process_payment", stuck)
    queue.send(staged)
    return len(staged)
