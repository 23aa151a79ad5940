"""Examples for the OpenAPI document, put together from the schemas and one table of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MERCHANT_ID = "550e8400-e29b-41d4-a716-446655440000"
ORDER_ID = "order_NXhj67fGH2jk9mPq"
PAYMENT_ID = "pay_H8sK3jD9s2L1pQr7"
REFUND_ID = "rfnd_K9pLm2nOqR5sTuVx"
EVENT_ID = "evt_T3sK3jD9s2L1pQr7"
ENDPOINT_ID = "we_Q8sK3jD9s2L1pQr7"
WEBHOOK_ID = "0b7e1d52-8c1f-4a57-9e55-1d1f3c6f2a10"
USER_ID = "7d8f5a52-5b1c-4c8e-9a49-3c1f0a6f2e11"
API_KEY = "key_test_abc123"
PASSWORD = "w7Ck0Zq2RfT5vXy8BnLd"  # noqa: S105 - one that was made up
URL = "https://shop.example/webhook"
AT = 1705314660  # 2024-01-15T10:31:00Z

# What a member looks like, by its name or by the name of its schema and its own.
_VALUES: dict[str, Any] = {
    "api_key": API_KEY,
    "api_secret": "secret_test_9Jt2kVb7QwXzLmNp",
    "attempts": 1,
    "checkout_origins": ["https://bakery.example"],
    "currency": "INR",
    "description": "Orders of the shop",
    "duration_ms": 87,
    "email": "owner@shop.example",
    "enabled": True,
    "event": "payment.success",
    "event_id": EVENT_ID,
    "events": ["payment.success", "payment.failed"],
    "merchant_id": MERCHANT_ID,
    "merchant_name": "Asha's Bakery",
    "method": "upi",
    "name": "Asha's Bakery",
    "notes": {"cart": "7781"},
    "order_id": ORDER_ID,
    "overlap_seconds": 3600,
    "payment_id": PAYMENT_ID,
    "receipt": "receipt_123",
    "response_body": "ok",
    "response_code": 200,
    "scheduled": 1,
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "sequence": 3,
    "url": URL,
    "vpa": "asha@upi",
    "webhook_endpoint_id": ENDPOINT_ID,
    "webhook_events": ["payment.success", "payment.failed"],
    "webhook_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "webhook_url": URL,
    "user_id": USER_ID,
    "AuditEntry.action": "refund.created",
    "AuditEntry.actor": "ravi@shop.example",
    "AuditEntry.address": "203.0.113.7",
    "AuditEntry.details": {"amount": 20000, "payment_id": PAYMENT_ID},
    "AuditEntry.id": "3f0f3c0e-58a3-4a0e-8d5b-7f1d0a4f8e21",
    "AuditEntry.subject": REFUND_ID,
    "Balance.available": 50000,
    "ChallengeAnswer.action": "submit_code",
    "CardDetails.cvv": "123",
    "CardDetails.expiry_month": 12,
    "CardDetails.expiry_year": 2030,
    "CardDetails.holder_name": "Asha Rao",
    "CardDetails.number": "4242 4242 4242 4242",
    "Event.type": "payment.success",
    "ApiRequest.address": "203.0.113.7",
    "ApiRequest.body": '{"amount":50000,"receipt":"receipt_123"}',
    "ApiRequest.id": WEBHOOK_ID,
    "ApiRequest.method": "POST",
    "ApiRequest.path": "/api/v1/orders",
    "ApiRequest.request_id": "6b8f0a0e-3c53-4a0c-8d3c-6f3c1d1f9c11",
    "ApiRequest.status": 201,
    "ApiRequest.subject": ORDER_ID,
    "ApiRequest.user_agent": "python-requests/2.32",
    "Changes.cursor": "9f2c51d0b1e64c5fa5d0a3f7c1e2b3a4",
    "DeadJob.kind": "process_payment",
    "DeadJob.last_error": "OperationalError: the connection is lost",
    "DeadJob.subject": PAYMENT_ID,
    "FailingEndpoint.id": ENDPOINT_ID,
    "FailureStats.reason": "insufficient_funds",
    "Found.id": PAYMENT_ID,
    "Found.status": "success",
    "Found.subtitle": "upi asha@upi",
    "Found.title": "INR 500.00",
    "Found.type": "payment",
    "Health.database": "connected",
    "Health.redis": "connected",
    "Health.status": "healthy",
    "Health.worker": "running",
    "JobsStatus.worker_status": "running",
    "LedgerTransaction.entries": [
        {"account": "acquirer", "amount": -50000},
        {"account": "available", "amount": 50000},
    ],
    "LedgerTransaction.id": "txn_W2sK3jD9s2L1pQr7",
    "LedgerTransaction.kind": "capture",
    "Member.email": "ravi@shop.example",
    "Member.name": "Ravi Rao",
    "MemberRemoved.removed": True,
    "MemberUpdate.role": "support",
    "Merchant.id": MERCHANT_ID,
    "MerchantOfUser.id": MERCHANT_ID,
    "MerchantWithSecrets.id": MERCHANT_ID,
    "NewMember.role": "developer",
    "NewUser.name": "Asha Rao",
    "NewUser.role": "owner",
    "NewWebhookEndpoint.secret": None,
    "Order.capture": "manual",
    "Order.status": "created",
    "Payment.state": "authorized",
    "Payment.status": "success",
    "PublicOrder.id": ORDER_ID,
    "PublicOrder.status": "created",
    "PublicPayment.id": PAYMENT_ID,
    "PublicPayment.status": "success",
    "Refund.amount": 20000,
    "Refund.reason": "Returned goods",
    "Refund.status": "pending",
    "Replay.from": "2024-01-15T10:31:00Z",
    "RetryScheduled.id": WEBHOOK_ID,
    "RetryScheduled.message": "Webhook retry scheduled",
    "RetryScheduled.status": "pending",
    "Session.merchant": {"id": MERCHANT_ID, "name": "Asha's Bakery"},
    "Session.role": "owner",
    "SessionMerchant.id": MERCHANT_ID,
    "SessionUser.id": USER_ID,
    "SessionUser.name": "Asha Rao",
    "SessionsEnded.ended": 1,
    "JobRevived.id": "4711",
    "JobRevived.kind": "process_payment",
    "JobRevived.status": "pending",
    "JobRevived.subject": PAYMENT_ID,
    "QueueState.kind": "process_payment",
    "QueueState.worker": "running",
    "ScheduleState.error": None,
    "ScheduleState.name": "sweep",
    "Stats.currencies": ["INR"],
    "Stats.interval": "day",
    "ThroughputPoint.kind": "process_payment",
    "TimelineEntry.details": {"from": "processing", "to": "authorized", "sequence": 3},
    "TimelineEntry.kind": "event",
    "TimelineEntry.ref": EVENT_ID,
    "TimelineEntry.title": "payment.success",
    "TestEventSent.message": "Test event scheduled",
    "TestMerchant.id": MERCHANT_ID,
    "TestMerchant.seeded": True,
    "UpdatedUser.id": USER_ID,
    "UpdatedUser.name": "Asha Rao",
    "UpdatedUser.password": PASSWORD,
    "UserUpdate.is_operator": True,
    "UserUpdate.merchant_id": None,
    "UserWithPassword.id": USER_ID,
    "UserWithPassword.name": "Asha Rao",
    "UserWithPassword.password": PASSWORD,
    "Webhook.id": WEBHOOK_ID,
    "Webhook.status": "success",
    "WebhookAttempt.attempt": 1,
    "WebhookAttempt.request_headers": {"webhook-id": EVENT_ID},
    "WebhookDetails.id": WEBHOOK_ID,
    "WebhookDetails.status": "success",
    "WebhookEndpointDeleted.deleted": True,
    "WebhookEndpointDeleted.id": ENDPOINT_ID,
}
_SHOWN_ONCE = ("api_secret", "secret")  # members of an answer that only the call which makes them shows
_REFERENCE = "#/components/schemas/"


def of_answer(name: str, schemas: Mapping[str, Any], *, secret: bool) -> Any:
    """An object of the schema of that name. With `secret` it shows what is shown once."""
    shown = _object(name, schemas)
    if not secret:
        required = schemas[name].get("required", ())
        shown = {key: value for key, value in shown.items() if key in required or key not in _SHOWN_ONCE}
    return shown


def of_body(name: str, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Bodies of the schema of that name, by what they are: by UPI and by card where there is a choice."""
    body = _object(name, schemas)
    if "card" not in schemas[name]["properties"]:
        return {"usual": body}
    by_card = {key: value for key, value in body.items() if key != "vpa"} | {"method": "card"}
    return {"upi": body, "card": by_card | {"card": _object("CardDetails", schemas)}}


