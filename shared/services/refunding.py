"""The job `process_refund`: ask the bank to send money back, and record what it says.

The same three steps as for a payment: claim, call, record. A refund that waits is inquired about before it is asked
again, and asked under its own reference, so the bank sends the money once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress

from shared.connectors.connector import Answer, Approved, Connector, Declined, NotFound, Pending, RefundOrder, Unknown
from shared.db import jobs, ledger, payments, refunds
from shared.db.database import Database, Tx
from shared.db.jobs import Claim
from shared.db.outbox import StagedJob
from shared.domain import refund as domain
from shared.domain.refund import Refund, RefundStatus, Step
from shared.jobs import Kind
from shared.services.processing import Send, give_back, in_words, inquiry_wait

KIND: Kind = "process_refund"

log = logging.getLogger(__name__)


def process(database: Database, connector: Connector, send: Send, ids: Sequence[int]) -> None:
    """Carries the refunds of these jobs as far as the bank allows. `send` tells the queue of the jobs that follow."""
    claim: Claim | None = None
    try:
        with database.transaction() as tx:
            claim = jobs.claim(tx, KIND, ids)
            waiting = [r for r in refunds.take(tx, list(claim.subjects.values())) if r.status == RefundStatus.PENDING]
        answers = _ask(connector, waiting)
        with database.transaction() as tx:
            staged = _record(tx, claim, answers)
        send(staged)
    except Exception as error:
        if claim is None:
            raise
        give_back(database, claim, error)
        if len(claim.subjects) == 1:
            raise
        log.exception("a batch failed; its refunds are tried one by one: jobs=%d", len(claim.subjects))
        for job in claim.subjects:
            with suppress(Exception):  # logged where it was put back; its neighbours are not to suffer for it
                process(database, connector, send, [job])


def _ask(connector: Connector, waiting: Sequence[Refund]) -> dict[str, Answer]:
    """The bank's answers. All are inquired about, since a worker may have died after asking; then the unheard asked."""
    if not waiting:
        return {}
    answers = connector.inquire_refunds([refund.id for refund in waiting])
    unheard = [refund for refund in waiting if isinstance(answers.get(refund.id), NotFound)]
    if unheard:
        answers = answers | connector.refund([_order(refund) for refund in unheard])
    return {refund.id: answers.get(refund.id, Unknown("the bank left it out of its answer")) for refund in waiting}


def _order(refund: Refund) -> RefundOrder:
    return RefundOrder(
        reference=refund.id,  # the same however often it is asked
        charge=refund.payment_id,
        amount=refund.amount,
        currency=refund.currency,
    )


def _record(tx: Tx, claim: Claim, answers: dict[str, Answer]) -> list[StagedJob]:
    """Ends or postpones the jobs, and settles the refunds of those that were still ours."""
    over, later = [], {}
    held_refunds = {r.id: r for r in refunds.take(tx, list(answers))}
    for job, subject in claim.subjects.items():
        answer = answers.get(subject)
        if answer is None or isinstance(answer, Approved | Declined):
            over.append(job)
        elif isinstance(answer, Pending):
            later[job] = answer.ready_in_seconds
        else:
            later[job] = inquiry_wait(held_refunds[subject].inquiries)
    held = jobs.finish(tx, KIND, over, claim.token)
    held |= jobs.postpone(tx, list(later), list(later.values()), claim.token)
    told = {claim.subjects[job]: answers[claim.subjects[job]] for job in held if claim.subjects[job] in answers}
    # Payments are locked before refunds, by everybody: so what is settled comes before what is only noted.
    staged = settle(tx, {id: answer for id, answer in told.items() if isinstance(answer, Approved | Declined)})
    unknown = [id for id, answer in told.items() if isinstance(answer, Unknown | NotFound)]
    refunds.note_inquiries(
        tx,
        unknown,
        [inquiry_wait(held_refunds[id].inquiries) for id in unknown],
        [in_words(told[id]) for id in unknown],
    )
    for id in unknown:
        log.warning("outcome unknown: refund=%s %s", id, in_words(told[id]))
    return staged + jobs.postponed(KIND, later, held)


def settle(tx: Tx, answers: dict[str, Approved | Declined]) -> list[StagedJob]:
    """What the bank has decided about refunds, stored. Said twice it changes nothing the second time.

    A refund that was processed and is now called declined has come back.
    """
    if not answers:
        return []
    payment_ids = {refund.payment_id for refund in refunds.take(tx, list(answers))}
    _, held = payments.lock(tx, sorted(payment_ids))
    payment_of = {payment.id: payment for payment in held}
    now, waiting = refunds.lock(tx, list(answers))
    steps, staged = [], []
    for refund in waiting:
        answer, payment = answers[refund.id], payment_of[refund.payment_id]
        step: Step | None = None
        if refund.status == RefundStatus.PENDING:
            if isinstance(answer, Approved):
                step = domain.process(payment, refund, acquirer_reference=answer.acquirer_reference, at=now)
            else:
                step = domain.fail(payment, refund, reason=answer.reason, description=answer.description, at=now)
        elif refund.status == RefundStatus.PROCESSED and isinstance(answer, Declined):
            step = domain.take_back(payment, refund, reason=answer.reason, description=answer.description, at=now)
        if step is not None:
            steps.append(step)
            payment_of[payment.id] = step.moves[-1].payment
            for move in step.moves:  # one by one, since each takes the payment one step on
                staged += payments.move(tx, [move])
    refunds.save(tx, [step.refund for step in steps])
    ledger.book(tx, [transaction for step in steps for transaction in step.booked])
    return staged
