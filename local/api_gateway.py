"""API Gateway on one machine: an HTTP request becomes the event that the Chalice app expects, and its answer HTTP.

Routes are read from the app itself. What API Gateway would refuse before any Lambda runs is refused here, in the
shape that every error has.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from chalice import Chalice
from chalicelib.http import JSON, TEST_PATHS, UNKNOWN_PATH

from local.events import Context, http_event
from shared.errors import BadRequest, GatewayError, MethodNotAllowed, NotFound

TIMEOUT_SECONDS = 29  # API Gateway's own
CORS_HEADERS = "X-Api-Key, X-Api-Secret, Idempotency-Key, Content-Type"
CORS_EXPOSED = "X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
CORS_SECONDS = 600

_PARAMETER = re.compile(r"{(\w+)}")


class HttpAnswer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes
    route: str = ""  # the template of its path, if it has one


class _PerThread(Chalice):
    """Chalice keeps the request that is being answered on the app; here every thread has its own."""

    _mine = threading.local()

    @property
    def current_request(self) -> Any:
        return self._mine.request

    @current_request.setter
    def current_request(self, request: Any) -> None:
        self._mine.request = request

    @property
    def lambda_context(self) -> Any:
        return self._mine.context

    @lambda_context.setter
    def lambda_context(self, context: Any) -> None:
        self._mine.context = context


class ApiGateway:
    """Thread-safe. `cors_origins` may call from a browser; no other origin may.

    In production the test calls do not exist, whatever the method. (A Lambda's handlers see to it themselves.)
    """

    def __init__(self, app: Chalice, *, cors_origins: tuple[str, ...], production: bool = False) -> None:
        app.__class__ = _PerThread
        self._app = app
        self._cors_origins = frozenset(cors_origins)
        paths = [path for path in app.routes if not (production and path.startswith(TEST_PATHS))]
        self._fixed = {path: path for path in paths if "{" not in path}
        self._patterns = [(re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path)), path) for path in paths if "{" in path]

    def answer(
        self,
        *,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        source_ip: str,
        request_id: str,
    ) -> HttpAnswer:
        """`headers` have names in lower case; `path` is decoded."""
        resource = ""
        try:
            resource, parameters = self._find(path)
            status, shown, text = self._call(
                resource, parameters, method, path, query, headers, body, source_ip, request_id
            )
        except GatewayError as refusal:
            status, shown, text, _ = refused(refusal, request_id)
        return HttpAnswer(status, self._with_cors(shown, headers.get("origin")), text, resource)

    def refuse(self, refusal: GatewayError, *, path: str, origin: str | None, request_id: str) -> HttpAnswer:
        """The answer to a request that is not even looked at."""
        try:
            resource, _ = self._find(path)
        except NotFound:
            resource = ""
        status, headers, body, _ = refused(refusal, request_id)
        return HttpAnswer(status, self._with_cors(headers, origin), body, resource)

    def _with_cors(self, headers: dict[str, str], origin: str | None) -> dict[str, str]:
        if origin in self._cors_origins:
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = CORS_EXPOSED
            headers["Vary"] = "Origin"
        return headers

    def _call(
        self,
        resource: str,
        parameters: Mapping[str, str],
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        source_ip: str,
        request_id: str,
    ) -> tuple[int, dict[str, str], bytes]:
        allowed = self._app.routes[resource]
        if method == "OPTIONS":
            return _preflight(allowed, self._cors_origins, headers.get("origin"))
        if method not in allowed:
            raise MethodNotAllowed(
                f"{resource} does not take {method[:16]}", reason="method_not_allowed", allow=", ".join(sorted(allowed))
            )
        event = http_event(
            method=method,
            resource=resource,
            path=path,
            path_parameters=parameters,
            query=_query(query),
            headers=headers,
            body=body,
            source_ip=source_ip,
            request_id=request_id,
        )
        try:
            answer = self._app(event, Context("app", timeout_seconds=TIMEOUT_SECONDS, request_id=request_id))
        finally:
            self._app.current_request = None  # Chalice keeps it, and with it a card number
        return answer["statusCode"], answer["headers"], answer["body"].encode()

    def _find(self, path: str) -> tuple[str, dict[str, str]]:
        if path in self._fixed:
            return path, {}
        for pattern, resource in self._patterns:
            found = pattern.fullmatch(path)
            if found:
                return resource, found.groupdict()
        raise NotFound(UNKNOWN_PATH)


def refused(refusal: GatewayError, request_id: str) -> HttpAnswer:
    """A refusal that no handler saw."""
    headers = {"Content-Type": JSON, "X-Request-Id": request_id, "Cache-Control": "no-store"}
    details = refusal.as_dict()
    if isinstance(refusal, MethodNotAllowed):
        headers["Allow"] = details.pop("allow")
    body = {"error": details | {"request_id": request_id}}
    return HttpAnswer(refusal.status, headers, json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode())


def failed(request_id: str) -> HttpAnswer:
    """An error of ours outside every handler."""
    headers = {"Content-Type": JSON, "X-Request-Id": request_id, "Cache-Control": "no-store"}
    error = {"code": "SERVER_ERROR", "description": "Something went wrong on our side. Try again."}
    return HttpAnswer(500, headers, json.dumps({"error": error | {"request_id": request_id}}).encode())


def new_request_id() -> str:
    return str(uuid.uuid4())


def _preflight(
    allowed: Mapping[str, Any], origins: frozenset[str], origin: str | None
) -> tuple[int, dict[str, str], bytes]:
    methods = ", ".join(sorted([*allowed, "OPTIONS"]))
    headers = {"Allow": methods}
    if origin in origins:
        headers |= {
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": CORS_HEADERS,
            "Access-Control-Max-Age": str(CORS_SECONDS),
        }
    return 204, headers, b""


def _query(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=100) if text else {}
    except ValueError:
        raise BadRequest("The query has too many members", reason="invalid_query") from None
