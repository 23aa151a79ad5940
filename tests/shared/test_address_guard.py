"""Hostile URLs through the real sender, beside a canary that counts connections: none may come.

The canary listens on the loopback addresses. Where the machine lets us make a network of our own, the same tests run
there again with every address of the world being the canary's, so that whatever is dialled is seen.
"""

from __future__ import annotations

import base64
import datetime
import os
import re
import secrets
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from chalicelib import runtime
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared import addresses, outbound
from shared.config import Config, ConfigError, from_environment
from shared.db.database import Database
from shared.outbound import Response, Sender
from tests import gateway

ROOT = Path(__file__).resolve().parent.parent.parent
NO_URL, NOT_HTTPS, NOT_PUBLIC = (
    f"not sent: {why}" for why in (addresses.NO_URL, addresses.NOT_HTTPS, addresses.NOT_PUBLIC)
)
SECONDS_MAX = 3  # generous: a refusal takes none of it, and the machine that runs this may be busy
PROBE = b"a connection of the test itself\n"
BODY = b'{"event":"payment.success"}'

# Set in a network of our own. There the good receiver has a public address; elsewhere one that is allowed.
OWN_NETWORK = "TESTS_RUN_IN_THEIR_OWN_NETWORK"
IN_OWN_NETWORK = OWN_NETWORK in os.environ
PUBLIC = "203.0.114.10" if IN_OWN_NETWORK else "127.0.0.2"
ALLOWED = () if IN_OWN_NETWORK else (ip_network("127.0.0.2/32"),)

