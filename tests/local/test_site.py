"""The sites: files from memory, pages and calls by the handlers. The checkout has no others, the dashboard has all."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from chalicelib import http, page, runtime

from local import site
from local.site import Site
from local.static_files import StaticFiles
from shared import site_files
from shared.config import Config
from tests import gateway

FOREVER = "public, max-age=31536000, immutable"
SOON = "public, max-age=300"
PINNED = "checkout-1.0.0-3fa94c0b.js"
SCRIPT = b"// " + b"PaymentGateway " * 100
FILES = {
    "checkout.js": SCRIPT,
    "checkout.mjs": SCRIPT,
    "checkout.d.ts": b"export {};",
    "sdk.json": b'{"version":"1.0.0"}',
    PINNED: SCRIPT,
    "assets/checkout-B3xq9Zk1.js": SCRIPT,
    "assets/checkout-Dk2_x-9q.css": b"body{}" * 200,
    "assets/mark-B3xq9Zk1.svg": b"<svg/>",
}


class Sent(dict[str, str]):
    """A request's headers as Granian gives them: names in lower case."""


@dataclass
class Scope:
    method: str
    path: str
    headers: Sent
    client: str = "127.0.0.1:40000"
    query_string: str = ""


@dataclass
class Protocol:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.response_bytes(status, headers, b"")

    async def __call__(self) -> bytes:
        return b"{}"

    async def __aiter__(self) -> Any:
        yield b"{}"

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "dist"


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What handlers run on, for whatever is started."""

    def start(settings: Config, *, name: str) -> Any:
        from shared.db.database import Database

        runtime.use(runtime.build(settings, Database(settings.database_url, application_name=name), gateway.Told()))
        return runtime.current()

    monkeypatch.setattr("local.site.runtime.start", start)
    monkeypatch.setattr("local.site.request_log.use", lambda notes: None)
    yield
    runtime.current().close()


@pytest.fixture
def started(on: None, settings: Config, dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("checkout", "bank"):
        (tmp_path / f"{name}.html").write_text(f"shell of {name}")
    monkeypatch.setattr(page, "SHELLS", tmp_path)
    page._shell.cache_clear()
    yield site.start_checkout(settings, dist, tmp_path)
    page._shell.cache_clear()


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A dashboard."""
    assets = tmp_path / "built" / "dashboard" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "built" / "index.html").write_bytes(b"the page")
    (assets / "index-B3xq9Zk1.js").write_bytes(SCRIPT)
    return tmp_path / "built"


def ask(at: Site, path: str, method: str = "GET", **headers: str) -> Protocol:
    path, _, query = path.partition("?")
    sent = Sent({name.replace("_", "-"): value for name, value in headers.items()})
    protocol = Protocol()
    asyncio.run(at.__rsgi__(Scope(method, path, sent, query_string=query), protocol))
    return protocol


# Files


@pytest.mark.parametrize(
    ("name", "kind", "kept", "public"),
    [
        ("checkout.js", "text/javascript; charset=utf-8", SOON, True),
        ("checkout.mjs", "text/javascript; charset=utf-8", SOON, True),
        ("checkout.d.ts", "text/plain; charset=utf-8", SOON, True),
        ("sdk.json", "application/json", SOON, True),
        (PINNED, "text/javascript; charset=utf-8", FOREVER, True),
        ("assets/checkout-B3xq9Zk1.js", "text/javascript; charset=utf-8", FOREVER, False),
        ("assets/checkout-Dk2_x-9q.css", "text/css; charset=utf-8", FOREVER, False),
        ("assets/mark-B3xq9Zk1.svg", "image/svg+xml", FOREVER, False),
    ],
)
def test_every_file_has_its_type_its_time_and_who_may_use_it(
    started: Site, name: str, kind: str, kept: str, public: bool
) -> None:
    shown = ask(started, f"/{name}")
    assert (shown.status, shown.body) == (200, FILES[name])
    assert (shown.headers["Content-Type"], shown.headers["Cache-Control"]) == (kind, kept)
    assert shown.headers.get("Access-Control-Allow-Origin") == ("*" if public else None)
    assert shown.headers["Cross-Origin-Resource-Policy"] == ("cross-origin" if public else "same-origin")
    assert site_files.HEADERS.items() <= shown.headers.items()
    assert site_files.HEADERS["X-Content-Type-Options"] == "nosniff"


