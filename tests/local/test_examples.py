"""The examples for merchants work: both receivers as processes, the guide's every piece of code, the script."""

from __future__ import annotations

import ast
import base64
import gzip
import json
import queue
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from shared import signatures
from shared.domain import event
from shared.outbound import Response, Sender

EXAMPLES = Path(__file__).parents[2] / "local" / "demo_merchant" / "examples"
GUIDE = (EXAMPLES / "signatures.md").read_text()
NODE = shutil.which("node")
TEST_SECRET = "whsec_test_abc123"
OLD_SECRET = "whsec_" + base64.b64encode(bytes(range(100, 124))).decode()
SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
PAYMENT = "pay_A1b2C3d4E5f6G7h8"
MEGABYTES_2 = 2 * 1024 * 1024


def body(*, sequence: int = 3, type: str = "payment.success", note: str = "₹ é 漢 🧾") -> bytes:
    told = {"event": type, "data": {"payment": {"id": PAYMENT, "notes": {"cart": note}}}, "sequence": sequence}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def headers(
    raw: bytes, *, secret: str = SECRET, webhook_id: str = "evt_0123456789abcXYZ", later: float = 0, **more: str
) -> dict[str, str]:
    at = int(time.time() + later)
    return signatures.headers(secret=secret, webhook_id=webhook_id, timestamp=at, body=raw, **more)


def rotated(raw: bytes, **more: Any) -> dict[str, str]:
    """What is sent while SECRET takes the place of OLD_SECRET."""
    return headers(raw, previous_secrets=[OLD_SECRET], **more)


# Receivers


@dataclass
class Running:
    """One of the examples, as a merchant would start it."""

    url: str
    process: subprocess.Popen[str]
    lines: queue.Queue[str] = field(default_factory=queue.Queue)
    sender: Sender = field(default_factory=lambda: Sender(allowed_networks=[ip_network("127.0.0.0/8")]))

    def post(self, raw: bytes, given: dict[str, str]) -> Response:
        return self.sender.post(self.url, body=raw, headers={"Content-Type": "application/json"} | given)

    def status(self, raw: bytes, given: dict[str, str] | None = None) -> int | None:
        return self.post(raw, headers(raw) if given is None else given).status

    def line(self) -> str:
        return self.lines.get(timeout=5)

    def nothing_else(self) -> None:
        """That nothing was handled which no test has asked for: the next line is that of a new delivery."""
        last = body(type="payment.last", sequence=999)
        assert self.status(last, rotated(last, webhook_id="evt_last")) == 200
        assert self.line() == f"handled payment.last {PAYMENT} 999"