# Hosts by what is wrong with them; each is put into http://HOST:PORT/ with the port of the canary.
HOSTS = {
    "an address of version 4": [
        *("127.0.0.1", "127.0.0.3", "127.1.2.3", "127.255.255.254", "0.0.0.0", "0.1.2.3"),  # noqa: S104
        *("10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.255.254"),
        *("169.254.169.254", "169.254.170.2", "168.63.129.16", "100.64.0.1", "100.100.100.200", "100.127.255.254"),
        *("192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.254", "198.51.100.1"),
        *("203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    ],
    "an address in another notation": [
        *("2130706433", "0x7f000001", "0X7F000001", "017700000001", "127.1", "127.0.1", "0x7f.1", "0x7f.0.0.1"),
        *("0177.0.0.1", "0177.1", "127.0.0.0x1", "0000177.0.0.01", "0x0000007f.0x0.0x0.0x1", "127.000.000.001"),
        *("0", "00", "0x0", "0.0", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"),
        *("167772161", "3232235521", "1684300900", "127.0.0.1.", "2130706433.", "127.1.", "4294967297"),
    ],
    "an address of version 6": [
        *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::0001]"),
        *("[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[ff0e::1]", "[100::1]", "[5f00::1]"),
        *("[2001:db8::1]", "[3fff::1]", "[2001:2::1]", "[2001:10::1]", "[2001:20::1]", "[4000::1]"),
        *("[fe80::1%25lo]", "[fe80::1%lo]", "[::1%25lo]", "[::1%lo]", "[::1%251]"),
        *("::1", "[127.0.0.1]", "[::1", "[::1].public.example", "[v1.127.0.0.1]"),
    ],
    "an address of version 4 in one of version 6": [
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:127.0.0.1]", "[0:0:0:0:0:ffff:127.0.0.1]"),
        *("[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::ffff:10.0.0.1]", "[::ffff:0.0.0.0]"),
        *("[::127.0.0.1]", "[::7f00:1]", "[::a9fe:a9fe]", "[::ffff:0:127.0.0.1]", "[2606:4700::5efe:7f00:1]"),
        *("[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]"),
        *("[2002:7f00:1::]", "[2002:7f00:1::1]", "[2002:a9fe:a9fe::]", "[2002:a00:1::]"),
        *("[2001::1]", "[2001:0:7f00:1::]", "[2001:0:808:808:0:0:80ff:fffe]"),
    ],
    "letters and dots that only look like it": [
        *("１２７.０.０.１", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "①②⑦.⓪.⓪.①", "𝟭𝟮𝟳.𝟬.𝟬.𝟭", "١٢٧.٠.٠.١"),
        *("ｌｏｃａｌｈｏｓｔ", "ⓛocalhost", "localho\u017ft", "loc\u00adalhost", "local\u200bhost", "[::１]"),
        *("%31%32%37.0.0.1", "127%2e0%2e0%2e1", "%6c%6f%63alhost", "%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1"),
        *("127.0.0.1%00.public.example", "127.0.0.1%23.public.example", "127.0.0.1\x00", "127.0.0.1\t", " 127.0.0.1"),
    ],
    "a name of a private address": [
        *("localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost", "metadata.google.internal"),
        *("loopback.example", "loopback6.example", "mapped.example", "private.example", "cgnat.example", "ula.example"),
        *("nat64.example", "6to4.example", "zero.example", "zero6.example", "link.example", "multicast.example"),
        *("127.0.0.1.nip.example", "7f000001.rebind.example", "a_b.loopback.example", "xn--bcher-kva.example"),
    ],
    "a name with a private address among others": [
        *("public-then-private.example", "private-then-public.example", "many-then-private.example"),
        *("public-then-metadata.example", "public-then-v6-private.example", "v6-private-then-public.example"),
        *("public-then-mapped.example", "public-then-nonsense.example", "private-between.example"),
    ],
}
NAMES: dict[str, Sequence[str]] = {
    "public.example": [PUBLIC],
    "localhost": ["::1", "127.0.0.1"],
    "localhost.localdomain": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "metadata.google.internal": ["169.254.169.254"],
    "loopback.example": ["127.0.0.1"],
    "loopback6.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "private.example": ["10.0.0.1"],
    "cgnat.example": ["100.64.0.1"],
    "ula.example": ["fd00::1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "6to4.example": ["2002:7f00:1::"],
    "zero.example": ["0.0.0.0"],  # noqa: S104
    "zero6.example": ["::"],
    "link.example": ["fe80::1%lo"],
    "multicast.example": ["224.0.0.1"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "7f000001.rebind.example": ["127.0.0.1"],
    "a_b.loopback.example": ["127.0.0.1"],
    "xn--bcher-kva.example": ["127.0.0.1"],
    "public-then-private.example": [PUBLIC, "127.0.0.1"],
    "private-then-public.example": ["127.0.0.1", PUBLIC],
    "many-then-private.example": [*[PUBLIC] * 12, "127.0.0.1"],
    "public-then-metadata.example": [PUBLIC, "169.254.169.254"],
    "public-then-v6-private.example": [PUBLIC, "::1"],
    "v6-private-then-public.example": ["::1", PUBLIC],
    "public-then-mapped.example": [PUBLIC, "::ffff:127.0.0.1"],
    "public-then-nonsense.example": [PUBLIC, "<broadcast>"],
    "private-between.example": [PUBLIC, "127.0.0.1", PUBLIC],
}
# Whole URLs that hide where they go.
URLS = [
    "http://public.example@127.0.0.1:PORT/",
    "http://public.example:80@127.0.0.1:PORT/",
    "http://user:secret@localhost:PORT/",
    "http://public.example%40127.0.0.1:PORT/",
    "http://public.example;@127.0.0.1:PORT/",
    "http://one@two@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT#@public.example/",
    "http://127.0.0.1:PORT?@public.example/",
    "http://127.0.0.1:PORT\\@public.example/",
    "http://public.example\\@127.0.0.1:PORT/",
    "http://public.example#@127.0.0.1:PORT/",
    "http://public.example\r\n@127.0.0.1:PORT/",
    "http://[::1]@public.example\\@[::1]:PORT/",
    "http://127.0.0.1:PORT/@public.example",
    "http://127.0.0.1:000PORT/",
    "http://127.0.0.1:PORT/ HTTP/1.1\r\nHost: public.example",
    "http://127.0.0.1:PORT/\r\n",
    " http://127.0.0.1:PORT/",
    "ht\ntp://127.0.0.1:PORT/",
    "HTTP://127.0.0.1:PORT/",
    "//127.0.0.1:PORT/",
    "127.0.0.1:PORT/",
    "http:127.0.0.1:PORT/",
    "http:/127.0.0.1:PORT/",
    "http:///127.0.0.1:PORT/",
    "http:\\\\127.0.0.1:PORT/",
    "https://127.0.0.1:PORT/",
    "https://localhost:PORT/",
    "https://[::1]:PORT/",
    "https://[::ffff:127.0.0.1]:PORT/",
    "https://2130706433:PORT/",
    "https://public-then-private.example:PORT/",
    "ftp://127.0.0.1:PORT/",
    "gopher://127.0.0.1:PORT/_POST",
    "dict://127.0.0.1:PORT/info",
    "file:///etc/passwd",
    "file://127.0.0.1:PORT/etc/passwd",
    "http+unix://%2Ftmp%2Fsocket/",
    "",
]
HOSTILE = [f"http://{host}:PORT/" for hosts in HOSTS.values() for host in hosts] + URLS


# The network


@dataclass
class Receivers:
    """The good receiver at PUBLIC and the canary at every other address, all on one port."""

    port: int
    listeners: list[socket.socket]
    version_6: bool
    connections: list[tuple[socket.socket, str]] = field(default_factory=list)  # and the address that was dialled
    requests: list[bytes] = field(default_factory=list)

    def url(self, host: str, path: str = "/webhook") -> str:
        return f"http://{host}:{self.port}{path}"

    def dialled(self) -> list[str]:
        """The addresses at which connections came in, once all that were made have been seen."""
        for listener in self.listeners:
            with socket.socket(listener.family) as probe:
                host = listener.getsockname()[0].replace("0.0.0.0", "127.0.0.1")  # noqa: S104
                probe.settimeout(5)
                probe.connect((host, self.port))
                probe.sendall(PROBE)
                assert probe.recv(1), "the canary is dead"  # it takes connections in the order in which they are made
        return [address for _, address in self.connections]

    def forget(self) -> None:
        self.connections.clear()
        self.requests.clear()


def _serve(receivers: Receivers, connection: socket.socket, address: str) -> None:
    with connection, suppress(OSError), connection.makefile("rb") as incoming:
        while line := incoming.readline():
            if line == PROBE:
                receivers.connections.remove((connection, address))
                connection.sendall(b"!")
                return
            head = line
            while line not in (b"\r\n", b"\n", b""):
                line = incoming.readline()
                head += line
            length = re.search(rb"(?i)content-length: (\d+)", head)
            receivers.requests.append(head + incoming.read(int(length[1]) if length else 0))
            if redirect := re.match(rb"POST /redirect/(\d+)\?(\S+) ", head):
                connection.sendall(
                    b"HTTP/1.1 %s Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % redirect.groups()
                )
            else:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def _accept(receivers: Receivers, listener: socket.socket) -> None:
    with suppress(OSError):  # the listener is closed
        while True:
            connection, _ = listener.accept()
            address = connection.getsockname()[0]
            receivers.connections.append((connection, address))
            threading.Thread(target=_serve, args=(receivers, connection, address), daemon=True).start()


def _listen() -> list[socket.socket]:
    """Listeners on one port: at every address in a network of our own, elsewhere at some of the loopback."""
    first, *others = ["0.0.0.0", "::"] if IN_OWN_NETWORK else ["127.0.0.1", PUBLIC, "127.0.0.3", "::1"]  # noqa: S104
    listeners = [socket.create_server((first, 0), backlog=100)]
    for host in others:
        version_6 = ":" in host
        try:
            family = socket.AF_INET6 if version_6 else socket.AF_INET
            listeners.append(socket.create_server((host, listeners[0].getsockname()[1]), family=family, backlog=100))
        except OSError:
            if not version_6:  # which a machine may not have
                raise
    return listeners


def _reaches_version_6(port: int) -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.connect(("2606:4700::1111", port))
        return True
    return False


@pytest.fixture(scope="module")
def network() -> Iterator[Receivers]:
    listeners = _listen()
    port = listeners[0].getsockname()[1]
    receivers = Receivers(port, listeners, False)
    threads = [threading.Thread(target=_accept, args=(receivers, listener), daemon=True) for listener in listeners]
    for thread in threads:
        thread.start()
    receivers.version_6 = IN_OWN_NETWORK and _reaches_version_6(port)
    yield receivers
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(5)


@pytest.fixture
def receivers(network: Receivers) -> Receivers:
    network.dialled()  # waits for those of the test before
    network.forget()
    return network


_getaddrinfo = socket.getaddrinfo
RESOLVERS = "resolve"  # what the threads are called that look names up for a sender


class Resolver:
    """Stands in for the system's: answers from `names`, and otherwise only reads addresses, in all their notations."""

    def __init__(self, names: Mapping[str, Sequence[str] | Iterator[Sequence[str]]]) -> None:
        self.names = names
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, *rest: Any, **named: Any) -> list[Any]:
        if not threading.current_thread().name.startswith(RESOLVERS):
            return _getaddrinfo(host, port, *rest, **named)  # others in this process look names up too
        self.asked.append(host)
        answer = self.names.get(host.lower().rstrip("."))
        if answer is None:
            return _getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [_answer(address, port) for address in (next(answer) if isinstance(answer, Iterator) else answer)]


def _answer(address: str, port: int) -> tuple[Any, ...]:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))


