"""GET /api/v1/operations/dead_jobs: jobs that were tried too often, the last ones first. For the operator."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.db import operations
from shared.domain import views

routes = Blueprint(__name__)

SHOWN_MAX = 100


class DeadJobs(msgspec.Struct, kw_only=True):
    data: list[views.DeadJob]


@endpoint(
    routes,
    "GET",
    "/api/v1/operations/dead_jobs",
    caller="operator",
    summary="List dead jobs",
    answer=DeadJobs,
    errors=(404,),
    tag="Operator",
)
def list_dead_jobs(call: Call[None]) -> DeadJobs:
    return DeadJobs(data=[views.of_dead_job(row) for row in operations.dead_jobs(call.tx, limit=SHOWN_MAX)])