@contextmanager
def running(example: str, secrets: str = SECRET) -> Iterator[Running]:
    program = sys.executable if example.endswith(".py") else NODE
    if program is None:
        pytest.skip("node is not installed; this receiver is written in it")
    process = subprocess.Popen(
        [program, EXAMPLES / example, "0"],
        env={"WEBHOOK_SECRET": secrets},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    receiver = Running(first.removeprefix("Listening on ").strip(), process)

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            receiver.lines.put(line.strip())

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        assert first.startswith("Listening on http://127.0.0.1:"), f"the receiver said {first!r}"
        yield receiver
        assert process.poll() is None, "the receiver has died"
    finally:
        process.terminate()
        process.wait(5)
        listener.join(5)
        process.stdout.close()


@pytest.fixture(params=["receiver.py", "receiver.mjs"])
def example(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def receiver(example: str) -> Iterator[Running]:
    with running(example) as started:
        yield started


@pytest.mark.parametrize("secret", [SECRET, TEST_SECRET], ids=["generated", "the test merchant's"])
def test_a_receiver_accepts_what_the_gateway_signs_and_handles_it(example: str, secret: str) -> None:
    with running(example, secret) as receiver:
        assert receiver.status(body(), headers(body(), secret=secret)) == 200
        assert receiver.line() == f"handled payment.success {PAYMENT} 3"


def test_a_receiver_accepts_what_a_published_library_signs(receiver: Running) -> None:
    now = datetime.now(UTC)
    standard = Webhook(SECRET).sign("evt_of_library", now, body().decode())
    given = {"webhook-id": "evt_of_library", "webhook-timestamp": str(int(now.timestamp()))}
    plain = headers(body())["X-Webhook-Signature"]
    assert receiver.status(body(), given | {"webhook-signature": standard, "X-Webhook-Signature": plain}) == 200
    assert receiver.status(body(), given | {"webhook-signature": standard.upper(), "X-Webhook-Signature": plain}) == 401


def without(name: str) -> dict[str, str]:
    return {other: value for other, value in headers(body()).items() if other != name}


def with_changed(**changes: str) -> dict[str, str]:
    return headers(body()) | {name.replace("_", "-"): value for name, value in changes.items()}


WRONG: dict[str, Callable[[], dict[str, str]]] = {
    "no header at all": dict,
    "no plain signature": lambda: without("X-Webhook-Signature"),
    "no standard signature": lambda: without("webhook-signature"),
    "no id": lambda: without("webhook-id"),
    "no time": lambda: without("webhook-timestamp"),
    "of another secret": lambda: headers(body(), secret=OLD_SECRET),
    "of the test merchant's secret": lambda: headers(body(), secret=TEST_SECRET),
    "of another body": lambda: headers(body(sequence=4)),
    "only the plain one is right": lambda: with_changed(
        webhook_signature=headers(body(), secret=OLD_SECRET)["webhook-signature"]
    ),
    "only the standard one is right": lambda: with_changed(
        X_Webhook_Signature=headers(body(), secret=OLD_SECRET)["X-Webhook-Signature"]
    ),
    "another id": lambda: with_changed(webhook_id="evt_0123456789abcXYz"),
    "another time": lambda: with_changed(webhook_timestamp=str(int(time.time()) + 2)),
    "six minutes old": lambda: headers(body(), later=-360),
    "from in six minutes": lambda: headers(body(), later=360),
    "a time in milliseconds": lambda: with_changed(webhook_timestamp=str(int(time.time() * 1000))),
    "a time that is no number": lambda: with_changed(webhook_timestamp="now"),
    "a time with a sign": lambda: with_changed(webhook_timestamp=f"+{int(time.time())}"),
    "a time of 5000 digits": lambda: with_changed(webhook_timestamp="1" * 5000),
    "empty signatures": lambda: with_changed(X_Webhook_Signature="", webhook_signature=""),
    "signatures that are too short": lambda: with_changed(X_Webhook_Signature="0", webhook_signature="v1,"),
    "signatures beyond ASCII": lambda: with_changed(X_Webhook_Signature="é" * 64, webhook_signature="v1," + "é" * 44),
    "without v1": lambda: with_changed(webhook_signature=headers(body())["webhook-signature"].removeprefix("v1,")),
    "of another version": lambda: with_changed(
        webhook_signature=headers(body())["webhook-signature"].replace("v1,", "v1a,")
    ),
}


def test_a_receiver_refuses_every_signature_that_is_not_right(receiver: Running) -> None:
    answered = {}
    for name, given in WRONG.items():
        sent = {one: value.encode("latin-1") for one, value in given().items()}
        answered[name] = requests.post(receiver.url, data=body(), headers=sent, timeout=5).status_code
    assert answered == dict.fromkeys(WRONG, 401)
    receiver.nothing_else()


def test_a_receiver_refuses_a_body_with_any_byte_changed(receiver: Running) -> None:
    given = headers(body())
    for place in range(len(body())):
        changed = body()[:place] + bytes([body()[place] ^ 1]) + body()[place + 1 :]
        assert receiver.status(changed, given) == 401, f"byte {place}"
    assert receiver.status(body() + b"\n", given) == 401
    assert receiver.status(json.dumps(json.loads(body())).encode(), given) == 401
    receiver.nothing_else()


@pytest.mark.parametrize("seconds", [-290, 290])
def test_a_receiver_bears_clocks_that_differ_by_less_than_five_minutes(receiver: Running, seconds: int) -> None:
    assert receiver.status(body(), headers(body(), later=seconds)) == 200


@pytest.mark.parametrize("seconds", [0, 60], ids=["played again", "sent again by the gateway"])
def test_a_receiver_handles_an_event_once_and_says_yes_again(receiver: Running, seconds: int) -> None:
    assert receiver.status(body()) == 200
    assert receiver.status(body(), headers(body(), later=seconds)) == 200
    assert receiver.line() == f"handled payment.success {PAYMENT} 3"
    receiver.nothing_else()


def test_of_many_copies_at_once_one_is_handled(receiver: Running) -> None:
    given = headers(body())
    with ThreadPoolExecutor(20) as threads:
        assert set(threads.map(lambda _: receiver.status(body(), given), range(100))) == {200}
    assert receiver.line() == f"handled payment.success {PAYMENT} 3"
    receiver.nothing_else()


def test_what_was_refused_is_not_remembered_as_seen(receiver: Running) -> None:
    assert receiver.status(body(), headers(body(), secret=OLD_SECRET)) == 401
    assert receiver.status(body()) == 200
    assert receiver.line() == f"handled payment.success {PAYMENT} 3"


def test_of_an_event_that_was_overtaken_the_payment_is_not_taken_over(receiver: Running) -> None:
    for sequence in (1, 3, 2, 4):
        raw = body(sequence=sequence, type=f"payment.{sequence}")
        assert receiver.status(raw, headers(raw, webhook_id=f"evt_{sequence}")) == 200
    assert [receiver.line() for _ in range(4)] == [
        f"handled payment.1 {PAYMENT} 1",
        f"handled payment.3 {PAYMENT} 3",
        f"overtaken payment.2 {PAYMENT} 2",
        f"handled payment.4 {PAYMENT} 4",
    ]


def refund_told(
    type: str, *, sequence: int, id: str, status: str, updated_at: str = "2024-01-15T10:31:07Z"
) -> tuple[bytes, dict[str, str]]:
    """A delivery of an event about a refund."""
    raw = body(sequence=sequence, type=type)
    told = json.loads(raw)
    told["data"]["refund"] = {"id": id, "payment_id": PAYMENT, "status": status, "updated_at": updated_at}
    raw = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    return raw, headers(raw, webhook_id=f"evt_{sequence}")


def test_a_refund_is_kept_though_a_later_event_of_its_payment_came_first(receiver: Running) -> None:
    for delivery in (
        refund_told("refund.processed", sequence=9, id="rfnd_B", status="processed"),
        refund_told("refund.processed", sequence=7, id="rfnd_A", status="processed"),
    ):
        assert receiver.status(*delivery) == 200
    assert [receiver.line() for _ in range(4)] == [
        f"handled refund.processed {PAYMENT} 9",
        "handled refund rfnd_B processed",
        f"overtaken refund.processed {PAYMENT} 7",
        "handled refund rfnd_A processed",
    ]
    receiver.nothing_else()


EARLY, LATE = "2024-01-15T10:31:07Z", "2024-01-15T10:31:08Z"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ([("processed", LATE), ("pending", EARLY)], "processed"),
        ([("failed", LATE), ("processed", EARLY)], "failed"),
        ([("pending", EARLY), ("processed", LATE)], "processed"),
        ([("processed", EARLY), ("pending", EARLY)], "processed"),
        ([("failed", EARLY), ("pending", EARLY)], "failed"),
        ([("failed", EARLY), ("processed", EARLY)], "failed"),
        ([("processed", EARLY), ("failed", EARLY)], "failed"),
    ],
    ids=lambda given: given if isinstance(given, str) else " then ".join(f"{s} {t[-3:-1]}" for s, t in given),
)
def test_of_two_tellings_of_a_refund_the_newer_is_kept_and_in_one_second_the_one_that_is_further(
    receiver: Running, told: list[tuple[str, str]], kept: str
) -> None:
    for number, (status, at) in enumerate(told):
        # Their order in the payment's sequence is the other way round: it must not decide.
        delivery = refund_told(f"refund.{number}", sequence=9 - number, id="rfnd_A", status=status, updated_at=at)
        assert receiver.status(*delivery) == 200
    lines = [receiver.line() for _ in range(4)]
    assert [line for line in lines if line.startswith("handled refund rfnd_A")][-1].endswith(kept)
    receiver.nothing_else()


