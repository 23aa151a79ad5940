"""Webhook endpoints: where merchants want to hear of things, with what secret, and hearing of them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import UnsetType

from shared import ids, sealing, signatures
from shared.addresses import Reach
from shared.db import database, deliveries, events, webhook_endpoints
from shared.db.database import Tx
from shared.db.outbox import StagedJob
from shared.domain import event as domain_event
from shared.domain import notes as domain_notes
from shared.domain.event import DEFAULT_WEBHOOK_EVENTS, EVENT_TYPES
from shared.domain.webhook_endpoint import WebhookEndpoint
from shared.errors import BadRequest, NotFound
from shared.sealing import Sealer

ENDPOINTS_MAX = 16  # of a merchant, beside its first: every event is sent to each of them
URL_CHARACTERS_MAX = 2048
DESCRIPTION_CHARACTERS_MAX = 255
SECRET_CHARACTERS_MIN = 16
SECRET_CHARACTERS_MAX = 255
OVERLAP_SECONDS = 24 * 3600
OVERLAP_SECONDS_MAX = 7 * 24 * 3600
# What is first tried when an endpoint begins to fail happened earlier: by up to the whole schedule of attempts.
GAP_MARGIN = timedelta(days=1)
REPLAY_MAX = 5_000  # events in one call
# What was begun while an endpoint was disabled may be told of later than it is enabled: by as long as a transaction
# lasts. Until that is over a gap stays open.
GAP_OPEN_SECONDS = 60
PREVIOUS_SECRETS_MAX = 4  # that sign too


def create_first(tx: Tx, sealer: Sealer, merchant_id: UUID, *, secret: str) -> WebhookEndpoint:
    """The merchant's own, without a URL yet."""
    return webhook_endpoints.insert(
        tx,
        id=ids.webhook_endpoint_id(),
        merchant_id=merchant_id,
        is_first=True,
        url=None,
        description="",
        events=DEFAULT_WEBHOOK_EVENTS,
        enabled=True,
        secret_sealed=_seal(sealer, merchant_id, secret),
    )


def create(
    tx: Tx,
    sealer: Sealer,
    merchant_id: UUID,
    *,
    url: str,
    events: Sequence[str] | None,
    description: str,
    enabled: bool,
    secret: str | None,
    reach: Reach,
) -> tuple[WebhookEndpoint, str]:
    """A further endpoint, and the secret that its deliveries are signed with: generated unless one is brought."""
    webhook_endpoints.lock_first(tx, merchant_id=merchant_id)  # two at once count each other
    if webhook_endpoints.count(tx, merchant_id=merchant_id) > ENDPOINTS_MAX:
        raise BadRequest(
            f"A merchant has at most {ENDPOINTS_MAX} webhook endpoints beside its webhook_url",
            reason="too_many_endpoints",
        )
    chosen = signatures.new_webhook_secret() if secret is None else _check_secret(secret)
    endpoint = webhook_endpoints.insert(
        tx,
        id=ids.webhook_endpoint_id(),
        merchant_id=merchant_id,
        is_first=False,
        url=check_url(url, field="url", reach=reach),
        description=_check_description(description),
        events=DEFAULT_WEBHOOK_EVENTS if events is None else check_events(events, field="events"),
        enabled=enabled,
        secret_sealed=_seal(sealer, merchant_id, chosen),
    )
    return endpoint, chosen


def get(tx: Tx, merchant_id: UUID, endpoint_id: str) -> WebhookEndpoint:
    return _found(webhook_endpoints.find(tx, _checked(endpoint_id), merchant_id=merchant_id))


def update(
    tx: Tx,
    merchant_id: UUID,
    endpoint_id: str,
    *,
    url: str | UnsetType,
    events: Sequence[str] | UnsetType,
    description: str | UnsetType,
    enabled: bool | UnsetType,
    reach: Reach,
) -> WebhookEndpoint:
    """What is unset stays as it is."""
    endpoint = _lock(tx, merchant_id, endpoint_id)
    return webhook_endpoints.save(
        tx,
        endpoint.id,
        url=endpoint.url if isinstance(url, UnsetType) else check_url(url, field="url", reach=reach),
        description=endpoint.description if isinstance(description, UnsetType) else _check_description(description),
        events=endpoint.events if isinstance(events, UnsetType) else check_events(events, field="events"),
        enabled=endpoint.enabled if isinstance(enabled, UnsetType) else enabled,
    )


