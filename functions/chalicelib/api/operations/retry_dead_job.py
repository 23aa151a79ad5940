"""POST /api/v1/operations/dead_jobs/{job_id}/retry: a dead job is tried again, from the beginning. For the operator."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.services import operations

routes = Blueprint(__name__)


class JobRevived(msgspec.Struct, kw_only=True):
    id: str
    kind: str
    subject: str
    status: str


@endpoint(
    routes,
    "POST",
    "/api/v1/operations/dead_jobs/{job_id}/retry",
    caller="operator",
    summary="Retry a dead job",
    answer=JobRevived,
    errors=(404,),
    atomic=True,
    tag="Operator",
)
def retry_dead_job(call: Call[None], job_id: str) -> JobRevived:
    job, subject = operations.revive(call.tx, job_id)
    call.staged.append(job)
    call.audit("job.retried", str(job.id), kind=job.kind, of=subject)
    return JobRevived(id=str(job.id), kind=job.kind, subject=subject, status="pending")
