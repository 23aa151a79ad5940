"""The calls that merchants' programs make, for their developers to look at: what was sent, masked, and what came of it.

A call is noted after its answer is made, so it never fails for it. What notes it is chosen where a process starts: the
server of one machine gathers calls and stores many at once; a Lambda, which may be frozen as soon as it has answered,
stores each at once, and in production only those that were refused.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Protocol
from uuid import UUID

import msgspec
import psycopg

from chalicelib import masking, runtime
from chalicelib.http import ENDPOINTS
from shared.db import requests
from shared.db.database import Database
from shared.db.requests import Request

BODY_CHARACTERS_MAX = 4096
BODY_LOOKED_AT_MAX = 4 * BODY_CHARACTERS_MAX  # a larger one is hardly one of ours, and much work
WORDS_MAX = 300  # of a path, a user agent
WORDS_LOOKED_AT_MAX = 4096  # of which so many are kept
WAITING_MAX = 100  # calls that are gathered; of those that come while there are as many, only their number is known
STORE_SECONDS = 1.0

_SUBJECT = re.compile(r'\{"id":"([^"\\]{1,64})"')

log = logging.getLogger(__name__)


class Notes(Protocol):
    def full(self) -> bool: ...

    def add(self, request: Request) -> None: ...


class AtOnce:
    """Stores each call when it is noted."""

    def full(self) -> bool:
        return False

    def add(self, request: Request) -> None:
        _store(runtime.current().database, [_clean(request)])


class Gathered:
    """Stores what has come every second, from a thread of its own that begins with the first call."""

    def __init__(self, database: Database, *, dropped: Callable[[int], None] = lambda _: None) -> None:
        self._database = database
        self._waiting: deque[Request] = deque()
        self._dropped = dropped
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def full(self) -> bool:
        """Whether there is no room; the call is then counted, and no more is done for it."""
        if len(self._waiting) < WAITING_MAX:
            return False
        self._dropped(1)
        return True

    def add(self, request: Request) -> None:
        self._waiting.append(request)
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._store_for_ever, name="request-log", daemon=True)
                    self._thread.start()

    def store(self) -> None:
        """What has been noted up to now."""
        some = [self._waiting.popleft() for _ in range(min(len(self._waiting), WAITING_MAX))]
        if some and not _store(self._database, [_clean(one) for one in some]):
            self._dropped(len(some))

    def _store_for_ever(self) -> None:
        while True:
            time.sleep(STORE_SECONDS)
            try:
                self.store()
            except Exception:
                log.exception("calls not stored")


_notes: Notes = AtOnce()


def use(notes: Notes) -> None:
    """Sets what notes the calls of this process."""
    global _notes
    _notes = notes


def note(event: Mapping[str, Any], answered: Mapping[str, Any], *, seconds: float, which: str) -> None:
    """Notes a call that a merchant made, if calls like it are; `which` is the setting REQUEST_LOG. Never raises."""
    context = event["requestContext"]
    merchant_id: UUID | None = context.get("merchantId")
    if merchant_id is None or not _wanted(which, event["httpMethod"], answered["statusCode"]):
        return
    api_key = context.get("apiKey")
    if api_key is None and event["httpMethod"] == "GET":
        return  # the dashboard looking around is none of the merchant's programs
    try:
        if not _notes.full():
            _notes.add(_request(event, answered, merchant_id, api_key, seconds))
    except Exception:
        log.exception("call not noted")


def _wanted(which: str, method: str, status: int) -> bool:
    return which == "all" or (which != "off" and status >= 400) or (which == "writes" and method != "GET")


def _request(
    event: Mapping[str, Any], answered: Mapping[str, Any], merchant_id: UUID, api_key: str | None, seconds: float
) -> Request:
    context, headers = event["requestContext"], event["headers"] or {}
    subject = _SUBJECT.match(answered["body"] or "")
    return Request(
        merchant_id=merchant_id,
        created_at=datetime.now(UTC) - timedelta(seconds=seconds),
        method=event["httpMethod"],
        path=event["path"][:WORDS_LOOKED_AT_MAX],
        status=answered["statusCode"],
        duration_ms=round(seconds * 1000),
        request_id=context["requestId"],
        address=context.get("identity", {}).get("sourceIp") or "",
        user_agent=(headers.get("user-agent") or headers.get("User-Agent") or "")[:WORDS_LOOKED_AT_MAX],
        api_key=api_key,
        subject=subject[1] if subject else None,
        body=asked_for(event["body"], _shape(event["httpMethod"], context["resourcePath"])),
    )


def asked_for(body: str | None, shape: type | None) -> str | None:
    """Of a body what the endpoint asks for. What is no JSON object is not kept: nobody can tell what is in it."""
    if not body or len(body) > BODY_LOOKED_AT_MAX:
        return None
    try:
        sent = msgspec.json.decode(body)
        return msgspec.json.encode(masking.asked_for(sent, shape)).decode() if isinstance(sent, dict) else None
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


@cache
def _shape(method: str, resource: str) -> type | None:
    return next((one.body for one in ENDPOINTS if (one.method, one.path) == (method, resource)), None)


def _clean(request: Request) -> Request:
    """Cleaned before it is cut: half a card number is not found."""
    body = masking.clean_text(request.body or "")  # an object, as text
    return replace(
        request,
        path=masking.clean_text(request.path)[:WORDS_MAX],
        user_agent=masking.clean_text(request.user_agent)[:WORDS_MAX],
        body=body[:BODY_CHARACTERS_MAX] or None,
    )


def _store(database: Database, some: Sequence[Request]) -> bool:
    try:
        with database.statement() as tx:
            requests.store(tx, some)
    except psycopg.Error as error:
        log.warning("calls not stored: %d %s", len(some), type(error).__name__)
        return False
    return True