def update_first(
    tx: Tx,
    merchant_id: UUID,
    *,
    url: str | UnsetType | None,
    events: Sequence[str] | UnsetType,
    reach: Reach,
) -> WebhookEndpoint:
    """The merchant's webhook_url. `None` sends nothing any more; a URL is enabled, even if it is the same one."""
    endpoint = webhook_endpoints.lock_first(tx, merchant_id=merchant_id)
    if not isinstance(url, UnsetType) and url is not None:
        url = check_url(url, field="webhook_url", reach=reach)
    return webhook_endpoints.save(
        tx,
        endpoint.id,
        url=endpoint.url if isinstance(url, UnsetType) else url,
        description=endpoint.description,
        events=endpoint.events if isinstance(events, UnsetType) else check_events(events, field="webhook_events"),
        enabled=endpoint.enabled or not isinstance(url, UnsetType),
    )


def delete(tx: Tx, merchant_id: UUID, endpoint_id: str) -> WebhookEndpoint:
    """Deliveries that wait for it fail; the logs stay."""
    endpoint = _lock(tx, merchant_id, endpoint_id)
    if endpoint.is_first:
        raise BadRequest(
            "This endpoint is the merchant's webhook_url: set that to null instead", reason="first_endpoint"
        )
    webhook_endpoints.delete(tx, endpoint.id)
    return endpoint


def regenerate_secret(
    tx: Tx, sealer: Sealer, merchant_id: UUID, endpoint_id: str, *, overlap_seconds: int | None
) -> tuple[WebhookEndpoint, str]:
    """A new secret, and the endpoint. Until the overlap is over deliveries are signed with the one before, too.

    So they are with those before it whose own overlap is not over; an overlap of 0 ends them all.
    """
    overlap = OVERLAP_SECONDS if overlap_seconds is None else overlap_seconds
    if not 0 <= overlap <= OVERLAP_SECONDS_MAX:
        raise BadRequest(f"overlap_seconds must be from 0 to {OVERLAP_SECONDS_MAX}", field="overlap_seconds")
    endpoint = _lock(tx, merchant_id, endpoint_id)
    if overlap and webhook_endpoints.count_previous_secrets(tx, endpoint.id) >= PREVIOUS_SECRETS_MAX:
        raise BadRequest(
            f"{PREVIOUS_SECRETS_MAX} earlier secrets of this endpoint still sign: send overlap_seconds 0 to end them",
            reason="too_many_secrets",
        )
    secret = signatures.new_webhook_secret()
    changed = webhook_endpoints.change_secret(
        tx, endpoint.id, secret_sealed=_seal(sealer, merchant_id, secret), overlap_seconds=overlap
    )
    return changed, secret


def reveal_secret(tx: Tx, sealer: Sealer, merchant_id: UUID, endpoint_id: str) -> str:
    """What deliveries to the endpoint are signed with. Raises NotFound."""
    sealed = webhook_endpoints.secret_of(tx, _checked(endpoint_id), merchant_id=merchant_id)
    if sealed is None:
        raise NotFound("Webhook endpoint not found")
    return sealer.open(sealed, belongs_to=sealing.webhook_secret_of(merchant_id))


def send_test(tx: Tx, merchant_id: UUID, endpoint_id: str | None) -> tuple[str, list[StagedJob]]:
    """Sends a test event to the endpoint, or to the merchant's webhook_url; its id, and the job that carries it."""
    if endpoint_id is None:
        endpoint = webhook_endpoints.lock_first(tx, merchant_id=merchant_id)
    else:
        endpoint = _lock(tx, merchant_id, endpoint_id)
    _check_reachable(endpoint)
    event_id, at = ids.event_id(), database.now(tx)
    body = domain_event.test_body(id=event_id, at=at)
    events.store(tx, id=event_id, merchant_id=merchant_id, type=domain_event.TEST, body=body, created_at=at)
    return event_id, events.send_again(tx, event_id, merchant_id=merchant_id, endpoint_id=endpoint.id)


def retry(tx: Tx, merchant_id: UUID, delivery_id: str) -> tuple[UUID, list[StagedJob]]:
    """Starts a delivery from the beginning, whatever became of it; an attempt that is under way is left to end."""
    log = get_delivery(tx, merchant_id, delivery_id)
    endpoint = webhook_endpoints.find(tx, log["endpoint_id"], merchant_id=merchant_id)
    if endpoint is None:
        raise BadRequest("The webhook endpoint of this delivery was deleted", reason="webhook_endpoint_deleted")
    _check_reachable(endpoint)
    staged = events.send_again(tx, log["event_id"], merchant_id=merchant_id, endpoint_id=endpoint.id)
    return log["id"], staged


def get_delivery(tx: Tx, merchant_id: UUID, delivery_id: str) -> dict[str, Any]:
    try:
        log = deliveries.find(tx, UUID(delivery_id), merchant_id=merchant_id)
    except ValueError:
        log = None
    if log is None:
        raise NotFound("Webhook not found")
    return log


def get_event(tx: Tx, merchant_id: UUID, event_id: str) -> dict[str, Any]:
    event = events.find(tx, event_id, merchant_id=merchant_id) if ids.is_id("evt", event_id) else None
    if event is None:
        raise NotFound("Event not found")
    return event


