"""The queue on AWS: one SQS queue for each kind of job; a message carries ids and nothing else."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from shared.db import jobs
from shared.db.database import Database
from shared.db.outbox import StagedJob
from shared.jobs import BATCH_MAX, KINDS, Kind

ENTRIES_MAX = 10  # messages in one call, by SQS
WAKES_MAX = 50  # batches of one kind in one sweep: 5,000 jobs, then the other kinds have their turn

log = logging.getLogger(__name__)


class SqsQueue:
    """Queues are named by a prefix and the kind: `gateway-dev-process_payment`."""

    def __init__(self, prefix: str, database: Database, client: Any = None) -> None:
        self._prefix = prefix
        self._database = database
        self._urls: dict[str, str] = {}
        if client is not None:
            self._client = client

    @cached_property
    def _client(self) -> Any:
        import boto3  # 200 ms that only a sender of messages should pay
        from botocore.config import Config

        return boto3.client("sqs", config=Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1}))

    def send(self, staged: Sequence[StagedJob]) -> None:
        by_kind: dict[str, list[int]] = defaultdict(list)
        for job in staged:
            by_kind[job.kind].append(job.id)
        for kind, ids in by_kind.items():
            bodies = [_body(ids[start : start + BATCH_MAX]) for start in range(0, len(ids), BATCH_MAX)]
            try:
                self._send(kind, bodies)
            except Exception:  # the jobs are committed: the sweep wakes them within a minute
                log.warning("wake-up not sent: kind=%s jobs=%d", kind, len(ids), exc_info=True)

    def wake(self, kind: Kind) -> None:
        for _ in range(WAKES_MAX):
            with self._database.statement() as tx:
                waiting = jobs.wake(tx, kind, limit=BATCH_MAX)
            if not waiting:
                return
            self._send(kind, [_body([job.id for job in waiting])])

    def ping(self) -> None:
        for kind in KINDS:
            self._client.get_queue_attributes(QueueUrl=self._url(kind), AttributeNames=["QueueArn"])

    def _send(self, kind: str, bodies: Sequence[str]) -> None:
        for start in range(0, len(bodies), ENTRIES_MAX):
            entries = [
                {"Id": str(place), "MessageBody": body}
                for place, body in enumerate(bodies[start : start + ENTRIES_MAX])
            ]
            answer = self._client.send_message_batch(QueueUrl=self._url(kind), Entries=entries)
            if answer.get("Failed"):
                log.warning("wake-up not sent: kind=%s messages=%d", kind, len(answer["Failed"]))

    def _url(self, kind: str) -> str:
        if kind not in self._urls:
            self._urls[kind] = self._client.get_queue_url(QueueName=f"{self._prefix}{kind}")["QueueUrl"]
        return self._urls[kind]


def _body(ids: Sequence[int]) -> str:
    return json.dumps({"jobs": ids}, separators=(",", ":"))
