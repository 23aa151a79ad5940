"""Everything that happened to a payment, in order: who asked, what changed, what the bank said, whom we told, what was
booked. It is put together from what is stored anyway; nothing is kept for it alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.db import requests, timeline
from shared.db.database import Tx
from shared.domain import views
from shared.domain.payment import Payment
from shared.services import payments
from shared.services.processing import inquiry_wait

OF_EACH_MAX = 200  # events, deliveries, attempts and so on

# Of what happens at one moment, what caused it goes first.
_ORDER = {"request": 0, "bank": 1, "event": 2, "refund": 3, "ledger": 4, "webhook": 5}


@dataclass(frozen=True, slots=True)
class _Entry:
    at: datetime
    kind: str
    title: str
    details: dict[str, Any]
    ref: str | None = None
    sequence: int = 0


def of(tx: Tx, merchant_id: UUID, payment_id: str) -> list[views.TimelineEntry]:
    """The oldest first. Raises NotFound."""
    payment = payments.get(tx, merchant_id, payment_id)
    entries = [
        *_requests(tx, payment),
        *_events(tx, payment),
        *_inquiries(payment),
        *_refunds(tx, payment),
        *_bookings(tx, payment),
        *_deliveries(tx, payment),
    ]
    entries.sort(key=lambda one: (one.at, _ORDER[one.kind], one.sequence))
    return [
        views.TimelineEntry(
            at=views.moment(one.at),
            kind=one.kind,
            title=one.title,
            details={name: value for name, value in one.details.items() if value is not None},
            ref=one.ref,
        )
        for one in entries
    ]


def _requests(tx: Tx, payment: Payment) -> Iterator[_Entry]:
    for row in requests.about(tx, payment.id, merchant_id=payment.merchant_id, limit=OF_EACH_MAX):
        details = {name: row[name] for name in ("status", "duration_ms", "request_id", "address", "api_key")}
        yield _Entry(row["created_at"], "request", f"{row['method']} {row['path']}", details, str(row["id"]))


def _events(tx: Tx, payment: Payment) -> Iterator[_Entry]:
    """Each event, and before it what the bank had said if that is what it tells of."""
    for row in timeline.events(tx, payment.id, limit=OF_EACH_MAX):
        told = json.loads(row["body"]).get("data", {})
        shown, at, sequence = told.get("payment", {}), row["created_at"], row["sequence"]
        if row["type"] == "payment.success":
            details = {"acquirer_reference": payment.acquirer_reference}
            yield _Entry(at, "bank", "The bank approved the payment", details, payment.id, sequence)
        elif row["type"] == "payment.failed" and row["from_state"] != "created":
            details = {"reason": shown.get("error_reason"), "description": shown.get("error_description")}
            yield _Entry(at, "bank", "The bank declined the payment", details, payment.id, sequence)
        elif row["type"] == "payment.outcome_unknown":
            details = {"answer": shown.get("last_answer")}
            yield _Entry(at, "bank", "The bank gave no answer that tells the outcome", details, payment.id, sequence)
        elif row["type"] == "payment.requires_action":
            action = (shown.get("next_action") or {}).get("type")
            yield _Entry(at, "bank", "The bank wants the customer to act", {"action": action}, payment.id, sequence)
        details = {"from": row["from_state"], "to": row["to_state"], "sequence": sequence}
        refund = told.get("refund")
        if refund:
            details |= {"refund_id": refund["id"], "amount": refund["amount"]}
        yield _Entry(at, "event", row["type"], details, row["id"], sequence)


def _inquiries(payment: Payment) -> Iterator[_Entry]:
    """The bank's last answer to the question what became of it; of those before it only their number is kept."""
    if payment.next_inquiry_at is not None and payment.inquiries > 1:
        at = payment.next_inquiry_at - timedelta(seconds=inquiry_wait(payment.inquiries - 1))
        details = {"answer": payment.last_answer, "next_inquiry_at": views.timestamp(payment.next_inquiry_at)}
        title = f"The bank was asked {payment.inquiries} times what became of it"
        yield _Entry(at, "bank", title, details, payment.id)


def _refunds(tx: Tx, payment: Payment) -> Iterator[_Entry]:
    for row in timeline.refunds(tx, payment.id, limit=OF_EACH_MAX):
        money = {"amount": row["amount"], "currency": row["currency"]}
        yield _Entry(row["created_at"], "refund", "Refund requested", {**money, "reason": row["reason"]}, row["id"])
        if row["next_inquiry_at"] is not None and row["status"] == "pending":
            at = row["next_inquiry_at"] - timedelta(seconds=inquiry_wait(row["inquiries"] - 1))
            details = {"answer": row["last_answer"], "inquiries": row["inquiries"]}
            yield _Entry(at, "bank", "The bank gave no answer about the refund", details, row["id"])
        if row["processed_at"] is not None:
            details = {**money, "acquirer_reference": row["acquirer_reference"]}
            yield _Entry(row["processed_at"], "refund", "Refund processed", details, row["id"])
        if row["status"] == "failed":
            title = "Refund failed" if row["processed_at"] is None else "Refund came back"
            details = {**money, "reason": row["error_reason"], "description": row["error_description"]}
            yield _Entry(row["updated_at"], "refund", title, details, row["id"])


def _bookings(tx: Tx, payment: Payment) -> Iterator[_Entry]:
    for row in timeline.bookings(tx, payment.id, limit=OF_EACH_MAX):
        details = {"currency": row["currency"], "entries": row["entries"], "refund_id": row["refund_id"]}
        yield _Entry(row["created_at"], "ledger", f"Booked: {row['kind']}", details, row["id"])


def _deliveries(tx: Tx, payment: Payment) -> Iterator[_Entry]:
    for row in timeline.attempts(tx, payment.id, limit=OF_EACH_MAX):
        accepted = row["response_code"] is not None and 200 <= row["response_code"] < 300
        details = {name: row[name] for name in ("attempt", "duration_ms", "response_code", "error")}
        details["webhook_endpoint_id"] = row["endpoint_id"]
        title = f"{row['event']} {'delivered' if accepted else 'not accepted'}"
        yield _Entry(row["started_at"], "webhook", title, details, row["id"], row["attempt"])
    for row in timeline.deliveries(tx, payment.id, limit=OF_EACH_MAX):
        if row["status"] == "pending" and row["attempts"] == 0:
            details = {"webhook_endpoint_id": row["endpoint_id"]}
            yield _Entry(row["created_at"], "webhook", f"{row['event']} waits to be sent", details, row["id"])
