"""An order: what the merchant wants paid. It may see several payments, and is paid by at most one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class OrderStatus(StrEnum):
    CREATED = "created"
    ATTEMPTED = "attempted"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderToPay:
    """What a payment takes over from its order."""

    id: str
    merchant_id: UUID
    amount: int
    currency: str
    capture: str  # "manual" holds the money until it is captured; "automatic" captures at once
    status: OrderStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Order(OrderToPay):
    receipt: str | None
    notes: dict[str, Any]
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime

    def as_of(self, now: datetime) -> Order:
        """With the status that it has by now: an order that ran out is marked so a little later."""
        over = self.expires_at is not None and self.expires_at <= now
        if over and self.status in (OrderStatus.CREATED, OrderStatus.ATTEMPTED):
            return replace(self, status=OrderStatus.EXPIRED)
        return self
