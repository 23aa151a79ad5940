"""A merchant: the business that takes payments; its keys, and where it wants to hear of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Merchant:
    id: UUID
    name: str
    email: str
    api_key: str
    webhook_url: str | None
    webhook_events: tuple[str, ...]
    webhook_endpoint_id: str  # the first endpoint, whose URL and events these are
    checkout_origins: tuple[str, ...]  # of the pages that may frame its checkout
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    api_key: str
    merchant_id: UUID
    created_at: datetime
    expires_at: datetime | None  # None: until it is rolled or revoked
