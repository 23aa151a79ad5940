"""The webhooks the shop has received: the newest few, in memory, each once however often it was delivered."""

import secrets
import threading
from collections import OrderedDict, deque
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from local.demo_merchant.signatures import Marks

WEBHOOKS_MAX = 200
# Kept apart from the accepted ones, so that a stranger's noise cannot push those out.
REJECTED_MAX = 20
TEXT_MAX = 80


@dataclass(frozen=True, kw_only=True)
class Received:
    """One webhook as the page shows it. `deliveries` counts how often the same webhook-id arrived."""

    number: int
    accepted: bool
    event: str | None
    payment_id: str | None
    amount: int | None
    currency: str | None
    signature: str
    standard_signature: str
    received_at: str
    deliveries: int = 1


class Inbox:
    """Safe to use from many threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._accepted: OrderedDict[str | int, Received] = OrderedDict()
        self._rejected: deque[Received] = deque(maxlen=REJECTED_MAX)
        self._count = 0
        self._changes = 0
        # A restarted shop counts from zero again: without this, a page would take its answer for an old one.
        self._run = secrets.token_hex(4)

    def accept(self, body: dict[str, Any], *, webhook_id: str | None, marks: Marks, now: float) -> bool:
        """Remember a webhook whose signatures are right. False if this webhook-id was received before."""
        with self._lock:
            self._changes += 1
            known = self._accepted.get(webhook_id) if webhook_id else None
            if webhook_id and known:
                self._accepted[webhook_id] = replace(known, deliveries=known.deliveries + 1)
                return False
            received = self._next(marks, now, **_summary(body))
            self._accepted[webhook_id or received.number] = received
            if len(self._accepted) > WEBHOOKS_MAX:
                self._accepted.popitem(last=False)
            return True

    def reject(self, *, marks: Marks, now: float) -> None:
        """Remember that something arrived unsigned or wrongly signed. Its contents are not believed."""
        with self._lock:
            self._changes += 1
            self._rejected.append(self._next(marks, now, event=None, payment_id=None, amount=None, currency=None))

    def listing(self) -> list[dict[str, Any]]:
        """Everything remembered, newest first."""
        with self._lock:
            received = [*self._accepted.values(), *self._rejected]
        return [asdict(one) for one in sorted(received, key=lambda one: one.number, reverse=True)]

    @property
    def etag(self) -> str:
        """Changes whenever `listing` does."""
        with self._lock:
            return f'"{self._run}-{self._changes}"'

    def _next(self, marks: Marks, now: float, **summary: Any) -> Received:
        self._count += 1
        return Received(
            number=self._count,
            accepted=marks.accepted,
            signature=marks.plain,
            standard_signature=marks.standard,
            received_at=datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **summary,
        )


def _summary(body: dict[str, Any]) -> dict[str, Any]:
    """The few facts of a webhook that are shown. Whatever is missing or of another type is None."""
    data = body.get("data")
    payment = data.get("payment") if isinstance(data, dict) else None
    payment = payment if isinstance(payment, dict) else {}
    amount = payment.get("amount")
    return {
        "event": _text(body.get("event")),
        "payment_id": _text(payment.get("id")),
        "amount": amount if type(amount) is int and abs(amount) < 2**53 else None,
        "currency": _text(payment.get("currency")),
    }


def _text(value: object) -> str | None:
    return value[:TEXT_MAX] if isinstance(value, str) and value else None
