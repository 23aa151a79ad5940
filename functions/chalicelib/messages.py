"""From SQS records to job ids, and back to which of them must come again.

A record that fails stays in the queue and comes again; the others are done. That takes the switch
`ReportBatchItemFailures` on the trigger, which the template of the cloud sets and the local shim copies.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

from shared.jobs import BATCH_MAX

log = logging.getLogger(__name__)


def run_all(event: Any, run: Callable[[Sequence[int]], None]) -> dict[str, list[dict[str, str]]]:
    """Runs the jobs of every record, all together: a batch costs little more than one, and is over in one's time.

    If that fails, every record comes again. A record that nobody can read is dropped: the sweep wakes what it named.
    """
    ids: dict[int, None] = {}
    readable = []
    for record in event.to_dict()["Records"]:
        named = _job_ids(record["body"])
        if named is None:
            log.error("unreadable message dropped: id=%s", record["messageId"])
            continue
        readable.append(record["messageId"])
        ids |= dict.fromkeys(named)
    try:
        if ids:
            run(list(ids))
    except Exception:
        log.exception("jobs failed: jobs=%s", list(ids)[:10])
        return {"batchItemFailures": [{"itemIdentifier": message} for message in readable]}
    return {"batchItemFailures": []}


def _job_ids(body: str) -> list[int] | None:
    try:
        ids = json.loads(body)["jobs"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(ids, list) or len(ids) > BATCH_MAX or not all(type(id) is int for id in ids):
        return None
    return ids
