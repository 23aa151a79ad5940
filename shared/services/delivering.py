"""The job `deliver_webhook`: one attempt at each delivery, signed as it is sent.

Claim, call, record. A delivery leaves this job accepted, waiting for its next attempt, or failed for good; every
attempt is kept. What is not tried in time is put back untouched, so that one slow receiver costs the others nothing.
"""

from __future__ import annotations

import logging
import random
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache

from shared import sealing, signatures
from shared.db import deliveries, jobs
from shared.db.database import Database
from shared.db.deliveries import Attempt, Delivery
from shared.db.jobs import Claim
from shared.jobs import Kind
from shared.outbound import Response, Sender
from shared.sealing import Sealer

KIND: Kind = "deliver_webhook"
CALLS_PER_RECEIVER = 4  # at once, from one invocation
CALLING_SECONDS_MAX = 10.0  # after that no new call begins; one more may last 5 s, well inside the handler's limit
RECORD_SECONDS = 0.1  # how long a finished attempt may wait for others to be recorded with it
JITTER = 0.1  # of a wait, added: a wait is never shorter than the schedule says
CALL_THREADS_MAX = 256

log = logging.getLogger(__name__)

USER_AGENT = "PaymentGateway-Webhooks/1"


def deliver(
    database: Database, sender: Sender, sealer: Sealer, retry_seconds: Sequence[int], ids: Sequence[int]
) -> None:
    """One attempt at each delivery of these jobs. `retry_seconds` are the waits before each attempt."""
    with database.transaction() as tx:
        claim = jobs.claim(tx, KIND, ids)
        deliveries.give_up(tx, list(claim.dead))  # it killed its workers again and again: failed, for all to see
        if not claim.subjects:
            return
        deliveries.note_lost(tx, [claim.subjects[job] for job in claim.deserted])
        found = deliveries.take(tx, list(claim.subjects.values()))
        homeless = [delivery.id for delivery in found if delivery.url is None]
        deliveries.give_up(tx, homeless)
        wanted = {delivery.id: delivery for delivery in found if delivery.url is not None}
        # Delivered meanwhile, deleted, or with nowhere to go: nothing is left to do for these.
        jobs.finish(tx, KIND, [job for job, id in claim.subjects.items() if id not in wanted], claim.token)
    job_of = {delivery_id: job for job, delivery_id in claim.subjects.items()}
    untried = set(wanted)
    for attempts in _attempts(sender, sealer, retry_seconds, list(wanted.values())):
        _record(database, claim, job_of, attempts)
        untried -= {attempt.delivery_id for attempt in attempts}
    if untried:
        with database.transaction() as tx:
            jobs.postpone(tx, [job_of[id] for id in untried], [0.0] * len(untried), claim.token)


def _record(database: Database, claim: Claim, job_of: dict[str, int], attempts: Sequence[Attempt]) -> None:
    over = [job_of[a.delivery_id] for a in attempts if a.retry_seconds is None]
    again = {job_of[a.delivery_id]: a.retry_seconds for a in attempts if a.retry_seconds is not None}
    with database.transaction() as tx:
        held = jobs.finish(tx, KIND, over, claim.token)
        held |= jobs.postpone(tx, list(again), list(again.values()), claim.token)
        deliveries.record(tx, [a for a in attempts if job_of[a.delivery_id] in held])


def _attempts(
    sender: Sender, sealer: Sealer, retry_seconds: Sequence[int], batch: Sequence[Delivery]
) -> Iterator[list[Attempt]]:
    """Yields groups of attempts as they end. A single delivery is tried in this thread, several side by side."""
    if len(batch) == 1:
        yield [_attempt(sender, sealer, retry_seconds, batch[0])]
        return
    stop_at = time.monotonic() + CALLING_SECONDS_MAX
    ended: deque[Attempt] = deque()
    lines: dict[object, deque[Delivery]] = defaultdict(deque)
    for delivery in batch:
        lines[delivery.merchant_id].append(delivery)

    def work_off(line: deque[Delivery]) -> None:
        while time.monotonic() < stop_at:
            try:
                delivery = line.popleft()
            except IndexError:
                return
            ended.append(_attempt(sender, sealer, retry_seconds, delivery))

    callers: set[Future[None]] = {
        _threads().submit(work_off, line) for line in lines.values() for _ in range(min(CALLS_PER_RECEIVER, len(line)))
    }
    while callers:
        done, callers = wait(callers, timeout=RECORD_SECONDS)
        for caller in done:
            caller.result()
        if ended:
            yield [ended.popleft() for _ in range(len(ended))]


def _attempt(sender: Sender, sealer: Sealer, retry_seconds: Sequence[int], delivery: Delivery) -> Attempt:
    assert delivery.url is not None
    body = delivery.body.encode()
    try:
        secret = sealer.open(delivery.secret_sealed, belongs_to=sealing.webhook_secret_of(delivery.merchant_id))
        signed = signatures.headers(secret=secret, webhook_id=delivery.event_id, timestamp=int(time.time()), body=body)
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT, **signed}
        response = sender.post(delivery.url, body=body, headers=headers)
    except Exception as error:  # a bug of ours must use up this delivery's attempts, not its neighbours' time
        log.exception("delivery failed: id=%s", delivery.id)
        response = Response(status=None, body="", error=f"internal: {type(error).__name__}", duration_ms=0)
    made = delivery.attempts + 1
    retry = None
    if not response.accepted and made < len(retry_seconds):
        retry = retry_seconds[made] * (1 + random.random() * JITTER)
    return Attempt(
        delivery_id=delivery.id,
        response_code=response.status,
        response_body=response.body,
        error=response.error,
        duration_ms=response.duration_ms,
        status="success" if response.accepted else "failed" if retry is None else "pending",
        retry_seconds=retry,
    )


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=CALL_THREADS_MAX, thread_name_prefix="call")