def of_text(content_type: str) -> str:
    """The beginning of an answer that is not JSON."""
    assert content_type.startswith("text/csv"), f"say in openapi_examples what {content_type} looks like"
    return f"id,created_at,status,state,amount\r\n{PAYMENT_ID},2024-01-15T10:31:00Z,success,captured,50000\r\n"


def of_event(type: str, data: Mapping[str, str], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """A webhook's body; `data` says which schema each member of its data has."""
    return {
        "event": type,
        "timestamp": AT,
        "data": {member: of_answer(name, schemas, secret=False) for member, name in data.items()},
        "id": EVENT_ID,
        "sequence": 3 if type.startswith(("payment.", "refund.")) else None,
    }


def _object(name: str, schemas: Mapping[str, Any]) -> dict[str, Any]:
    schema = schemas[name]
    shown = {}
    for member, described in schema["properties"].items():
        value = _VALUES.get(f"{name}.{member}", _VALUES.get(member))
        if value is None and described.get("examples"):
            value = described["examples"][0]
        if value is None and member in schema.get("required", ()):
            value = _plain(f"{name}.{member}", described, schemas)
        if value is not None or member in schema.get("required", ()):
            shown[member] = value
    return shown


def _plain(place: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """A value of a member that the table does not name."""
    if "$ref" in schema:
        return of_answer(schema["$ref"].removeprefix(_REFERENCE), schemas, secret=False)
    if {"type": "null"} in schema.get("anyOf", ()):
        return None
    if schema.get("type") == "array":
        return [_plain(place, schema["items"], schemas)]
    if "type" not in schema:  # whatever receivers get
        return of_event("payment.success", {"payment": "Payment"}, schemas)
    usual = {"boolean": False, "integer": 0, "number": 0.5, "object": {}}
    assert schema["type"] in usual, f"say in openapi_examples what {place} looks like"
    return usual[schema["type"]]
