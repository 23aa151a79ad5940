"""The pages that a browser opens: who may frame them, and what else goes with them, whatever becomes of them."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import app as handlers
import pytest
from chalicelib import http, page, runtime

from local.api_gateway import ApiGateway, HttpAnswer, new_request_id
from shared import config
from shared.config import Config
from shared.db.database import Database
from shared.errors import TooManyRequests
from shared.sealing import Sealer
from shared.services import merchants
from tests import gateway

SHELL = "<!doctype html><title>shell of {}</title>"
ORIGINS = ("https://shop.example", "https://shop.example:8443", "https://xn--bcher-kva.example")
UNKNOWN = "order_AAAAAAAAAAAAAAAA"
ME = "/api/v1/merchants/me"
OPERATOR_SECRET = secrets.token_urlsafe(48)
OPERATOR = {"authorization": f"Bearer {OPERATOR_SECRET}"}
MALFORMED = (
    *(
        "",
        "order_",
        UNKNOWN + "A",
        UNKNOWN + "%0A",
        UNKNOWN + "%00",
        "%27none%27",
        "a;script-src%20*",
        "%0d%0aX-Evil:%201",
    ),
    *("%E2%82%B9", "..%2f..%2fetc%2fpasswd", UNKNOWN + "&order_id=" + UNKNOWN, "%ff"),
)

# What every page has with it, whatever became of it; frame-ancestors apart.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "object-src": "'none'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cache-Control": "no-store",
}


@dataclass
class Site:
    """The pages as a browser asks for them, of a gateway in production or not."""

    database: Database
    production: bool
    order_id: str  # of a merchant that has registered ORIGINS
    plain_order_id: str  # of one that has registered none

    def __post_init__(self) -> None:
        self._gateway = ApiGateway(handlers.app, cors_origins=(), production=self.production)

    def get(self, path: str, *, method: str = "GET") -> HttpAnswer:
        path, _, query = path.partition("?")
        return self._gateway.answer(
            method=method,
            path=path,
            query=query,
            headers={},
            body=b"",
            source_ip="127.0.0.1",
            request_id=new_request_id(),
        )

    def call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        answer = self._gateway.answer(
            method=method,
            path=path,
            query="",
            headers=headers,
            body=b"" if body is None else json.dumps(body).encode(),
            source_ip="127.0.0.1",
            request_id=new_request_id(),
        )
        return json.loads(answer.body)

    def limited(self, path: str) -> HttpAnswer:
        refusal = TooManyRequests("Too many requests", reason="rate_limited")
        return self._gateway.refuse(refusal, path=path, origin=None, request_id="r")


@pytest.fixture
def shells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pages in place of those that are built."""
    for name in ("checkout", "bank"):
        (tmp_path / f"{name}.html").write_text(SHELL.format(name) + "₹")
    monkeypatch.setattr(page, "SHELLS", tmp_path)
    page._shell.cache_clear()
    return tmp_path


def _site(settings: Config, database: Database) -> Site:
    runtime.use(runtime.build(settings, database, gateway.Told()))
    orders = []
    for name, origins in (("With", ORIGINS), ("Without", ())):
        with database.transaction() as tx:
            merchant, _, _ = merchants.create(
                tx,
                Sealer(settings.encryption_key),
                name=name,
                email=f"{name}@example.com",
                webhook_url=None,
                checkout_origins=origins,
                production=settings.production,
                reach=settings.reach,
            )
        orders.append(gateway.order(database, merchant_id=merchant.id))
    return Site(database, settings.production, *orders)


@pytest.fixture
def testing(settings: Config, database: Database, shells: Path) -> Iterator[Site]:
    yield _site(settings, database)
    page._shell.cache_clear()


