"""Thousands of odd events, signed and sent over HTTP to a receiver in Node that parses and prints them: all verify.

FUZZ_BODIES says how many; each is drawn from SEED and its own number, so that a failure can be drawn again. The door
in `notes` is tried from both sides: what it lets in is kept by JavaScript, what it keeps out for the sake of
JavaScript is not.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from shared import signatures
from shared.domain import event, notes, views
from shared.errors import BadRequest
from shared.outbound import Sender

SEED = 20260127
BODIES = int(os.environ.get("FUZZ_BODIES") or 2000)
CONNECTIONS = 4
SECRET = "whsec_test_abc123"
EXACT_MAX = 2**53 - 1

# What texts are made of: letters of one to four bytes, what is escaped somewhere, what is invisible.
LETTERS = ["₹", "é", "漢", "🧾", "a", "Z", "0", " ", "e\u0301", "\u0300", "क्षि", "ﬁ", "\ufffd", "\uffff", "\U0010ffff"]
ESCAPED = [
    '"',
    "\\",
    "/",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\u2028",
    "\u2029",
    "\\u20b9",
    "\\n",
    "</script>",
    "<!--",
    "&",
    "'",
]
JOINED = ["👨‍👩‍👧‍👦", "👩🏽‍💻", "🏳️‍🌈", "🇮🇳", "1️⃣", "❤️"]
DIRECTED = ["مرحبا", "שלום", "\u200f", "\u202e", "\u2066x\u2069", "\u200b", "\ufeff", "\u00ad", "\x7f", "\x85", "\xa0"]
ATOMS = LETTERS + ESCAPED + JOINED + DIRECTED

LIKE_NUMBERS = [
    "-1",
    "-0",
    "+1",
    "01",
    "007",
    "00",
    "1.0",
    "1.5",
    "1e3",
    "0x1",
    " 1",
    "1 ",
    "1\n",
    "٣",
    "²",
    "1_000",
    "NaN",
]
TOO_LARGE_TO_SORT = [
    "4294967295",
    "4294967296",
    "9007199254740991",
    "9007199254740993",
    "18446744073709551616",
    "9" * 99,
]
OF_JAVASCRIPT = ["constructor", "toString", "toJSON", "valueOf", "prototype", "hasOwnProperty", "length", "then", "get"]
NEARLY_PROTO = ["__proto__x", "__proto", "_proto_", "__PROTO__", "__proto__ ", "__defineGetter__", "__lookupSetter__"]
WITH_SPACES = [" ", "  ", "a b", "\t", "\n", "a\u2028b", "\ufeff", '"', "\\", "a.b", "a[0]", "$ref", "null", "true"]
ODD_KEYS = LIKE_NUMBERS + TOO_LARGE_TO_SORT + OF_JAVASCRIPT + NEARLY_PROTO + WITH_SPACES
ODD_NUMBERS = [0, 1, -1, 2**31, -(2**31), 2**32, 10**15, EXACT_MAX, -EXACT_MAX, EXACT_MAX - 1]


# Drawing


@cache
def members(view: Any) -> list[tuple[str, msgspec.inspect.Type]]:
    return [(member.name, member.type) for member in msgspec.inspect.type_info(view).fields]  # type: ignore[union-attr]


class Draw(random.Random):
    """Draws what a merchant, or someone who wants to break its receiver, might write."""

    def letter(self) -> str:
        """Any character there is but for control characters and halves."""
        while True:
            letter = chr(self.choice([self.randrange(0x20, 0x3000), self.randrange(0x20, sys.maxunicode + 1)]))
            if not "\ud800" <= letter <= "\udfff":
                return letter

    def text(self, atoms_max: int = 12) -> str:
        drawn = range(self.randrange(atoms_max + 1))
        return "".join(self.choice(ATOMS) if self.random() < 0.8 else self.letter() for _ in drawn)

    def key(self) -> str:
        kind = self.random()
        if kind < 0.5:
            return self.choice(ODD_KEYS)
        if kind < 0.52:
            return self.letter() * 255
        return f"k{self.text(5)}"

    def scalar(self) -> Any:
        kinds: list[Callable[[], Any]] = [
            lambda: None,
            lambda: self.random() < 0.5,
            lambda: self.choice(ODD_NUMBERS),
            lambda: self.randint(-EXACT_MAX, EXACT_MAX),
            lambda: "",
            self.text,
            self.text,
        ]
        return self.choice(kinds)()

    def value(self, depth: int) -> Any:
        kind = self.random()
        if depth >= notes.NOTES_DEPTH_MAX or kind < 0.6:
            return self.scalar()
        drawn = range(self.choice([0, 1, 2, 3]))
        if kind < 0.8:
            return [self.value(depth + 1) for _ in drawn]
        return {self.key(): self.value(depth + 1) for _ in drawn}

    def notes(self) -> dict[str, Any]:
        """Notes that the door lets in. Only their size may have to be drawn again."""
        while True:
            kind = self.random()
            if kind < 0.05:
                drawn: dict[str, Any] = {"long": self.text(3000)}
            elif kind < 0.1:
                drawn = {f"{self.choice(ATOMS)}{place}": self.scalar() for place in range(self.randrange(300))}
            else:
                drawn = {self.key(): self.value(1) for _ in range(self.randrange(9))}
            try:
                return notes.check(drawn)
            except BadRequest as refusal:
                assert "bytes as JSON" in refusal.description, f"the door keeps this out: {drawn!r}"

    def shown(self, view: Any) -> dict[str, Any]:
        """A member of the right type for each that the view has, those of tomorrow too."""
        return {name: self.member(of) for name, of in members(view)}

    def member(self, of: msgspec.inspect.Type) -> Any:
        match of:
            case msgspec.inspect.Metadata():
                return self.member(of.type)
            case msgspec.inspect.UnionType():
                return self.member(self.choice(of.types))
            case msgspec.inspect.DictType():
                return self.notes()
            case msgspec.inspect.StrType():
                return self.text()
            case msgspec.inspect.IntType():
                return self.choice([*ODD_NUMBERS, self.randrange(10**9)])
            case msgspec.inspect.ListType():
                return [self.member(of.item_type) for _ in range(self.randrange(4))]
            case msgspec.inspect.BoolType():
                return self.random() < 0.5
            case msgspec.inspect.NoneType():
                return None
            case msgspec.inspect.StructType():
                return self.shown(of.cls)
        raise AssertionError(f"the views have a member of a new kind, which nobody has thought of here: {of}")


def drawn_body(number: int) -> str:
    draw = Draw(f"{SEED}-{number}")
    if number % 20 == 0:
        endpoint = views.WebhookEndpoint(**draw.shown(views.WebhookEndpoint))
        at = datetime.fromtimestamp(draw.randrange(10**10), UTC)
        return event.body_about(id=f"evt_{number:016}", type=event.ENDPOINT_DISABLED, at=at, webhook_endpoint=endpoint)
    return event.body(
        id=f"evt_{number:016}",
        type=draw.choice(event.EVENT_TYPES),
        at=datetime.fromtimestamp(draw.randrange(10**10), UTC),
        sequence=draw.randint(1, 10**6),
        payment=views.Payment(**draw.shown(views.Payment)),
        refund=views.Refund(**draw.shown(views.Refund)) if draw.random() < 0.3 else None,
    )


def body_with(written: dict[str, Any]) -> str:
    """An event of a payment that has these notes."""
    payment = Draw(SEED).shown(views.Payment) | {"notes": written}
    return event.body(
        id="evt_0123456789abcXYZ",
        type="payment.success",
        at=datetime.fromtimestamp(0, UTC),
        sequence=1,
        payment=views.Payment(**payment),
    )


# Sending


@dataclass(frozen=True)
class Node:
    url: str

    def send(self, bodies: Iterable[str]) -> Counter[int | None]:
        """Signs each body and posts it, many on a connection. How often each status was answered."""
        sender = Sender(seconds_max=30, allowed_networks=[ip_network("127.0.0.0/8")])

        def post(body: str) -> int | None:
            raw = body.encode()
            signed = signatures.headers(secret=SECRET, webhook_id="evt_0123456789abcXYZ", timestamp=0, body=raw)
            return sender.post(self.url, body=raw, headers=signed | {"Content-Type": "application/json"}).status

        with ThreadPoolExecutor(CONNECTIONS) as threads:
            statuses = Counter(threads.map(post, bodies))
        sender._pools.clear()
        return statuses

    def first_that_fails(self, bodies: Iterable[str]) -> str | None:
        return next((body for body in bodies if self.send([body]) != {200: 1}), None)

    def counts(self) -> dict[str, int]:
        counted: dict[str, int] = requests.get(self.url, timeout=5).json()
        return counted


@pytest.fixture
def node() -> Iterator[Node]:
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed, and only JavaScript can say what JSON.stringify prints")
    script = Path(__file__).parent / "reprint.mjs"
    with subprocess.Popen([program, script, SECRET], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Node(f"http://127.0.0.1:{int(process.stdout.readline())}/webhook")
        process.terminate()


# Tests


def test_every_body_is_verified_by_a_receiver_that_parses_and_prints_it(node: Node) -> None:
    statuses = node.send(drawn_body(number) for number in range(BODIES))
    if statuses != {200: BODIES}:
        failed = node.first_that_fails(drawn_body(number) for number in range(BODIES))
        pytest.fail(f"of {BODIES} bodies {statuses[200]} were verified; the first that was not: {failed}")
    assert node.counts() == {"200": BODIES, "401": 0, "400": 0}, "Node has counted otherwise"


def test_the_event_that_tries_a_receiver_is_verified_too(node: Node) -> None:
    assert node.send([event.test_body(id="evt_0123456789abcXYZ", at=datetime.now(UTC))]) == {200: 1}


def test_the_same_number_draws_the_same_body_and_another_draws_another() -> None:
    bodies = [drawn_body(number) for number in range(200)]
    assert bodies == [drawn_body(number) for number in range(200)]
    assert len(set(bodies)) == 200


def test_the_bodies_have_in_them_what_they_are_meant_to_try() -> None:
    bodies = [drawn_body(number) for number in range(2000)]
    everything = "".join(bodies)
    for wanted in (*LETTERS, *JOINED, *DIRECTED, "\u2028", "\u2029"):
        assert wanted in everything, f"{wanted!r} is never drawn"
    for wanted in ('\\"', "\\\\", "\\t", "\\n", "\\r", '":""', '":{}', '":[]', '":null', '":true', '":false'):
        assert wanted in everything, f"{wanted} is never drawn"
    for number in (EXACT_MAX, -EXACT_MAX):
        assert f":{number}" in everything, f"{number} is never drawn"
    for key in ODD_KEYS:
        assert f"{json.dumps(key, ensure_ascii=False)}:" in everything, f"the key {key!r} is never drawn"
    read = [json.loads(body)["data"] for body in bodies]
    written = [told["notes"] for data in read for told in data.values() if "notes" in told]
    assert any(len(members) > 200 for members in written), "no notes have many keys"
    assert max(len(body) for body in bodies) > notes.NOTES_BYTES_MAX / 2, "no text is long"
    assert {name for data in read for name in data} == {"payment", "refund", "webhook_endpoint"}


def test_every_character_that_is_let_in_verifies_in_texts_and_in_keys(node: Node) -> None:
    letters = [chr(code) for code in range(sys.maxunicode + 1) if is_text(chr(code))]
    assert len(letters) == sys.maxunicode + 1 - 2048 - 29, "all but the halves and the control characters"
    bodies = []
    for start in range(0, len(letters), 750):
        part = letters[start : start + 750]
        keys = {"k" + "".join(part[place : place + 250]): place for place in range(0, len(part), 250)}
        bodies.append(body_with(notes.check({"text": "".join(part)} | keys)))
    assert node.send(bodies) == {200: len(bodies)}


@pytest.mark.parametrize(
    "text",
    [
        '{"b":1,"1":2}',
        '{"b":1,"4294967294":2}',
        '{"a":1.0}',
        '{"a":1e400}',
        '{"a":-0}',
        '{"a":9007199254740993}',
        '{"a": 1}',
        '{"a":"\\u20b9"}',
        '{"a":"\\/"}',
        '{"a":1,"a":2}',
    ],
)
def test_the_receiver_refuses_what_javascript_prints_otherwise(node: Node, text: str) -> None:
    assert node.send([text]) == {401: 1}
    assert node.counts() == {"200": 0, "401": 1, "400": 0}


# The door


def accepted(written: dict[str, Any]) -> bool:
    try:
        notes.check(written)
    except BadRequest:
        return False
    return True


def is_text(text: str) -> bool:
    try:
        notes.check_text(text, field="notes")
    except BadRequest:
        return False
    return True


def keys_of_digits() -> set[str]:
    """Around each bound that a number has somewhere, and many by chance, with and without what makes it a text."""
    draw = random.Random(SEED)
    bounds = [0, 10, 2**15, 2**16, 2**24, 2**30, 2**31, 2**32, 10**9, 10**10, 2**53, 2**63, 2**64, 10**30]
    numbers = {bound + step for bound in bounds for step in range(-3, 4) if bound + step >= 0}
    numbers |= {draw.randrange(10 ** draw.randint(1, 25)) for _ in range(2000)}
    plain = {str(number) for number in numbers}
    return plain.union(
        *({f"0{key}", f"-{key}", f"+{key}", f"{key}.0", f"{key}e0", f" {key}", f"{key}n"} for key in plain)
    )


def test_the_door_keeps_out_exactly_the_keys_of_digits_that_javascript_moves(reprint: Callable[[str], str]) -> None:
    moved, kept = set(), set()
    for key in keys_of_digits():
        text = json.dumps({"b": 1, key: 2, "a": 3}, separators=(",", ":"))
        (kept if reprint(text) == text else moved).add(key)
    assert min(len(moved), len(kept)) > 500, "both sides of the door are tried"
    assert not {key for key in moved if accepted({key: 1})}, "let in, though JavaScript moves it"
    assert not {key for key in kept if not accepted({key: 1})}, "kept out, though JavaScript keeps its place"


def test_every_odd_key_that_javascript_keeps_is_let_in(reprint: Callable[[str], str]) -> None:
    for key in ODD_KEYS:
        text = msgspec.json.encode({"b": 1, key: {key: [key]}, "a": 3}).decode()
        assert reprint(text) == text, key
        assert accepted({"b": 1, key: {key: [key]}, "a": 3}), key


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 1


CANNOT_BE_SENT: dict[str, tuple[Any, str]] = {
    "NUL": ({"a": "\x00"}, "notes.a"),
    "NUL in a key": ({"\x00": 1}, "notes"),
    "an escape": ({"a": {"b": ["\x1b"]}}, "notes.a.b[0]"),
    "half a character": ({"a": "\ud83d"}, "notes.a"),
    "halves in the wrong order": ({"a": "\udc00\ud83d"}, "notes.a"),
    "half a character in a key": ({"a": {"\udfff": 1}}, "notes.a"),
    "a number for a key": ({"b": 1, "1": 1}, "notes.1"),
    "zero for a key": ({"a": {"0": 1}}, "notes.a.0"),
    "the largest key that is moved": ({"a": [{"4294967294": 1}]}, "notes.a[0].4294967294"),
    "a fraction": ({"a": 0.5}, "notes.a"),
    "a whole number with a point": ({"a": [1, 2.0]}, "notes.a[1]"),
    "1e400": ({"a": float("1e400")}, "notes.a"),
    "no number": ({"a": float("nan")}, "notes.a"),
    "2^53": ({"a": 2**53}, "notes.a"),
    "-2^53": ({"a": -(2**53)}, "notes.a"),
    "2^64": ({"a": {"b": 2**64}}, "notes.a.b"),
    "a number of 5000 digits": ({"a": 10**5000}, "notes.a"),
    "deep": ({"a": nested(4)}, "notes.a[0][0][0]"),
    "very deep": ({"a": nested(500)}, "notes.a[0][0][0]"),
    # JavaScript prints this one unchanged; a receiver that copies it member by member changes an object's ancestry.
    "__proto__": ({"a": {"__proto__": {"admin": True}}}, "notes.a.__proto__"),
    "no key": ({"": 1}, "notes"),
    "a key too long": ({"a": {"k" * 256: 1}}, "notes.a"),
    "too much": ({"a": "₹" * 3000}, "notes"),
}


@pytest.mark.parametrize("name", CANNOT_BE_SENT)
def test_what_cannot_be_sent_is_refused_naming_the_member(name: str) -> None:
    written, member = CANNOT_BE_SENT[name]
    with pytest.raises(BadRequest) as refusal:
        notes.check(written)
    assert refusal.value.field == member
    assert member in refusal.value.description
    json.dumps(refusal.value.as_dict(), ensure_ascii=False).encode()
