"""Who sends too much is told so, and when to come again, before anything is done for them; nobody else notices."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from chalicelib import front

from local import limits, sources
from local.api_gateway import HttpAnswer
from local.http_server import HttpServer
from local.limits import Limits
from local.metrics import Metrics
from shared.config import Config
from shared.db.database import Database

HERE = "127.0.0.1"
KEY, SECRET = "key_live_1", "secret_live_1"
ORDERS = "/api/v1/orders"
ORIGIN = "https://shop.example"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make(clock: Clock, *, per_second: int = 5, concurrent: int = 0, checkout: int = 2) -> Limits:
    return Limits(per_second=per_second, concurrent=concurrent, checkout_per_second=checkout, clock=clock)


def let_in(limits: Limits, times: int, *, path: str = ORDERS, key: str | None = None, source: str = HERE) -> int:
    """How many of so many requests, one after another, are let in."""
    entered = 0
    for _ in range(times):
        admission = limits.enter(path=path, key=key, secret=key and SECRET, source=source)
        entered += admission.refusal is None
        limits.leave(admission)
    return entered


# Buckets


def test_a_burst_is_let_in_and_then_the_rate(clock: Clock) -> None:
    limits = make(clock)
    assert let_in(limits, 100) == 10, "twice the rate at once"
    clock.now += 1
    assert let_in(limits, 100) == 5
    clock.now += 3600
    assert let_in(limits, 100) == 10, "what was not used is not saved for ever"


def test_the_headers_count_down_and_say_when_to_come_again(clock: Clock) -> None:
    limits = make(clock)
    first = limits.enter(path=ORDERS, key=None, secret=None, source=HERE)
    assert first.headers == {"RateLimit-Limit": "10", "RateLimit-Remaining": "9", "RateLimit-Reset": "1"}
    let_in(limits, 9)
    refused = limits.enter(path=ORDERS, key=None, secret=None, source=HERE)
    assert refused.refusal is not None and refused.refusal.reason == "rate_limited"
    assert refused.headers == {
        "RateLimit-Limit": "10",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "2",
        "Retry-After": "1",
    }
    clock.now += int(refused.headers["Retry-After"])
    assert let_in(limits, 1) == 1


def test_a_limit_of_0_is_none(clock: Clock) -> None:
    limits = make(clock, per_second=0, checkout=0)
    assert let_in(limits, 10_000) == 10_000
    assert let_in(limits, 10_000, path="/api/v1/orders/order_1/public") == 10_000
    assert limits.enter(path=ORDERS, key=None, secret=None, source=HERE).headers == {}


def test_the_table_of_callers_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CALLERS_MAX", 3)
    made = make(clock)
    for number in range(10):
        let_in(made, 10, source=f"10.0.0.{number}")
        let_in(made, 1, source="10.1.1.1")
        made.prove(f"key_{number}", SECRET)
    assert len(made._buckets._left) == len(made._proved) == 3
    assert let_in(made, 1, source="10.1.1.1") == 0, "who sends all the time is not the one forgotten"


# Callers


def test_a_merchant_counts_by_its_key_wherever_it_sends_from(clock: Clock) -> None:
    limits = make(clock)
    limits.prove(KEY, SECRET)
    assert sum(let_in(limits, 4, key=KEY, source=f"10.0.0.{n}") for n in range(10)) == 10
    assert let_in(limits, 10, key=None, source="10.0.0.1") == 10, "others at that address have their own"


def test_made_up_keys_gain_nothing(clock: Clock) -> None:
    limits = make(clock)
    assert sum(let_in(limits, 1, key=f"key_{number}") for number in range(100)) == 10


def test_who_knows_only_the_key_cannot_use_up_the_merchants_share(clock: Clock) -> None:
    limits = make(clock, concurrent=2)
    limits.prove(KEY, SECRET)
    for secret in ("wrong", None, ""):
        for _ in range(100):
            limits.enter(path=ORDERS, key=KEY, secret=secret, source="10.0.0.1")
    assert let_in(limits, 10, key=KEY) == 10


def test_a_revoked_secret_counts_by_address_again(clock: Clock) -> None:
    limits = make(clock)
    limits.prove(KEY, SECRET)
    limits.disprove(KEY, SECRET)
    let_in(limits, 100, key=KEY, source="10.0.0.1")
    limits.prove(KEY, SECRET)
    assert let_in(limits, 10, key=KEY) == 10


def test_the_checkouts_public_calls_have_a_tighter_bucket_by_address(clock: Clock) -> None:
    limits = make(clock)
    limits.prove(KEY, SECRET)
    public = "/api/v1/orders/order_1/public"
    assert let_in(limits, 100, path=public, key=KEY) == 4, "a key makes no difference"
    for path in ("/api/v1/payments/public", "/checkout", "/bank", "/api/v1/test/bank/challenges/pay_1"):
        assert let_in(limits, 100, path=path) == 0, f"all of them share it, {path} too"
    assert let_in(limits, 100, path=public, source="10.0.0.9") == 4
    assert let_in(limits, 100) == 10, "and take nothing from the other calls"


# Requests under way


def test_too_much_under_way_is_refused_until_something_is_answered(clock: Clock) -> None:
    limits = make(clock, per_second=100, concurrent=3)
    under_way = [limits.enter(path=ORDERS, key=None, secret=None, source=HERE) for _ in range(3)]
    refused = limits.enter(path=ORDERS, key=None, secret=None, source=HERE)
    assert refused.refusal is not None and refused.refusal.reason == "too_many_concurrent_requests"
    assert refused.headers["Retry-After"] == "1"
    limits.leave(refused)
    assert let_in(limits, 1, source="10.0.0.9") == 1
    assert let_in(limits, 1) == 0, "a refusal frees nothing"
    limits.leave(under_way[0])
    assert let_in(limits, 5) == 5
    for admission in under_way[1:]:
        limits.leave(admission)
    assert not limits._under_way, "who has nothing under way is not remembered"


# Addresses

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "is_from"),
    [
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),  # a stranger's word
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # the first is what the stranger wrote
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),  # in a header of its own
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["nonsense, 10.0.0.2"], "10.0.0.2"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
    ],
)
def test_the_last_hop_that_is_not_our_proxy_counts(peer: str, forwarded: list[str], is_from: str) -> None:
    assert sources.source(peer, forwarded, PROXIES) == is_from


def test_nobody_is_believed_unless_configured() -> None:
    assert sources.source(HERE, ["198.51.100.1"], ()) == HERE


def test_the_addresses_of_one_ipv6_customer_are_one_source(clock: Clock) -> None:
    limits = make(clock)
    assert sum(let_in(limits, 1, source=f"2001:db8:1:1::{number:x}") for number in range(100)) == 10
    assert let_in(limits, 1, source="2001:db8:1:2::1") == 1
    assert sources.network("::ffff:203.0.113.7") == "203.0.113.7"


# The server


class Headers(list[tuple[str, str]]):
    def get(self, name: str, default: str | None = None) -> str | None:
        return next((value for key, value in self if key == name), default)

    def keys(self) -> list[str]:
        return [name for name, _ in self]

    def items(self) -> list[tuple[str, str]]:
        return list(self)


@dataclass
class Scope:
    method: str
    path: str
    headers: Headers
    client: str
    query_string: str = ""


@dataclass
class Protocol:
    """Granian's side of a request."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def __call__(self) -> bytes:
        return b"{}"

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body

    async def __aiter__(self) -> Any:
        yield b"{}"


