"""What stands before the endpoints wherever they run: wrong methods, what browsers ask, what must not be kept.

Every Lambda that answers HTTP begins here, and so does the local server: one code, equal answers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from typing import Any

from chalice import Chalice

from chalicelib import page, request_log
from chalicelib.http import PAGES, TEST_PATHS, UNKNOWN_PATH, usual_headers
from shared.errors import GatewayError, MethodNotAllowed, NotFound

CORS_HEADERS = "X-Api-Key, X-Api-Secret, Idempotency-Key, Content-Type"
CORS_EXPOSED = "X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
CORS_SECONDS = 600


def answer(
    app: Chalice,
    event: dict[str, Any],
    context: Any,
    *,
    cors_origins: Collection[str],
    production: bool,
    which_noted: str = "off",
) -> dict[str, Any]:
    """The answer to API Gateway's event: `statusCode`, `headers` and `body`. `cors_origins` may call from browsers.

    `which_noted` says of which calls merchants are shown a note: the setting REQUEST_LOG.
    """
    resource, method = event["requestContext"]["resourcePath"], event["httpMethod"]
    allowed = app.routes.get(resource)
    try:
        if allowed is None or (production and resource.startswith(TEST_PATHS)):
            raise NotFound(UNKNOWN_PATH)
        if method == "OPTIONS":
            return _preflight(allowed, origin_of(event["headers"], cors_origins))
        if method not in allowed:
            raise MethodNotAllowed(
                f"{resource} does not take {method[:16]}", reason="method_not_allowed", allow=", ".join(sorted(allowed))
            )
        began = time.perf_counter()
        answered: dict[str, Any] = app(event, context)
        request_log.note(event, answered, seconds=time.perf_counter() - began, which=which_noted)
    except GatewayError as refusal:
        answered = refused(refusal, event["requestContext"]["requestId"], resource=resource, production=production)
    finally:
        app.current_request = None  # Chalice would keep it, and with it a card number, until the next
    if cors_origins:
        answered["headers"] |= cors_headers(origin_of(event["headers"], cors_origins))
    return answered


def refused(refusal: GatewayError, request_id: str, *, resource: str = "", production: bool = False) -> dict[str, Any]:
    """A refusal that no endpoint saw; a page's has the page's headers, with nobody to frame it."""
    headers = usual_headers(request_id, production=production)
    if resource in PAGES:
        headers |= page.headers(page.NOBODY, production=production)
    details = refusal.as_dict()
    if isinstance(refusal, MethodNotAllowed):
        headers["Allow"] = details.pop("allow")
    error = {"error": details | {"request_id": request_id}}
    body = json.dumps(error, separators=(",", ":"), ensure_ascii=False)
    return {"statusCode": refusal.status, "headers": headers, "body": body}


def origin_of(headers: Mapping[str, str] | None, allowed: Collection[str]) -> str | None:
    """The page that a browser says it asks for, if it is one that may. API Gateway's console sends no headers."""
    if not allowed or not headers:
        return None
    origin = next((value for name, value in headers.items() if name.lower() == "origin"), None)
    return origin if origin in allowed else None


def cors_headers(origin: str | None) -> dict[str, str]:
    """What a browser must read on an answer before it shows that to the page."""
    if origin is None:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": CORS_EXPOSED, "Vary": "Origin"}


def _preflight(allowed: Collection[str], origin: str | None) -> dict[str, Any]:
    methods = ", ".join(sorted([*allowed, "OPTIONS"]))
    headers = {"Allow": methods}
    if origin is not None:
        headers |= cors_headers(origin)
        headers |= {
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": CORS_HEADERS,
            "Access-Control-Max-Age": str(CORS_SECONDS),
        }
    return {"statusCode": 204, "headers": headers, "body": ""}
