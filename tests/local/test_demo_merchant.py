"""The demo merchant, from outside: its pages and receiver as requests see them, the gateway as a stand-in."""

import ast
import base64
import hashlib
import hmac
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from local.demo_merchant.app import App, create_app
from local.demo_merchant.gateway import Gateway
from local.demo_merchant.inbox import Inbox
from local.demo_merchant.registration import register_webhook
from local.demo_merchant.settings import BadSetting, Settings, read_settings
from local.demo_merchant.signatures import Marks

PACKAGE = Path(__file__).parents[2] / "local" / "demo_merchant"
SECRET = "whsec_test_abc123"
NOW = 1_705_314_660.0
PAYMENT_ID = "pay_A1b2C3d4E5f6G7h8"


# The stand-in gateway


class StandIn(ThreadingHTTPServer):
    """Just enough of the API, keeping what it was asked and able to misbehave."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), StandInHandler)
        self.webhook_url: str | None = None
        self.asked: list[tuple[str, str, Any, dict[str, str]]] = []
        self.orders: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, tuple[int, Any]] = {}  # by idempotency key
        self.lose_answers = 0  # carries out so many calls, then hangs up without an answer
        self.says: tuple[int, Any] | None = None  # instead of anything else
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()

    def answer(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        self.asked.append((method, path, body, headers))
        if self.says:
            return self.says
        if (headers.get("x-api-key"), headers.get("x-api-secret")) != (
            "key_test_abc123",
            "secret_test_xyz789",
        ):
            return 401, {"error": {"code": "AUTHENTICATION_ERROR", "description": "Invalid API credentials"}}
        key = headers.get("idempotency-key")
        if key in self.answers:
            return self.answers[key]
        answer = self.carry_out(method, path, body)
        if key:
            self.answers[key] = answer
        return answer

    def carry_out(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if path == "/api/v1/merchants/me":
            if method == "PUT":
                self.webhook_url = body["webhook_url"]
            return 200, {"name": "Test Merchant", "webhook_url": self.webhook_url}
        if (method, path) == ("POST", "/api/v1/orders"):
            order_id = f"order_{len(self.orders):016d}"
            self.orders[order_id] = {"id": order_id, "status": "created", **body}
            return 201, self.orders[order_id]
        order = self.orders.get(path.removeprefix("/api/v1/orders/"))
        payment = self.payments.get(path.removeprefix("/api/v1/payments/"))
        if order is None and payment is None:
            return 404, {"error": {"code": "NOT_FOUND_ERROR", "description": "Payment not found"}}
        return 200, order or payment

    def pay(self, order_id: str, /, **otherwise: Any) -> str:
        """What the checkout does. Returns the payment's id."""
        order = self.orders[order_id]
        order["status"] = "paid"
        payment_id = f"pay_{len(self.payments):016d}"
        payment = {"amount": order["amount"], "currency": order["currency"], "status": "success", **otherwise}
        self.payments[payment_id] = {"id": payment_id, "order_id": order_id, **payment}
        return payment_id


class StandInHandler(BaseHTTPRequestHandler):
    server: StandIn

    def do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, answer = self.server.answer(self.command, self.path, body, headers)
        if self.server.lose_answers:
            self.server.lose_answers -= 1
            self.close_connection = True
            return
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", answer)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    do_GET = do_POST = do_PUT = do

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.stop()


