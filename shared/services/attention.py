"""What a merchant's people should look at: endpoints that fail, outcomes that are unknown, deliveries that failed."""

from __future__ import annotations

from uuid import UUID

from shared.db import attention
from shared.db.database import Tx
from shared.domain import views


def of(tx: Tx, merchant_id: UUID, *, operator: bool) -> views.Attention:
    """`operator`: whether to count dead jobs too, which are of all merchants."""
    counts = attention.counts(tx, merchant_id=merchant_id)
    return views.Attention(
        failing_endpoints=[
            views.FailingEndpoint(
                id=row["id"],
                url=row["url"],
                failing_since=views.maybe(row["failing_since"]),
                disabled_at=views.maybe(row["disabled_at"]),
            )
            for row in attention.failing_endpoints(tx, merchant_id=merchant_id)
        ],
        unknown_outcomes=counts["unknown_outcomes"],
        failed_webhooks=counts["failed_webhooks"],
        dead_jobs=attention.dead_jobs(tx) if operator else None,
    )
