"""How the gateway itself does: its queues, workers and schedules, and jobs that died."""

from __future__ import annotations

import re
from datetime import timedelta

from shared.db import database, jobs, operations
from shared.db.database import Tx
from shared.db.outbox import StagedJob
from shared.domain import views
from shared.errors import NotFound

_JOB_ID = re.compile(r"[1-9][0-9]{0,17}")


def of(tx: Tx, *, beat_seconds: float) -> views.Operations:
    """A worker that has not looked for work for `beat_seconds` counts as stopped."""
    now = database.now(tx)
    backlogs = {one.kind: one for one in jobs.backlogs(tx)}
    queues = []
    for row in operations.queues(tx):
        backlog, seen = backlogs[row["kind"]], row["drained_at"]
        alive = seen is not None and now - seen < timedelta(seconds=beat_seconds)
        queues.append(
            views.QueueState(
                kind=row["kind"],
                pending=backlog.pending,
                processing=backlog.processing,
                dead=backlog.dead,
                completed=row["completed"],
                oldest_due_seconds=round(backlog.oldest_due_seconds, 1),
                worker_seen_at=views.maybe(seen),
                worker="running" if alive else "stopped",
            )
        )
    return views.Operations(
        queues=queues,
        schedules=[
            views.ScheduleState(**{**row, "ran_at": views.timestamp(row["ran_at"])}) for row in operations.schedules(tx)
        ],
        throughput=[
            views.ThroughputPoint(**{**row, "at": views.timestamp(row["at"])}) for row in operations.throughput(tx)
        ],
    )


def revive(tx: Tx, job_id: str) -> tuple[StagedJob, str]:
    """The job, due again, and what it is about. Raises NotFound if no such job is dead."""
    found, subject = operations.revive(tx, int(job_id)) if _JOB_ID.fullmatch(job_id) else ([], None)
    if not found or subject is None:
        raise NotFound("No dead job has this id")
    return found[0], subject