# The shop, called as WSGI


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    app: App
    clock: list[float] = field(default_factory=lambda: [NOW])

    def __call__(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "wsgi.input": io.BytesIO(body),
        }
        for name, value in (headers or {}).items():
            name = name.upper().replace("-", "_")
            environ[name if name == "CONTENT_TYPE" else f"HTTP_{name}"] = value
        response: list[Any] = []
        chunks = self.app(environ, lambda status, fields: response.extend((status, fields)))  # type: ignore[arg-type,return-value]
        return Answer(int(response[0].split()[0]), dict(response[1]), b"".join(chunks))

    def buy(self, product: object = "assam", **more: object) -> Answer:
        return self.ask("/buy", {"product": product, **more})

    def confirm(self, order_id: object, payment_id: object, signature: object) -> Answer:
        return self.ask("/confirm", {"order_id": order_id, "payment_id": payment_id, "signature": signature})

    def ask(self, path: str, value: object) -> Answer:
        return self("POST", path, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def receive(self, body: bytes, headers: dict[str, str]) -> Answer:
        return self("POST", "/webhook", body, headers)

    def webhooks(self) -> list[dict[str, Any]]:
        return self("GET", "/webhooks.json").json["webhooks"]


def settings(**changes: str) -> Settings:
    return read_settings({"API_URL": "http://127.0.0.1:9", **changes})


def client(**changes: str) -> Client:
    clock = [NOW]
    chosen = settings(**changes)
    gateway = Gateway(api_url=chosen.api_url, api_key=chosen.api_key, api_secret=chosen.api_secret)
    return Client(create_app(chosen, gateway, Inbox(), now=lambda: clock[0]), clock)


def event(name: str = "payment.success", **more: Any) -> bytes:
    payment = {"id": PAYMENT_ID, "amount": 50000, "currency": "INR"}
    value = {"event": name, "timestamp": int(NOW), "data": {"payment": payment}, **more}
    return json.dumps(value, separators=(",", ":")).encode()


def plain_signature(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Webhook-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def signed(body: bytes, webhook_id: str = "msg_1", *, secret: str = SECRET, at: float = NOW) -> dict[str, str]:
    """Every header the gateway sends; the standard signature is made by the published library."""
    when = datetime.fromtimestamp(at, UTC)
    library_secret = base64.b64encode(secret.encode()).decode()  # a secret that is text is its own key
    return plain_signature(body, secret) | {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": Webhook(library_secret).sign(webhook_id, when, body.decode()),
    }


def success_signature(order_id: str, payment_id: str, secret: str = SECRET) -> str:
    """What the gateway gives to the checkout of a paid order."""
    return hmac.new(secret.encode(), f"{order_id}|{payment_id}".encode(), hashlib.sha256).hexdigest()


@pytest.fixture
def quick_threads() -> Iterator[None]:
    """Threads take turns after almost every step, so that a missing lock shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


# Signatures


def test_a_webhook_signed_both_ways_is_accepted_and_listed() -> None:
    shop = client()
    answer = shop.receive(event(), signed(event()))
    assert (answer.status, answer.json) == (200, {"received": True, "duplicate": False})
    assert shop.webhooks() == [
        {
            "number": 1,
            "accepted": True,
            "event": "payment.success",
            "payment_id": PAYMENT_ID,
            "amount": 50000,
            "currency": "INR",
            "signature": "verified",
            "standard_signature": "verified",
            "received_at": "2024-01-15T10:31:00Z",
            "deliveries": 1,
        }
    ]


def test_the_plain_signature_alone_is_enough_when_no_standard_header_is_sent() -> None:
    shop = client()
    assert shop.receive(event(), plain_signature(event())).status == 200
    assert (shop.webhooks()[0]["signature"], shop.webhooks()[0]["standard_signature"]) == (
        "verified",
        "not sent",
    )


@pytest.mark.parametrize("position", range(0, len(event()), 7))
def test_one_flipped_bit_of_the_body_is_rejected(position: int) -> None:
    shop = client()
    flipped = bytearray(event())
    flipped[position] ^= 1
    assert shop.receive(bytes(flipped), plain_signature(event())).status == 401
    assert [one["accepted"] for one in shop.webhooks()] == [False]


def test_one_flipped_bit_of_the_body_fails_the_standard_signature_by_itself() -> None:
    shop = client()
    flipped = event().replace(b"50000", b"50001")
    assert shop.receive(flipped, signed(event()) | plain_signature(flipped)).status == 401
    assert (shop.webhooks()[0]["signature"], shop.webhooks()[0]["standard_signature"]) == (
        "verified",
        "not verified",
    )


@pytest.mark.parametrize(
    ("changes", "marks"),
    [
        ({"X-Webhook-Signature": ""}, ("not sent", "verified")),
        ({"X-Webhook-Signature": "0" * 64}, ("not verified", "verified")),
        ({"X-Webhook-Signature": "é" * 64}, ("not verified", "verified")),
        (
            {"X-Webhook-Signature": plain_signature(event())["X-Webhook-Signature"].upper()},
            ("not verified", "verified"),
        ),
        ({"webhook-id": "msg_2"}, ("verified", "not verified")),
        ({"webhook-id": ""}, ("verified", "not verified")),
        ({"webhook-timestamp": str(int(NOW) + 1)}, ("verified", "not verified")),
        ({"webhook-timestamp": ""}, ("verified", "not verified")),
        ({"webhook-timestamp": "soon"}, ("verified", "not verified")),
        ({"webhook-timestamp": "²"}, ("verified", "not verified")),
        ({"webhook-timestamp": "9" * 5000}, ("verified", "not verified")),
        ({"webhook-signature": ""}, ("verified", "not verified")),
        ({"webhook-signature": "v1,"}, ("verified", "not verified")),
        ({"webhook-signature": "v1," + base64.b64encode(bytes(32)).decode()}, ("verified", "not verified")),
        ({"webhook-signature": "v1,é"}, ("verified", "not verified")),
    ],
)
def test_any_wrong_header_is_rejected(changes: dict[str, str], marks: tuple[str, str]) -> None:
    shop = client()
    answer = shop.receive(event(), signed(event()) | changes)
    assert answer.status == 401
    assert answer.json["error"]["code"] == "AUTHENTICATION_ERROR"
    listed = shop.webhooks()[0]
    assert (listed["signature"], listed["standard_signature"]) == marks
    assert (listed["accepted"], listed["event"], listed["payment_id"]) == (False, None, None), (
        "nothing that a rejected webhook says is repeated"
    )


def test_another_secret_is_rejected() -> None:
    assert client().receive(event(), signed(event(), secret="whsec_test_abc124")).status == 401


@pytest.mark.parametrize(("age", "status"), [(300, 200), (301, 401), (-300, 200), (-301, 401)])
def test_a_timestamp_is_good_for_five_minutes_either_way(age: int, status: int) -> None:
    shop = client()
    shop.clock[0] = NOW + age
    assert shop.receive(event(), signed(event())).status == status


def test_one_good_signature_among_several_is_enough() -> None:
    headers = signed(event())
    headers["webhook-signature"] = "v1," + base64.b64encode(bytes(32)).decode() + " " + headers["webhook-signature"]
    assert client().receive(event(), headers).status == 200


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("whsec_" + base64.b64encode(bytes(range(24))).decode(), bytes(range(24))),
        ("whsec_" + base64.b64encode(bytes(range(32))).decode(), bytes(range(32))),
        ("whsec_" + base64.b64encode(bytes(range(23))).decode(), None),
        ("whsec_" + base64.b64encode(bytes(range(24))).decode() + "!", None),
        ("whsec_test_abc123", None),
        (base64.b64encode(bytes(range(32))).decode(), bytes(range(32))),
    ],
)
def test_the_standard_key_is_what_a_generated_secret_encodes_or_else_the_text(secret: str, key: bytes | None) -> None:
    digest = hmac.new(key or secret.encode(), b"msg_1." + b"%d." % NOW + event(), hashlib.sha256).digest()
    headers = plain_signature(event(), secret) | {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW)),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
    assert client(WEBHOOK_SECRET=secret).receive(event(), headers).status == 200


# What is remembered


def test_a_webhook_delivered_again_is_listed_once_and_counted() -> None:
    shop = client()
    shop.receive(event("payment.pending"), signed(event("payment.pending"), "msg_1"))
    shop.receive(event(), signed(event(), "msg_2"))
    again = shop.receive(event("payment.pending"), signed(event("payment.pending"), "msg_1", at=NOW + 60))
    assert (again.status, again.json["duplicate"]) == (200, True)
    assert [(one["event"], one["deliveries"]) for one in shop.webhooks()] == [
        ("payment.success", 1),
        ("payment.pending", 2),
    ]


def test_without_a_webhook_id_every_delivery_counts() -> None:
    shop = client()
    for _ in range(2):
        shop.receive(event(), plain_signature(event()))
    assert [one["number"] for one in shop.webhooks()] == [2, 1]


def test_the_201st_webhook_drops_the_oldest() -> None:
    shop = client()
    for number in range(1, 202):
        assert shop.receive(event(), signed(event(), f"msg_{number}")).status == 200
    assert [one["number"] for one in shop.webhooks()] == list(range(201, 1, -1))


def test_rejected_webhooks_are_bounded_and_never_push_out_an_accepted_one() -> None:
    shop = client()
    shop.receive(event(), signed(event()))
    for _ in range(250):
        shop.receive(event(), {"X-Webhook-Signature": "no"})
    listed = shop.webhooks()
    assert sum(not one["accepted"] for one in listed) == 20
    assert listed[-1]["accepted"]


def test_threads_delivering_the_same_webhook_leave_one_and_count_them_all(quick_threads: None) -> None:
    inbox = Inbox()
    marks = Marks(plain="verified", standard="verified")
    together = threading.Barrier(8)

    def deliver() -> None:
        together.wait()
        for _ in range(500):
            inbox.accept({}, webhook_id="msg_1", marks=marks, now=NOW)

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one["deliveries"] for one in inbox.listing()] == [4000]


def test_the_list_is_sent_again_only_when_it_changed() -> None:
    shop = client()
    first = shop("GET", "/webhooks.json")
    same = shop("GET", "/webhooks.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status, same.body) == (304, b"")
    shop.receive(event(), signed(event()))
    changed = shop("GET", "/webhooks.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status, len(changed.json["webhooks"])) == (200, 1)
    shop.receive(event(), signed(event()))
    assert shop("GET", "/webhooks.json", headers={"If-None-Match": changed.headers["ETag"]}).status == 200, (
        "a repeated delivery changes the list too"
    )
    assert client()("GET", "/webhooks.json").headers["ETag"] != first.headers["ETag"], (
        "a restarted shop must not look like the one before"
    )


# Bad input


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b'"text"', b"null", b"\xff{}", b"{", b"[" * 60_000, b"1" * 60_000],
    ids=["empty", "text", "list", "string", "null", "not-utf8", "cut", "deep", "long-number"],
)
def test_a_signed_body_that_is_no_json_object_is_400(body: bytes) -> None:
    shop = client()
    assert shop.receive(body, plain_signature(body)).status == 400
    assert shop.webhooks() == []


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"event": 7, "data": []},
        {"event": "payment.success", "data": {"payment": "pay"}},
        {"event": None, "data": {"payment": {"id": 1, "amount": True, "currency": {}}}},
        {"data": {"payment": {"amount": 10**400}}},
    ],
)
def test_an_unknown_shape_is_accepted_and_shows_what_it_can(value: dict[str, Any]) -> None:
    shop = client()
    body = json.dumps(value).encode()
    assert shop.receive(body, plain_signature(body)).status == 200
    assert (shop.webhooks()[0]["payment_id"], shop.webhooks()[0]["amount"]) == (None, None)


def test_shown_texts_are_bounded() -> None:
    shop = client()
    body = event("x" * 60_000)
    shop.receive(body, plain_signature(body))
    assert len(shop.webhooks()[0]["event"]) == 80


def test_a_webhook_may_have_64_kb_and_not_a_byte_more() -> None:
    shop = client()
    fits = event(padding="x" * (64 * 1024 - len(event(padding=""))))
    assert len(fits) == 64 * 1024
    assert shop.receive(fits, plain_signature(fits)).status == 200
    assert shop.receive(fits + b" ", plain_signature(fits + b" ")).status == 413


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/index.html",
        "/thanks.html",
        "/app.py",
        "/../app.py",
        "/static/shop.js",
        "/orders/",
        "/orders/order_short",
        "/orders/order_0000000000000000\n",
        "/orders/order_000000000000000é",
        "/webhook/",
        "/\x00",
    ],
)
def test_an_unknown_path_is_404(path: str) -> None:
    answer = client()("GET", path)
    assert (answer.status, answer.json["error"]["code"]) == (404, "NOT_FOUND_ERROR")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/webhook", "POST"),
        ("GET", "/buy", "POST"),
        ("DELETE", "/", "GET, HEAD"),
        ("POST", "/webhooks.json", "GET, HEAD"),
        ("OPTIONS", "/buy", "POST"),
        ("GET", "/confirm", "POST"),
        ("POST", "/thanks", "GET, HEAD"),
        ("PUT", "/orders/order_0000000000000000", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_405_and_says_which_are_right(method: str, path: str, allow: str) -> None:
    answer = client()(method, path)
    assert (answer.status, answer.headers["Allow"]) == (405, allow)


def test_head_answers_as_get_without_the_body() -> None:
    shop = client()
    head, get = shop("HEAD", "/"), shop("GET", "/")
    assert (head.status, head.body) == (200, b"")
    assert head.headers == get.headers


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"product":"assam"}', "text/plain", 415),
        (b"product=assam", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b'{"product":"gold"}', "application/json", 400),
        (b'{"product":["assam"]}', "application/json", 400),
        (b"{}", "application/json; charset=utf-8", 400),
        (b'{"product":"assam"}' + b" " * 4096, "application/json", 413),
    ],
)
def test_a_bad_purchase_is_refused_before_the_gateway_is_asked(
    stand_in: StandIn, body: bytes, content_type: str, status: int
) -> None:
    shop = client(API_URL=stand_in.url)
    assert shop("POST", "/buy", body, {"Content-Type": content_type}).status == status
    assert stand_in.asked == []


def test_a_mistake_of_the_shop_shows_no_trace_of_its_code(caplog: pytest.LogCaptureFixture) -> None:
    shop = client()

    class Broken:
        def read(self, _: int) -> bytes:
            raise RuntimeError("secret detail")

    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/webhook", "wsgi.input": Broken()}
    response: list[Any] = []
    body = b"".join(shop.app(environ, lambda *given: response.extend(given)))  # type: ignore[arg-type,return-value]
    assert response[0].startswith("500")
    assert b"secret detail" not in body
    assert "action=request_failed" in caplog.text


# Pages


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/thanks", "text/html; charset=utf-8"),
        ("/shop.css", "text/css; charset=utf-8"),
        ("/shop.js", "text/javascript; charset=utf-8"),
        ("/thanks.js", "text/javascript; charset=utf-8"),
        ("/mark.svg", "image/svg+xml"),
    ],
)
def test_files_are_served_with_their_type_and_a_version(path: str, content_type: str) -> None:
    shop = client()
    answer = shop("GET", path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
    assert shop("GET", path, headers={"If-None-Match": answer.headers["ETag"]}).status == 304


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/shop.json"), ("GET", "/no"), ("POST", "/webhook")]
)
def test_every_answer_has_the_security_headers(method: str, path: str) -> None:
    headers = client()(method, path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_checkouts_script_and_frame_are_all_that_may_come_from_elsewhere() -> None:
    headers = client(CHECKOUT_PUBLIC_URL="https://pay.example:3443/")("GET", "/").headers
    policy = dict(one.split(" ", 1) for one in headers["Content-Security-Policy"].split("; "))
    assert {name: sources for name, sources in policy.items() if "pay.example" in sources} == {
        "script-src": "'self' https://pay.example:3443",
        "frame-src": "https://pay.example:3443",
    }
    assert headers["Referrer-Policy"] == "no-referrer", "the address of the page after a payment holds its signature"


def test_the_pages_hold_nothing_the_policy_would_block_or_markup_would_break() -> None:
    files = list((PACKAGE / "static").iterdir())
    for page in (file.read_text() for file in files if file.suffix == ".html"):
        assert not re.search(r"<style|\sstyle=|\son\w+=|https?://|<script(?![^>]*\ssrc=)", page)
    for script in (file.read_text() for file in files if file.suffix == ".js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)


def test_every_element_and_module_that_a_script_wants_is_there() -> None:
    scripts = {file.name: file.read_text() for file in (PACKAGE / "static").glob("*.js")}

    def loaded(name: str) -> set[str]:
        return {name}.union(*(loaded(one) for one in re.findall(r'from "\./([^"]+)"', scripts[name])))

    used = set()
    for page in (PACKAGE / "static").glob("*.html"):
        ids = set(re.findall(r'\sid="([^"]+)"', page.read_text()))
        (first,) = re.findall(r'<script type="module" src="/([^"]+)">', page.read_text())
        used |= loaded(first)
        wanted = {name for one in loaded(first) for name in re.findall(r'byId\("([^"]+)"\)', scripts[one])}
        assert len(wanted) > 8
        assert wanted <= ids, f"{page.name} lacks {sorted(wanted - ids)}"
    assert used == scripts.keys()


def test_every_product_has_a_picture() -> None:
    shop = client()
    for product in shop("GET", "/shop.json").json["products"]:
        assert shop("GET", f"/{product['id']}.svg").status == 200
        assert product["amount"] >= 100, "the gateway takes no order below 100"


def test_the_shop_knows_the_gateway_over_http_only() -> None:
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] not in ("shared", "functions", "standardwebhooks"), f"{file}: {name}"
                assert not name.startswith("local") or name.startswith("local.demo_merchant"), f"{file}: {name}"


# Buying


def test_buying_orders_at_the_shops_price_and_leaves_the_payment_to_the_checkout(stand_in: StandIn) -> None:
    shop = client(API_URL=stand_in.url, CHECKOUT_PUBLIC_URL="https://pay.example")
    bought = shop.buy("assam", amount=1, price=1)
    assert bought.status == 201
    assert bought.json == {
        "order_id": "order_0000000000000000",
        "product": "Assam Breakfast",
        "amount": 50000,
        "currency": "INR",
        "key": "key_test_abc123",
        "checkout_url": "https://pay.example",
    }
    ((method, path, order, headers),) = stand_in.asked
    assert (method, path) == ("POST", "/api/v1/orders")
    assert order == {"amount": 50000, "currency": "INR", "receipt": headers["idempotency-key"]}


def test_no_answer_holds_a_secret(stand_in: StandIn) -> None:
    shop = client(API_URL=stand_in.url)
    order_id = shop.buy().json["order_id"]
    payment_id = stand_in.pay(order_id)
    for answer in (
        shop("GET", "/shop.json"),
        shop("GET", "/gateway.json"),
        shop.buy(),
        shop("GET", f"/orders/{order_id}"),
        shop.confirm(order_id, payment_id, success_signature(order_id, payment_id)),
        shop.confirm(order_id, payment_id, "0" * 64),
    ):
        assert answer.status in (200, 201)
        for secret in (b"secret_test_xyz789", SECRET.encode(), success_signature(order_id, payment_id).encode()):
            assert secret not in answer.body


def test_the_catalogue_says_where_the_checkout_is() -> None:
    catalogue = client(CHECKOUT_PUBLIC_URL="https://pay.example/")("GET", "/shop.json").json
    assert catalogue["checkout_url"] == "https://pay.example"
    assert [product["id"] for product in catalogue["products"]] == ["assam", "chai", "kettle"]


def test_the_status_shown_is_the_gateways(stand_in: StandIn) -> None:
    shop = client(API_URL=stand_in.url)
    order_id = shop.buy("chai").json["order_id"]
    assert shop("GET", f"/orders/{order_id}").json == {
        "order_id": order_id,
        "product": "Masala Chai",
        "amount": 34900,
        "currency": "INR",
        "status": "created",
    }
    stand_in.pay(order_id)
    assert shop("GET", f"/orders/{order_id}").json["status"] == "paid"


def test_a_lost_answer_is_asked_for_again_and_buys_once(stand_in: StandIn) -> None:
    stand_in.lose_answers = 1
    shop = client(API_URL=stand_in.url)
    assert shop.buy().status == 201
    assert (len(stand_in.asked), len(stand_in.orders)) == (2, 1)


def test_an_order_of_another_shop_is_404(stand_in: StandIn) -> None:
    shop = client(API_URL=stand_in.url)
    assert shop("GET", "/orders/order_AAAAAAAAAAAAAAAA").status == 404
    assert stand_in.asked == []


@pytest.mark.parametrize("after", ["\n", "x", "/"])
def test_an_order_is_found_by_its_whole_id_only(stand_in: StandIn, after: str) -> None:
    shop = client(API_URL=stand_in.url)
    assert shop("GET", f"/orders/{shop.buy().json['order_id']}{after}").status == 404


def test_only_the_newest_200_orders_are_remembered(stand_in: StandIn) -> None:
    shop = client(API_URL=stand_in.url)
    orders = [shop.buy().json["order_id"] for _ in range(201)]
    assert shop("GET", f"/orders/{orders[0]}").status == 404
    assert shop("GET", f"/orders/{orders[1]}").status == 200


def test_without_a_gateway_the_shop_says_so_plainly() -> None:
    shop = client()
    answer = shop.buy()
    words = "The payment gateway does not answer at http://127.0.0.1:9. Start it, then try again."
    assert (answer.status, answer.json) == (
        503,
        {"error": {"code": "GATEWAY_UNAVAILABLE", "description": words}},
    )
    state = shop("GET", "/gateway.json")
    assert (state.status, state.json) == (200, {"state": "unavailable", "description": words})
    assert shop("GET", "/").status == 200


@pytest.mark.parametrize(
    ("says", "status"),
    [
        ((500, {"error": {}}), 503),
        ((429, {"error": {"code": "RATE_LIMITED"}}), 503),
        ((201, b"<html>"), 503),
        ((201, ["a", "list"]), 503),
        ((201, {"no": "id"}), 503),
        ((400, {"error": {"code": "INVALID_VPA", "description": "VPA is invalid"}}), 502),
        ((403, {"unknown": "shape"}), 502),
        ((404, {"error": "text"}), 502),
    ],
)
def test_a_strange_gateway_never_breaks_the_shop(stand_in: StandIn, says: Any, status: int) -> None:
    stand_in.says = says
    answer = client(API_URL=stand_in.url).buy()
    assert answer.status == status
    assert answer.json["error"]["description"]


def test_the_gateways_own_words_reach_the_customer(stand_in: StandIn) -> None:
    stand_in.says = (400, {"error": {"code": "INVALID_VPA", "description": "VPA is invalid"}})
    assert client(API_URL=stand_in.url).buy().json == {
        "error": {"code": "INVALID_VPA", "description": "The gateway refused: VPA is invalid"}
    }


def test_a_wrong_key_is_named_as_such(stand_in: StandIn) -> None:
    state = client(API_URL=stand_in.url, API_SECRET="wrong")("GET", "/gateway.json").json
    assert state == {
        "state": "refused",
        "description": "The gateway refuses this shop: Invalid API credentials",
    }


def test_the_secret_never_follows_a_redirect(stand_in: StandIn) -> None:
    elsewhere = StandIn()
    stand_in.says = (307, f"{elsewhere.url}/api/v1/orders")
    try:
        assert client(API_URL=stand_in.url).buy().status == 503
        assert elsewhere.asked == []
    finally:
        elsewhere.stop()


def test_a_proxy_of_the_machine_is_not_asked(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    assert client(API_URL=stand_in.url).buy().status == 201


# What the checkout told


@dataclass
class Paid:
    """A shop with a paid order, and what the checkout told its customer's browser."""

    shop: Client
    stand_in: StandIn
    order_id: str
    payment_id: str

    @property
    def signature(self) -> str:
        return success_signature(self.order_id, self.payment_id)

    def confirm(self) -> Answer:
        return self.shop.confirm(self.order_id, self.payment_id, self.signature)


def paid(stand_in: StandIn, /, **otherwise: Any) -> Paid:
    shop = client(API_URL=stand_in.url)
    order_id = shop.buy().json["order_id"]
    payment_id = stand_in.pay(order_id, **otherwise)
    stand_in.asked.clear()
    return Paid(shop, stand_in, order_id, payment_id)


def test_a_signed_success_that_the_gateway_confirms_is_shipped(stand_in: StandIn) -> None:
    sale = paid(stand_in)
    answer = sale.confirm()
    assert (answer.status, answer.json) == (
        200,
        {
            "order_id": sale.order_id,
            "payment_id": sale.payment_id,
            "product": "Assam Breakfast",
            "amount": 50000,
            "currency": "INR",
            "signature": "verified",
            "status": "success",
            "ship": True,
            "problem": None,
        },
    )
    ((method, path, _, headers),) = stand_in.asked
    assert (method, path) == ("GET", f"/api/v1/payments/{sale.payment_id}")
    assert headers["x-api-secret"] == "secret_test_xyz789"
    assert sale.confirm().json == answer.json, "a page that is loaded again shows the same"


def test_the_key_of_a_success_is_the_whole_secret_also_where_it_is_base64(stand_in: StandIn) -> None:
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    shop = client(API_URL=stand_in.url, WEBHOOK_SECRET=secret)
    order_id = shop.buy().json["order_id"]
    payment_id = stand_in.pay(order_id)
    assert shop.confirm(order_id, payment_id, success_signature(order_id, payment_id, secret)).json["ship"] is True


@pytest.mark.parametrize(
    "forge",
    [
        lambda sale: "0" * 64,
        lambda sale: "",
        lambda sale: sale.signature[:-1],
        lambda sale: sale.signature + "0",
        lambda sale: sale.signature.upper(),
        lambda sale: f"{sale.signature} ",
        lambda sale: "é" * 64,
        lambda sale: "\ud800" * 64,
        lambda sale: success_signature(sale.order_id, sale.payment_id, "whsec_test_abc124"),
        lambda sale: success_signature(sale.payment_id, sale.order_id),
        lambda sale: success_signature(sale.order_id, "pay_AAAAAAAAAAAAAAAA"),
        lambda sale: hmac.new(SECRET.encode(), b"", hashlib.sha256).hexdigest(),
        lambda sale: hashlib.sha256(f"{sale.order_id}|{sale.payment_id}".encode()).hexdigest(),
    ],
)
def test_a_forged_signature_is_not_believed_and_not_even_asked_about(stand_in: StandIn, forge: Any) -> None:
    sale = paid(stand_in)
    answer = sale.shop.confirm(sale.order_id, sale.payment_id, forge(sale))
    assert answer.status == 200
    assert (answer.json["signature"], answer.json["ship"], answer.json["status"]) == ("not verified", False, None)
    assert "WEBHOOK_SECRET" in answer.json["problem"]
    assert stand_in.asked == []


def test_the_signature_of_another_order_is_not_believed(stand_in: StandIn) -> None:
    sale = paid(stand_in)
    cheap = sale.shop.buy("chai").json["order_id"]
    paid_cheap = stand_in.pay(cheap)
    signature = success_signature(cheap, paid_cheap)
    assert sale.shop.confirm(sale.order_id, paid_cheap, signature).json["ship"] is False
    assert sale.shop.confirm(cheap, paid_cheap, signature).json["ship"] is True


def test_a_signed_payment_of_another_shops_order_is_404(stand_in: StandIn) -> None:
    order_id, payment_id = "order_AAAAAAAAAAAAAAAA", "pay_AAAAAAAAAAAAAAAA"
    shop = client(API_URL=stand_in.url)
    answer = shop.confirm(order_id, payment_id, success_signature(order_id, payment_id))
    assert (answer.status, answer.json["error"]["description"]) == (404, "This shop remembers no such order.")
    assert stand_in.asked == []


@pytest.mark.parametrize(
    ("otherwise", "problem"),
    [
        ({"amount": 49999}, "The payment is not of the order's amount."),
        ({"amount": None}, "The payment is not of the order's amount."),
        ({"currency": "JPY"}, "The payment is not of the order's amount."),
        ({"order_id": "order_AAAAAAAAAAAAAAAA"}, "The payment is for another order."),
        ({"order_id": None}, "The payment is for another order."),
        ({"status": "failed"}, "The payment's status is failed."),
        ({"status": "pending"}, "The payment's status is pending."),
        ({"status": "partially_refunded"}, "The payment's status is partially refunded."),
    ],
)
def test_nothing_is_shipped_for_a_payment_that_does_not_fit_although_it_is_signed(
    stand_in: StandIn, otherwise: dict[str, Any], problem: str
) -> None:
    answer = paid(stand_in, **{"status": "success"} | otherwise).confirm().json
    assert (answer["signature"], answer["ship"], answer["problem"]) == ("verified", False, problem)
    assert answer["status"] == otherwise.get("status", "success")


def test_a_payment_the_gateway_does_not_know_is_not_shipped(stand_in: StandIn) -> None:
    sale = paid(stand_in)
    stand_in.payments.clear()
    answer = sale.confirm().json
    assert (answer["ship"], answer["status"]) == (False, None)
    assert answer["problem"] == "The gateway refused to show the payment: Payment not found"


@pytest.mark.parametrize("says", [(500, {}), (200, ["a", "list"]), (200, b"<html>"), (307, "http://127.0.0.1:9/")])
def test_without_the_gateways_word_nothing_is_confirmed(stand_in: StandIn, says: Any) -> None:
    sale = paid(stand_in)
    stand_in.says = says
    answer = sale.confirm()
    assert (answer.status, answer.json["error"]["code"]) == (503, "GATEWAY_UNAVAILABLE")
    stand_in.says = None
    assert sale.confirm().json["ship"] is True, "asked again, it is"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"order_id=o&payment_id=p&signature=s", "application/x-www-form-urlencoded", 415),
        (b"[]", "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"order_id":"o","payment_id":"pay_A1b2C3d4E5f6G7h8"}', "application/json", 400),
        (b'{"order_id":[],"payment_id":"pay_A1b2C3d4E5f6G7h8","signature":"s"}', "application/json", 400),
        (b'{"order_id":"o","payment_id":"pay_A1b2C3d4E5f6G7h8","signature":true}', "application/json", 400),
        (b'{"order_id":"o","payment_id":"../merchants/me","signature":"s"}', "application/json", 400),
        (b'{"order_id":"o","payment_id":"pay_A1b2C3d4E5f6G7h8\\n","signature":"s"}', "application/json", 400),
        (b'{"order_id":"' + b"o" * 4096 + b'"}', "application/json", 413),
    ],
)
def test_what_no_checkout_tells_is_refused_before_the_gateway_is_asked(
    stand_in: StandIn, body: bytes, content_type: str, status: int
) -> None:
    shop = client(API_URL=stand_in.url)
    assert shop("POST", "/confirm", body, {"Content-Type": content_type}).status == status
    assert stand_in.asked == []


