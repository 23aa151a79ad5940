"""GET /openapi.json: this API, as a machine reads it."""

from __future__ import annotations

from functools import cache

import msgspec
from chalice import Blueprint

from chalicelib import http, openapi_document
from chalicelib.http import Answer, Call, endpoint

routes = Blueprint(__name__)


@endpoint(routes, "GET", "/openapi.json", caller="anyone", summary="This document", tag="Operations", connected=False)
def get_openapi(call: Call[None]) -> Answer:
    return Answer(status=200, body=_text(production=call.on.config.production))


@cache
def _text(*, production: bool) -> bytes:
    endpoints = [known for known in http.ENDPOINTS if not (production and known.path.startswith(http.TEST_PATHS))]
    return msgspec.json.encode(openapi_document.build(endpoints))
