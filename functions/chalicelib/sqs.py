"""The queue on AWS: one SQS queue for each kind of job; a message carries ids and nothing else."""

from __future__ import annotations

import json
import logging
import math
from collections import defaultdict
from collections.abc import Sequence

from chalicelib.aws import Service
from chalicelib.aws_config import AwsConfig
from shared.db import jobs
from shared.db.database import Database
from shared.db.outbox import StagedJob
from shared.jobs import BATCH_MAX, KINDS, Kind

ENTRIES_MAX = 10  # messages in one call, by SQS
DELAY_SECONDS_MAX = 900  # by SQS
WAKES_MAX = 50  # batches of one kind in one sweep: 5,000 jobs, then the other kinds have their turn

log = logging.getLogger(__name__)


class SqsQueue:
    """`url_prefix` and a kind make a queue's URL: `https://sqs.….amazonaws.com/123456789012/gateway-dev-`, say."""

    beat_seconds = 100.0  # the sweep looks for most of every minute; one that comes late is no dead one

    def __init__(self, url_prefix: str, database: Database, settings: AwsConfig) -> None:
        self._url_prefix = url_prefix
        self._database = database
        self._sqs = Service("sqs", settings)

    def send(self, staged: Sequence[StagedJob]) -> None:
        together: dict[tuple[str, int], list[int]] = defaultdict(list)
        for job in staged:
            delay = math.ceil(job.in_seconds)
            if delay <= DELAY_SECONDS_MAX:  # longer is the sweep's
                together[job.kind, delay].append(job.id)
        for (kind, delay), ids in together.items():
            bodies = [_body(ids[start : start + BATCH_MAX]) for start in range(0, len(ids), BATCH_MAX)]
            try:
                self._send(kind, bodies, delay)
            except Exception:  # the jobs are committed: the sweep wakes them within a minute
                log.warning("wake-up not sent: kind=%s jobs=%d", kind, len(ids), exc_info=True)

    def wake(self, kind: Kind) -> None:
        for _ in range(WAKES_MAX):
            with self._database.statement() as tx:
                waiting = jobs.wake(tx, kind, limit=BATCH_MAX)
            if not waiting:
                return
            self._send(kind, [_body([job.id for job in waiting])])

    def beat(self) -> None:
        with self._database.statement() as tx:
            for kind in KINDS:
                jobs.note_drained(tx, kind)

    def ping(self) -> None:
        for kind in KINDS:
            self._sqs.call("GetQueueAttributes", {"QueueUrl": self._url(kind), "AttributeNames": ["QueueArn"]})

    def close(self) -> None:
        """Ends the connection."""
        self._sqs.close()

    def _send(self, kind: str, bodies: Sequence[str], delay: int = 0) -> None:
        for start in range(0, len(bodies), ENTRIES_MAX):
            entries = [
                {"Id": str(place), "MessageBody": body, "DelaySeconds": delay}
                for place, body in enumerate(bodies[start : start + ENTRIES_MAX])
            ]
            answer = self._sqs.call("SendMessageBatch", {"QueueUrl": self._url(kind), "Entries": entries})
            if answer.get("Failed"):
                log.warning("wake-up not sent: kind=%s messages=%d", kind, len(answer["Failed"]))

    def _url(self, kind: str) -> str:
        return f"{self._url_prefix}{kind}"


def _body(ids: Sequence[int]) -> str:
    return json.dumps({"jobs": ids}, separators=(",", ":"))
