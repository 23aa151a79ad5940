"""A POST to receivers of every sort: good, slow, huge, hostile and absent. None gets more than its time and space."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared import outbound
from shared.outbound import RESPONSE_BYTES_MAX, Response, Sender

SECONDS_MAX = 0.5
SECONDS_TOLD = 2.0  # generous: the machine that runs this may be busy
TOO_LATE = "no complete answer within 0.5 seconds"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BODY = '{"note":"₹"}'.encode()
LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]


# Receivers: each answers one request on a connection, and says whether it wants another.

Answer = Callable[[socket.socket], bool]


def says(answer: bytes, *, then_hangs_up: bool = False) -> Answer:
    def answered(connection: socket.socket) -> bool:
        connection.sendall(answer)
        return not then_hangs_up

    return answered


def drips(start: bytes, drop: bytes) -> Answer:
    """Sends a little now and then until the other side hangs up."""

    def answered(connection: socket.socket) -> bool:
        connection.sendall(start)
        while True:
            time.sleep(0.05)
            connection.sendall(drop)

    return answered


def pours(start: bytes, drop: bytes) -> Answer:
    """Sends as fast as it can until the other side hangs up."""

    def answered(connection: socket.socket) -> bool:
        connection.sendall(start)
        while True:
            connection.sendall(drop * 1000)

    return answered


def silent(connection: socket.socket) -> bool:
    return bool(connection.recv(1))  # until the other side hangs up


@dataclass
class Receiver:
    """What a server saw: `requests` in full, and how many connections were opened to it."""

    host: str
    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/webhook?shop=1"

    @property
    def https_url(self) -> str:
        return self.url.replace("http://", "https://")


@contextmanager
def receiving(answer: Answer, *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        receiver = Receiver(host, port)
        threads: list[threading.Thread] = []

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                secured = tls.wrap_socket(connection, server_side=True) if tls else connection
                with secured, secured.makefile("rb") as incoming:
                    while request := read_request(incoming):
                        receiver.requests.append(request)
                        if not answer(secured):
                            return

        def accept() -> None:
            with suppress(OSError):  # the server is closed
                while True:
                    connection, _ = server.accept()
                    receiver.connections += 1
                    threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                    threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield receiver
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            accepting.join(SECONDS_TOLD)


def read_request(incoming: BinaryIO) -> bytes:
    """One request as it came; empty if the other side hung up."""
    head = b""
    length = 0
    while line := incoming.readline():
        head += line
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
        if line == b"\r\n":
            return head + incoming.read(length)
    return b""


@pytest.fixture
def sender() -> Iterator[Sender]:
    sender = Sender(seconds_max=SECONDS_MAX, allowed_networks=LOOPBACK)
    yield sender
    sender._pools.clear()


def post(sender: Sender, url: str, **headers: str) -> Response:
    """Posts, and insists on what holds of every answer."""
    began = time.monotonic()
    response = sender.post(url, body=BODY, headers=headers or {"Content-Type": "application/json"})
    took = time.monotonic() - began
    assert took < SECONDS_TOLD, f"{took:.1f} seconds for a limit of {SECONDS_MAX}"
    assert abs(response.duration_ms / 1000 - took) < 0.2, "the duration that is recorded must be the real one"
    assert (response.status is None) == (response.error is not None), "an answer, or a reason why there is none"
    assert len(response.body.encode()) <= RESPONSE_BYTES_MAX, "more was kept than may be stored"
    assert "\x00" not in response.body, "Postgres cannot store a NUL"
    return response


# Good receivers


def test_a_receiver_gets_the_exact_bytes_and_headers_and_its_answer_is_kept(sender: Sender) -> None:
    with receiving(says(OK)) as receiver:
        response = post(sender, receiver.url, **{"Content-Type": "application/json", "webhook-id": "evt_A"})
    assert (response.status, response.body, response.error) == (200, "ok", None)
    assert response.accepted
    (request,) = receiver.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /webhook?shop=1 HTTP/1.1\r\n")
    assert body == BODY
    lines = head.lower().split(b"\r\n")
    assert b"webhook-id: evt_a" in lines
    assert b"content-type: application/json" in lines
    assert f"content-length: {len(BODY)}".encode() in lines


@pytest.mark.parametrize(
    ("status", "accepted"),
    [(200, True), (201, True), (204, True), (299, True), (300, False), (304, False), (400, False), (500, False)],
)
def test_only_2xx_is_acceptance(sender: Sender, status: int, accepted: bool) -> None:
    with receiving(says(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n".encode())) as receiver:
        response = post(sender, receiver.url)
    assert (response.status, response.accepted) == (status, accepted)


def test_no_answer_is_no_acceptance() -> None:
    assert not Response(status=None, body="", error="nobody listens there", duration_ms=1).accepted


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(sender: Sender, status: int) -> None:
    with receiving(says(OK)) as elsewhere:
        location = f"HTTP/1.1 {status} Moved\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n"
        with receiving(says(location.encode())) as receiver:
            response = post(sender, receiver.url)
        assert (response.status, response.accepted) == (status, False)
        assert elsewhere.connections == 0, "the other place must not be visited"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.0 200 OK\r\n\r\nok",
    ],
    ids=["in chunks", "after an interim one", "until the end of the connection"],
)
def test_an_answer_may_have_any_form_of_http(sender: Sender, answer: bytes) -> None:
    with receiving(says(answer, then_hangs_up=True)) as receiver:
        response = post(sender, receiver.url)
    assert (response.status, response.body, response.error) == (200, "ok", None)


# Connections that are kept


def test_a_connection_to_a_good_receiver_is_used_again(sender: Sender) -> None:
    with receiving(says(OK)) as receiver:
        for _ in range(5):
            assert post(sender, receiver.url).accepted
        assert (receiver.connections, len(receiver.requests)) == (1, 5)


def test_a_connection_that_was_idle_too_long_is_not_used_again(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(says(OK)) as receiver:
        post(sender, receiver.url)
        monkeypatch.setattr(outbound, "KEPT_IDLE_SECONDS_MAX", 0.05)
        time.sleep(0.1)
        assert post(sender, receiver.url).accepted
        assert receiver.connections == 2, "the receiver may be about to close it"


def test_a_kept_connection_has_the_whole_time_again_for_each_request(sender: Sender) -> None:
    assert SECONDS_MAX < outbound.KEPT_IDLE_SECONDS_MAX
    with receiving(says(OK)) as receiver:
        post(sender, receiver.url)
        time.sleep(SECONDS_MAX + 0.1)
        assert post(sender, receiver.url).accepted
        assert receiver.connections == 1


def test_a_kept_connection_that_falls_silent_is_cut_off_too(sender: Sender) -> None:
    answers = iter([says(OK), silent])
    with receiving(lambda connection: next(answers)(connection)) as receiver:
        assert post(sender, receiver.url).accepted
        assert post(sender, receiver.url).error == TOO_LATE


def test_a_receiver_that_hangs_up_after_every_answer_gets_the_next_request_too(sender: Sender) -> None:
    with receiving(says(OK, then_hangs_up=True)) as receiver:
        for _ in range(3):
            assert post(sender, receiver.url).accepted
            time.sleep(0.05)
        assert receiver.connections == 3


def test_a_late_answer_is_never_taken_for_the_next_requests_answer(sender: Sender) -> None:
    def late(connection: socket.socket) -> bool:
        time.sleep(SECONDS_MAX + 0.2)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
        return True

    answers = iter([late, says(OK)])
    with receiving(lambda connection: next(answers)(connection)) as receiver:
        assert post(sender, receiver.url).error == TOO_LATE
        time.sleep(0.3)
        assert post(sender, receiver.url).body == "ok"
        assert receiver.connections == 2


def test_many_threads_may_send_at_once() -> None:
    patient = Sender(allowed_networks=LOOPBACK)
    with receiving(says(OK)) as receiver, ThreadPoolExecutor(16) as threads:
        sending = [threads.submit(patient.post, receiver.url, body=BODY, headers={}) for _ in range(80)]
        assert [sent.result().error for sent in sending] == [None] * 80
        assert len(receiver.requests) == 80
    patient._pools.clear()


# Slow receivers


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        silent,
        drips(b"", b"H"),
        drips(b"HTTP/1.1 2", b"0"),
        drips(HEAD + b"X-Slow: ", b"x"),
        drips(HEAD, b"X-Slow: x\r\n"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drips(HEAD + b"\r\n", b"x"),
        drips(HEAD + b"Content-Length: 1000\r\n\r\n", b"x"),
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        pours(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=[
        "silent",
        "drips its first line",
        "drips its status",
        "drips one header",
        "drips headers",
        "drips interim answers",
        "drips a body without end",
        "drips a body",
        "drips chunks",
        "drips the size of a chunk",
        "pours interim answers",
    ],
)
def test_a_receiver_that_takes_too_long_is_cut_off(sender: Sender, answer: Answer) -> None:
    with receiving(answer) as receiver:
        response = post(sender, receiver.url)
    assert response.error == TOO_LATE
    assert response.duration_ms >= SECONDS_MAX * 1000, "it must have had its time"


@contextmanager
def full_house() -> Iterator[tuple[str, int]]:
    """The address of a server whose queue is full: a connection to it is neither refused nor made."""
    with ExitStack() as open_sockets:
        server = open_sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            waiting = open_sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        time.sleep(0.05)
        yield server.getsockname()


def test_a_receiver_that_does_not_let_us_in_is_cut_off(sender: Sender) -> None:
    with full_house() as (host, port):
        assert post(sender, f"http://{host}:{port}/").error == TOO_LATE


def test_a_name_with_many_dead_addresses_gets_no_more_time_than_one(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    with full_house() as address:
        many = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)] * 8
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: many)
        assert post(sender, "http://receiver.example/").error == TOO_LATE


def test_a_receiver_that_is_dead_at_its_first_address_is_reached_at_its_second(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        refusing = closed.getsockname()
    with full_house() as dead, receiving(says(OK)) as receiver:
        for first in (refusing, dead):
            both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", at) for at in (first, (receiver.host, receiver.port))]
            with monkeypatch.context() as patched:
                patched.setattr(socket, "getaddrinfo", lambda *_, both=both, **__: both)
                assert post(sender, f"http://{'x' if first is dead else 'y'}.example/").error is None


def test_a_receiver_may_have_an_address_of_version_6(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def lookup(host: object, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (receiver.host, receiver.port))]

    with receiving(says(OK)) as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", lookup)  # so that it needs no network of version 6
        assert post(sender, "http://[2606:4700::1]:8080/").accepted
    assert asked == ["2606:4700::1"], "the brackets are the URL's and not the address's"
    assert b"\r\nhost: [2606:4700::1]:8080\r\n" in receiver.requests[0].lower()


# Huge and hostile receivers


@pytest.mark.parametrize(
    "answer",
    [
        says(HEAD + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000),
        pours(HEAD + b"\r\n", b"x"),
        pours(HEAD + b"Content-Length: 1000000000000\r\n\r\n", b"x"),
        pours(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["100 KB", "without end", "a terabyte", "chunks without end"],
)
def test_of_a_huge_body_the_beginning_is_kept_and_the_connection_is_not(sender: Sender, answer: Answer) -> None:
    answers = iter([answer, says(OK)])
    with receiving(lambda connection: next(answers)(connection)) as receiver:
        response = post(sender, receiver.url)
        assert (response.status, response.body) == (200, "x" * RESPONSE_BYTES_MAX)
        assert response.accepted, "its status says so"
        assert post(sender, receiver.url).body == "ok"
        assert receiver.connections == 2


def test_a_body_of_exactly_the_bound_is_kept_whole(sender: Sender) -> None:
    body = b"x" * RESPONSE_BYTES_MAX
    with receiving(says(HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)) as receiver:
        assert post(sender, receiver.url).body.encode() == body
        assert post(sender, receiver.url).body.encode() == body
        assert receiver.connections == 1, "there is nothing more to come, so the connection is good"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"a\x00b", "a\ufffdb"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"ok \xe2\x82", "ok \ufffd"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        (b"\xff" * RESPONSE_BYTES_MAX, "\ufffd" * (RESPONSE_BYTES_MAX // 3)),
        (b"\x00" * RESPONSE_BYTES_MAX, "\ufffd" * (RESPONSE_BYTES_MAX // 3)),
        ("₹".encode() * 1366, "₹" * 1365),
        ("नमस्ते ₹".encode(), "नमस्ते ₹"),
    ],
    ids=["NUL", "no UTF-8", "half a letter", "half a pair", "all odd", "all NUL", "cut in a letter", "good"],
)
def test_what_is_kept_can_be_stored(sender: Sender, body: bytes, wanted: str) -> None:
    with receiving(says(HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)) as receiver:
        response = post(sender, receiver.url)
    assert (response.status, response.body) == (200, wanted)


def test_a_compressed_body_is_not_unpacked(sender: Sender) -> None:
    with receiving(says(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbomb")) as receiver:
        response = post(sender, receiver.url)
    assert (response.status, response.body, response.error) == (200, "bomb", None)


@pytest.mark.parametrize(
    "answer",
    [
        says(b"", then_hangs_up=True),
        says(b"nonsense\r\n\r\n", then_hangs_up=True),
        says(b"HTTP/1.1 abc Odd\r\n\r\n", then_hangs_up=True),
        says(b"HTTP/1.1 99999 Odd\r\n\r\n", then_hangs_up=True),
        says(HEAD + b"Content-Length: 10\r\n\r\nok", then_hangs_up=True),
        says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", then_hangs_up=True),
        says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nok\r\n", then_hangs_up=True),
        says(b"\x16\x03\x01\x00\x00", then_hangs_up=True),
        pours(HEAD, b"X-Many: x\r\n"),
        pours(HEAD + b"X-Long: ", b"x"),
        pours(b"HTTP/1.1 200 ", b"x"),
    ],
)
def test_what_is_no_whole_answer_is_an_error_in_words(sender: Sender, answer: Answer) -> None:
    with receiving(answer) as receiver:
        response = post(sender, receiver.url)
    assert response.status is None, "half an answer is none"
    assert response.error
    assert len(response.error) <= outbound.ERROR_CHARACTERS_MAX, "the reason must fit its column"


# Absent receivers


def test_a_port_that_nobody_listens_on_is_said_so(sender: Sender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert post(sender, f"http://127.0.0.1:{port}/").error == "could not connect: nobody listens there"


def test_an_unknown_host_is_said_so(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    said = post(sender, "http://no-such-host.example/").error
    assert said == "could not connect: the name of the host is unknown"


@pytest.mark.parametrize("url", [f"http://{'a' * 64}.example/", "http://a..example/", "http://127.0.0.1:70000/"])
def test_an_address_that_cannot_be_is_an_error_in_words(sender: Sender, url: str) -> None:
    assert post(sender, url).error


# TLS


@dataclass(frozen=True)
class Certificate:
    path: Path  # with its key

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path)
        return context


def make_certificate(path: Path, *, host: str = "127.0.0.1", days: int = 1) -> Certificate:
    """Signed by itself; of yesterday if `days` is negative."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a receiver")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=7))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return Certificate(path)


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path / "receiver.pem")


