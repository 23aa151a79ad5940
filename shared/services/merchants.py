"""Merchants: signing them up, and where they want to hear of their payments."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import UNSET, UnsetType

from shared import sealing
from shared.db import merchants
from shared.db.database import Tx
from shared.domain.event import DEFAULT_WEBHOOK_EVENTS, EVENT_TYPES
from shared.domain.merchant import Merchant
from shared.errors import BadRequest
from shared.sealing import Sealer
from shared.services import identity

URL_CHARACTERS_MAX = 2048


def register(
    tx: Tx,
    sealer: Sealer,
    *,
    id: UUID,
    name: str,
    email: str,
    api_key: str,
    api_secret: str,
    webhook_secret: str,
) -> None:
    """A merchant with its credentials; nothing changes if it is there already."""
    merchants.insert_once(
        tx,
        id=id,
        name=name,
        email=email,
        api_key=api_key,
        api_secret_digest=identity.digest(api_secret),
        webhook_events=DEFAULT_WEBHOOK_EVENTS,
        webhook_secret_sealed=sealer.seal(webhook_secret, belongs_to=sealing.webhook_secret_of(id)),
    )


def update(
    tx: Tx, merchant_id: UUID, *, webhook_url: str | UnsetType | None, webhook_events: Sequence[str] | UnsetType
) -> Merchant:
    """Where events go from now on, and which. A URL of `None` sends none; what is unset stays as it is."""
    merchant = merchants.lock(tx, merchant_id)
    if webhook_url is UNSET:
        webhook_url = merchant.webhook_url
    elif webhook_url is not None:
        webhook_url = check_url(webhook_url, field="webhook_url")
    return merchants.save_webhook(
        tx,
        merchant_id,
        url=webhook_url,
        events=merchant.webhook_events if webhook_events is UNSET else _check_events(webhook_events),
    )


def check_url(url: str, *, field: str) -> str:
    """An http or https URL of a host, in a form that every library reads alike. Raises BadRequest."""
    wrong = BadRequest(f"{field} must be an http:// or https:// URL such as https://shop.example/webhook", field=field)
    if len(url) > URL_CHARACTERS_MAX:
        raise BadRequest(f"{field} must have at most {URL_CHARACTERS_MAX} characters", field=field)
    if not url.isascii() or not url.isprintable() or any(c in url for c in ' "<>\\^`{|}'):
        raise wrong
    try:
        parts = urlsplit(url)
        port = parts.port
        if parts.netloc.startswith("["):
            ipaddress.IPv6Address((parts.hostname or "").partition("%")[0])
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise wrong
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadRequest(f"{field} must not contain a user name, a password or a fragment", field=field)
    return url


def _check_events(events: Sequence[str]) -> list[str]:
    for event in events:
        if event not in EVENT_TYPES:
            raise BadRequest(f"webhook_events: there is no event {event!r}", field="webhook_events")
    return sorted(set(events), key=EVENT_TYPES.index)