def test_an_event_about_a_refund_is_handled_once_too(receiver: Running) -> None:
    delivery = refund_told("refund.processed", sequence=5, id="rfnd_A", status="processed")
    for _ in range(3):
        assert receiver.status(*delivery) == 200
    assert [receiver.line() for _ in range(2)] == [
        f"handled refund.processed {PAYMENT} 5",
        "handled refund rfnd_A processed",
    ]
    receiver.nothing_else()


def test_events_of_no_payments_sequence_are_handled_each_time(receiver: Running) -> None:
    at = datetime.now(UTC)
    for number in (1, 2):
        trial = event.test_body(id=f"evt_{number}", at=at).encode()
        assert receiver.status(trial, headers(trial, webhook_id=f"evt_{number}")) == 200
        assert receiver.line() == "handled webhook.test pay_TestTestTestTest -"
    about = event.body_about(id="evt_3", type=event.ENDPOINT_DISABLED, at=at).encode()
    assert receiver.status(about, headers(about, webhook_id="evt_3")) == 200
    assert receiver.line() == f"handled {event.ENDPOINT_DISABLED} - -"
    receiver.nothing_else()


@pytest.mark.parametrize(
    ("secrets", "status"),
    [
        (f"{OLD_SECRET} {SECRET}", 200),
        (f"  {SECRET}\n{OLD_SECRET}\n", 200),
        (SECRET, 200),
        (OLD_SECRET, 200),
        (TEST_SECRET, 401),
    ],
    ids=["old and new", "new and old", "new", "old", "neither"],
)
def test_while_a_secret_changes(example: str, secrets: str, status: int) -> None:
    with running(example, secrets) as receiver:
        assert receiver.status(body(), rotated(body())) == status


