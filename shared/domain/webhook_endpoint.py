"""A webhook endpoint: a merchant's URL that wants events, with a secret of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookEndpoint:
    id: str
    merchant_id: UUID
    is_first: bool  # the merchant's webhook_url
    url: str | None  # None only for a first one that has none yet
    description: str
    events: tuple[str, ...]
    enabled: bool
    previous_secret_until: datetime | None
    failing_since: datetime | None
    disabled_at: datetime | None
    gap_since: datetime | None
    created_at: datetime
    updated_at: datetime
