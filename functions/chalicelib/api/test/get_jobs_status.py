"""GET /api/v1/test/jobs/status: how many jobs wait, run, are done and are dead. Not there in production."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.db import jobs

routes = Blueprint(__name__)


class JobsStatus(msgspec.Struct, kw_only=True):
    pending: int
    processing: int
    completed: int
    failed: int
    worker_status: Annotated[str, Meta(description="`running` or `stopped`, by the workers' own heartbeat.")]


@endpoint(
    routes,
    "GET",
    "/api/v1/test/jobs/status",
    caller="anyone",
    summary="Count the jobs",
    answer=JobsStatus,
    errors=(404,),
    tag="Test",
)
def get_jobs_status(call: Call[None]) -> JobsStatus:
    counts = jobs.counts(call.tx)
    alive = jobs.workers_alive(call.tx, within_seconds=call.on.queue.beat_seconds)
    return JobsStatus(
        pending=counts.pending,
        processing=counts.processing,
        completed=counts.completed,
        failed=counts.failed,
        worker_status="running" if alive else "stopped",
    )