def resolve(
    monkeypatch: pytest.MonkeyPatch, names: Mapping[str, Sequence[str] | Iterator[Sequence[str]]] = NAMES
) -> Resolver:
    resolver = Resolver(names)
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    return resolver


@pytest.fixture(scope="module")
def one_sender() -> Sender:
    return Sender(seconds_max=SECONDS_MAX, allowed_networks=ALLOWED)  # once, as it reads every certificate


@pytest.fixture
def sender(one_sender: Sender) -> Iterator[Sender]:
    yield one_sender
    one_sender._pools.clear()


def post(sender: Sender, url: str) -> Response:
    return sender.post(url, body=BODY, headers={"Content-Type": "application/json"})


# What must not be reached


def test_the_corpus_is_large() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 105
    names = {host.lower().rstrip(".") for key, hosts in HOSTS.items() if key.startswith("a name") for host in hosts}
    assert names <= NAMES.keys(), "a name without an address tests nothing"


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_refused_in_words_and_connects_to_nobody(
    sender: Sender, receivers: Receivers, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    resolve(monkeypatch)
    response = post(sender, url.replace("PORT", str(receivers.port)))
    assert receivers.dialled() == []
    assert response.status is None
    assert response.error in (NO_URL, NOT_PUBLIC)


@pytest.mark.filterwarnings("ignore:URLs without a scheme")
@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_connects_to_nobody_even_if_its_form_is_let_through(
    sender: Sender, receivers: Receivers, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """The judgement of the address is enough by itself: the other is a second lock."""
    monkeypatch.setattr(addresses.Reach, "refusal", lambda *_: None)
    resolve(monkeypatch)
    response = post(sender, url.replace("PORT", str(receivers.port)))
    assert receivers.dialled() == []
    assert response.status is None
    assert response.error


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "017700000001", "127.0.0.0x1"])
def test_another_notation_is_judged_by_the_address_it_means(
    sender: Sender, receivers: Receivers, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    assert _getaddrinfo(host, 80, type=socket.SOCK_STREAM)[0][4][0] == "127.0.0.1", "this system reads it otherwise"
    monkeypatch.setattr(addresses.Reach, "refusal", lambda *_: None)
    resolver = resolve(monkeypatch)
    assert post(sender, receivers.url(host)).error == NOT_PUBLIC
    assert resolver.asked == [host]
    assert receivers.dialled() == []


def test_a_refusal_does_not_tell_the_address(
    sender: Sender, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch)
    said = {post(sender, receivers.url(host)).error for host in ("private.example", "loopback.example", "10.0.0.1")}
    assert said == {NOT_PUBLIC}, "what our resolver knows of the inside is nobody's business"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target", ["127.0.0.1", "[::1]", "loopback.example", "169.254.169.254", "127.1", "private.example"]
)
def test_a_redirect_to_a_private_address_is_an_answer_like_any_other(
    sender: Sender, receivers: Receivers, monkeypatch: pytest.MonkeyPatch, status: int, target: str
) -> None:
    resolver = resolve(monkeypatch)
    response = post(sender, receivers.url("public.example", f"/redirect/{status}?{receivers.url(target)}"))
    assert (response.status, response.accepted) == (status, False)
    assert receivers.dialled() == [PUBLIC]
    assert resolver.asked == ["public.example"]


