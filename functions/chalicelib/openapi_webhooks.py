"""What receivers get, for the OpenAPI document: one webhook for every type of event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib import openapi_examples as examples
from chalicelib.http import JSON
from shared import signatures
from shared.domain import event

# The one that comes only at times is not required.
_SIGNATURES = {
    signatures.PLAIN_HEADER: "Hex HMAC-SHA256 of the exact body, keyed with the whole secret.",
    signatures.PREVIOUS_HEADER: "The same with the secret before this one, for a while after it was regenerated.",
    "webhook-id": "The event's id: the same event may come twice.",
    "webhook-timestamp": "When it was sent, in unix seconds.",
    "webhook-signature": "By https://www.standardwebhooks.com: `v1,` and base64, spaces between secrets.",
}

_SEQUENCE = (
    "Counts the events of a payment up, one by one; a receiver sees gaps where it has not asked for every type. "
    "Take the payment over only if this is higher than the highest you have seen of it. "
    "A refund counts by itself: keep it under its own id, and of two tellings of it the one that was updated later."
)


def build(schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {type: {"post": _webhook(type, schemas)} for type in (*event.EVENT_TYPES, event.TEST)}


def _webhook(type: str, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """What a receiver gets of an event of this type, and is to answer."""
    data = {"webhook_endpoint": "WebhookEndpoint"} if type == event.ENDPOINT_DISABLED else {"payment": "Payment"}
    if type.startswith("refund."):
        data |= {"refund": "Refund"}
    ordered = type.startswith(("payment.", "refund."))
    members = {
        "event": {"const": type},
        "timestamp": {"type": "integer", "description": "When it happened, in unix seconds."},
        "data": {
            "type": "object",
            "properties": {member: {"$ref": f"#/components/schemas/{name}"} for member, name in data.items()},
            "required": list(data),
        },
        "id": {"type": "string", "description": "The event's id, which `webhook-id` has too."},
        "sequence": {
            "type": "integer" if ordered else "null",
            "description": _SEQUENCE if ordered else "It belongs to no payment's sequence.",
        },
    }
    return {
        "operationId": "on" + "".join(word.capitalize() for word in re.findall("[a-z]+", type)),
        "summary": f"A receiver is told of {type}",
        "tags": ["Webhooks"],
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": name != signatures.PREVIOUS_HEADER,
                "description": text,
                "schema": {"type": "string"},
            }
            for name, text in _SIGNATURES.items()
        ],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {"type": "object", "properties": members, "required": list(members)},
                    "example": examples.of_event(type, data, schemas),
                }
            },
        },
        "responses": {
            "2XX": {"description": "Accepted. Anything else, or nothing within 5 seconds, is tried again later."}
        },
    }
