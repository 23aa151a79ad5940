"""The server's edge: slow, huge and malformed requests over raw sockets harm nobody else."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack

import pytest

from tests.live_gateway import Live

CREDENTIALS = b"X-Api-Key: key_test_abc123\r\nX-Api-Secret: secret_test_xyz789\r\nContent-Type: application/json\r\n"


def _connect(live: Live) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", live.port), timeout=15)
    return line


def _exchange(live: Live, request: bytes) -> bytes:
    """All that comes until the server falls silent or hangs up."""
    with _connect(live) as line:
        line.sendall(request)
        line.settimeout(3)
        answer = b""
        try:
            while part := line.recv(65536):
                answer += part
                head, mark, body = answer.partition(b"\r\n\r\n")
                at = head.lower().find(b"content-length:")
                if mark and at >= 0 and len(body) >= int(head[at + 15 :].split(b"\r\n")[0]):
                    break
        except (TimeoutError, ConnectionError):
            pass
        return answer


def _status(answer: bytes) -> int:
    return int(answer[9:12])


def test_slow_senders_stall_nobody(live: Live) -> None:
    with ExitStack() as lines:
        for _ in range(100):
            line = lines.enter_context(_connect(live))
            line.sendall(b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\n" + CREDENTIALS + b"Content-Length: 100\r\n\r\n{")
        for _ in range(50):
            line = lines.enter_context(_connect(live))
            line.sendall(b"POST /api/v1/orders HTTP/1.1\r\nHost: ")
        started = time.monotonic()
        assert live.call("GET", "/health")["status"] == "healthy"
        live.call("POST", "/api/v1/orders", {"amount": 500})
        assert time.monotonic() - started < 3


def test_a_body_that_does_not_come_is_not_waited_for(live: Live) -> None:
    with _connect(live) as line:
        line.sendall(b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\n" + CREDENTIALS + b"Content-Length: 100\r\n\r\n{")
        answer = line.recv(65536)
    assert _status(answer) == 400
    assert b"body_too_slow" in answer


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 10000000\r\n\r\n" + b"{" * 1000,
        b"Transfer-Encoding: chunked\r\n\r\n" + (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 6 + b"0\r\n\r\n",
    ],
    ids=["announced", "chunked"],
)
def test_a_body_over_the_limit_is_refused(live: Live, body: bytes) -> None:
    answer = _exchange(live, b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\n" + CREDENTIALS + body)
    assert _status(answer) == 413
    assert b"body_too_large" in answer


def test_a_chunked_body_is_a_body(live: Live) -> None:
    body = b'Transfer-Encoding: chunked\r\n\r\n7\r\n{"amoun\r\n9\r\nt": 500} \r\n0\r\n\r\n'
    answer = _exchange(live, b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\n" + CREDENTIALS + body)
    assert _status(answer) == 201


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n",
        b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(90)) + b"\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"y" * 50_000 + b"\r\n\r\n",
        b"GET /api/v1/orders/%00 HTTP/1.1\r\nHost: x\r\n" + CREDENTIALS + b"\r\n",
        b"GET /api/v1/orders/%FF%FE HTTP/1.1\r\nHost: x\r\n" + CREDENTIALS + b"\r\n",
        b"GET /api/v1/orders/x HTTP/1.1\r\nHost: x\r\nX-Api-Key: \xff\xfe\r\nX-Api-Secret: \xff\r\n\r\n",
        b"GET /nothing HTTP/1.1\r\nHost: x\r\nX-Api-Key: \xff\xfe\r\nOrigin: \xff\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nForwarded: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
        b"TRACE /health HTTP/1.1\r\nHost: x\r\n\r\n",
        b"NONSENSE /health HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=lambda request: request[:40].decode("latin-1"),
)
def test_a_malformed_request_is_refused_and_never_an_error_of_ours(live: Live, request_: bytes) -> None:
    answer = _exchange(live, request_)
    assert answer == b"" or 400 <= _status(answer) < 500, answer[:200]
    assert live.call("GET", "/health")["status"] == "healthy"