# Names whose address changes


def test_a_name_that_turns_private_after_it_was_judged_gains_nothing(
    sender: Sender, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = resolve(monkeypatch, {"rebind.example": iter([[PUBLIC], *[["127.0.0.1"]] * 10])})
    assert post(sender, receivers.url("rebind.example")).accepted
    assert resolver.asked == ["rebind.example"], "an address that is looked up twice may be two addresses"
    assert receivers.dialled() == [PUBLIC]


def test_a_name_is_judged_again_for_every_new_connection(
    sender: Sender, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = resolve(monkeypatch, {"rebind.example": iter([[PUBLIC], ["127.0.0.1"], [PUBLIC]])})
    said = []
    for _ in range(3):
        said.append(post(sender, receivers.url("rebind.example")).error)
        sender._pools.clear()
    assert said == [None, NOT_PUBLIC, None]
    assert len(resolver.asked) == 3
    assert receivers.dialled() == [PUBLIC, PUBLIC]


def test_a_kept_connection_stays_where_it_was_judged_to_be(
    sender: Sender, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = resolve(monkeypatch, {"rebind.example": iter([[PUBLIC], ["127.0.0.1"]])})
    for _ in range(3):
        assert post(sender, receivers.url("rebind.example")).accepted
    assert len(resolver.asked) == 1
    assert receivers.dialled() == [PUBLIC]
    monkeypatch.setattr(outbound, "KEPT_IDLE_SECONDS_MAX", 0.0)
    assert post(sender, receivers.url("rebind.example")).error == NOT_PUBLIC
    assert receivers.dialled() == [PUBLIC]


# What must be reached


def test_a_public_receiver_is_reached_under_its_name(
    sender: Sender, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch)
    for host in ("public.example", "PUBLIC.example.", PUBLIC, f"[::ffff:{PUBLIC}]"):
        assert post(sender, receivers.url(host)).accepted, host
    assert receivers.dialled() == [PUBLIC] * 4
    assert f"\r\nhost: public.example:{receivers.port}\r\n".encode() in receivers.requests[0].lower()
    assert receivers.requests[0].endswith(b"\r\n\r\n" + BODY)


NEIGHBOURS = [
    *("1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"),
    *("169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255"),
    *("192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0", "223.255.255.255"),
    *("2000::1", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700:4700::1111", "2a00:1450:4001::1"),
]


@pytest.mark.skipif(not IN_OWN_NETWORK, reason="elsewhere these addresses belong to others")
def test_public_addresses_next_to_private_ones_are_reached(receivers: Receivers, sender: Sender) -> None:
    wanted = [address for address in NEIGHBOURS if receivers.version_6 or ":" not in address]
    for address in wanted:
        assert post(sender, receivers.url(f"[{address}]" if ":" in address else address)).accepted, address
    assert receivers.dialled() == [address for address in sorted(wanted, key=lambda one: ":" in one)]


def test_proxies_of_the_environment_are_not_used(receivers: Receivers, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, receivers.url("127.0.0.1", ""))
        monkeypatch.setenv(name.lower(), receivers.url("127.0.0.1", ""))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    sender = Sender(seconds_max=SECONDS_MAX, allowed_networks=ALLOWED)
    assert post(sender, receivers.url("public.example")).accepted
    assert receivers.dialled() == [PUBLIC]
    sender._pools.clear()


def test_an_allowed_network_opens_itself_only(receivers: Receivers, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch)
    sender = Sender(seconds_max=SECONDS_MAX, allowed_networks=[ip_network("127.0.0.3/32")])
    assert post(sender, receivers.url("127.0.0.3")).accepted
    assert post(sender, receivers.url("[::ffff:127.0.0.3]")).accepted
    assert post(sender, receivers.url("127.0.0.1")).error == NOT_PUBLIC
    assert post(sender, receivers.url("[::1]")).error == NOT_PUBLIC
    assert receivers.dialled() == ["127.0.0.3"] * 2
    sender._pools.clear()


# https


@dataclass
class TlsReceiver:
    port: int
    asked_for: list[str | None]  # the names in the greetings


@pytest.fixture
def tls_receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TlsReceiver]:
    """At PUBLIC, with a certificate for public.example that the system trusts."""
    _write_certificate(tmp_path / "receiver.pem", "public.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "receiver.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "receiver.pem")
    with socket.create_server(("0.0.0.0" if IN_OWN_NETWORK else PUBLIC, 0)) as server:  # noqa: S104
        receiver = TlsReceiver(server.getsockname()[1], [])
        context.sni_callback = lambda _, name, __: receiver.asked_for.append(name)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, context.wrap_socket(connection, server_side=True) as secured:
                        while BODY not in secured.recv(65536):
                            pass
                        secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield receiver
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _write_certificate(path: Path, host: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )


def test_tls_is_spoken_with_the_name_and_not_with_the_address(
    tls_receiver: TlsReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch)
    sender = Sender(seconds_max=2, allowed_networks=ALLOWED, https_only=True)
    for scheme in ("https", "HTTPS"):
        response = post(sender, f"{scheme}://public.example:{tls_receiver.port}/webhook")
        assert (response.status, response.error) == (200, None)
    assert tls_receiver.asked_for == ["public.example"] * 2


@pytest.mark.parametrize("scheme", ["http", "HTTP", "hTTp"])
def test_plain_http_is_refused_where_only_https_is_right(
    receivers: Receivers, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    resolver = resolve(monkeypatch)
    sender = Sender(seconds_max=SECONDS_MAX, allowed_networks=ALLOWED, https_only=True)
    assert post(sender, f"{scheme}://public.example:{receivers.port}/").error == NOT_HTTPS
    assert resolver.asked == []
    assert receivers.dialled() == []


# The settings

REQUIRED = {
    "DATABASE_URL": "postgresql://gateway_user@localhost/payment_gateway",
    "JWT_SECRET": secrets.token_urlsafe(48),  # production takes none that is easy to guess
    "ENCRYPTION_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
}


def networks(value: str, **variables: str) -> list[str]:
    config = from_environment({**REQUIRED, "OUTBOUND_ALLOWED_NETWORKS": value, **variables})
    return [str(network) for network in config.outbound_allowed_networks]


def test_no_network_is_allowed_unless_it_is_named() -> None:
    assert from_environment(REQUIRED).outbound_allowed_networks == ()
    assert networks("") == networks(" ") == []


@pytest.mark.parametrize(
    "value", ["10.0.0.0/8 fc00::/7 192.0.2.1", "10.0.0.0/8,fc00::/7, 192.0.2.1", " 10.0.0.0/8\nfc00::/7\t192.0.2.1 "]
)
def test_networks_are_separated_by_spaces_or_commas(value: str) -> None:
    assert networks(value) == ["10.0.0.0/8", "fc00::/7", "192.0.2.1/32"]


@pytest.mark.parametrize(
    "value",
    [
        "private",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.0-10.1.0.0",
        "localhost",
        "010.0.0.0/8",
        "127.1",
        "::1/129",
        "10.0.0.0/8; ::1",
    ],
)
def test_what_is_no_network_is_named(value: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        networks(value)
    assert str(refusal.value).startswith("OUTBOUND_ALLOWED_NETWORKS must be networks such as ")


def test_production_allows_no_private_network() -> None:
    assert networks(" ", APP_ENV="production") == []
    with pytest.raises(ConfigError, match=r"^OUTBOUND_ALLOWED_NETWORKS=10\.0\.0\.0/8 .*APP_ENV=production refuses it"):
        networks("10.0.0.0/8", APP_ENV="production")


@pytest.mark.skipif(IN_OWN_NETWORK, reason="seen outside")
def test_the_gateway_sends_as_its_settings_say(
    settings: Config, database: Database, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    for allowed, production in ((ALLOWED, False), ((), False), ((), True)):
        chosen = replace(settings, outbound_allowed_networks=allowed, production=production)
        built = runtime.build(chosen, database, gateway.Told())
        said.append(post(built.sender, receivers.url(PUBLIC)).error)
        built.sender._pools.clear()
        built.bank.close()
    assert said == [None, NOT_PUBLIC, NOT_HTTPS]
    assert receivers.dialled() == [PUBLIC]


# All of it again


@pytest.mark.skipif(IN_OWN_NETWORK, reason="this is the network")
def test_all_of_this_holds_in_a_network_where_every_address_answers() -> None:
    everything_is_here = (
        "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && { ip -6 route add local ::/0 dev lo || true; }"
    )
    alone = ["unshare", "--map-root-user", "--net", "sh", "-c", f'{everything_is_here} && exec "$@"', "sh"]
    try:
        subprocess.run([*alone, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine does not let us make a network: it takes Linux with unshare and ip")
    run = subprocess.run(
        [*alone, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--tb=short", __file__],
        cwd=ROOT,
        env={**os.environ, OWN_NETWORK: "yes"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed and int(passed[1]) > 2 * len(HOSTILE), run.stdout
