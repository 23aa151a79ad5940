"""What the bank says without being asked: answers that come late, or twice, and refunds that come back.

Each notice is stored, then acknowledged. A crash in between makes the bank say it again, which changes nothing.
"""

from __future__ import annotations

import logging

from shared.connectors.connector import Approved, Connector, Declined
from shared.db import payments, refunds
from shared.db.database import Database, Tx
from shared.db.outbox import StagedJob
from shared.domain import payment as domain
from shared.domain.payment import State
from shared.queue import Queue
from shared.services import processing, refunding

NOTICES_MAX = 100

log = logging.getLogger(__name__)

_OPEN = (State.PROCESSING, State.OUTCOME_UNKNOWN)  # while it is the customer's turn, nobody has an outcome


def take_notices(database: Database, connector: Connector, queue: Queue) -> int:
    """Stores what the bank has to say, and says how many notices there were."""
    notices = connector.notices(limit=NOTICES_MAX)
    if not notices:
        return 0
    latest = {notice.reference: notice.answer for notice in notices}
    of_payments = {r: answer for r, answer in latest.items() if r.startswith("pay_")}
    of_refunds = {r: answer for r, answer in latest.items() if r.startswith("rfnd_")}
    with database.transaction() as tx:
        # All payments at once, in the order that everybody takes them in: none is held while another is waited for.
        payments.lock(tx, [*of_payments, *(refund.payment_id for refund in refunds.take(tx, list(of_refunds)))])
        staged = _settle_payments(tx, of_payments)
        staged += refunding.settle(tx, of_refunds)
    queue.send(staged)
    connector.acknowledge(notices)
    return len(notices)


def _settle_payments(tx: Tx, answers: dict[str, Approved | Declined]) -> list[StagedJob]:
    """Ends the payments that still wait for an answer; to the others it was said before."""
    now, held = payments.lock(tx, sorted(answers))
    moves = []
    for payment in held:
        answer = answers[payment.id]
        if payment.state not in _OPEN:
            continue
        if isinstance(answer, Approved):
            moves.append(domain.approve(payment, acquirer_reference=answer.acquirer_reference, at=now))
        else:
            moves.append(domain.decline(payment, reason=answer.reason, description=answer.description, at=now))
    return processing.store(tx, moves)
