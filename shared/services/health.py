"""Whether the parts that a payment needs are there."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import psycopg

from shared.db import database as db
from shared.db import jobs
from shared.db.database import Database
from shared.queue import Queue

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    database: bool
    queue: bool
    worker: bool

    @property
    def healthy(self) -> bool:
        return self.database and self.queue and self.worker


def check(database: Database, queue: Queue) -> Health:
    database_up = worker_up = False
    try:
        with database.statement() as tx:
            db.ping(tx)
            database_up = True
            worker_up = jobs.workers_alive(tx, within_seconds=queue.beat_seconds)
    except psycopg.Error as error:
        log.warning("health: database: %s", " ".join(str(error).split()))
    try:
        queue.ping()
        queue_up = True
    except Exception as error:  # whatever the queue is made of: it is down
        log.warning("health: queue: %s", error)
        queue_up = False
    return Health(database_up, queue_up, worker_up)
