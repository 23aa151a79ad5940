"""A worker of one kind of job: `python -m local.worker process_payment`.

An RQ worker on one queue that answers doorbells. It runs them in its own process, as a Lambda sandbox runs one
invocation after another: connections and imports stay warm. RQ brings neither retries nor schedules nor time limits
here; those are rows in Postgres and a watchdog.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from typing import Any, get_args

import app as handlers
import redis
from rq import SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty

from local import doorbell, drain, runtime
from local.doorbell import ANSWER, Doorbell
from local.drain import Drain
from shared.jobs import Kind

WATCH_SECONDS = 1.0
STOP_SECONDS = 1.5  # what is under way may finish; the supervisor allows 3


class AllowedJob(Job):
    """A job that may only be a doorbell: whoever can write to Redis must not be able to run anything else."""

    def perform(self) -> Any:
        if self.func_name != ANSWER:
            raise PermissionError(f"refused to run {self.func_name!r}: only {ANSWER} is a job here")
        return super().perform()


class NoDeathPenalty(BaseDeathPenalty):
    """RQ's own time limit is a signal that may strike inside a commit; ours is the watchdog's."""

    def setup_death_penalty(self) -> None:
        pass

    def cancel_death_penalty(self) -> None:
        pass


class DoorbellWorker(SimpleWorker):
    death_penalty_class = NoDeathPenalty


def main() -> int:
    kinds = get_args(Kind)
    if len(sys.argv) != 2 or sys.argv[1] not in kinds:
        print(f"usage: python -m local.worker {{{'|'.join(kinds)}}}", file=sys.stderr)
        return 2
    kind: Kind = sys.argv[1]  # type: ignore[assignment]
    settings = runtime.settings_or_exit()
    on = runtime.start(settings, name=f"worker-{kind}")
    assert isinstance(on.queue, Doorbell)
    draining = Drain(kind, handlers.app.handler_map[kind], on.database, on.queue)
    drain.set_up(draining, doorbell.connect(settings.redis_url))
    threading.Thread(target=_watch, args=(draining,), name="watchdog", daemon=True).start()
    on.queue.wake(kind)  # whatever came while nobody listened
    connection = redis.Redis.from_url(settings.redis_url)
    worker = DoorbellWorker(
        [doorbell.rq_queue(kind, connection)], connection=connection, job_class=AllowedJob, serializer=JSONSerializer
    )
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    worker.work(with_scheduler=False, logging_level="WARNING")
    draining.wait_until_idle(STOP_SECONDS)
    return 0


def _watch(draining: Drain) -> None:
    while True:
        time.sleep(WATCH_SECONDS)
        if draining.overdue():
            logging.getLogger(__name__).error("an invocation is past its time limit: ending this process")
            drain.end_process()


if __name__ == "__main__":
    sys.exit(main())
