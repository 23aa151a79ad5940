"""One process of the API server: Granian's native interface in front of the threads that answer.

What can be decided in the event loop is: whether a caller sends too much, and what is no request. A request takes a
thread only when its body is complete, so slow senders wait where waiting is cheap, and are cut off after BODY_SECONDS.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from typing import Any

from chalicelib import http
from chalicelib.body import BYTES_MAX

from local import sources
from local.answerers import Answerers, in_a_thread
from local.api_gateway import ApiGateway, HttpAnswer, failed, new_request_id
from local.limits import UNLIMITED, Limits
from local.metrics import CONTENT_TYPE, Metrics
from shared.config import Config
from shared.errors import BadRequest, GatewayError, TooLarge

BODY_SECONDS = 10
URI_CHARACTERS_MAX = 4096
HEADERS_MAX = 64
HEADER_CHARACTERS_MAX = 16 * 1024  # in all
BODILESS = frozenset(("GET", "HEAD", "OPTIONS"))
METRICS = "/metrics"
# Stands for what is not ASCII, which Granian leaves out. Not sent and sent wrong are two things: a request whose
# Idempotency-Key was overlooked would be done twice.
NOT_ASCII = "\ufffd"

log = logging.getLogger(__name__)


class HttpServer:
    def __init__(self, settings: Config, gateway: ApiGateway, metrics: Metrics, *, scraped: bool = True) -> None:
        self._scraped_here = scraped  # whether /metrics is there
        self._settings = settings
        self._gateway = gateway
        self._answerers = Answerers(gateway.answer)
        self._metrics = metrics
        self._limits = Limits(
            per_second=settings.rate_limit_per_second,
            concurrent=settings.rate_limit_concurrent,
            checkout_per_second=settings.checkout_rate_limit_per_second,
        )
        self._takes_secret = {(e.method, e.path) for e in http.ENDPOINTS if e.caller == "secret"}

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        began = time.perf_counter()
        request_id, path, method = new_request_id(), scope.path, scope.method
        source = self._source(scope)
        if self._scraped_here and path == METRICS and method == "GET" and self._may_scrape(scope, source):
            answer = await self._scraped(request_id)
            protocol.response_bytes(answer.status, list(answer.headers.items()), answer.body)
            return
        self._metrics.began()
        try:
            if path in UNLIMITED:
                answer = await self._answer(scope, protocol, source, request_id)
            else:
                answer = await self._within_limits(scope, protocol, source, request_id)
            protocol.response_bytes(answer.status, list(answer.headers.items()), answer.body)
        except BaseException:
            self._metrics.broke_off()
            raise
        seconds = time.perf_counter() - began
        self._metrics.answered(method=method, route=answer.route, status=answer.status, seconds=seconds)
        if self._settings.log_requests:
            _log(scope, answer, request_id, seconds)

    async def _within_limits(self, scope: Any, protocol: Any, source: str, request_id: str) -> HttpAnswer:
        sent = scope.headers
        key, secret = sent.get("x-api-key"), sent.get("x-api-secret")
        admission = self._limits.enter(path=scope.path, key=key, secret=secret, source=source, method=scope.method)
        try:
            if admission.refusal is None:
                answer = await self._answer(scope, protocol, source, request_id)
            else:
                self._metrics.limited(admission.refusal.reason or "")
                answer = self._refused(scope, admission.refusal, request_id)
        finally:
            self._limits.leave(admission)
        answer.headers.update(admission.headers)
        if key and answer.status < 400 and (scope.method, answer.route) in self._takes_secret:
            self._limits.prove(key, secret)
        elif key and answer.status == 401:
            self._limits.disprove(key, secret)
        return answer

    def _refused(self, scope: Any, refusal: GatewayError, request_id: str) -> HttpAnswer:
        origin = scope.headers.get("origin")
        return self._gateway.refuse(refusal, path=scope.path, origin=origin, request_id=request_id)

    async def _answer(self, scope: Any, protocol: Any, source: str, request_id: str) -> HttpAnswer:
        try:
            request = {
                "method": scope.method,
                "path": scope.path,
                "query": scope.query_string,
                "headers": _headers(scope),
                "body": b"" if scope.method in BODILESS else await _body(scope, protocol),
                "source_ip": source,
                "request_id": request_id,
            }
        except GatewayError as refusal:
            return self._refused(scope, refusal, request_id)
        except Exception:  # the sender hung up in the middle, or sent what is no HTTP: there is nobody to answer
            return self._refused(scope, BadRequest("The request broke off", reason="incomplete"), request_id)
        return await self._answerers.answer(request)

    def _source(self, scope: Any) -> str:
        peer = scope.client.rpartition(":")[0].strip("[]")
        if not self._settings.trusted_proxies:
            return peer
        forwarded = [value for name, value in scope.headers.items() if name == "x-forwarded-for"]
        return sources.source(peer, forwarded, self._settings.trusted_proxies)

    def _may_scrape(self, scope: Any, source: str) -> bool:
        """Somebody on this machine, whom no proxy speaks for, or who knows the token."""
        if sources.is_loopback(source) and not {"forwarded", "x-forwarded-for"} & set(scope.headers.keys()):
            return True
        token = self._settings.metrics_token
        given = scope.headers.get("authorization", "").encode()
        return bool(token) and hmac.compare_digest(given, f"Bearer {token}".encode())

    async def _scraped(self, request_id: str) -> HttpAnswer:
        self._metrics.save()
        try:
            page = await in_a_thread(self._metrics.page, name="scrape")
        except Exception:
            log.exception("not scraped", extra={"request_id": request_id})
            return failed(request_id)
        return HttpAnswer(200, {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}, page)


def _headers(scope: Any) -> dict[str, str]:
    headers = dict(scope.headers.items())
    for name in set(scope.headers.keys()) - headers.keys():
        headers[name] = NOT_ASCII
    if len(headers) > HEADERS_MAX or sum(map(len, headers.values())) > HEADER_CHARACTERS_MAX:
        raise BadRequest("The request has too many or too long headers", reason="headers_too_large")
    if len(scope.path) + len(scope.query_string) > URI_CHARACTERS_MAX:
        raise BadRequest(f"The URL must have at most {URI_CHARACTERS_MAX} characters", reason="url_too_long")
    return headers


async def _body(scope: Any, protocol: Any) -> bytes:
    """The whole body. Raises TooLarge before reading more than is allowed, BadRequest if it does not come in time."""
    too_large = TooLarge(f"The body must have at most {BYTES_MAX} bytes", reason="body_too_large")
    announced = scope.headers.get("content-length")
    if announced is not None and int(announced) > BYTES_MAX:
        raise too_large
    try:
        async with asyncio.timeout(BODY_SECONDS):
            if announced is not None:
                return await protocol()
            body = b""
            async for part in protocol:
                body += part
                if len(body) > BYTES_MAX:
                    raise too_large
            return body
    except TimeoutError:
        raise BadRequest(f"The body did not come within {BODY_SECONDS} seconds", reason="body_too_slow") from None


def _log(scope: Any, answer: HttpAnswer, request_id: str, seconds: float) -> None:
    fields = {
        "request_id": request_id,
        "method": scope.method,
        "path": scope.path,
        "route": answer.route,
        "status": answer.status,
        "duration_ms": round(seconds * 1000, 1),
    }
    log.info("answered", extra=fields)
