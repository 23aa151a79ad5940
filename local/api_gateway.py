"""API Gateway on one machine: an HTTP request becomes the event that the Chalice app expects, and its answer HTTP.

Routes are read from the app itself. What API Gateway would refuse before any Lambda runs is refused here, in the
shape that every error has.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from chalice import Chalice
from chalicelib import front
from chalicelib.http import UNKNOWN_PATH, usual_headers

from local.events import Context, http_event
from shared.errors import BadRequest, GatewayError, NotFound

TIMEOUT_SECONDS = 29  # API Gateway's own

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
    """Thread-safe. `cors_origins` may call from a browser; no other origin may."""

    def __init__(
        self,
        app: Chalice,
        *,
        cors_origins: tuple[str, ...],
        production: bool = False,
        paths: Collection[str] | None = None,
        which_noted: str = "off",
    ) -> None:
        """With `paths`, templates of routes, only these are there."""
        app.__class__ = _PerThread
        self._app = app
        self._cors_origins = frozenset(cors_origins)
        self._production = production
        self._which_noted = which_noted
        there = [path for path in app.routes if paths is None or path in paths]
        self._fixed = {path: path for path in there if "{" not in path}
        self._patterns = [(re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path)), path) for path in there if "{" in path]

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
        except GatewayError as refusal:
            return self._refused(refusal, resource, headers.get("origin"), request_id)
        answer = front.answer(
            self._app,
            event,
            Context("app", timeout_seconds=TIMEOUT_SECONDS, request_id=request_id),
            cors_origins=self._cors_origins,
            production=self._production,
            which_noted=self._which_noted,
        )
        return HttpAnswer(answer["statusCode"], answer["headers"], answer["body"].encode(), resource)

    def refuse(self, refusal: GatewayError, *, path: str, origin: str | None, request_id: str) -> HttpAnswer:
        """The answer to a request that is not even looked at."""
        try:
            resource, _ = self._find(path)
        except NotFound:
            resource = ""
        return self._refused(refusal, resource, origin, request_id)

    def _refused(self, refusal: GatewayError, resource: str, origin: str | None, request_id: str) -> HttpAnswer:
        answer = front.refused(refusal, request_id, resource=resource, production=self._production)
        allowed = origin if origin in self._cors_origins else None
        return HttpAnswer(
            answer["statusCode"], answer["headers"] | front.cors_headers(allowed), answer["body"].encode(), resource
        )

    def _find(self, path: str) -> tuple[str, dict[str, str]]:
        if path in self._fixed:
            return path, {}
        for pattern, resource in self._patterns:
            found = pattern.fullmatch(path)
            if found:
                return resource, found.groupdict()
        raise NotFound(UNKNOWN_PATH)


def failed(request_id: str) -> HttpAnswer:
    """An error of ours outside every handler."""
    headers = usual_headers(request_id, production=False)
    error = {"code": "SERVER_ERROR", "description": "Something went wrong on our side. Try again."}
    return HttpAnswer(500, headers, json.dumps({"error": error | {"request_id": request_id}}).encode())


def new_request_id() -> str:
    return str(uuid.uuid4())


def _query(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=100) if text else {}
    except ValueError:
        raise BadRequest("The query has too many members", reason="invalid_query") from None