def test_a_published_library_accepts_what_is_sent_while_a_secret_changes_with_either_secret() -> None:
    for secret in (OLD_SECRET, SECRET):
        Webhook(secret).verify(body().decode(), rotated(body()))


def test_before_a_secret_changes_a_receiver_may_hold_another_beside_it(example: str) -> None:
    with running(example, f"{SECRET} {OLD_SECRET}") as receiver:
        assert receiver.status(body(), headers(body(), secret=OLD_SECRET)) == 200


@pytest.mark.parametrize(
    "raw",
    [b"", b"payment=1", b"\xff\xfe", b"[]", b"null", b"7", b'{"event":"x"}', b'{"event":"x","data":null,"sequence":1}'],
    ids=["empty", "a form", "no text", "a list", "null", "a number", "no members", "no data"],
)
def test_what_is_no_event_is_refused_signed_or_not(receiver: Running, raw: bytes) -> None:
    assert receiver.status(raw, {}) == 401
    assert receiver.status(raw) == 400
    receiver.nothing_else()


def test_a_body_of_2_mb_is_refused_however_well_it_is_signed(receiver: Running) -> None:
    large = body(note="x" * MEGABYTES_2)
    for given in ({}, headers(large)):
        # A receiver that hangs up before it has read everything may be heard or not.
        assert receiver.status(large, given) in (413, None)
    receiver.nothing_else()


def test_a_body_as_large_as_the_bound_is_taken(receiver: Running) -> None:
    largest = body(note="x" * (64 * 1024 - len(body(note=""))))
    assert len(largest) == 64 * 1024
    assert receiver.status(largest) == 200
    assert receiver.status(largest + b" ") in (413, None)


def test_a_body_in_chunks_without_end_is_refused(receiver: Running) -> None:
    def chunks() -> Iterator[bytes]:
        yield from [b"x" * 65536] * 32

    try:
        status = requests.post(receiver.url, data=chunks(), timeout=5).status_code
    except requests.ConnectionError:
        status = None
    assert status in (413, None)
    receiver.nothing_else()


def test_only_posts_to_its_path_are_for_a_receiver(receiver: Running) -> None:
    base = receiver.url.removesuffix("/webhook")
    assert requests.get(receiver.url, timeout=5).status_code in (404, 501)
    assert requests.post(f"{base}/other", data=body(), headers=headers(body()), timeout=5).status_code == 404
    receiver.nothing_else()