def test_a_file_is_sent_compressed_to_who_takes_it(started: Site) -> None:
    plain = ask(started, "/checkout.js")
    for accepted in ("gzip", "br;q=1.0, GZIP;q=0.8", "*"):
        zipped = ask(started, "/checkout.js", accept_encoding=accepted)
        assert zipped.headers["Content-Encoding"] == "gzip", accepted
        assert gzip.decompress(zipped.body) == plain.body and len(zipped.body) < len(plain.body)
        assert zipped.headers["ETag"] != plain.headers["ETag"], "other bytes, another tag"
        assert zipped.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    for accepted in ("", "br", "gzip;q=0", "gzip; q=0.0", "identity"):
        assert "Content-Encoding" not in ask(started, "/checkout.js", accept_encoding=accepted).headers, accepted
    small = ask(started, "/sdk.json", accept_encoding="gzip")
    assert "Content-Encoding" not in small.headers and "Vary" not in small.headers


def test_who_has_a_file_is_not_sent_it_again(started: Site) -> None:
    for accepted in ("", "gzip"):
        first = ask(started, "/checkout.js", accept_encoding=accepted)
        for known in (first.headers["ETag"], f'"x", W/{first.headers["ETag"]}', "*"):
            again = ask(started, "/checkout.js", accept_encoding=accepted, if_none_match=known)
            assert (again.status, again.body) == (304, b""), known
            assert again.headers["ETag"] == first.headers["ETag"]
            assert again.headers["Cache-Control"] == SOON
        assert ask(started, "/checkout.js", accept_encoding=accepted, if_none_match='"other"').status == 200


def test_head_tells_of_a_file_without_sending_it(started: Site) -> None:
    shown, told = ask(started, "/checkout.js"), ask(started, "/checkout.js", "HEAD")
    assert told.status == 200 and told.body == b""
    assert told.headers == shown.headers | {"Content-Length": str(len(SCRIPT))}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/checkout.js", "/"])
def test_a_file_is_only_read(started: Site, path: str, method: str) -> None:
    refused = ask(started, path, method)
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert refused.json["error"]["request_id"] == refused.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/../dist/checkout.js",
            "/assets/../checkout.js",
            "/./checkout.js",
            "//checkout.js",
            "/checkout.js/",
            "/assets",
        ),
        *(
            "/%2e%2e/checkout.html",
            "/..\\checkout.html",
            "/assets/../../checkout.html",
            "/checkout.html",
            "/checkout.js%00",
        ),
        *(
            "/etc/passwd",
            "/index.html",
            "/.git/HEAD",
            "checkout.js",
            "",
            "/assets/",
            "/CHECKOUT.JS",
            "/checkout/",
            "/bank/x",
        ),
    ],
)
def test_no_other_path_leads_to_a_file(started: Site, path: str) -> None:
    missing = ask(started, path)
    assert missing.status == 404
    assert missing.json["error"]["code"] == "NOT_FOUND_ERROR"


def test_the_bare_address_leads_to_the_page(started: Site) -> None:
    shown = ask(started, "/")
    assert (shown.status, shown.headers["Location"]) == (302, "/checkout")


def test_a_site_that_is_not_built_has_no_files(tmp_path: Path) -> None:
    assert StaticFiles(tmp_path / "nowhere").paths == []


# Pages and calls


def test_pages_and_calls_are_the_handlers_own(started: Site, database: Any) -> None:
    order_id = gateway.order(database)
    shown = ask(started, f"/checkout?order_id={order_id}")
    assert (shown.status, shown.body) == (200, b"shell of checkout")
    assert "frame-ancestors *" in shown.headers["Content-Security-Policy"]
    assert ask(started, "/bank").body == b"shell of bank"
    called = ask(started, f"/api/v1/orders/{order_id}/public")
    assert called.status == 200 and called.json["id"] == order_id
    assert {"RateLimit-Limit", "RateLimit-Remaining"} <= called.headers.keys() & shown.headers.keys()
    assert ask(started, "/api/v1/payments/pay_AAAAAAAAAAAAAAAA/public").status == 404


def test_nothing_else_of_the_api_is_there(started: Site) -> None:
    ours, others = [], []
    for endpoint in http.ENDPOINTS:
        path = re.sub(r"{\w+}", "x", endpoint.path)
        answer = ask(started, path, endpoint.method, content_type="application/json", content_length="2")
        unknown = answer.status == 404 and answer.json["error"]["description"] == http.UNKNOWN_PATH
        (others if unknown else ours).append(endpoint)
    assert {endpoint.path for endpoint in ours} >= {"/checkout", "/bank", "/api/v1/payments/public"}
    assert all(endpoint.of_checkout for endpoint in ours)
    assert others and not any(endpoint.of_checkout for endpoint in others)
    assert ask(started, "/metrics").status == 404


