"""Orders, payments and merchants as the API and the webhooks show them. The OpenAPI document is made from these."""

from __future__ import annotations

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


class Merchant(msgspec.Struct, kw_only=True):
    id: str
    name: str
    email: str
    api_key: str
    webhook_url: str | None
    webhook_events: list[str]
    webhook_endpoint_id: Annotated[str, Meta(description="The endpoint whose URL and events these are.")]
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
        created_at=timestamp(order.created_at),
        updated_at=timestamp(order.updated_at),
    )


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
        next_inquiry_at=_maybe(payment.next_inquiry_at),
        last_answer=payment.last_answer,
        authorization_expires_at=_maybe(payment.authorization_expires_at),
        created_at=timestamp(payment.created_at),
        updated_at=timestamp(payment.updated_at),
    )


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
        next_inquiry_at=_maybe(refund.next_inquiry_at),
        last_answer=refund.last_answer,
        created_at=timestamp(refund.created_at),
        updated_at=timestamp(refund.updated_at),
        processed_at=_maybe(refund.processed_at),
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
        created_at=timestamp(merchant.created_at),
        updated_at=timestamp(merchant.updated_at),
    )


def of_api_key(key: domain_merchant.ApiKey, *, api_secret: str | UnsetType = UNSET) -> ApiKey:
    return ApiKey(
        api_key=key.api_key,
        api_secret=api_secret,
        created_at=timestamp(key.created_at),
        expires_at=_maybe(key.expires_at),
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
        previous_secret_until=_maybe(endpoint.previous_secret_until),
        failing_since=_maybe(endpoint.failing_since),
        disabled_at=_maybe(endpoint.disabled_at),
        gap_since=_maybe(endpoint.gap_since),
        created_at=timestamp(endpoint.created_at),
        updated_at=timestamp(endpoint.updated_at),
    )


@lru_cache(maxsize=256)  # the same few moments are shown again and again
def timestamp(at: datetime) -> str:
    """`2024-01-15T10:31:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else timestamp(at)
