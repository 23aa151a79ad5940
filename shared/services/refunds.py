"""Refunds as merchants ask for and read them. The bank is asked by a job."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared import ids
from shared.db import ledger, payments, refunds
from shared.db.database import Tx
from shared.db.outbox import StagedJob
from shared.domain import notes as domain_notes
from shared.domain import refund as domain
from shared.domain.refund import Refund
from shared.errors import BadRequest, NotFound
from shared.services import payments as payment_service

REASON_CHARACTERS_MAX = 255


def create(
    tx: Tx, merchant_id: UUID, payment_id: str, *, amount: int, reason: str | None, notes: dict[str, Any]
) -> tuple[Refund, list[StagedJob]]:
    """A refund of the amount: reserved, booked, and on its way to the bank."""
    if reason is not None:
        if len(reason) > REASON_CHARACTERS_MAX:
            raise BadRequest(f"reason must have at most {REASON_CHARACTERS_MAX} characters", field="reason")
        domain_notes.check_text(reason, field="reason")
    noted = domain_notes.check(notes)
    now, payment = payment_service.lock(tx, merchant_id, payment_id)
    step = domain.request(payment, amount, reason=reason, notes=noted, at=now)
    staged = refunds.insert(tx, step.refund)
    for move in step.moves:
        staged += payments.move(tx, [move])
    ledger.book(tx, step.booked)
    return step.refund, staged


def get(tx: Tx, merchant_id: UUID, refund_id: str) -> Refund:
    refund = refunds.find(tx, refund_id, merchant_id=merchant_id) if ids.is_id("rfnd", refund_id) else None
    if refund is None:
        raise NotFound("Refund not found")
    return refund
