"""The job `deliver_webhook`: one attempt at each delivery, signed as it is sent.

Claim, call, record. A delivery leaves this job accepted, waiting for its next attempt, or failed for good; every
attempt is kept. What is not tried in time is put back untouched, so that one slow receiver costs the others nothing.
"""

from __future__ import annotations

import logging
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cache
from uuid import uuid4

from shared import ids as new_ids
from shared import sealing, signatures
from shared.db import deliveries, events, jobs, webhook_endpoints
from shared.db.database import Database, Tx
from shared.db.deliveries import Attempt, Delivery
from shared.db.jobs import Claim
from shared.db.outbox import StagedJob
from shared.domain import event, views
from shared.jobs import Kind
from shared.outbound import Response, Sender
from shared.sealing import Sealer

KIND: Kind = "deliver_webhook"
CALLS_PER_RECEIVER = 4  # at once, from one invocation
CALLING_SECONDS_MAX = 10.0  # after that no new call begins; one more may last 5 s, well inside the handler's limit
RECORD_SECONDS = 0.1  # how long a finished attempt may wait for others to be recorded with it
JITTER = 0.1  # of a wait, added: a wait is never shorter than the schedule says
CALL_THREADS_MAX = 256

Send = Callable[[Sequence[StagedJob]], None]

log = logging.getLogger(__name__)

USER_AGENT = "PaymentGateway-Webhooks/1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """The seconds before each attempt, and how long an endpoint may fail before it is disabled."""

    retry_seconds: Sequence[int]
    disable_seconds: float


def deliver(
    database: Database, sender: Sender, sealer: Sealer, schedule: Schedule, send: Send, ids: Sequence[int]
) -> None:
    """One attempt at each delivery of these jobs. `send` tells the queue of the jobs that follow."""
    with database.transaction() as tx:
        claim = jobs.claim(tx, KIND, ids)
        deliveries.note_lost(tx, [claim.subjects[job] for job in claim.deserted])
        found = deliveries.take(tx, list(claim.subjects.values()))
    wanted = {delivery.id: delivery for delivery in found if delivery.url is not None}
    # Delivered meanwhile, deleted, or with nowhere to go: nothing is left to do for these.
    idle = [job for job, id in claim.subjects.items() if id not in wanted]
    if idle or claim.dead:
        with database.transaction() as tx:
            lost = [delivery.id for delivery in found if delivery.url is None]
            lost += claim.dead  # they killed their workers again and again: failed, for all to see
            deliveries.lock(tx, lost)
            deliveries.give_up(tx, lost)
            jobs.finish(tx, KIND, idle, claim.token)
    job_of = {delivery_id: job for job, delivery_id in claim.subjects.items()}
    untried = set(wanted)
    for attempts in _attempts(sender, sealer, schedule.retry_seconds, list(wanted.values())):
        send(_record(database, claim, job_of, wanted, attempts, schedule.disable_seconds))
        untried -= {attempt.delivery_id for attempt in attempts}
    if untried:
        with database.transaction() as tx:
            jobs.postpone(tx, [job_of[id] for id in untried], [0.0] * len(untried), claim.token)


def _record(
    database: Database,
    claim: Claim,
    job_of: dict[str, int],
    wanted: dict[str, Delivery],
    attempts: Sequence[Attempt],
    disable_seconds: float,
) -> list[StagedJob]:
    with database.transaction() as tx:
        made = deliveries.lock(tx, [attempt.delivery_id for attempt in attempts])
        # Begun anew by the merchant while this attempt was under way: if it failed, the next one follows at once.
        ended = [
            replace(a, status="pending", retry_seconds=0.0)
            if a.status != "success" and made.get(a.delivery_id) != wanted[a.delivery_id].attempts
            else a
            for a in attempts
        ]
        over = [job_of[a.delivery_id] for a in ended if a.retry_seconds is None]
        again = {job_of[a.delivery_id]: a.retry_seconds for a in ended if a.retry_seconds is not None}
        held = jobs.finish(tx, KIND, over, claim.token)
        held |= jobs.postpone(tx, list(again), list(again.values()), claim.token)
        kept = [a for a in ended if job_of[a.delivery_id] in held]
        deliveries.record(tx, kept)
        told = _note_health(tx, [(wanted[a.delivery_id], a.status == "success") for a in kept], disable_seconds)
        return told + jobs.postponed(KIND, again, held)


def _note_health(tx: Tx, ended: Sequence[tuple[Delivery, bool]], disable_seconds: float) -> list[StagedJob]:
    """What the attempts say of their endpoints. One that has failed for too long is disabled, and an event tells."""
    accepting = {delivery.endpoint_id for delivery, accepted in ended if accepted}
    failing = {delivery.endpoint_id for delivery, accepted in ended if not accepted} - accepting
    staged: list[StagedJob] = []
    disabled = webhook_endpoints.note_health(
        tx, accepting=sorted(accepting), failing=sorted(failing), disable_seconds=disable_seconds
    )
    for endpoint in disabled:
        log.warning("webhook endpoint disabled: id=%s merchant_id=%s", endpoint.id, endpoint.merchant_id)
        id, at = new_ids.event_id(), endpoint.updated_at
        body = event.body_about(
            id=id, type=event.ENDPOINT_DISABLED, at=at, webhook_endpoint=views.of_endpoint(endpoint)
        )
        staged += events.tell(
            tx, id=id, merchant_id=endpoint.merchant_id, type=event.ENDPOINT_DISABLED, body=body, created_at=at
        )
    return staged


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
        lines[delivery.endpoint_id].append(delivery)

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
    headers: dict[str, str] = {}
    try:
        secret, *previous = _secrets(sealer, delivery)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "X-Request-Id": str(uuid4()),
            **signatures.headers(
                secret=secret,
                previous_secrets=previous,
                webhook_id=delivery.event_id,
                timestamp=int(time.time()),
                body=body,
            ),
        }
        response = sender.post(delivery.url, body=body, headers=headers)
    except Exception as error:  # a bug of ours must use up this delivery's attempts, not its neighbours' time
        log.exception("delivery failed: id=%s", delivery.id)
        response = Response(status=None, body="", error=f"internal: {type(error).__name__}", duration_ms=0)
    if not response.accepted:
        log.info(
            "webhook not accepted: id=%s endpoint=%s request_id=%s status=%s %s",
            delivery.id,
            delivery.endpoint_id,
            headers.get("X-Request-Id"),
            response.status,
            response.error or "",
        )
    made = delivery.attempts + 1
    retry = None
    if not response.accepted and made < len(retry_seconds):
        retry = retry_seconds[made] * (1 + random.random() * JITTER)
    return Attempt(
        delivery_id=delivery.id,
        request_headers=headers,
        response_code=response.status,
        response_body=response.body,
        error=response.error,
        duration_ms=response.duration_ms,
        status="success" if response.accepted else "failed" if retry is None else "pending",
        retry_seconds=retry,
    )


def _secrets(sealer: Sealer, delivery: Delivery) -> list[str]:
    """What signs, and then what signs too while the secret is being changed."""
    belongs_to = sealing.webhook_secret_of(delivery.merchant_id)
    assert delivery.secret_sealed is not None, "an endpoint with a URL has a secret"
    sealed = [delivery.secret_sealed, *delivery.previous_secrets_sealed]
    return [sealer.open(one, belongs_to=belongs_to) for one in sealed]


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=CALL_THREADS_MAX, thread_name_prefix="call")