def test_no_origin_is_let_in(started: Site) -> None:
    shown = ask(started, "/api/v1/orders/order_AAAAAAAAAAAAAAAA/public", origin="https://shop.example")
    assert "Access-Control-Allow-Origin" not in shown.headers


def test_in_production_browsers_are_told_to_come_by_https_only(tmp_path: Path, dist: Path) -> None:
    hsts = {"Strict-Transport-Security": "max-age=63072000"}
    for name in FILES:
        assert hsts.items() <= StaticFiles(dist, more_headers=hsts).answer(f"/{name}", {}).headers.items()


# The dashboard

START = {"own": site.start_dashboard, "api": site.start_api}


@pytest.mark.parametrize("where", START)
@pytest.mark.parametrize(
    "path",
    ["/login", "/dashboard", "/dashboard/", "/dashboard/orders/order_1", "/dashboard/../etc/passwd", "/dashboard/a.js"],
)
def test_every_address_of_the_dashboard_shows_its_page(
    on: None, settings: Config, built: Path, tmp_path: Path, where: str, path: str
) -> None:
    shown = ask(START[where](settings, built, tmp_path), path)
    assert (shown.status, shown.body, shown.headers["Cache-Control"]) == (200, b"the page", "no-cache")
    assert site_files.DASHBOARD_HEADERS.items() <= shown.headers.items()


@pytest.mark.parametrize("where", START)
def test_below_its_assets_are_files_alone(on: None, settings: Config, built: Path, tmp_path: Path, where: str) -> None:
    at = START[where](settings, built, tmp_path)
    asset = ask(at, "/dashboard/assets/index-B3xq9Zk1.js")
    assert (asset.status, asset.body, asset.headers["Cache-Control"]) == (200, SCRIPT, FOREVER)
    for path in (
        *("/dashboard/assets/", "/dashboard/assets/index-00000000.js", "/dashboard/assets/../../index.html"),
        *("/index.html", "/login/", "/login/x", "/dashboards", "/DASHBOARD", "dashboard", ""),
    ):
        missing = ask(at, path)
        assert (missing.status, missing.json["error"]["code"]) == (404, "NOT_FOUND_ERROR"), path


def test_the_bare_address_leads_to_the_dashboard_on_its_own_site_alone(
    on: None, settings: Config, built: Path, tmp_path: Path
) -> None:
    own, api = (start(settings, built, tmp_path) for start in START.values())
    home = ask(own, "/")
    assert (home.status, home.headers["Location"]) == (302, "/dashboard")
    assert ask(api, "/").status == 404
    for at in (own, api):
        for name in ("webhooks", "docs"):
            moved = ask(at, f"/dashboard/{name}.html")
            assert (moved.status, moved.headers["Location"]) == (302, f"/dashboard/{name}")


def test_the_dashboards_site_has_the_whole_api_but_what_others_may_frame(
    on: None, settings: Config, built: Path, tmp_path: Path
) -> None:
    at = site.start_dashboard(settings, built, tmp_path)
    for endpoint in http.ENDPOINTS:
        answer = ask(at, re.sub(r"{\w+}", "x", endpoint.path), endpoint.method, content_length="2")
        unknown = answer.status == 404 and answer.json["error"]["description"] == http.UNKNOWN_PATH
        assert unknown == (endpoint.path in http.PAGES), endpoint.path
    assert ask(at, "/metrics").status == 404


@pytest.mark.parametrize("start", START.values())
def test_in_production_the_dashboard_is_https_only(
    on: None, settings: Config, built: Path, tmp_path: Path, start: Any
) -> None:
    at = start(replace(settings, production=True), built, tmp_path)
    assert ask(at, "/login").headers["Strict-Transport-Security"] == "max-age=63072000"
    assert "Strict-Transport-Security" not in ask(start(settings, built, tmp_path), "/login").headers


def test_a_dashboard_that_is_not_built_says_so(on: None, settings: Config, tmp_path: Path) -> None:
    shown = ask(site.start_api(settings, tmp_path / "nowhere", tmp_path), "/login")
    assert shown.status == 503 and b"make web" in shown.body
