"""A merchant's webhook receiver for tests: remembers what it got and answers as it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    at: float  # monotonic seconds
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Receiver:
    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], int | tuple[int, bytes]] = lambda _: 200  # a status, or a status and a body

    def events(self) -> list[str]:
        return [one.body["event"] for one in self.received]

    def wait_for(self, wanted: Callable[[], bool], seconds: float = 10) -> None:
        stop_at = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < stop_at, f"only got {self.events()}"
            time.sleep(0.02)


@contextmanager
def receiver(*, reached_as: str | None = None) -> Iterator[Receiver]:
    """On this machine only; with the name that another machine reaches this one by, on all its addresses."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            one = Received(
                time.monotonic(),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(int(self.headers["Content-Length"])),
            )
            state.received.append(one)
            answer = state.answer(one)
            status, body = answer if isinstance(answer, tuple) else (answer, b"ok")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(ConnectionError):  # the gateway hangs up on a slow answer
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1" if reached_as is None else "", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    state.url = f"http://{reached_as or '127.0.0.1'}:{server.server_port}/webhook"
    yield state
    server.shutdown()
    server.server_close()