def test_somebody_who_says_nothing_keeps_nobody_waiting(receiver: Running) -> None:
    port = int(receiver.url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as silent:
        silent.sendall(b"POST /webhook HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\n{")
        answer = receiver.post(body(), headers(body()))
    assert (answer.status, answer.duration_ms < 2000) == (200, True)


@pytest.mark.parametrize("secrets", ["", "  \n "])
def test_a_receiver_does_not_start_without_a_secret(example: str, secrets: str) -> None:
    program = sys.executable if example.endswith(".py") else NODE
    if program is None:
        pytest.skip("node is not installed; this receiver is written in it")
    command = [program, EXAMPLES / example, "0"]
    ended = subprocess.run(command, env={"WEBHOOK_SECRET": secrets}, capture_output=True, text=True, timeout=10)
    assert ended.returncode == 1
    assert "Set WEBHOOK_SECRET" in ended.stderr


def test_the_examples_are_short_and_need_nothing_installed() -> None:
    for name in ("receiver.py", "receiver.mjs", "first_payment.sh"):
        text = (EXAMPLES / name).read_text()
        assert text.count("\n") < 130, f"{name} is too long to be read at once"
        assert max(map(len, text.splitlines())) <= 120
    tree = ast.parse((EXAMPLES / "receiver.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names
    in_node = re.findall(r"\bfrom '([^']+)'", (EXAMPLES / "receiver.mjs").read_text())
    assert in_node
    assert all(name.startswith("node:") for name in in_node)


# The guide: each of its wrong pieces fails, each of its right ones works


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """`given`: the headers that show it. `forged`: they are an attacker's, so that no code may say yes to them."""

    title: str
    wrong: int
    right: int
    given: Callable[[bytes], dict[str, str]] = headers
    forged: bool = False


def forged(raw: bytes) -> dict[str, str]:
    return headers(raw) | {"X-Webhook-Signature": "é" * 5}


MISTAKES = {
    1: Mistake(title="The body was parsed and printed again", wrong=1, right=1),
    2: Mistake(title="A framework's JSON middleware was there first", wrong=1, right=1),
    3: Mistake(title="The secret of something else", wrong=2, right=1),
    4: Mistake(title="A line end at the end of the secret", wrong=1, right=1),
    5: Mistake(title="The key was decoded, or it was not", wrong=2, right=1),
    6: Mistake(title="Hex for base64, or base64 for hex", wrong=1, right=1),
    7: Mistake(title="The wrong header, or only half of what was signed", wrong=2, right=1),
    8: Mistake(title="Something on the way changed the body", wrong=2, right=2),
    9: Mistake(title="The body was read as text", wrong=2, right=2),
    10: Mistake(
        title="Compared with `==`, or so that a forgery crashes the receiver",
        wrong=2,
        right=2,
        given=forged,
        forged=True,
    ),
    11: Mistake(title="Milliseconds, or a wrong clock", wrong=1, right=1),
    12: Mistake(title="One signature, one secret, while the secret changes", wrong=3, right=3, given=rotated),
}

IN_NODE = """
import crypto from 'node:crypto';
const plain = (secret, body) => crypto.createHmac('sha256', secret).update(body).digest('hex');
function equal(given, expected) {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && crypto.timingSafeEqual(a, b);
}
const { headers, secret, cut, ...rest } = JSON.parse(process.argv[1]);
const rawBody = Buffer.from(rest.body, 'base64');
const chunks = [rawBody.subarray(0, cut), rawBody.subarray(cut)];
const request = { headers, rawBody, body: JSON.parse(rawBody) };
let verified;
"""


@dataclass(frozen=True)
class Piece:
    language: str
    right: bool
    code: str

    def verifies(self, raw: bytes, given: dict[str, str], folder: Path) -> bool:
        """What the piece says of a delivery that was signed with SECRET. Raises Crash."""
        return self._in_node(raw, given) if self.language == "js" else self._in_python(raw, given, folder)

    def _in_python(self, raw: bytes, given: dict[str, str], folder: Path) -> bool:
        secret_file = folder / "secret"
        secret_file.write_text(f"{SECRET}\n")
        names: dict[str, Any] = {
            "raw_body": raw,
            "headers": {name.lower(): value for name, value in given.items()},
            "secret": SECRET,
            "old_secret": OLD_SECRET,
            "secret_file": secret_file,
            "environment": {
                "TEST_WEBHOOK_SECRET": TEST_SECRET,
                "LIVE_WEBHOOK_SECRET": SECRET,
                "API_SECRET": "secret_test_xyz789",
                "WEBHOOK_SECRET": f"{OLD_SECRET} {SECRET}",
            },
            "gzip_body": gzip.compress(raw),
            "lambda_event": {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True},
        }
        exec(PRELUDE, names)  # noqa: S102 (the guide's own code)
        try:
            exec(self.code, names)  # noqa: S102
        except (TypeError, ValueError) as error:
            raise Crash(str(error)) from error
        return bool(names["verified"])

    def _in_node(self, raw: bytes, given: dict[str, str]) -> bool:
        if NODE is None:
            pytest.skip("node is not installed; this piece is written for it")
        situation = {
            "headers": {name.lower(): value for name, value in given.items()},
            "secret": SECRET,
            "cut": raw.index("₹".encode()) + 1,
            "body": base64.b64encode(raw).decode(),
        }
        program = f"{IN_NODE}{self.code}\nconsole.log(verified);"
        command = [NODE, "--input-type=module", "-e", program, "--", json.dumps(situation)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=20)
        if ended.returncode:
            raise Crash(ended.stderr)
        assert ended.stdout in ("true\n", "false\n"), ended.stdout
        return ended.stdout == "true\n"


class Crash(Exception):
    pass


def pieces(text: str) -> list[Piece]:
    found = re.findall(r"```(python|js)\n(?:#|//) (Wrong|Right)\n(.*?)```", text, re.DOTALL)
    return [Piece(language, word == "Right", code) for language, word, code in found]


INTRODUCTION, *REST = re.split(r"^## (?=\d+\. )", GUIDE, flags=re.MULTILINE)
SECTIONS = {int(section.partition(".")[0]): section for section in REST}
PRELUDE = re.search(r"```python\n(.*?)```", INTRODUCTION, re.DOTALL)[1]  # type: ignore[index]


def test_the_guide_has_these_twelve_mistakes_each_with_its_symptom_its_reason_and_its_fix() -> None:
    titles = {number: re.sub(r"^\d+\. ", "", section.splitlines()[0]) for number, section in SECTIONS.items()}
    assert titles == {number: mistake.title for number, mistake in MISTAKES.items()}
    assert len(MISTAKES) == 12
    for number, section in SECTIONS.items():
        assert re.findall(r"^\*\*(\w+)\.\*\*", section, re.MULTILINE) == ["Symptom", "Why", "Fix"], number
        kinds = [piece.right for piece in pieces(section)]
        assert (kinds.count(False), kinds.count(True)) == (MISTAKES[number].wrong, MISTAKES[number].right), number
        assert section.count("```") == 2 * len(kinds), f"each piece in {number} is marked Wrong or Right"


@pytest.mark.parametrize("number", MISTAKES)
def test_what_the_guide_calls_wrong_fails_and_what_it_calls_right_works(number: int, tmp_path: Path) -> None:
    mistake = MISTAKES[number]
    given = mistake.given(body())
    for piece in pieces(SECTIONS[number]):
        if not piece.right and mistake.forged:
            with pytest.raises(Crash):
                piece.verifies(body(), given, tmp_path)
        else:
            wanted = piece.right and not mistake.forged
            assert piece.verifies(body(), given, tmp_path) is wanted, piece.code
        if piece.right and mistake.forged:
            assert piece.verifies(body(), headers(body()), tmp_path), piece.code


def test_what_the_guide_calls_right_says_no_to_another_body(tmp_path: Path) -> None:
    for number, section in SECTIONS.items():
        for piece in pieces(section):
            if piece.right and number != 11:  # which looks at the time only
                given = MISTAKES[number].given(body(sequence=4))
                assert not piece.verifies(body(), given, tmp_path), piece.code


def vector() -> dict[str, str]:
    rows = re.findall(r"^\| `?([\w-]+)`? \| `(.+)` \|$", INTRODUCTION, re.MULTILINE)
    return dict(rows)


def test_the_vector_in_the_guide_is_what_the_gateway_sends() -> None:
    told = vector()
    sent = signatures.headers(
        secret=told["secret"],
        webhook_id=told["webhook-id"],
        timestamp=int(told["webhook-timestamp"]),
        body=told["body"].encode(),
    )
    assert sent == {name: told[name] for name in sent}


def test_a_published_library_makes_the_vector_too() -> None:
    told = vector()
    at = datetime.fromtimestamp(int(told["webhook-timestamp"]), UTC)
    assert Webhook(told["secret"]).sign(told["webhook-id"], at, told["body"]) == told["webhook-signature"]


def test_the_command_in_the_guide_prints_the_vectors_plain_signature() -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = re.search(r"```sh\n(.*?)```", INTRODUCTION, re.DOTALL)
    assert command is not None
    printed = subprocess.run(["sh", "-c", command[1]], capture_output=True, text=True, timeout=10).stdout
    assert printed.split()[-1] == vector()["X-Webhook-Signature"]


# The script


class Bank:
    """The few endpoints the script calls, in the gateway's words; a payment and a refund are pending at first."""

    def __init__(self, *, spaces: bool, payment: str = "success", refund: str = "processed") -> None:
        self.asked: list[tuple[str, str, Any, str | None]] = []
        self._spaces = spaces
        self._ends = {"pay": payment, "rfnd": refund}
        self._looks: dict[str, int] = {}

    def answer(self, method: str, path: str, sent: Any, key: str | None) -> tuple[int, str]:
        self.asked.append((method, path, sent, key))
        if path.endswith("/orders"):
            shown: dict[str, Any] = {"id": "order_A1b2C3d4E5f6G7h8", "status": "created"}
        elif path.endswith("/capture"):
            shown = self._payment("success", "captured")
        elif path.endswith("/refunds"):
            shown = self._refund("pending")
        elif method == "POST":
            shown = self._payment("pending", "created")
        else:
            kind = "rfnd" if "/refunds/" in path else "pay"
            self._looks[kind] = self._looks.get(kind, 0) + 1
            status = self._ends[kind] if self._looks[kind] > 1 else "pending"
            shown = self._payment(status, "authorized") if kind == "pay" else self._refund(status)
        separators = None if self._spaces else (",", ":")
        return 201 if method == "POST" else 200, json.dumps(shown, ensure_ascii=False, separators=separators)

    def _payment(self, status: str, state: str) -> dict[str, Any]:
        return {"id": PAYMENT, "order_id": "order_A1b2C3d4E5f6G7h8", "status": status, "state": state, "notes": {}}

    def _refund(self, status: str) -> dict[str, Any]:
        return {"id": "rfnd_A1b2C3d4E5f6G7h8", "payment_id": PAYMENT, "reason": "₹", "status": status}


@contextmanager
def serving(bank: Bank) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            sent = json.loads(self.rfile.read(length)) if length else None
            given = (self.headers["X-Api-Key"], self.headers["X-Api-Secret"])
            if given != ("key_test_abc123", "secret_test_xyz789"):
                status, text = 401, '{"error":{"code":"AUTHENTICATION_ERROR","description":"Invalid API credentials"}}'
            else:
                status, text = bank.answer(self.command, self.path, sent, self.headers["Idempotency-Key"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def run_script(url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed, and the script is written for it")
    # Nothing but PATH: what else it needs, it must bring along.
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    command = ["sh", str(EXAMPLES / "first_payment.sh")]
    return subprocess.run(
        command, env=path | {"API_URL": url} | environment, capture_output=True, text=True, timeout=30
    )


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_every_shell_can_read_the_script(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    read = subprocess.run([shell, "-n", EXAMPLES / "first_payment.sh"], capture_output=True, text=True, timeout=10)
    assert (read.returncode, read.stderr) == (0, "")


@pytest.mark.parametrize("spaces", [False, True])
def test_the_script_goes_from_an_order_to_a_refund(spaces: bool) -> None:
    bank = Bank(spaces=spaces)
    with serving(bank) as url:
        ended = run_script(url)
    assert (ended.returncode, ended.stderr) == (0, "")
    payment, refund = f"/api/v1/payments/{PAYMENT}", "/api/v1/refunds/rfnd_A1b2C3d4E5f6G7h8"
    assert [(method, path) for method, path, _, _ in bank.asked] == [
        ("POST", "/api/v1/orders"),
        ("POST", "/api/v1/payments"),
        ("GET", payment),
        ("GET", payment),
        ("POST", f"{payment}/capture"),
        ("POST", f"{payment}/refunds"),
        ("GET", refund),
        ("GET", refund),
    ]
    assert bank.asked[1][2]["order_id"] == "order_A1b2C3d4E5f6G7h8"
    keys = [key for method, _, _, key in bank.asked if method == "POST"]
    assert len(set(keys)) == 4, "each of its POSTs has an idempotency key of its own"
    assert all(key and re.fullmatch(r"[\x21-\x7e]{1,255}", key) for key in keys)
    assert "processed" in ended.stdout.splitlines()[-1]


def test_the_script_stops_where_something_goes_wrong_and_says_what() -> None:
    with serving(Bank(spaces=False)) as url:
        refused = run_script(url, API_KEY="key_of_nobody")
    assert refused.returncode == 1
    assert "Invalid API credentials" in refused.stderr
    bank = Bank(spaces=False, payment="failed")
    with serving(bank) as url:
        declined = run_script(url)
    assert declined.returncode == 1
    assert "ended as failed" in declined.stderr
    assert not any("capture" in path for _, path, _, _ in bank.asked), "what failed is not captured"
    with serving(Bank(spaces=False, refund="failed")) as url:
        assert "ended as failed" in run_script(url).stderr
    nobody = run_script("http://127.0.0.1:1")
    assert nobody.returncode not in (0, None)
    assert "curl" in nobody.stderr
