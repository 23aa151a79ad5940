"""The threads of a server process that answer: a few that always do, and one more for each request that waits.

A request with a `wait` parameter may sleep for many seconds until there is something to say. It gets a thread of its
own, up to a bound; past that the parameter is dropped, and it is answered at once like any other.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar
from urllib.parse import unquote_plus

from local.api_gateway import HttpAnswer, failed

THREADS = 4  # keep Postgres busy; more would only take turns
WAITERS_MAX = 64
WAIT = "wait"

Request = dict[str, Any]
T = TypeVar("T")

log = logging.getLogger(__name__)


class Answerers:
    """To be called from one event loop; `answer` is called in any of the threads."""

    def __init__(self, answer: Callable[..., HttpAnswer]) -> None:
        self._answer = answer
        self._waiters = 0
        self._requests: SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Future[HttpAnswer], Request]] = (
            SimpleQueue()
        )
        for number in range(THREADS):
            threading.Thread(target=self._answer_for_ever, name=f"answer-{number}", daemon=True).start()

    async def answer(self, request: Request) -> HttpAnswer:
        if request["query"] and request["method"] == "GET" and _waits(request["query"]):
            if self._waiters < WAITERS_MAX:
                return await self._in_a_waiter(request)
            request["query"] = _without_wait(request["query"])
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[HttpAnswer] = loop.create_future()
        self._requests.put((loop, answered, request))
        return await answered

    def _in_a_waiter(self, request: Request) -> asyncio.Future[HttpAnswer]:
        def ended() -> None:  # not before the thread ends, though the caller may have hung up long ago
            self._waiters -= 1

        answered = in_a_thread(lambda: self._answered(request), name="waiter", ended=ended)
        self._waiters += 1
        return answered

    def _answer_for_ever(self) -> None:
        while True:
            loop, answered, request = self._requests.get()
            if answered.cancelled():  # the caller hung up while it waited
                continue
            answer = self._answered(request)
            loop.call_soon_threadsafe(_give, answered, answer)
            del answered, answer, request  # a card number is not to outlive its request

    def _answered(self, request: Request) -> HttpAnswer:
        try:
            return self._answer(**request)
        except Exception:
            log.exception("not answered", extra={"request_id": request["request_id"]})
            return failed(request["request_id"])


def in_a_thread(work: Callable[[], T], *, name: str, ended: Callable[[], None] = lambda: None) -> asyncio.Future[T]:
    """What `work` returns or raises, in a thread of its own. `ended` is called in the loop when it is over."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[T] = loop.create_future()

    def end(settle: Callable[[], None]) -> None:
        ended()
        if not answered.cancelled():  # the caller may have hung up
            settle()

    def run() -> None:
        try:
            settle = partial(answered.set_result, work())
        except Exception as error:
            settle = partial(answered.set_exception, error)
        loop.call_soon_threadsafe(end, settle)

    threading.Thread(target=run, name=name, daemon=True).start()
    return answered


def _give(answered: asyncio.Future[HttpAnswer], answer: HttpAnswer) -> None:
    if not answered.cancelled():  # the caller may have hung up
        answered.set_result(answer)


def _waits(query: str) -> bool:
    return any(map(_is_wait, query.split("&")))


def _without_wait(query: str) -> str:
    return "&".join(part for part in query.split("&") if not _is_wait(part))


def _is_wait(part: str) -> bool:
    return unquote_plus(part.partition("=")[0]) == WAIT