# Where webhooks go


def gateway_at(url: str) -> Gateway:
    return Gateway(api_url=url, api_key="key_test_abc123", api_secret="secret_test_xyz789")


def test_the_shop_registers_its_webhook_url_when_there_is_none(stand_in: StandIn) -> None:
    assert register_webhook(gateway_at(stand_in.url), "http://127.0.0.1:4000/webhook") is True
    assert stand_in.webhook_url == "http://127.0.0.1:4000/webhook"


def test_a_webhook_url_set_by_a_person_is_never_overwritten(stand_in: StandIn) -> None:
    stand_in.webhook_url = "https://shop.example/hooks"
    assert register_webhook(gateway_at(stand_in.url), "http://127.0.0.1:4000/webhook") is False
    assert stand_in.webhook_url == "https://shop.example/hooks"
    assert [method for method, *_ in stand_in.asked] == ["GET"]


def test_registering_waits_for_the_gateway_a_second_at_a_time() -> None:
    port = free_port()
    waits: list[float] = []
    late: list[StandIn] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            late.append(StandIn(port))

    try:
        assert register_webhook(gateway_at(f"http://127.0.0.1:{port}"), "http://127.0.0.1:4000/webhook", sleep=sleep)
        assert waits == [1, 1, 1]
    finally:
        late[0].stop()


