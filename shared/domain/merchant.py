"""A merchant: the business that takes payments, and where it wants to hear of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.domain.event import DEFAULT_WEBHOOK_EVENTS


@dataclass(frozen=True, kw_only=True, slots=True)
class Merchant:
    id: UUID
    name: str
    email: str
    api_key: str
    webhook_url: str | None
    webhook_events: tuple[str, ...] = DEFAULT_WEBHOOK_EVENTS
    webhook_secret_sealed: bytes
    created_at: datetime
    updated_at: datetime