@pytest.fixture
def production(database_url: str, database: Database, shells: Path) -> Iterator[Site]:
    given = {"APP_ENV": "production", "DATABASE_URL": database_url, "REDIS_URL": "redis://unused"}
    given["OPERATOR_SECRET"] = OPERATOR_SECRET
    given["JWT_SECRET"] = secrets.token_urlsafe(48)
    given["ENCRYPTION_KEY"] = base64.b64encode(secrets.token_bytes(32)).decode()
    yield _site(config.from_environment(given), database)
    page._shell.cache_clear()


def policy(answer: HttpAnswer) -> dict[str, str]:
    return {
        name: rest
        for name, _, rest in (
            part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";")
        )
    }


def assert_protected(answer: HttpAnswer, *, ancestors: str, production: bool) -> None:
    assert policy(answer) == POLICY | {"frame-ancestors": ancestors}
    assert HEADERS.items() <= answer.headers.items()
    features = dict(part.split("=") for part in answer.headers["Permissions-Policy"].split(", "))
    assert features.pop("payment") == "(self)"
    assert {"camera", "microphone", "geolocation", "usb"} <= features.keys() and set(features.values()) == {"()"}
    assert ("Strict-Transport-Security" in answer.headers) == production
    assert answer.headers["X-Request-Id"]
    for name, value in answer.headers.items():
        assert (name + value).isprintable(), f"{name} could end its line"


# What is shown


def test_every_page_is_its_shell(testing: Site) -> None:
    for path, name in (
        ("/checkout", "checkout"),
        (f"/checkout?order_id={testing.order_id}", "checkout"),
        ("/bank", "bank"),
    ):
        shown = testing.get(path)
        assert (shown.status, shown.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert shown.body.decode() == SHELL.format(name) + "₹"


def test_a_shell_is_read_once(testing: Site, shells: Path) -> None:
    testing.get("/checkout")
    (shells / "checkout.html").write_text("another")
    assert SHELL.format("checkout") in testing.get("/checkout").body.decode()


def test_a_page_that_was_not_built_says_how_to_and_is_there_once_it_is(testing: Site, shells: Path) -> None:
    (shells / "bank.html").unlink()
    missing = testing.get("/bank")
    assert (missing.status, missing.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert b"npm run build" in missing.body
    assert_protected(missing, ancestors="*", production=False)
    (shells / "bank.html").write_text("built")
    assert testing.get("/bank").body == b"built"


def test_the_pages_are_those_that_are_registered() -> None:
    registered = {one.path for one in http.ENDPOINTS if one.page}
    assert registered == http.PAGES
    assert all(one.of_checkout for one in http.ENDPOINTS if one.page)


# Who may frame it


def test_outside_production_anybody_may_frame_them(testing: Site) -> None:
    paths = ["/checkout", "/bank", f"/checkout?order_id={testing.order_id}", f"/checkout?order_id={UNKNOWN}"]
    paths += [f"/checkout?order_id={wrong}" for wrong in MALFORMED] + ["/bank?payment_id=pay_AAAAAAAAAAAAAAAA"]
    for path in paths:
        shown = testing.get(path)
        assert shown.status == 200, path
        assert_protected(shown, ancestors="*", production=False)


def test_in_production_the_merchants_own_pages_may_and_no_other(production: Site) -> None:
    for query in (f"order_id={production.order_id}", f"order_id={production.order_id}&embedded=true"):
        shown = production.get(f"/checkout?{query}")
        assert shown.status == 200
        assert_protected(shown, ancestors=" ".join(ORIGINS), production=True)
    for order_id in (production.plain_order_id, UNKNOWN, *MALFORMED):
        shown = production.get(f"/checkout?order_id={order_id}")
        assert shown.status == 200, order_id
        assert_protected(shown, ancestors="'none'", production=True)
    assert_protected(production.get("/checkout"), ancestors="'none'", production=True)


def test_an_address_with_two_orders_is_framed_nowhere(production: Site) -> None:
    """The page reads the first: the pages of another order's merchant are not to frame it."""
    for first, second in (
        (production.plain_order_id, production.order_id),
        (production.order_id, production.plain_order_id),
        (UNKNOWN, production.order_id),
    ):
        for query in (f"order_id={first}&order_id={second}", f"order_id={first}&order%5Fid={second}"):
            assert_protected(production.get(f"/checkout?{query}"), ancestors="'none'", production=True)


def test_the_banks_page_is_not_there_in_production(production: Site) -> None:
    for path in ("/bank", "/bank?payment_id=pay_AAAAAAAAAAAAAAAA"):
        missing = production.get(path)
        assert (missing.status, missing.headers["Content-Type"]) == (404, "application/json")
        assert_protected(missing, ancestors="'none'", production=True)


@pytest.mark.parametrize("path", sorted(http.PAGES))
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "PATCH"])
def test_a_refused_method_is_protected_too(testing: Site, path: str, method: str) -> None:
    refused = testing.get(path, method=method)
    assert (refused.status, refused.headers["Allow"]) == (405, "GET")
    assert_protected(refused, ancestors="'none'", production=False)