def test_registering_tries_again_after_a_refusal(stand_in: StandIn) -> None:
    stand_in.says = (401, {"error": {"code": "AUTHENTICATION_ERROR", "description": "Invalid"}})
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        stand_in.says = None

    assert register_webhook(gateway_at(stand_in.url), "http://127.0.0.1:4000/webhook", sleep=sleep)
    assert waits == [15]


@pytest.mark.parametrize(
    ("webhook_url", "words"),
    [
        ("http://127.0.0.1:4000/webhook", ""),
        ("https://shop.example/hooks?token=abc", "the address set in the dashboard"),
        (None, "are not sent anywhere"),
    ],
)
def test_the_page_is_told_where_webhooks_go(stand_in: StandIn, webhook_url: str | None, words: str) -> None:
    stand_in.webhook_url = webhook_url
    state = client(API_URL=stand_in.url)("GET", "/gateway.json").json
    assert state["state"] == "connected"
    assert words in state["description"] and bool(words) == bool(state["description"])
    assert "token" not in state["description"], "another receiver's address may hold a secret"


# Settings


def test_everything_has_a_default_and_an_empty_variable_counts_as_absent() -> None:
    expected = Settings(
        host="127.0.0.1",
        port=4000,
        api_url="http://127.0.0.1:8000",
        api_key="key_test_abc123",
        api_secret="secret_test_xyz789",
        webhook_secret="whsec_test_abc123",
        public_url="http://127.0.0.1:4000",
        checkout_url="http://localhost:3001",
    )
    assert read_settings({}) == expected
    assert read_settings({"MERCHANT_PORT": "", "API_URL": " ", "API_KEY": ""}) == expected