def replay_event(tx: Tx, merchant_id: UUID, event_id: str, endpoint_id: str | None) -> list[StagedJob]:
    """Sends one event again: to that endpoint, or to every enabled one that wants events of its type."""
    event = get_event(tx, merchant_id, event_id)
    if endpoint_id is not None:
        targets = [get(tx, merchant_id, endpoint_id)]
        _check_reachable(targets[0])
    else:
        targets = [
            endpoint
            for endpoint in webhook_endpoints.all(tx, merchant_id=merchant_id)
            if endpoint.enabled and event["type"] in endpoint.events
        ]
        if not targets:
            raise BadRequest("No webhook endpoint wants this event", reason="no_webhook_endpoint")
    staged = []
    for endpoint in targets:
        staged += events.send_again(tx, event_id, merchant_id=merchant_id, endpoint_id=endpoint.id)
    return staged


def replay(
    tx: Tx,
    merchant_id: UUID,
    endpoint_id: str,
    *,
    since: datetime | None,
    until: datetime | None,
    delivered: bool,
) -> tuple[list[StagedJob], datetime | None]:
    """Sends an endpoint what it missed in a range of time, and says from when on one call did not carry all.

    Without `since` it is the gap: what it missed from when it began to fail until it was enabled again.
    """
    endpoint = _lock(tx, merchant_id, endpoint_id)
    _check_reachable(endpoint)
    start = since
    if since is None and endpoint.gap_since is not None:
        start = endpoint.gap_since - GAP_MARGIN
    if start is None:
        raise BadRequest("This endpoint has no gap to replay: send `from`", field="from", reason="no_gap")
    now = database.now(tx)
    staged, more_from = events.send_missed(
        tx,
        merchant_id=merchant_id,
        endpoint_id=endpoint.id,
        types=endpoint.events,
        since=start,
        until=until or now,
        delivered=delivered,
        limit=REPLAY_MAX,
    )
    settled = endpoint.updated_at < now - timedelta(seconds=GAP_OPEN_SECONDS)
    if since is None and until is None and more_from is None and settled:
        webhook_endpoints.close_gap(tx, endpoint.id)
    return staged, more_from


def check_url(url: str, *, field: str, reach: Reach) -> str:
    """A URL that webhooks may be sent to, as far as it tells by itself. Raises BadRequest."""
    if len(url) > URL_CHARACTERS_MAX:
        raise BadRequest(f"{field} must have at most {URL_CHARACTERS_MAX} characters", field=field)
    refusal = reach.refusal(url)
    if refusal is not None:
        raise BadRequest(f"{field} is refused: {refusal}", field=field, reason="webhook_url_refused")
    return url


def check_events(events: Sequence[str], *, field: str) -> list[str]:
    for event in events:
        if event not in EVENT_TYPES:
            raise BadRequest(f"{field}: there is no event {event!r}", field=field)
    return sorted(set(events), key=EVENT_TYPES.index)


def _check_description(description: str) -> str:
    if len(description) > DESCRIPTION_CHARACTERS_MAX:
        raise BadRequest(f"description must have at most {DESCRIPTION_CHARACTERS_MAX} characters", field="description")
    return domain_notes.check_text(description, field="description")


def _check_secret(secret: str) -> str:
    if not SECRET_CHARACTERS_MIN <= len(secret) <= SECRET_CHARACTERS_MAX or not (
        secret.isascii() and secret.isprintable() and " " not in secret
    ):
        raise BadRequest(
            f"secret must have {SECRET_CHARACTERS_MIN} to {SECRET_CHARACTERS_MAX} printable ASCII characters, no space",
            field="secret",
        )
    return secret


def _check_reachable(endpoint: WebhookEndpoint) -> None:
    if endpoint.url is None:
        raise BadRequest("The merchant has no webhook_url", reason="webhook_url_missing")
    if not endpoint.enabled:
        raise BadRequest("The webhook endpoint is disabled: enable it first", reason="webhook_endpoint_disabled")


def _seal(sealer: Sealer, merchant_id: UUID, secret: str) -> bytes:
    return sealer.seal(secret, belongs_to=sealing.webhook_secret_of(merchant_id))


def _lock(tx: Tx, merchant_id: UUID, endpoint_id: str) -> WebhookEndpoint:
    return _found(webhook_endpoints.lock(tx, _checked(endpoint_id), merchant_id=merchant_id))


def _checked(endpoint_id: str) -> str:
    if not ids.is_id("we", endpoint_id):
        raise NotFound("Webhook endpoint not found")
    return endpoint_id


def _found(endpoint: WebhookEndpoint | None) -> WebhookEndpoint:
    if endpoint is None:
        raise NotFound("Webhook endpoint not found")
    return endpoint
