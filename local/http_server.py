"""One process of the API server: Granian's native interface in front of a few threads that answer.

A request takes a thread only when its body is complete, so slow senders wait in the event loop, where waiting is
cheap, and are cut off after BODY_SECONDS. Four threads keep Postgres busy; more would only take turns.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from queue import SimpleQueue
from typing import Any

import app as handlers
from chalicelib.body import BYTES_MAX

from local import runtime
from local.api_gateway import ApiGateway, HttpAnswer, failed, new_request_id, refused
from shared.errors import BadRequest, GatewayError, TooLarge

THREADS = 4
BODY_SECONDS = 10
URI_CHARACTERS_MAX = 4096
HEADERS_MAX = 64
HEADER_CHARACTERS_MAX = 16 * 1024  # in all
BODILESS = frozenset(("GET", "HEAD", "OPTIONS"))

log = logging.getLogger(__name__)

settings = runtime.settings_or_exit()
runtime.start(settings, name="api")
_gateway = ApiGateway(handlers.app, cors_origins=settings.cors_origins)
_waiting: SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Future[HttpAnswer], dict[str, Any]]] = SimpleQueue()


async def app(scope: Any, protocol: Any) -> None:
    request_id = new_request_id()
    try:
        request = {
            "method": scope.method,
            "path": scope.path,
            "query": scope.query_string,
            "headers": _headers(scope),
            "body": b"" if scope.method in BODILESS else await _body(scope, protocol),
            "source_ip": scope.client.rpartition(":")[0],
            "request_id": request_id,
        }
    except GatewayError as refusal:
        answer = refused(refusal, request_id)
    except Exception:  # the sender hung up in the middle, or sent what is no HTTP: there is nobody to answer
        answer = refused(BadRequest("The request broke off", reason="incomplete"), request_id)
    else:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[HttpAnswer] = loop.create_future()
        _waiting.put((loop, answered, request))
        answer = await answered
    protocol.response_bytes(answer.status, list(answer.headers.items()), answer.body)


def _headers(scope: Any) -> dict[str, str]:
    headers = dict(scope.headers.items())
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


def _answer_for_ever() -> None:
    while True:
        loop, answered, request = _waiting.get()
        if answered.cancelled():  # the caller hung up while it waited
            continue
        try:
            answer = _gateway.answer(**request)
        except Exception:
            log.exception("not answered: id=%s", request["request_id"])
            answer = failed(request["request_id"])
        loop.call_soon_threadsafe(_give, answered, answer)
        del answered, answer, request  # a card number is not to outlive its request


def _give(answered: asyncio.Future[HttpAnswer], answer: HttpAnswer) -> None:
    if not answered.cancelled():  # the caller may have hung up
        answered.set_result(answer)


for _number in range(THREADS):
    threading.Thread(target=_answer_for_ever, name=f"answer-{_number}", daemon=True).start()