def test_the_public_url_follows_the_port_and_may_be_set() -> None:
    assert read_settings({"MERCHANT_PORT": "4100"}).webhook_url == "http://127.0.0.1:4100/webhook"
    assert read_settings({"MERCHANT_PUBLIC_URL": "http://shop:4000/"}).webhook_url == "http://shop:4000/webhook"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("MERCHANT_PORT", value) for value in ("0", "65536", "-1", "4e3", "٤٠٠٠", "9" * 5000)),
        *(("API_URL", value) for value in ("127.0.0.1:8000", "ftp://host", "http://", "http://h:99999", "http://[")),
        ("API_URL", "http://127.0.0.1:8000?x=1"),
        ("MERCHANT_PUBLIC_URL", "shop"),
        ("CHECKOUT_PUBLIC_URL", "http://localhost:3001/checkout.js"),
        ("CHECKOUT_PUBLIC_URL", "http://localhost:99999"),
        ("CHECKOUT_PUBLIC_URL", "http://localhost;script-src:*"),
        ("CHECKOUT_PUBLIC_URL", "http://name:word@localhost"),
        ("CHECKOUT_PUBLIC_URL", "javascript://localhost"),
        ("API_KEY", "two words"),
        ("API_SECRET", "new\nline"),
        ("API_SECRET", "sécret"),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=rf"^{name} must be "):
        read_settings({name: value})