@pytest.mark.parametrize("path", sorted(http.PAGES))
def test_who_asks_too_often_is_told_under_the_same_headers(production: Site, path: str) -> None:
    limited = production.limited(path)
    assert limited.status == 429
    assert_protected(limited, ancestors="'none'", production=True)


def test_without_a_database_production_frames_it_nowhere_and_says_so(production: Site) -> None:
    elsewhere = "postgresql://nobody@127.0.0.1:1/none"
    settings = replace(runtime.current().config, database_url=elsewhere)
    runtime.use(runtime.build(settings, Database(elsewhere, application_name="tests"), gateway.Told()))
    shown = production.get(f"/checkout?order_id={production.order_id}")
    assert (shown.status, shown.headers["Retry-After"]) == (503, "1")
    assert b"not available" in shown.body
    assert_protected(shown, ancestors="'none'", production=True)


def test_a_bug_shows_nothing_of_itself(production: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError("secret detail")

    monkeypatch.setattr("chalicelib.api.checkout.show_checkout.orders.owner", broken)
    shown = production.get(f"/checkout?order_id={production.order_id}")
    assert shown.status == 500 and b"secret" not in shown.body
    assert_protected(shown, ancestors="'none'", production=True)


# Whose pages they are


def test_a_merchant_says_whose_pages_may_frame_its_checkout(production: Site) -> None:
    operator = OPERATOR | {"content-type": "application/json"}
    new = {"name": "Asha", "email": "asha@stores.example", "checkout_origins": ["https://Asha.example:443"]}
    made = production.call("POST", "/api/v1/merchants", new, operator)
    assert made["checkout_origins"] == ["https://asha.example"]
    asha = {"x-api-key": made["api_key"], "x-api-secret": made["api_secret"], "content-type": "application/json"}
    order_id = production.call("POST", "/api/v1/orders", {"amount": 50000}, asha)["id"]
    for origins, ancestors in (
        (["https://a.example", "http://localhost:4000"], "https://a.example http://localhost:4000"),
        ([], "'none'"),
    ):
        assert production.call("PUT", ME, {"checkout_origins": origins}, asha)["checkout_origins"] == origins
        assert production.call("PUT", ME, {}, asha)["checkout_origins"] == origins, "what is left out stays"
        assert production.call("GET", ME, None, asha)["checkout_origins"] == origins
        assert policy(production.get(f"/checkout?order_id={order_id}"))["frame-ancestors"] == ancestors
    for wrong in (
        ["https://a.example; script-src *"],
        ["https://a.example\r\nX-Evil: 1"],
        ["*"],
        "https://a.example",
        [1],
    ):
        refused = production.call("PUT", ME, {"checkout_origins": wrong}, asha)["error"]
        assert refused["code"] == "BAD_REQUEST_ERROR" and refused["field"].startswith("checkout_origins"), wrong
    assert production.call("PUT", ME, {"checkout_origins": ["https://a.example"] * 21}, asha)["error"]["field"]
    assert production.call("GET", ME, None, asha)["checkout_origins"] == [], "a refusal changes nothing"
