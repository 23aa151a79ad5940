"""A load generator that costs little: keep-alive connections on one epoll loop, each with one request under way."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

SECONDS_MAX = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What a run of requests took. Latencies in seconds, sorted."""

    seconds: float
    latencies: list[float]
    statuses: dict[int, int]
    bodies: list[bytes]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))]


def request(method: str, path: str, *, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def run(port: int, requests: Iterator[bytes], *, connections: int, keep_bodies: bool = False) -> Load:
    """Sends all of the requests over this many connections; each sends its next when it has its answer."""
    epoll = select.epoll()
    lines: dict[int, _Line] = {}
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    bodies: list[bytes] = []
    started = time.perf_counter()
    for _ in range(connections):
        line = _Line(port)
        if line.send_next(requests):
            lines[line.fd] = line
            epoll.register(line.fd, select.EPOLLIN)
    while lines:
        if time.perf_counter() - started > SECONDS_MAX:
            raise TimeoutError(f"load was not over after {SECONDS_MAX} seconds")
        for fd, _ in epoll.poll(1.0):
            line = lines[fd]
            answer = line.receive()
            if answer is None:
                continue
            status, body = answer
            latencies.append(time.perf_counter() - line.sent_at)
            statuses[status] = statuses.get(status, 0) + 1
            if keep_bodies:
                bodies.append(body)
            if not line.send_next(requests):
                epoll.unregister(fd)
                line.close()
                del lines[fd]
    seconds = time.perf_counter() - started
    epoll.close()
    return Load(seconds=seconds, latencies=sorted(latencies), statuses=statuses, bodies=bodies)


class _Line:
    """One connection and what has come of its answer."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fd = self._socket.fileno()
        self.sent_at = 0.0
        self._received = b""

    def send_next(self, requests: Iterator[bytes]) -> bool:
        request = next(requests, None)
        if request is None:
            return False
        self._received = b""
        self.sent_at = time.perf_counter()
        self._socket.sendall(request)
        return True

    def receive(self) -> tuple[int, bytes] | None:
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionError("the server hung up")
        self._received += part
        head, mark, body = self._received.partition(b"\r\n\r\n")
        if not mark:
            return None
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        return (int(head[9:12]), body) if len(body) >= length else None

    def close(self) -> None:
        self._socket.close()