# The process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(**environ: str) -> Iterator[subprocess.Popen[str]]:
    """The shop as a process of its own, in a group of its own, of which nothing is left afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local.demo_merchant"],
        cwd=PACKAGE.parents[1],
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_until(true: Any, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"still not true after {seconds} s"
        time.sleep(0.02)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.ConnectionError:
        return False


@dataclass
class Running:
    process: subprocess.Popen[str]
    url: str


@pytest.fixture
def running(stand_in: StandIn) -> Iterator[Running]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with started(MERCHANT_PORT=str(port), API_URL=stand_in.url) as process:
        wait_until(lambda: answers(f"{url}/shop.json"))
        yield Running(process, url)


def test_the_shop_runs_registers_sells_receives_and_stops_at_once(running: Running, stand_in: StandIn) -> None:
    wait_until(lambda: stand_in.webhook_url == f"{running.url}/webhook")

    bought = requests.post(f"{running.url}/buy", json={"product": "assam"}, timeout=10)
    assert bought.status_code == 201
    order_id = bought.json()["order_id"]
    payment_id = stand_in.pay(order_id)
    told = {"order_id": order_id, "payment_id": payment_id, "signature": success_signature(order_id, payment_id)}
    assert requests.post(f"{running.url}/confirm", json=told, timeout=10).json()["ship"] is True
    forged = told | {"signature": "0" * 64}
    assert requests.post(f"{running.url}/confirm", json=forged, timeout=10).json()["ship"] is False

    body = event()
    received = requests.post(f"{running.url}/webhook", data=body, headers=signed(body, at=time.time()), timeout=5)
    assert (received.status_code, received.json()) == (200, {"received": True, "duplicate": False})
    listed = requests.get(f"{running.url}/webhooks.json", timeout=5)
    assert [one["event"] for one in listed.json()["webhooks"]] == ["payment.success"]
    again = requests.get(f"{running.url}/webhooks.json", headers={"If-None-Match": listed.headers["ETag"]}, timeout=5)
    assert (again.status_code, again.content) == (304, b"")
    assert requests.head(running.url, timeout=5).status_code == 200
    assert requests.post(f"{running.url}/webhook", data=b"x" * 200_000, timeout=5).status_code == 413
    assert requests.get(f"{running.url}/%00%ff", timeout=5).status_code == 404

    running.process.terminate()
    began = time.monotonic()
    output, _ = running.process.communicate(timeout=10)
    assert time.monotonic() - began < 2
    assert running.process.returncode == 0
    assert output == f"demo merchant: shop on {running.url}, webhooks at {running.url}/webhook\n"


def test_a_killed_shop_leaves_its_port_free(running: Running) -> None:
    running.process.kill()
    wait_until(lambda: not answers(f"{running.url}/shop.json"))


def test_a_request_that_never_ends_does_not_keep_the_shop_from_stopping(running: Running) -> None:
    host, port = running.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"POST /webhook HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\n{")
        time.sleep(0.3)
        running.process.terminate()
        began = time.monotonic()
        running.process.communicate(timeout=10)
        assert time.monotonic() - began < 2


def test_a_second_shop_on_the_same_port_says_so_and_exits(running: Running) -> None:
    port = running.url.rsplit(":", 1)[1]
    with started(MERCHANT_PORT=port) as second:
        output, _ = second.communicate(timeout=15)
    assert second.returncode == 1
    assert output == (
        f"demo merchant: MERCHANT_HOST 127.0.0.1 with MERCHANT_PORT {port} cannot be used: Address already in use.\n"
    )


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"MERCHANT_PORT": "no"}, r"MERCHANT_PORT must be a port number from 1 to 65535, not 'no'\."),
        (
            {"API_URL": "localhost:8000"},
            r"API_URL must be an address such as http://127\.0\.0\.1:8000, not 'localhost:8000'\.",
        ),
        (
            {"MERCHANT_HOST": "192.0.2.1"},  # an address of no machine
            r"MERCHANT_HOST 192\.0\.2\.1 with MERCHANT_PORT 4000 cannot be used: .+\.",
        ),
    ],
)
def test_a_bad_setting_is_one_sentence_and_exit_1(environ: dict[str, str], sentence: str) -> None:
    with started(**({"MERCHANT_PORT": "4000"} | environ)) as process:
        output, _ = process.communicate(timeout=15)
    assert process.returncode == 1
    assert re.fullmatch(f"demo merchant: {sentence}\n", output)


def test_a_host_may_be_a_name(stand_in: StandIn) -> None:
    port = str(free_port())
    with started(MERCHANT_PORT=port, MERCHANT_HOST="localhost", API_URL=stand_in.url):
        wait_until(lambda: answers(f"http://localhost:{port}/shop.json"))
