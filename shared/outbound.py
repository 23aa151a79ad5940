"""One POST to a receiver that may be slow, huge or hostile: bounded in time and size, never redirected.

A host is looked up once for each connection, and the connection is made to an address that was judged: a name that
means another address a moment later gains nothing by it. Proxies in the environment are not used.

A urllib3 pool keeps connections to good receivers open. The time limit is for the whole exchange, not for each
read, so a receiver that sends a byte now and then is cut off like one that sends nothing: every socket knows its
deadline and gives each operation only what is left.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from ipaddress import ip_address
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from shared.addresses import NOT_PUBLIC, Network, Reach, may_be_reached

SECONDS_MAX = 5.0
RESPONSE_BYTES_MAX = 4096
POOLS_MAX = 256  # receivers whose connections are kept
CONNECTIONS_PER_RECEIVER = 8
RESOLVERS_MAX = 32  # names looked up at once
KEPT_IDLE_SECONDS_MAX = 2.0  # receivers close idle connections, Node after 5 s: ours must not race with theirs
ERROR_CHARACTERS_MAX = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """How the exchange ended. `status` is None if no answer came; `error` says why, in words."""

    status: int | None
    body: str
    error: str | None
    duration_ms: int

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """Thread-safe; one for a process."""

    def __init__(
        self,
        *,
        seconds_max: float = SECONDS_MAX,
        allowed_networks: Sequence[Network] = (),
        https_only: bool = False,
    ) -> None:
        """Only public addresses are reached, and those in `allowed_networks`."""
        self._seconds_max = seconds_max
        self._reach = Reach(https_only=https_only, allowed_networks=allowed_networks)
        self._pools = urllib3.PoolManager(
            num_pools=POOLS_MAX,
            maxsize=CONNECTIONS_PER_RECEIVER,
            retries=False,
            ssl_context=_tls(),
        )
        self._pools.pool_classes_by_scheme = {
            "http": partial(_HttpPool, allowed_networks=allowed_networks),  # type: ignore[dict-item]
            "https": partial(_HttpsPool, allowed_networks=allowed_networks),  # type: ignore[dict-item]
        }

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Response:
        """Never raises for what the other side does, nor for a URL that must not be called."""
        if refusal := self._reach.refusal(url):
            return Response(status=None, body="", error=f"not sent: {refusal}", duration_ms=0)
        started = time.monotonic()
        deadline = started + self._seconds_max
        status, kept, error = None, b"", None
        try:
            response = self._pools.urlopen(
                "POST",
                url,
                body=body,
                headers=dict(headers),
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(total=self._seconds_max),
            )
            status = response.status
            kept = _read(response, deadline)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as failure:
            error = _in_words(failure, self._seconds_max)
        return Response(
            status=None if error else status,
            body=_text(kept),
            error=error,
            duration_ms=int((time.monotonic() - started) * 1000),
        )


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """At most RESPONSE_BYTES_MAX. A connection with more to say, or with no time left, is not kept."""
    kept = b""
    while len(kept) <= RESPONSE_BYTES_MAX:
        part = response.read(RESPONSE_BYTES_MAX + 1 - len(kept), cache_content=False)
        if not part:
            response.release_conn()
            return kept
        kept += part
        if time.monotonic() > deadline:
            break
    response.close()
    return kept[:RESPONSE_BYTES_MAX]


def _text(kept: bytes) -> str:
    """What Postgres can store: no NUL, and still within the bound where odd bytes had to be replaced."""
    text = kept.decode("utf-8", "replace").replace("\x00", "\ufffd")
    return text.encode()[:RESPONSE_BYTES_MAX].decode("utf-8", "ignore")


class _NotPublic(urllib3.exceptions.HTTPError):
    """The host has an address that may not be reached."""


def _in_words(failure: Exception, seconds_max: float) -> str:
    if isinstance(failure, _NotPublic):
        return f"not sent: {NOT_PUBLIC}"
    if isinstance(failure, urllib3.exceptions.NameResolutionError):
        return "could not connect: the name of the host is unknown"
    if isinstance(failure, urllib3.exceptions.NewConnectionError):
        return "could not connect: nobody listens there"
    if isinstance(failure, urllib3.exceptions.TimeoutError | TimeoutError):
        return f"no complete answer within {seconds_max:g} seconds"
    return f"{type(failure).__name__}: {failure}"[:ERROR_CHARACTERS_MAX]


class _Deadline:
    """Gives each socket operation what is left until `deadline`, by the monotonic clock."""

    deadline = float("inf")

    def left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline")
        return left

    def recv_into(self, *args: Any) -> Any:
        self.settimeout(self.left())  # type: ignore[attr-defined]
        return super().recv_into(*args)  # type: ignore[misc]

    def sendall(self, *args: Any) -> None:
        self.settimeout(self.left())  # type: ignore[attr-defined]
        super().sendall(*args)  # type: ignore[misc]


class _Socket(_Deadline, socket.socket):
    pass


class _TlsSocket(_Deadline, ssl.SSLSocket):
    pass


def _tls() -> ssl.SSLContext:
    context = create_urllib3_context(ssl_minimum_version=ssl.TLSVersion.TLSv1_2)
    context.load_default_certs()
    context.sslsocket_class = _TlsSocket
    return context


class _Bounded:
    """A connection whose exchange, from looking up the host to the last byte, ends at a deadline set by `begin`."""

    sock: Any
    timeout: Any
    _deadline = 0.0
    _used_at = 0.0

    def __init__(self, *args: Any, allowed_networks: Sequence[Network], **more: Any) -> None:
        super().__init__(*args, **more)
        self._allowed_networks = allowed_networks

    def begin(self) -> None:
        """A new exchange; a connection that was idle too long is not used for it."""
        now = time.monotonic()
        if self.sock is not None and now - self._used_at > KEPT_IDLE_SECONDS_MAX:
            self.close()  # type: ignore[attr-defined]
        self._used_at = now
        self._deadline = now + self.timeout
        if self.sock is not None:
            self.sock.deadline = self._deadline

    def _new_conn(self) -> socket.socket:
        """A connection to the first address that lets us in; those not yet tried share the time that is left."""
        host, port = self._dns_host, self.port  # type: ignore[attr-defined]
        try:
            addresses = _look_up(host, port, max(0.0, self._deadline - time.monotonic()))
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(host, self, error) from error  # type: ignore[arg-type]
        # One bad address is enough: an honest name has none, and which one is tried first is not ours to say.
        if not all(_may_be_reached(address, self._allowed_networks) for *_, address in addresses):
            raise _NotPublic
        last: OSError | None = None
        for place, (family, kind, protocol, _, address) in enumerate(addresses):
            opened = _Socket(family, kind, protocol)
            opened.deadline = self._deadline
            try:
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                opened.settimeout(opened.left() / (len(addresses) - place))
                opened.connect(address)
                opened.settimeout(opened.left())  # what a TLS handshake may take
                return opened
            except OSError as error:
                opened.close()
                last = error
        if isinstance(last, TimeoutError):
            raise ConnectTimeoutError(self, "nobody let us in in time") from last
        raise NewConnectionError(self, f"{last}") from last  # type: ignore[arg-type]

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sock.deadline = self._deadline


def _look_up(host: str, port: int, seconds: float) -> list[Any]:
    """The addresses of a host. Raises ConnectTimeoutError if the resolver, which knows no limit, is slower."""
    looking = _resolvers().submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        return looking.result(seconds)
    except TimeoutError as error:
        looking.cancel()
        raise ConnectTimeoutError(None, "the host's name was not resolved in time") from error


def _may_be_reached(address: Any, allowed: Sequence[Network]) -> bool:
    """Judges a socket address by the text that `connect` is given."""
    try:
        return may_be_reached(ip_address(address[0]), allowed)
    except ValueError:
        return False


@cache
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=RESOLVERS_MAX, thread_name_prefix="resolve")


class _HttpConnection(_Bounded, HTTPConnection):
    pass


class _HttpsConnection(_Bounded, HTTPSConnection):
    pass


class _BoundedPool:
    def _validate_conn(self, conn: Any) -> None:
        conn.begin()  # here, because for https this is also where urllib3 connects
        super()._validate_conn(conn)  # type: ignore[misc]


class _HttpPool(_BoundedPool, HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(_BoundedPool, HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection
