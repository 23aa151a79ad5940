"""The OpenAPI 3.1 document, made from what the endpoints declare."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from chalicelib.http import JSON, Endpoint
from shared.services.idempotency import KEY_CHARACTERS_MAX

VERSION = "0.1.0"

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Your name for this intent: the same key and request have one effect and one answer for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_CHARACTERS_MAX},
}

_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "secret": [{"key": [], "secret": []}],
    "checkout": [{}, {"key": []}],
    "operator": [{"operator": []}],
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
    shapes = {shape for e in endpoints for shape in (e.body, e.answer) if shape is not None}
    named = sorted(shapes, key=lambda shape: shape.__name__)
    _, components = msgspec.json.schema_components([Error, *named], ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for described in sorted(endpoints, key=lambda e: (e.path, e.method)):
        paths.setdefault(described.path, {})[described.method.lower()] = _operation(described)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Payment Gateway",
            "version": VERSION,
            "description": "Orders, payments and webhooks. Amounts are integers in minor units; times are UTC.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": tag} for tag in sorted({e.tag for e in endpoints})],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                "secret": {"type": "apiKey", "in": "header", "name": "X-Api-Secret"},
                "operator": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(described: Endpoint) -> dict[str, Any]:
    errors = set(described.errors) | {500, 503}
    if described.caller != "anyone":
        errors.add(401)
    if described.body is not None:
        errors |= {400, 413, 415}
    if described.query is not None:
        errors.add(400)
    if described.keyed:
        errors |= {400, 409, 422}
    shown: dict[str, Any] = {"description": HTTPStatus(described.status).phrase}
    schema = {"type": "object"} if described.answer is None else _reference(described.answer)
    shown["content"] = {JSON: {"schema": schema}}
    operation: dict[str, Any] = {
        "operationId": f"{described.method.lower()}{_camel(described.path)}",
        "summary": described.summary,
        "tags": [described.tag],
        "security": _SECURITY[described.caller],
        "responses": {str(described.status): shown} | {str(code): _error(described, code) for code in sorted(errors)},
    }
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(described.path)
    ]
    if described.query is not None:
        parameters += _query_parameters(described.query)
    if described.keyed:
        parameters.append(_IDEMPOTENCY_KEY)
    if parameters:
        operation["parameters"] = parameters
    if described.body is not None:
        operation["requestBody"] = {
            "required": not described.body_optional,
            "content": {JSON: {"schema": _reference(described.body)}},
        }
    return operation


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
    return {"description": HTTPStatus(code).phrase, "content": {JSON: {"schema": schema}}}


def _reference(shape: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _camel(path: str) -> str:
    return "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", path) if word not in ("api", "v1"))
