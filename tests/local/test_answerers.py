"""Requests that wait hold up nobody."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from local import answerers
from local.answerers import THREADS, WAITERS_MAX, Answerers
from local.api_gateway import HttpAnswer

SOON_SECONDS = 1.0


class Handlers:
    """Those that wait until they are released; the others answer at once. An answer's body is the query it saw."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.threads: set[str] = set()

    def __call__(self, *, method: str, query: str, request_id: str) -> HttpAnswer:
        if "wait" in query:
            self.threads.add(threading.current_thread().name)
        if "wait" in query and method == "GET":
            assert self.release.wait(30)
        if query == "broken":
            raise ValueError(query)
        return HttpAnswer(200, {}, query.encode())


@pytest.fixture
def handlers() -> Handlers:
    return Handlers()


def request(query: str = "", method: str = "GET") -> dict[str, Any]:
    return {"method": method, "query": query, "request_id": "r"}


async def soon(made: Answerers, *args: str) -> HttpAnswer:
    async with asyncio.timeout(SOON_SECONDS):
        return await made.answer(request(*args))


@pytest.mark.parametrize("query", ["wait=20", "expand=x&wait=20", "w%61it=20", "wait"])
def test_as_many_as_may_wait_hold_up_nobody(handlers: Handlers, query: str) -> None:
    async def run() -> None:
        made = Answerers(handlers)
        waiting = [asyncio.create_task(made.answer(request(f"{query}&wait"))) for _ in range(WAITERS_MAX)]
        await asyncio.sleep(0)
        for _ in range(2 * THREADS):
            assert (await soon(made)).status == 200
        handlers.release.set()
        assert [(await task).body.decode() for task in waiting] == [f"{query}&wait"] * WAITERS_MAX

    asyncio.run(run())
    assert handlers.threads == {"waiter"}


def test_one_more_is_answered_at_once_without_waiting(handlers: Handlers) -> None:
    async def run() -> None:
        made = Answerers(handlers)
        waiting = [asyncio.create_task(made.answer(request("wait=20"))) for _ in range(WAITERS_MAX)]
        await asyncio.sleep(0)
        for _ in range(2 * THREADS):
            assert (await soon(made, "a=1&wait=20&b=%26&w%61it=1")).body == b"a=1&b=%26"
        handlers.release.set()
        await asyncio.gather(*waiting)
        await asyncio.sleep(0)
        assert (await made.answer(request("wait=20"))).body == b"wait=20", "there is room again"
        assert made._waiters <= 1

    asyncio.run(run())


def test_a_waiter_counts_until_its_thread_ends_even_if_nobody_listens_any_more(
    handlers: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answerers, "WAITERS_MAX", 2)

    async def run() -> None:
        made = Answerers(handlers)
        waiting = [asyncio.create_task(made.answer(request("wait=20"))) for _ in range(2)]
        await asyncio.sleep(0.05)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert (await soon(made, "wait=20")).body == b""
        handlers.release.set()
        stop_at = time.monotonic() + 5
        while made._waiters:
            assert time.monotonic() < stop_at
            await asyncio.sleep(0.01)

    asyncio.run(run())


def test_only_a_get_waits(handlers: Handlers) -> None:
    async def run() -> None:
        assert (await soon(Answerers(handlers), "wait=20", "POST")).body == b"wait=20"

    asyncio.run(run())
    assert "waiter" not in handlers.threads


def test_an_error_outside_every_handler_is_an_answer(handlers: Handlers, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        assert (await soon(Answerers(handlers), "broken")).status == 500

    asyncio.run(run())
    assert "not answered" in caplog.text
