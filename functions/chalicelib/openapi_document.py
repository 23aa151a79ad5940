"""The OpenAPI 3.1 document, made from what the endpoints declare."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from chalicelib import cookies, openapi_webhooks
from chalicelib import openapi_examples as examples
from chalicelib.http import JSON, WITH_ANY_SESSION, Endpoint
from shared.domain import views
from shared.services.idempotency import KEY_CHARACTERS_MAX

VERSION = "0.1.0"

_TAGS = {
    "Audit": "Who did what, people and API keys alike. It is only ever added to.",
    "API keys": "A merchant's own credentials: further ones, and new ones in place of old ones.",
    "Checkout": "What a payer's page calls. It has no secret; the id of an order or payment lets it in.",
    "Events": "What happened, whether or not anybody was told.",
    "Ledger": "The merchant's books: what every capture and refund did to which account.",
    "Merchants": "The merchant that calls.",
    "Operations": "For machines that watch, and for those who write clients.",
    "Operator": "For whoever runs this gateway, with the operator's own secret, or signed in.",
    "Orders": "What is to be paid.",
    "Overview": "What a dashboard shows first: figures, what needs attention, what changed, and calls of the API.",
    "Payments": "An order paid by UPI or card: authorized, captured or voided.",
    "Refunds": "Captured money given back.",
    "Session": "Signing in to the dashboard, and out; a cookie that pages of the same site send, and no script sees.",
    "Team": "Who may sign in for a merchant, and as what.",
    "Test": "Not there in production.",
    "Webhook endpoints": "Where a merchant wants to hear of events.",
    "Webhooks": "Deliveries of events to webhook endpoints, and their attempts.",
}

_PATH_IDS = {
    "api_key": ("The publishable part of the key.", examples.API_KEY),
    "event_id": ("The event's id, as receivers get it.", examples.EVENT_ID),
    "job_id": ("The job's id.", "4711"),
    "merchant_id": ("The merchant's id.", examples.MERCHANT_ID),
    "order_id": ("The order's id.", examples.ORDER_ID),
    "payment_id": ("The payment's id.", examples.PAYMENT_ID),
    "refund_id": ("The refund's id.", examples.REFUND_ID),
    "user_id": ("The user's id.", examples.USER_ID),
    "webhook_endpoint_id": ("The webhook endpoint's id.", examples.ENDPOINT_ID),
    "webhook_id": ("The id of the delivery.", examples.WEBHOOK_ID),
}

# Of an answer, by the name of its component.
_HEADERS = {
    "X-Request-Id": "Names this request in the gateway's log; an error's body has it too.",
    "ETag": "What the answer says in short, for `If-None-Match`.",
    "X-Next-Cursor": "The `cursor` of the page that follows; missing on the last one.",
    "Idempotency-Replayed": "`true` where the answer is an earlier one, given again under the same key.",
    "Retry-After": "Seconds to wait before the request is sent again.",
    "RateLimit-Limit": "How many requests may come at once.",
    "RateLimit-Remaining": "How many of these are left to you; without working keys, to your address.",
    "RateLimit-Reset": "Seconds until all of them are there again, if none comes.",
}
_NUMBERS = {"Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Your name for this intent: the same key and request have one effect and one answer for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_CHARACTERS_MAX},
}

_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "secret": [{"key": [], "secret": []}, {"session": []}],
    "checkout": [{}, {"key": []}],
    "operator": [{"operator": []}, {"session": []}],
    "session": [{"session": []}],
    "anyone": [],
}

_PATH_PARAMETER = re.compile(r"{(\w+)}")


class ErrorDetails(msgspec.Struct, kw_only=True):
    code: str
    description: str
    field: str | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET
    request_id: str


class Error(msgspec.Struct, kw_only=True):
    error: ErrorDetails


def build(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    endpoints = [described for described in endpoints if not described.page]
    shapes = {shape for e in endpoints for shape in (e.body, e.answer) if shape is not None}
    shapes |= {views.Payment, views.Refund, views.WebhookEndpoint}  # webhooks carry them
    named = sorted(shapes, key=lambda shape: shape.__name__)
    _, components = msgspec.json.schema_components([Error, *named], ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for described in sorted(endpoints, key=lambda e: (e.path, e.method)):
        paths.setdefault(described.path, {})[described.method.lower()] = _operation(described, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Payment Gateway",
            "version": VERSION,
            "description": "Orders, payments and webhooks. Amounts are integers in minor units; times are UTC.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": tag, "description": _TAGS[tag]} for tag in sorted({e.tag for e in endpoints})],
        "paths": paths,
        "webhooks": openapi_webhooks.build(components),
        "components": {
            "schemas": components,
            "headers": {
                name: {"description": text, "schema": {"type": "integer" if name in _NUMBERS else "string"}}
                for name, text in _HEADERS.items()
            },
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                "secret": {"type": "apiKey", "in": "header", "name": "X-Api-Secret"},
                "operator": {"type": "http", "scheme": "bearer"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookies.NAME,
                    "description": "A page may say in `X-Merchant-Id` and `X-User-Id` whom it shows; if the session is"
                    " another's by now, it is answered 409 with the reason `session_changed`.",
                },
            },
        },
    }


def _operation(described: Endpoint, schemas: Mapping[str, Any]) -> dict[str, Any]:
    errors = set(described.errors) | {429, 500, 503}
    if described.caller != "anyone":
        errors.add(401)
    if described.caller in ("secret", "operator", "session"):
        errors.add(403)
        if (described.method, described.path) not in WITH_ANY_SESSION:
            errors.add(409)
    if described.body is not None:
        errors |= {400, 413, 415}
    if described.query is not None:
        errors.add(400)
    if described.keyed:
        errors |= {400, 409, 422}
    plain = {"type": "object"} if described.content_type == JSON else {"type": "string"}
    content: dict[str, Any] = {"schema": plain if described.answer is None else _reference(described.answer)}
    if described.content_type != JSON:
        content["example"] = examples.of_text(described.content_type)
    if described.answer is not None:
        name, secret = described.answer.__name__, described.secret_answer
        content["example"] = examples.of_answer(name, schemas, secret=secret)
    shown = {
        "description": HTTPStatus(described.status).phrase,
        "headers": _headers("X-Request-Id", *_further_headers(described)),
        "content": {described.content_type.partition(";")[0]: content},
    }
    operation: dict[str, Any] = {
        "operationId": f"{described.method.lower()}{_camel(described.path)}",
        "summary": described.summary,
        "tags": [described.tag],
        "security": _SECURITY[described.caller],
        "responses": {str(described.status): shown} | {str(code): _error(described, code) for code in sorted(errors)},
    }
    parameters = [_path_parameter(name) for name in _PATH_PARAMETER.findall(described.path)]
    if described.query is not None:
        parameters += _query_parameters(described.query)
    if described.keyed:
        parameters.append(_IDEMPOTENCY_KEY)
    if parameters:
        operation["parameters"] = parameters
    if described.body is not None:
        operation["requestBody"] = {
            "required": not described.body_optional,
            "content": {
                JSON: {
                    "schema": _reference(described.body),
                    "examples": {
                        name: {"value": value}
                        for name, value in examples.of_body(described.body.__name__, schemas).items()
                    },
                }
            },
        }
    return operation


def _further_headers(described: Endpoint) -> list[str]:
    """Of a success."""
    tagged = HTTPStatus.NOT_MODIFIED in described.errors
    paged = described.content_type != JSON
    return [
        name
        for name, has in (("Idempotency-Replayed", described.keyed), ("ETag", tagged), ("X-Next-Cursor", paged))
        if has
    ]


def _path_parameter(name: str) -> dict[str, Any]:
    text, example = _PATH_IDS[name]
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": text,
        "schema": {"type": "string"},
        "example": example,
    }


def _query_parameters(shape: type) -> list[dict[str, Any]]:
    (_, components) = msgspec.json.schema_components([shape])
    parameters = []
    for name, schema in components[shape.__name__]["properties"].items():
        described = {key: value for key, value in schema.items() if key not in ("description", "default")}
        if described.get("anyOf"):  # absent is the only null there is in a query
            choices = [choice for choice in described["anyOf"] if choice != {"type": "null"}]
            described = choices[0] if len(choices) == 1 else {"anyOf": choices}
        parameter = {"name": name, "in": "query", "required": False, "schema": described}
        parameters.append(parameter | ({"description": schema["description"]} if "description" in schema else {}))
    return parameters


def _error(described: Endpoint, code: int) -> dict[str, Any]:
    # An endpoint that lists 503 among its own answers shows its usual shape with it.
    own = code in described.errors and code == HTTPStatus.SERVICE_UNAVAILABLE and described.answer is not None
    schema = _reference(described.answer) if own and described.answer else {"$ref": "#/components/schemas/Error"}
    # Of conflicts only a key that another request holds at this moment is worth a wait.
    waits = code == HTTPStatus.SERVICE_UNAVAILABLE or (code == HTTPStatus.CONFLICT and described.keyed)
    names = ["Retry-After"] if waits else sorted(_NUMBERS) if code == HTTPStatus.TOO_MANY_REQUESTS else []
    headers = _headers("X-Request-Id", *names)
    if code == HTTPStatus.NOT_MODIFIED:  # it has no body
        return {"description": HTTPStatus(code).phrase, "headers": _headers("X-Request-Id", "ETag")}
    return {"description": HTTPStatus(code).phrase, "headers": headers, "content": {JSON: {"schema": schema}}}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _reference(shape: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _camel(path: str) -> str:
    return "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", path) if word not in ("api", "v1"))
