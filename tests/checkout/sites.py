"""Two sites for tests of the SDK: the checkout's, whose page is a stand-in that a test speaks through, and a shop's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

ORDER = "order_0123456789ABCdef"
OTHER_ORDER = "order_ZZZZZZZZZZZZZZZZ"
PAYMENT = "pay_0123456789ABCdef"
SIGNATURE = "0a" * 32

# What the checkout's page does of the agreed messages, and no more. `say` is for tests.
CHECKOUT_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>stand-in</title>
<style>body { font: 16px sans-serif; margin: 24px } @media (prefers-color-scheme: dark) { body { color: #eee } }</style>
<h1>Stand-in</h1><p><label>UPI ID <input id="vpa"></label></p><button id="pay">Pay</button>
<script>
  const fragment = new URLSearchParams(location.hash.slice(1));
  const heard = [];
  function say(type, data = {}, channel = fragment.get("channel")) {
    parent.postMessage({ type, data, channel }, fragment.get("origin"));
  }
  addEventListener("message", (event) => heard.push({ origin: event.origin, data: event.data }));
  addEventListener("keydown", (event) => { if (event.key === "Escape") say("close_modal"); });
  if (!SILENT && fragment.get("channel")) say("ready");
</script></html>"""

SHOP_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Shop</title>
<link rel="icon" href="data:,">
<h1>Shop</h1><p><a id="link" href="#more">More</a> <input id="field"> <button id="buy">Buy</button></p>
<div id="tall"></div>
SCRIPTS
<script src="/shop.js"></script></html>"""

SHOP_SCRIPT = """
"use strict";
const heard = [];       // what the shop was told, in order
const errors = [];      // what it did wrong itself
let arrived = 0;        // messages that reached the page, whoever sent them
addEventListener("error", (event) => { errors.push(event.message); event.preventDefault(); });
addEventListener("message", () => { arrived += 1; });
const popped = [];
addEventListener("popstate", () => popped.push(history.state));
document.getElementById("tall").style.height = "3000px";
function make(options = {}) {
  return new PaymentGateway({
    key: "key_test_abc123",
    orderId: "ORDER",
    onSuccess: (payment) => heard.push(["success", payment]),
    onFailure: (payment) => heard.push(["failure", payment]),
    onClose: () => heard.push(["close"]),
    ...options,
  });
}
let gateway;
document.getElementById("buy").onclick = () => { gateway ??= make(window.options); gateway.open(); };
""".replace("ORDER", ORDER)

SLOW_SECONDS = 1  # longer than the SDK waits for a shop to go elsewhere
Answer = tuple[int, dict[str, str], bytes]
TYPES = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript"}


@dataclass
class Sites:
    """Where both are, and what a test changes about them while they run."""

    checkout: str = ""
    shop: str = ""
    is_silent: bool = False  # the checkout's page loads, and never says that it is ready
    is_broken: bool = False  # it does not load at all
    scripts: str = ""  # how the shop loads the SDK
    headers: dict[str, str] = field(default_factory=dict)  # of the shop's pages
    asked: list[str] = field(default_factory=list)  # the checkout's paths that were asked for


@contextmanager
def sites(dist: Path) -> Iterator[Sites]:
    state = Sites()

    def checkout(path: str) -> Answer:
        state.asked.append(path)
        name = urlsplit(path).path
        if name in ("/checkout", "/other"):
            if state.is_broken:
                raise ConnectionError
            page = CHECKOUT_PAGE.replace("SILENT", "true" if state.is_silent or name == "/other" else "false")
            return 200, {"Content-Type": TYPES[".html"]}, page.encode()
        built = dist / name.lstrip("/").replace("copy/", "")
        if built.is_file():
            return 200, {"Content-Type": TYPES[built.suffix], "Access-Control-Allow-Origin": "*"}, built.read_bytes()
        return 404, {}, b""

    def shop(path: str) -> Answer:
        name = urlsplit(path).path
        if name in ("/", "/elsewhere"):
            if path.endswith("?slow"):
                time.sleep(SLOW_SECONDS)
            page = SHOP_PAGE.replace("SCRIPTS", state.scripts)
            return 200, {"Content-Type": TYPES[".html"], **state.headers}, page.encode()
        if name == "/shop.js":
            return 200, {"Content-Type": TYPES[".js"]}, SHOP_SCRIPT.encode()
        if (dist / name.lstrip("/")).is_file():  # a shop's own bundle with the SDK in it
            return 200, {"Content-Type": TYPES[".js"]}, (dist / name.lstrip("/")).read_bytes()
        return 404, {}, b""

    with ExitStack() as stack:
        # Two names as well as two ports: the browser keeps them in processes of their own, as it does in life.
        state.checkout = f"http://localhost:{stack.enter_context(_served(checkout))}"
        state.shop = f"http://127.0.0.1:{stack.enter_context(_served(shop))}"
        state.scripts = f'<script src="{state.checkout}/checkout.js"></script>'
        yield state


@contextmanager
def _served(answer: Callable[[str], Answer]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            try:
                status, headers, body = answer(self.path)
            except ConnectionError:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(ConnectionError):  # the browser leaves in the middle of an answer
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
