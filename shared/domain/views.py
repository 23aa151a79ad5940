"""Orders, payments and merchants as the API and the webhooks show them. The OpenAPI document is made from these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

if TYPE_CHECKING:
    from shared.domain import merchant as domain_merchant
    from shared.domain import order as domain_order
    from shared.domain import payment as domain_payment
    from shared.domain import refund as domain_refund
    from shared.domain import webhook_endpoint as domain_endpoint

Amount = Annotated[int, Meta(description="In minor units (paise): 50000 is ₹500.00.", examples=[50000])]
Timestamp = Annotated[str, Meta(description="UTC, to the second.", examples=["2024-01-15T10:31:00Z"])]


class Order(msgspec.Struct, kw_only=True):
    id: Annotated[str, Meta(examples=["order_NXhj67fGH2jk9mPq"])]
    merchant_id: str
    amount: Amount
    currency: Annotated[str, Meta(description="ISO 4217.", examples=["INR"])]
    receipt: str | None
    notes: dict[str, Any]
    capture: Annotated[str, Meta(description="`manual` or `automatic`.")]
    status: Annotated[str, Meta(description="`created`, `attempted`, `paid`, `expired` or `cancelled`.")]
    expires_at: Annotated[Timestamp | None, Meta(description="From then on it cannot be paid.")]
    created_at: Timestamp
    updated_at: Timestamp


class NextAction(msgspec.Struct, kw_only=True):
    """What the customer must do before the bank goes on."""

    type: Annotated[str, Meta(description="`otp` or `upi_app`.", examples=["otp"])]
    url: Annotated[str, Meta(description="Where; a path is the checkout's.", examples=["/bank?payment_id=pay_…"])]
    expires_at: Timestamp


class PublicOrder(msgspec.Struct, kw_only=True):
    """What the payer may see: no notes, no receipt."""

    id: str
    merchant_name: str
    amount: Amount
    currency: str
    status: str
    payment_id: Annotated[str | None, Meta(description="The payment under way, or the one that has paid it.")]
    test_mode: Annotated[bool, Meta(description="Whether the bank is one to try things with.")]
    created_at: Timestamp
    expires_at: Timestamp | None


class PublicPayment(msgspec.Struct, kw_only=True):
    """What the payer may see."""

    id: str
    order_id: str
    amount: Amount
    currency: str
    method: str
    vpa: str | UnsetType = UNSET
    card_network: str | UnsetType = UNSET
    card_last4: str | UnsetType = UNSET
    status: Annotated[str, Meta(description="`pending`, `success`, `failed`, `partially_refunded` or `refunded`.")]
    captured: bool
    error_code: str | None
    error_reason: str | None
    error_description: str | None
    next_action: Annotated[NextAction | None, Meta(description="While it is the customer's turn.")]
    signature: Annotated[
        str | UnsetType,
        Meta(description="Of a success: hex HMAC-SHA256 of `order_id|id`, keyed with the webhook secret."),
    ] = UNSET
    signature_previous: Annotated[
        str | UnsetType, Meta(description="The same with the secret before, while that is being changed.")
    ] = UNSET
    created_at: Timestamp
    updated_at: Timestamp


class Payment(msgspec.Struct, kw_only=True):
    id: Annotated[str, Meta(examples=["pay_H8sK3jD9s2L1pQr7"])]
    order_id: str
    amount: Amount
    currency: str
    method: Annotated[str, Meta(description="`upi` or `card`.")]
    vpa: str | UnsetType = UNSET
    card_network: str | UnsetType = UNSET
    card_last4: str | UnsetType = UNSET
    status: Annotated[str, Meta(description="`pending`, `success`, `failed`, `partially_refunded` or `refunded`.")]
    state: Annotated[str, Meta(description="Where in the payment machine it is; finer than `status`.")]
    captured: bool
    amount_captured: int
    amount_refunded: int
    amount_refund_pending: Annotated[int, Meta(description="Refunds that the bank has not answered yet.")]
    notes: dict[str, Any]
    error_code: str | None
    error_reason: str | None
    error_description: str | None
    inquiries: Annotated[int, Meta(description="How often the bank was asked what became of it.")]
    next_inquiry_at: Timestamp | None
    last_answer: Annotated[str | None, Meta(description="What the bank said, if it was no answer.")]
    next_action: Annotated[NextAction | None, Meta(description="While it is the customer's turn.")]
    authorization_expires_at: Annotated[Timestamp | None, Meta(description="While there is something to capture.")]
    created_at: Timestamp
    updated_at: Timestamp


class Refund(msgspec.Struct, kw_only=True):
    id: Annotated[str, Meta(examples=["rfnd_K9pLm2nOqR5sTuVx"])]
    payment_id: str
    amount: Amount
    currency: str
    reason: str | None
    notes: dict[str, Any]
    status: Annotated[str, Meta(description="`pending`, `processed` or `failed`.")]
    error_reason: str | None
    error_description: str | None
    inquiries: Annotated[int, Meta(description="How often the bank was asked what became of it.")]
    next_inquiry_at: Timestamp | None
    last_answer: Annotated[str | None, Meta(description="What the bank said, if it was no answer.")]
    created_at: Timestamp
    updated_at: Timestamp
    processed_at: Timestamp | None


class Event(msgspec.Struct, kw_only=True):
    id: Annotated[str, Meta(examples=["evt_T3sK3jD9s2L1pQr7"])]
    type: str
    payment_id: str | None
    sequence: Annotated[int | None, Meta(description="Counts all events of a payment up, without gaps.")]
    created_at: Timestamp
    body: Annotated[Any, Meta(description="What receivers get.")]


class Webhook(msgspec.Struct, kw_only=True):
    id: str
    webhook_endpoint_id: str
    event_id: str
    event: str
    payment_id: Annotated[str | None, Meta(description="What the event is about; null for a test event.")]
    status: Annotated[str, Meta(description="`pending`, `success` or `failed`.")]
    attempts: Annotated[int, Meta(description="Made since it was last begun.")]
    created_at: Timestamp
    last_attempt_at: Timestamp | None
    next_retry_at: Timestamp | None
    response_code: int | None


class WebhookAttempt(msgspec.Struct, kw_only=True):
    attempt: int
    started_at: Timestamp
    duration_ms: int | None
    request_headers: dict[str, str] | None
    response_code: int | None
    response_body: Annotated[str | None, Meta(description="At most 4 KB.")]
    error: Annotated[str | None, Meta(description="Why there is no answer.")]


class WebhookDetails(Webhook, kw_only=True):
    request_body: Annotated[Any, Meta(description="What is sent.")]
    response_body: str | None
    attempt_log: Annotated[list[WebhookAttempt], Meta(description="Every attempt, newest first.")]


class LedgerEntry(msgspec.Struct, kw_only=True):
    account: Annotated[str, Meta(description="`acquirer`, `available` or `refunds_pending`.")]
    amount: Annotated[int, Meta(description="Positive where the account gains; a transaction's sum is zero.")]


class LedgerTransaction(msgspec.Struct, kw_only=True):
    id: str
    kind: Annotated[
        str,
        Meta(description="`capture`, `refund`, `refund_processed`, `refund_failed` or `refund_returned`."),
    ]
    payment_id: str
    refund_id: str | None
    currency: str
    entries: list[LedgerEntry]
    created_at: Timestamp


class Balance(msgspec.Struct, kw_only=True):
    currency: str
    available: Annotated[int, Meta(description="Captured and not given back or reserved.")]
    refunds_pending: Annotated[int, Meta(description="Reserved for refunds that the bank has not answered.")]


class Merchant(msgspec.Struct, kw_only=True):
    id: str
    name: str
    email: str
    api_key: str
    webhook_url: str | None
    webhook_events: list[str]
    webhook_endpoint_id: Annotated[str, Meta(description="The endpoint whose URL and events these are.")]
    checkout_origins: Annotated[
        list[str], Meta(description="Whose pages may frame the checkout; outside production any page may.")
    ]
    created_at: Timestamp
    updated_at: Timestamp


class ApiKey(msgspec.Struct, kw_only=True):
    api_key: Annotated[str, Meta(description="The publishable part.", examples=["key_test_abc123"])]
    api_secret: Annotated[str | UnsetType, Meta(description="Shown once, when it is made.")] = UNSET
    created_at: Timestamp
    expires_at: Annotated[Timestamp | None, Meta(description="`null`: until it is rolled or revoked.")]


class WebhookEndpoint(msgspec.Struct, kw_only=True):
    id: Annotated[str, Meta(examples=["we_Q8sK3jD9s2L1pQr7"])]
    url: str | None
    description: str
    events: list[str]
    enabled: bool
    is_first: Annotated[bool, Meta(description="Whether it is the merchant's `webhook_url`.")]
    secret: Annotated[str | UnsetType, Meta(description="Shown once, when it is made.")] = UNSET
    previous_secret_until: Annotated[Timestamp | None, Meta(description="The secret before this one signs too.")]
    failing_since: Annotated[Timestamp | None, Meta(description="No attempt has succeeded since.")]
    disabled_at: Annotated[Timestamp | None, Meta(description="When the gateway gave it up after long failure.")]
    gap_since: Annotated[Timestamp | None, Meta(description="What it missed since then waits to be replayed.")]
    created_at: Timestamp
    updated_at: Timestamp


HalfWithin = Annotated[float | None, Meta(description="From a payment's creation to its outcome, half of them.")]
NearlyAllWithin = Annotated[float | None, Meta(description="The same of 95 of 100; both to a tenth of a power of ten.")]


class StatsTotals(msgspec.Struct, kw_only=True):
    payments: Annotated[int, Meta(description="Made in the period.")]
    succeeded: Annotated[int, Meta(description="Of these.")]
    failed: int
    pending: Annotated[int, Meta(description="Those whose outcome is not known yet.")]
    amount_succeeded: Annotated[int, Meta(description="Of the payments that succeeded, in minor units.")]
    refunds: Annotated[int, Meta(description="Processed in the period, without those that came back.")]
    amount_refunded: int
    success_rate: Annotated[float | None, Meta(description="Of those whose outcome is known, from 0 to 1.")]
    p50_seconds: HalfWithin
    p95_seconds: NearlyAllWithin


class StatsPoint(msgspec.Struct, kw_only=True):
    at: Timestamp
    payments: int
    succeeded: int
    failed: int
    amount_succeeded: int
    amount_refunded: int
    p50_seconds: HalfWithin
    p95_seconds: NearlyAllWithin


class MethodStats(msgspec.Struct, kw_only=True):
    method: str
    payments: int
    succeeded: int
    success_rate: float | None


class FailureStats(msgspec.Struct, kw_only=True):
    reason: str
    count: int


class Stats(msgspec.Struct, kw_only=True, rename={"since": "from", "until": "to"}):
    """Payments count in the period they were made in, whenever their outcome came."""

    since: Annotated[Timestamp, Meta(description="The period begins then, on a half hour.")]
    until: Annotated[Timestamp, Meta(description="And ends before then.")]
    interval: str
    currency: Annotated[str, Meta(description="All figures are of payments in this one.")]
    currencies: Annotated[list[str], Meta(description="Those there are payments in, the most used one first.")]
    payments_in_all_currencies: Annotated[int, Meta(description="Made in the period; all else is of one currency.")]
    totals: StatsTotals
    previous: Annotated[StatsTotals | None, Meta(description="Of the period before, as long as this one.")]
    series: list[StatsPoint]
    by_method: list[MethodStats]
    failures: Annotated[list[FailureStats], Meta(description="The most frequent reasons first.")]


class FailingEndpoint(msgspec.Struct, kw_only=True):
    id: str
    url: str | None
    failing_since: Timestamp | None
    disabled_at: Timestamp | None


class Attention(msgspec.Struct, kw_only=True):
    failing_endpoints: list[FailingEndpoint]
    unknown_outcomes: Annotated[int, Meta(description="Payments of which the bank has not said what became of them.")]
    failed_webhooks: Annotated[int, Meta(description="Deliveries of the last 7 days that failed; counted up to 1000.")]
    dead_jobs: Annotated[int | None, Meta(description="For an operator.")]


class Found(msgspec.Struct, kw_only=True):
    type: Annotated[str, Meta(description="`payment`, `order`, `refund` or `webhook`.")]
    id: str
    title: str
    subtitle: str
    status: str


class TimelineEntry(msgspec.Struct, kw_only=True):
    at: Annotated[str, Meta(description="UTC, to the millisecond.", examples=["2024-01-15T10:31:00.250Z"])]
    kind: Annotated[str, Meta(description="`request`, `event`, `bank`, `webhook`, `refund` or `ledger`.")]
    title: str
    details: dict[str, Any]
    ref: Annotated[str | None, Meta(description="The id of what it is about.")]


class ApiRequest(msgspec.Struct, kw_only=True):
    id: str
    created_at: Timestamp
    method: str
    path: str
    status: int
    duration_ms: int
    request_id: str
    address: str
    user_agent: str
    api_key: Annotated[str | None, Meta(description="`null`: somebody signed in at the dashboard.")]
    subject: Annotated[str | None, Meta(description="The id of what was made, or shown.")]
    body: Annotated[str | None, Meta(description="As it was sent but for what is masked; at most 4 KB.")]


class QueueState(msgspec.Struct, kw_only=True):
    kind: str
    pending: int
    processing: int
    dead: int
    completed: Annotated[int, Meta(description="Ever.")]
    oldest_due_seconds: Annotated[float, Meta(description="How long the first job is due that nobody works on.")]
    worker_seen_at: Annotated[Timestamp | None, Meta(description="When a worker last looked for such jobs.")]
    worker: Annotated[str, Meta(description="`running` or `stopped`.")]


class ScheduleState(msgspec.Struct, kw_only=True):
    name: str
    ran_at: Timestamp
    seconds: Annotated[float, Meta(description="How long it took.")]
    error: Annotated[str | None, Meta(description="Why it failed, if it did.")]


class ThroughputPoint(msgspec.Struct, kw_only=True):
    at: Timestamp
    kind: str
    completed: Annotated[int, Meta(description="In the minute that begins then.")]
    pending: Annotated[int, Meta(description="At its end.")]


class Operations(msgspec.Struct, kw_only=True):
    queues: list[QueueState]
    schedules: list[ScheduleState]
    throughput: Annotated[list[ThroughputPoint], Meta(description="By minute and kind, of the last hour.")]


class DeadJob(msgspec.Struct, kw_only=True):
    id: Annotated[str, Meta(examples=["4711"])]
    kind: str
    subject: Annotated[str, Meta(description="The id of what it is about.")]
    attempts: int
    last_error: str | None
    created_at: Timestamp
    died_at: Timestamp


def of_order(order: domain_order.Order) -> Order:
    return Order(
        id=order.id,
        merchant_id=str(order.merchant_id),
        amount=order.amount,
        currency=order.currency,
        receipt=order.receipt,
        notes=order.notes,
        capture=order.capture,
        status=order.status,
        expires_at=maybe(order.expires_at),
        created_at=timestamp(order.created_at),
        updated_at=timestamp(order.updated_at),
    )


def of_public_order(
    order: domain_order.Order, *, merchant_name: str, payment_id: str | None, test_mode: bool
) -> PublicOrder:
    return PublicOrder(
        id=order.id,
        merchant_name=merchant_name,
        amount=order.amount,
        currency=order.currency,
        status=order.status,
        payment_id=payment_id,
        test_mode=test_mode,
        created_at=timestamp(order.created_at),
        expires_at=maybe(order.expires_at),
    )


def of_public_payment(payment: domain_payment.Payment, *, signatures: Sequence[str] = ()) -> PublicPayment:
    """With what proves a success to the merchant: the signature, and the one of the secret before."""
    shown = of_payment(payment)
    if shown.error_reason in _NOT_FOR_PAYERS:
        shown.error_reason, shown.error_description = _INSTEAD
    seen: dict[str, Any] = {name: getattr(shown, name, UNSET) for name in PublicPayment.__struct_fields__}
    return PublicPayment(**seen | dict(zip(_SIGNATURES, signatures, strict=False)))


_SIGNATURES = ("signature", "signature_previous")


# Whoever pays with a card that is not theirs is not to learn that this is known.
_NOT_FOR_PAYERS = ("lost_card", "stolen_card")
_INSTEAD = ("do_not_honour", "The bank declined the payment without giving a reason.")


def of_payment(payment: domain_payment.Payment) -> Payment:
    return Payment(
        id=payment.id,
        order_id=payment.order_id,
        amount=payment.amount,
        currency=payment.currency,
        method=payment.method,
        vpa=UNSET if payment.vpa is None else payment.vpa,
        card_network=UNSET if payment.card_network is None else payment.card_network,
        card_last4=UNSET if payment.card_last4 is None else payment.card_last4,
        status=payment.status,
        state=payment.state,
        captured=payment.captured,
        amount_captured=payment.amount_captured,
        amount_refunded=payment.amount_refunded,
        amount_refund_pending=payment.amount_refund_pending,
        notes=payment.notes,
        error_code=payment.error_code,
        error_reason=payment.error_reason,
        error_description=payment.error_description,
        inquiries=payment.inquiries,
        next_inquiry_at=maybe(payment.next_inquiry_at),
        last_answer=payment.last_answer,
        next_action=None if payment.next_action is None else _of_next_action(payment.next_action),
        authorization_expires_at=maybe(payment.authorization_expires_at),
        created_at=timestamp(payment.created_at),
        updated_at=timestamp(payment.updated_at),
    )


def _of_next_action(action: domain_payment.NextAction) -> NextAction:
    return NextAction(type=action.type, url=action.url, expires_at=timestamp(action.expires_at))


def of_refund(refund: domain_refund.Refund) -> Refund:
    return Refund(
        id=refund.id,
        payment_id=refund.payment_id,
        amount=refund.amount,
        currency=refund.currency,
        reason=refund.reason,
        notes=refund.notes,
        status=refund.status,
        error_reason=refund.error_reason,
        error_description=refund.error_description,
        inquiries=refund.inquiries,
        next_inquiry_at=maybe(refund.next_inquiry_at),
        last_answer=refund.last_answer,
        created_at=timestamp(refund.created_at),
        updated_at=timestamp(refund.updated_at),
        processed_at=maybe(refund.processed_at),
    )


def of_merchant(merchant: domain_merchant.Merchant) -> Merchant:
    return Merchant(
        id=str(merchant.id),
        name=merchant.name,
        email=merchant.email,
        api_key=merchant.api_key,
        webhook_url=merchant.webhook_url,
        webhook_events=list(merchant.webhook_events),
        webhook_endpoint_id=merchant.webhook_endpoint_id,
        checkout_origins=list(merchant.checkout_origins),
        created_at=timestamp(merchant.created_at),
        updated_at=timestamp(merchant.updated_at),
    )


def of_api_key(key: domain_merchant.ApiKey, *, api_secret: str | UnsetType = UNSET) -> ApiKey:
    return ApiKey(
        api_key=key.api_key,
        api_secret=api_secret,
        created_at=timestamp(key.created_at),
        expires_at=maybe(key.expires_at),
    )


def of_endpoint(endpoint: domain_endpoint.WebhookEndpoint, *, secret: str | UnsetType = UNSET) -> WebhookEndpoint:
    return WebhookEndpoint(
        id=endpoint.id,
        url=endpoint.url,
        description=endpoint.description,
        events=list(endpoint.events),
        enabled=endpoint.enabled,
        is_first=endpoint.is_first,
        secret=secret,
        previous_secret_until=maybe(endpoint.previous_secret_until),
        failing_since=maybe(endpoint.failing_since),
        disabled_at=maybe(endpoint.disabled_at),
        gap_since=maybe(endpoint.gap_since),
        created_at=timestamp(endpoint.created_at),
        updated_at=timestamp(endpoint.updated_at),
    )


def of_event(row: Mapping[str, Any]) -> Event:
    return Event(
        id=row["id"],
        type=row["type"],
        payment_id=row["payment_id"],
        sequence=row["sequence"],
        created_at=timestamp(row["created_at"]),
        body=msgspec.Raw(row["body"].encode()),
    )


def of_webhook(row: Mapping[str, Any]) -> Webhook:
    return Webhook(**_webhook(row))


def of_webhook_details(row: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> WebhookDetails:
    return WebhookDetails(
        **_webhook(row),
        request_body=msgspec.Raw(row["payload"].encode()),
        response_body=row["response_body"],
        attempt_log=[
            WebhookAttempt(**{**attempt, "started_at": timestamp(attempt["started_at"])}) for attempt in attempts
        ],
    )


def _webhook(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "webhook_endpoint_id": row["endpoint_id"],
        "event_id": row["event_id"],
        "event": row["event"],
        "payment_id": row["payment_id"],
        "status": row["status"],
        "attempts": row["attempts"],
        "created_at": timestamp(row["created_at"]),
        "last_attempt_at": maybe(row["last_attempt_at"]),
        "next_retry_at": maybe(row["next_retry_at"]),
        "response_code": row["response_code"],
    }


def of_ledger_transaction(row: Mapping[str, Any]) -> LedgerTransaction:
    return LedgerTransaction(
        id=row["id"],
        kind=row["kind"],
        payment_id=row["payment_id"],
        refund_id=row["refund_id"],
        currency=row["currency"],
        entries=[LedgerEntry(**entry) for entry in row["entries"]],
        created_at=timestamp(row["created_at"]),
    )


def of_request(row: Mapping[str, Any]) -> ApiRequest:
    return ApiRequest(
        **{name: row[name] for name in ApiRequest.__struct_fields__ if name not in ("id", "created_at")},
        id=str(row["id"]),
        created_at=timestamp(row["created_at"]),
    )


def of_dead_job(row: Mapping[str, Any]) -> DeadJob:
    return DeadJob(
        id=str(row["id"]),
        kind=row["kind"],
        subject=row["subject"],
        attempts=row["attempts"],
        last_error=row["last_error"],
        created_at=timestamp(row["created_at"]),
        died_at=timestamp(row["died_at"]),
    )


def moment(at: datetime) -> str:
    """`2024-01-15T10:31:00.250Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=256)  # the same few moments are shown again and again
def timestamp(at: datetime) -> str:
    """`2024-01-15T10:31:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe(at: datetime | None) -> str | None:
    return None if at is None else timestamp(at)
