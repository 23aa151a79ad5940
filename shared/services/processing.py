"""The job `process_payment`: hand payments to the bank and take back what it says.

Claim, call, record: two short transactions around a call that may fail in any way. Running it twice, at once or in
turn, changes nothing: the lease lets one worker in, the reference lets the bank charge once, and what a worker without
its lease would record is not recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.connectors.connector import (
    ActionRequired,
    Answer,
    Approved,
    Authorization,
    Connector,
    Declined,
    NotFound,
    Pending,
    Unknown,
)
from shared.db import jobs, ledger, payments
from shared.db.database import Database, Tx
from shared.db.jobs import Claim
from shared.db.outbox import StagedJob
from shared.domain import ledger as books
from shared.domain import payment as domain
from shared.domain.payment import Move, Payment, State
from shared.jobs import Kind

KIND: Kind = "process_payment"

# Seconds until the bank is asked again what became of a payment; then the last one, for ever, in sight of everybody.
INQUIRY_SECONDS = (2, 5, 15, 60, 300, 900, 3600)

# How often the bank is asked whether the customer has done what it wanted, if it does not say so by itself.
ACTION_SECONDS = 10.0

BACK_OFF_SECONDS = 10.0  # before a payment whose processing failed is tried again

log = logging.getLogger(__name__)

_AT_THE_BANK = (State.PROCESSING, State.REQUIRES_ACTION, State.OUTCOME_UNKNOWN)

Send = Callable[[Sequence[StagedJob]], None]


def process(database: Database, connector: Connector, send: Send, ids: Sequence[int]) -> None:
    """Carries the payments of these jobs as far as the bank allows. `send` tells the queue of the jobs that follow."""
    claim: Claim | None = None
    try:
        with database.transaction() as tx:
            claim = jobs.claim(tx, KIND, ids)
            asked, staged = _hand_over(tx, list(claim.subjects.values()))
        send(staged)
        answers = _ask(connector, asked)
        with database.transaction() as tx:
            staged = _record(tx, claim, asked, answers)
        send(staged)
    except Exception as error:
        if claim is None:
            raise
        give_back(database, claim, error)
        if len(claim.subjects) == 1:
            raise
        log.exception("a batch failed; its payments are tried one by one: jobs=%d", len(claim.subjects))
        for job in claim.subjects:
            with suppress(Exception):  # logged where it was put back; its neighbours are not to suffer for it
                process(database, connector, send, [job])


def give_back(database: Database, claim: Claim, error: Exception) -> None:
    """Ends the lease: at once for a batch, which is tried one by one; later for a job that was alone."""
    wait = 0.0 if len(claim.subjects) > 1 else BACK_OFF_SECONDS
    why = f"{type(error).__name__}: {error}"
    with database.transaction() as tx:
        jobs.postpone(tx, claim.ids, [wait] * len(claim.ids), claim.token, error=why)
    log.error("put back: jobs=%s of=%s %s", claim.ids[:10], list(claim.subjects.values())[:10], type(error).__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    payment: Payment
    before: bool  # whether the bank may have heard of it already


def _hand_over(tx: Tx, payment_ids: Sequence[str]) -> tuple[dict[str, _Asked], list[StagedJob]]:
    """Commits to asking before the bank is asked: a worker that dies in between leaves a payment to inquire about."""
    asked, moves = {}, []
    now, locked = payments.lock(tx, payment_ids)
    for payment in locked:
        if payment.state == State.CREATED:
            move = domain.hand_to_bank(payment, at=now)
            moves.append(move)
            asked[payment.id] = _Asked(move.payment, before=False)
        elif payment.state in _AT_THE_BANK:
            asked[payment.id] = _Asked(payment, before=True)
    return asked, payments.move(tx, moves)


def _ask(connector: Connector, asked: dict[str, _Asked]) -> dict[str, Answer]:
    """The bank's answers. What it may have heard of is inquired about first, and handed to it again if it has not."""
    if not asked:
        return {}
    known = [id for id, payment in asked.items() if payment.before]
    answers = connector.inquire(known) if known else {}
    unheard = [
        payment.payment for id, payment in asked.items() if not payment.before or isinstance(answers.get(id), NotFound)
    ]
    if unheard:
        answers = answers | connector.authorize([_authorization(payment) for payment in unheard])
    for id in asked:
        answer = answers.setdefault(id, Unknown("the bank left it out of its answer"))
        if isinstance(answer, Unknown):
            log.warning("outcome unknown: payment=%s %s", id, answer.why)
    return {id: answers[id] for id in asked}


