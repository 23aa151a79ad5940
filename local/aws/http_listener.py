"""An HTTP server on the loopback that ends at once when it is closed, with all its threads."""

from __future__ import annotations

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"
WAITING_MAX = 512  # connections that nobody has accepted yet


class HttpListener(ThreadingHTTPServer):
    """A thread for each connection, which it keeps while the caller does."""

    request_queue_size = WAITING_MAX
    daemon_threads = False
    block_on_close = True

    def __init__(self, handler: type[BaseHTTPRequestHandler], *, port: int = 0, name: str) -> None:
        super().__init__((LOOPBACK, port), handler)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._accepting = threading.Thread(target=self._accept, name=name, daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def start(self) -> None:
        self._accepting.start()

    def close(self) -> None:
        """Break every connection and wait for every thread."""
        with self._lock:
            self._closed = True
            open_now = list(self._open)
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes accept
        for connection in open_now:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        if self._accepting.ident is not None:
            self._accepting.join()
        self.server_close()

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is the caller's matter."""

    def server_bind(self) -> None:
        """Without the name service, which the base asks for the host's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = LOOPBACK, self.port

    def _accept(self) -> None:
        while True:
            try:
                connection, caller = self.socket.accept()
            except OSError:
                return
            with self._lock:
                closed = self._closed
                if not closed:
                    self._open.add(connection)
            if closed:
                connection.close()
                return
            self.process_request(connection, caller)