@pytest.fixture
def trusting(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    """A sender on a system that trusts the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    sender = Sender(seconds_max=SECONDS_MAX, allowed_networks=LOOPBACK)
    yield sender
    sender._pools.clear()


def test_a_receiver_with_a_trusted_certificate_gets_the_exact_bytes_over_tls(
    trusting: Sender, certificate: Certificate
) -> None:
    with receiving(says(OK), tls=certificate.server()) as receiver:
        for _ in range(3):
            response = post(trusting, receiver.https_url)
            assert (response.status, response.body, response.error) == (200, "ok", None)
        assert receiver.connections == 1, "a handshake is dear, so the connection must be used again"
    assert receiver.requests[0].endswith(b"\r\n\r\n" + BODY)


def test_a_receiver_over_tls_with_an_idle_connection_gets_a_new_one(
    trusting: Sender, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving(says(OK), tls=certificate.server()) as receiver:
        assert post(trusting, receiver.https_url).accepted
        monkeypatch.setattr(outbound, "KEPT_IDLE_SECONDS_MAX", 0.05)
        time.sleep(0.1)
        assert post(trusting, receiver.https_url).accepted
        assert receiver.connections == 2


@pytest.mark.parametrize(
    "answer",
    [silent, drips(HEAD, b"X-Slow: x\r\n"), drips(HEAD + b"Content-Length: 1000\r\n\r\n", b"x")],
    ids=["silent", "drips headers", "drips a body"],
)
def test_a_slow_receiver_is_cut_off_over_tls_too(trusting: Sender, certificate: Certificate, answer: Answer) -> None:
    with receiving(answer, tls=certificate.server()) as receiver:
        response = post(trusting, receiver.https_url)
    assert response.error == TOO_LATE
    assert response.duration_ms >= SECONDS_MAX * 1000, "it must have had its time"


def test_a_certificate_that_nobody_vouches_for_is_refused(sender: Sender, certificate: Certificate) -> None:
    with receiving(says(OK), tls=certificate.server()) as receiver:
        said = post(sender, receiver.https_url).error
        assert said is not None
        assert "certificate verify failed" in said
        assert receiver.requests == [], "nothing may be sent to who cannot prove who they are"


@pytest.mark.parametrize(("host", "days"), [("127.0.0.2", 1), ("127.0.0.1", -1)], ids=["another host", "expired"])
def test_a_certificate_of_another_host_or_another_day_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, days: int
) -> None:
    wrong = make_certificate(tmp_path / "wrong.pem", host=host, days=days)
    monkeypatch.setenv("SSL_CERT_FILE", str(wrong.path))
    with receiving(says(OK), tls=wrong.server()) as receiver:
        said = post(Sender(seconds_max=SECONDS_MAX, allowed_networks=LOOPBACK), receiver.https_url).error
        assert said is not None
        assert "certificate verify failed" in said
        assert receiver.requests == []


@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["silent", "plain HTTP"])
def test_a_receiver_that_speaks_no_tls_is_an_error_in_words(trusting: Sender, greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.sendall(greeting)
                    while connection.recv(4096):
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        response = post(trusting, f"https://127.0.0.1:{server.getsockname()[1]}/")
        assert response.error
        assert response.error == TOO_LATE or greeting, "a handshake has a limit too"
        thread.join(SECONDS_TOLD)


def test_a_handshake_that_drips_is_cut_off(trusting: Sender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    for byte in b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc" + b"\x00" * 16000:
                        connection.sendall(bytes([byte]))
                        time.sleep(0.05)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert post(trusting, f"https://127.0.0.1:{server.getsockname()[1]}/").error
        thread.join(SECONDS_TOLD)


def test_old_versions_of_tls_are_refused(trusting: Sender, certificate: Certificate) -> None:
    context = certificate.server()
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with receiving(says(OK), tls=context) as receiver:
        assert post(trusting, receiver.https_url).error
        assert receiver.requests == []