def _authorization(payment: Payment) -> Authorization:
    instrument = payment.vpa or payment.token
    assert instrument is not None, "a payment has a VPA or a token: the table says so"
    return Authorization(
        reference=payment.id,  # unique for the operation, and the same however often it is asked
        amount=payment.amount,
        currency=payment.currency,
        method=payment.method,
        instrument=instrument,
    )


def _record(tx: Tx, claim: Claim, asked: dict[str, _Asked], answers: dict[str, Answer]) -> list[StagedJob]:
    """Ends or postpones the jobs, and moves the payments of those that were still ours."""
    if not claim.subjects:
        return []
    over, later = [], {}
    for job, subject in claim.subjects.items():
        answer = answers.get(subject)
        if answer is None or isinstance(answer, Approved | Declined):
            over.append(job)
        elif isinstance(answer, Pending):
            later[job] = answer.ready_in_seconds
        elif isinstance(answer, ActionRequired):
            later[job] = min(answer.expires_in_seconds, ACTION_SECONDS)
        else:
            later[job] = inquiry_wait(asked[subject].payment.inquiries)
    held = jobs.finish(tx, KIND, over, claim.token)
    held |= jobs.postpone(tx, list(later), list(later.values()), claim.token)
    now, locked = payments.lock(tx, [claim.subjects[job] for job in held if claim.subjects[job] in answers])
    locked, staged = _resume(tx, locked, answers, now)
    moves, still_unknown = [], []
    for payment in locked:
        if payment.state not in _AT_THE_BANK:
            continue  # settled meanwhile, by somebody who asked the same bank
        answer = answers[payment.id]
        if isinstance(answer, ActionRequired):
            if payment.state != State.REQUIRES_ACTION:
                moves.append(
                    domain.require_action(
                        payment, type=answer.type, url=answer.url, seconds=answer.expires_in_seconds, at=now
                    )
                )
        elif isinstance(answer, Approved):
            moves.append(domain.approve(payment, acquirer_reference=answer.acquirer_reference, at=now))
        elif isinstance(answer, Declined):
            moves.append(domain.decline(payment, reason=answer.reason, description=answer.description, at=now))
        elif isinstance(answer, Pending) or payment.state == State.REQUIRES_ACTION:
            continue
        elif payment.state == State.PROCESSING:
            wait = timedelta(seconds=inquiry_wait(payment.inquiries))
            moves.append(domain.lose_sight(payment, next_inquiry_at=now + wait, why=in_words(answer), at=now))
        else:
            still_unknown.append(payment)
    payments.note_inquiries(
        tx,
        [payment.id for payment in still_unknown],
        [inquiry_wait(payment.inquiries) for payment in still_unknown],
        [in_words(answers[payment.id]) for payment in still_unknown],
    )
    return staged + store(tx, moves) + jobs.postponed(KIND, later, held)


def _resume(
    tx: Tx, locked: Sequence[Payment], answers: dict[str, Answer], now: datetime
) -> tuple[list[Payment], list[StagedJob]]:
    """Payments that waited for their customer are the bank's again once it goes on; the others stay as they are."""
    resumed = {
        payment.id: domain.hand_to_bank(payment, at=now)
        for payment in locked
        if payment.state == State.REQUIRES_ACTION and isinstance(answers[payment.id], Approved | Pending)
    }
    staged = payments.move(tx, list(resumed.values()))
    return [resumed[payment.id].payment if payment.id in resumed else payment for payment in locked], staged


def look_at_once(tx: Tx, payment_id: str) -> list[StagedJob]:
    """The bank has news of the payment: its job is due now. A job that is running has looked, or looks again soon."""
    return jobs.hasten(tx, KIND, payment_id)


def store(tx: Tx, moves: Sequence[Move]) -> list[StagedJob]:
    """The moves, with what an automatic capture books."""
    ledger.book(
        tx,
        [books.of_capture(move.payment) for move in moves if move.payment.state == State.CAPTURED],
    )
    return payments.move(tx, moves)


def inquiry_wait(inquiries: int) -> float:
    """Seconds until the next inquiry, after so many that told nothing."""
    return INQUIRY_SECONDS[min(inquiries, len(INQUIRY_SECONDS) - 1)]


def in_words(answer: Answer) -> str:
    """What came instead of an answer."""
    return answer.why if isinstance(answer, Unknown) else "the bank has not heard of it"
