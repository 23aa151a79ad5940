"""A webhook receiver that costs little: answers 200 to everything and remembers when each payment succeeded.

`python -m local.bench.sink` prints its port, and at the end of its input the times it saw, as JSON.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_SUCCESS = b'"event":"payment.success"'
_ID = b'"payment":{"id":"'


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    epoll = select.epoll()
    epoll.register(listener.fileno(), select.EPOLLIN)
    epoll.register(sys.stdin.fileno(), select.EPOLLIN | select.EPOLLHUP)
    lines: dict[int, tuple[socket.socket, bytearray]] = {}
    succeeded: dict[str, float] = {}
    count = 0
    while True:
        for fd, _ in epoll.poll():
            if fd == sys.stdin.fileno():
                print(json.dumps({"count": count, "succeeded": succeeded}), flush=True)
                return
            if fd == listener.fileno():
                line, _ = listener.accept()
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                lines[line.fileno()] = line, bytearray()
                epoll.register(line.fileno(), select.EPOLLIN)
                continue
            line, received = lines[fd]
            try:
                part = line.recv(65536)
            except ConnectionError:
                part = b""
            if not part:
                epoll.unregister(fd)
                line.close()
                del lines[fd]
                continue
            received += part
            head, mark, body = bytes(received).partition(b"\r\n\r\n")
            if not mark:
                continue
            lower = head.lower()
            at = lower.find(b"content-length:") + 15
            if len(body) < int(lower[at:].split(b"\r\n", 1)[0]):
                continue
            received.clear()
            line.sendall(_ANSWER)
            count += 1
            if _SUCCESS in body:
                start = body.find(_ID) + len(_ID)
                succeeded[body[start : start + 20].decode()] = time.time()


if __name__ == "__main__":
    main()
