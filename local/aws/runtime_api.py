"""The Runtime API of one sandbox: where its process asks for events and answers them.

Documented by AWS as "Using the Lambda runtime API". What the process says is put into a queue, in its order; whoever
drives the sandbox reads it there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from queue import SimpleQueue
from typing import Literal

from local.aws.http_listener import LOOPBACK, HttpListener

PREFIX = "/2018-06-01/runtime"
ANSWER_BYTES_MAX = 6 * 1024 * 1024 + 100 * 1024  # of a function's answer, in AWS's own words 6 MB


@dataclass(frozen=True, kw_only=True)
class Invocation:
    request_id: str
    event: bytes
    deadline_ms: int  # since 1970
    arn: str
    trace_id: str


@dataclass(frozen=True)
class Word:
    """One thing the sandbox told: it wants an event, answers one, failed at one, failed to start, or is gone."""

    kind: Literal["next", "response", "error", "init_error", "gone"]
    body: bytes = b""


class RuntimeApi:
    def __init__(self) -> None:
        self.words: SimpleQueue[Word] = SimpleQueue()
        self._invocations: SimpleQueue[Invocation | None] = SimpleQueue()
        words, invocations = self.words, self._invocations

        class Handler(_Handler):
            def next(self) -> Invocation | None:
                words.put(Word("next"))
                return invocations.get()

            def tell(self, word: Word) -> None:
                words.put(word)

        self._listener = HttpListener(Handler, name="runtime-api")
        self._listener.start()

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self._listener.port}"

    def give(self, invocation: Invocation) -> None:
        """The next event, for the process that asked for it."""
        self._invocations.put(invocation)

    def close(self) -> None:
        self._invocations.put(None)  # for a thread that waits in `next`
        self._listener.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def next(self) -> Invocation | None:
        raise NotImplementedError

    def tell(self, word: Word) -> None:
        raise NotImplementedError

    def do_GET(self) -> None:
        if self.path != f"{PREFIX}/invocation/next":
            self._answer(404, b"{}")
            return
        invocation = self.next()
        if invocation is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        self._answer(200, invocation.event, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == f"{PREFIX}/init/error":
            self.tell(Word("init_error", body))
        elif self.path.startswith(f"{PREFIX}/invocation/") and self.path.endswith("/error"):
            self.tell(Word("error", body))
        elif not (self.path.startswith(f"{PREFIX}/invocation/") and self.path.endswith("/response")):
            self._answer(404, b"{}")
            return
        elif len(body) > ANSWER_BYTES_MAX:
            self.tell(Word("error", json.dumps(_too_large(len(body))).encode()))
        else:
            self.tell(Word("response", body))
        self._answer(202, b'{"status":"OK"}')

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The functions' logs tell enough."""


def _too_large(size: int) -> dict[str, str]:
    message = f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({ANSWER_BYTES_MAX} bytes)."
    return {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