class Gateway:
    """Stands in for the handlers: answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.status = 200
        self.go_on = threading.Event()
        self.go_on.set()

    def answer(self, **request: Any) -> HttpAnswer:
        self.asked.append(request)
        self.go_on.wait(10)
        return HttpAnswer(self.status, {}, b"{}", request["path"])

    def refuse(self, refusal: Any, *, path: str, origin: str | None, request_id: str) -> HttpAnswer:
        answer = front.refused(refusal, request_id)
        return HttpAnswer(answer["statusCode"], answer["headers"], answer["body"].encode())


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def server(gateway: Gateway, settings: Config, database: Database, tmp_path: Path) -> Callable[..., HttpServer]:
    def start(**changes: Any) -> HttpServer:
        return HttpServer(replace(settings, **changes), gateway, Metrics(tmp_path, database))  # type: ignore[arg-type]

    return start


async def ask(
    server: HttpServer, path: str = ORDERS, *, method: str = "GET", peer: str = HERE, query: str = "", **headers: str
) -> Protocol:
    sent = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    protocol = Protocol()
    await server.__rsgi__(Scope(method, path, sent, f"{peer}:40000", query), protocol)
    return protocol


def many(server: HttpServer, times: int, *args: Any, **kwargs: Any) -> list[int]:
    async def run() -> list[int]:
        return [(await ask(server, *args, **kwargs)).status for _ in range(times)]

    return asyncio.run(run())


def test_a_refusal_has_the_shape_of_every_error_and_reaches_no_thread(server: Any, gateway: Gateway) -> None:
    strict = server(rate_limit_per_second=1)
    assert many(strict, 2) == [200, 200]
    refused = asyncio.run(ask(strict, method="POST"))
    error = json.loads(refused.body)["error"]
    assert refused.status == 429
    assert error.keys() == {"code", "description", "reason", "request_id"}
    assert (error["code"], error["reason"]) == ("RATE_LIMIT_ERROR", "rate_limited")
    assert error["request_id"] == refused.headers["X-Request-Id"]
    assert int(refused.headers["Retry-After"]) >= 1
    assert len(gateway.asked) == 2
    assert strict._metrics._tally.limited == {"rate_limited": 1}
    assert strict._metrics._tally.requests["POST", "other", 429] == 1


def test_every_answer_of_a_limited_route_says_what_is_left(server: Any, gateway: Gateway) -> None:
    made = server(rate_limit_per_second=100)
    for gateway.status in (200, 401, 404, 500):
        answer = asyncio.run(ask(made))
        assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= answer.headers.keys()
        assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("path", ["/health", "/openapi.json", "/metrics"])
def test_watching_is_not_limited(server: Any, path: str) -> None:
    strict = server(rate_limit_per_second=1, rate_limit_concurrent=1)
    assert set(many(strict, 10, path)) == {200}
    assert "RateLimit-Limit" not in asyncio.run(ask(strict, path)).headers


def test_only_credentials_that_a_handler_let_in_count_by_their_key(server: Any, gateway: Gateway) -> None:
    strict = server(rate_limit_per_second=1)
    credentials = {"x_api_key": KEY, "x_api_secret": SECRET}
    gateway.status = 401
    assert many(strict, 3, ORDERS, method="POST", **credentials) == [401, 401, 429]
    gateway.status = 201
    assert many(strict, 3, ORDERS, method="POST", peer="10.0.0.1", **credentials) == [201, 201, 201], (
        "the first by its address, the others by the key"
    )
    assert many(strict, 1, ORDERS, method="POST", peer="10.0.0.1", **credentials) == [429]
    # A call that asks for no secret proves none.
    gateway.status = 200
    other = {"x_api_key": "key_2", "x_api_secret": "made up"}
    assert many(strict, 3, "/api/v1/test/merchant", peer="10.0.0.2", **other) == [200, 200, 429]


def test_requests_under_way_are_counted_until_their_answer(server: Any, gateway: Gateway) -> None:
    strict = server(rate_limit_per_second=1000, rate_limit_concurrent=5)

    async def run() -> list[int]:
        gateway.go_on.clear()
        waiting = [asyncio.create_task(ask(strict)) for _ in range(8)]
        await asyncio.sleep(0.2)
        assert sum(task.done() for task in waiting) == 3, "the refused ones, at once"
        gateway.go_on.set()
        return sorted([(await task).status for task in waiting] + [(await ask(strict)).status])

    assert asyncio.run(run()) == [200] * 6 + [429] * 3


def test_a_strangers_x_forwarded_for_changes_nothing(server: Any, gateway: Gateway) -> None:
    strict = server(rate_limit_per_second=1)
    statuses = [many(strict, 1, x_forwarded_for=f"198.51.100.{number}")[0] for number in range(5)]
    assert statuses == [200, 200, 429, 429, 429]
    assert {request["source_ip"] for request in gateway.asked} == {HERE}


def test_behind_a_trusted_proxy_each_visitor_counts_alone(server: Any, gateway: Gateway) -> None:
    strict = server(rate_limit_per_second=1, trusted_proxies=(ip_network("127.0.0.0/8"),))
    for number in range(3):
        assert many(strict, 3, x_forwarded_for=f"9.9.9.9, 198.51.100.{number}") == [200, 200, 429]
    assert {request["source_ip"] for request in gateway.asked} == {f"198.51.100.{number}" for number in range(3)}


# Who may see /metrics


def test_metrics_are_for_this_machine_or_the_bearer_of_the_token(server: Any, gateway: Gateway) -> None:
    def status(made: HttpServer, **headers: str) -> int:
        gateway.status = 404
        return asyncio.run(ask(made, "/metrics", **headers)).status

    closed, open_ = server(), server(metrics_token="a token of 26 characters")
    assert status(closed) == status(closed, peer="::1") == status(open_) == 200
    stranger = "203.0.113.7"
    assert status(closed, peer=stranger) == 404
    assert status(closed, peer=stranger, authorization="Bearer ") == 404
    assert status(open_, peer=stranger) == 404
    assert status(open_, peer=stranger, authorization="Bearer a token of 26 characterz") == 404
    assert status(open_, peer=stranger, authorization="Bearer é") == 404
    assert status(open_, peer=stranger, authorization="Bearer a token of 26 characters") == 200
    assert status(closed, x_forwarded_for=stranger) == 404, "a proxy on this machine speaks for somebody"
    assert status(server(trusted_proxies=(ip_network("127.0.0.0/8"),)), x_forwarded_for=HERE) == 404


def test_sign_ins_have_a_bucket_of_their_own_which_is_small() -> None:
    limits = Limits(per_second=100, concurrent=0, checkout_per_second=100, clock=lambda: 0.0)

    paths = cycle(("/api/v1/session", "/api/v1/session/confirm", "/api/v1/session/password", "/api/v1/team"))

    def signs_in(source: str, method: str = "POST") -> bool:
        admission = limits.enter(path=next(paths), key=None, secret=None, source=source, method=method)
        return admission.refusal is None

    assert [signs_in(HERE) for _ in range(12)] == [True] * 10 + [False] * 2, "whatever takes a password"
    assert signs_in("198.51.100.99"), "another address has its own"
    assert signs_in(HERE, "GET"), "looking at the session is no sign-in"
    assert limits.enter(path=ORDERS, key=None, secret=None, source=HERE).refusal is None
