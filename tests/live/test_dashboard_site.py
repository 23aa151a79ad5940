"""The dashboard as `make up` runs it: its page, its files and the whole API on one origin, on each of its ports."""

from __future__ import annotations

import re
import socket

import pytest
import requests

from shared import site_files
from shared.services import test_merchant
from tests.live_gateway import TEST_MERCHANT, Live

BUILT = "was the dashboard built? `make test` does that before it runs the tests"
PAGES = ("/login", "/dashboard", "/dashboard/transactions/pay_1", "/dashboard/docs")


def _urls(live: Live) -> dict[str, str]:
    second = f"http://127.0.0.1:{live.dashboard_second_port}"
    return {"dashboard": live.dashboard_url, "second": second, "api": live.url}


@pytest.fixture(params=["dashboard", "second", "api"])
def url(live: Live, request: pytest.FixtureRequest) -> str:
    return _urls(live)[request.param]


def _get(url: str, **headers: str) -> requests.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url, headers=sent, timeout=10, allow_redirects=False)


def test_its_page_is_at_every_address_of_it_and_all_that_it_loads_is_there(url: str) -> None:
    shown = [_get(url + page) for page in PAGES]
    assert {(page.status_code, page.headers["Content-Type"]) for page in shown} == {
        (200, "text/html; charset=utf-8")
    }, BUILT
    assert len({page.content for page in shown}) == 1
    assert shown[0].headers["Cache-Control"] == "no-cache", "a deployment is seen at once"
    assert shown[0].headers["Content-Encoding"] == "gzip"
    assert _get(url + "/login", If_None_Match=shown[0].headers["ETag"]).status_code == 304
    loading = re.findall(r'(?:src|href)="([^"]+)"', shown[0].text)
    assert any(path.endswith(".js") for path in loading) and any(path.endswith(".css") for path in loading)
    for path in loading:
        assert path.startswith("/dashboard/assets/"), path
        asset = _get(url + path)
        assert (asset.status_code, asset.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable"), path


def test_page_and_files_run_and_ask_nothing_of_strangers(url: str) -> None:
    page = _get(url + "/login")
    script = re.search(r'src="([^"]+\.js)"', page.text)
    assert script, BUILT
    for shown in (page, _get(url + script[1])):
        assert site_files.DASHBOARD_HEADERS.items() <= shown.headers.items()
        assert "Access-Control-Allow-Origin" not in shown.headers
        assert "Strict-Transport-Security" not in shown.headers, "only where https is sure"
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "default-src 'none'" in policy


def test_an_asset_that_is_not_there_is_not_the_page(url: str) -> None:
    missing = _get(url + "/dashboard/assets/index-00000000.js")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "NOT_FOUND_ERROR")


def test_old_addresses_lead_to_pages(live: Live, url: str) -> None:
    for name in ("webhooks", "docs"):
        moved = _get(f"{url}/dashboard/{name}.html")
        assert (moved.status_code, moved.headers["Location"]) == (302, f"/dashboard/{name}")
    home = _get(live.dashboard_url + "/")
    assert (home.status_code, home.headers["Location"]) == (302, "/dashboard")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_page_is_only_read(url: str, method: str) -> None:
    refused = requests.request(method, url + "/login", timeout=10)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")


def test_a_person_signs_in_and_the_cookie_is_for_this_origin_alone(url: str) -> None:
    browser = requests.Session()
    given = {"email": test_merchant.EMAIL, "password": "password"}
    elsewhere = browser.post(f"{url}/api/v1/session", json=given, headers={"Origin": "http://evil.example"}, timeout=10)
    assert (elsewhere.status_code, elsewhere.json()["error"]["reason"]) == (403, "csrf")
    signed_in = browser.post(f"{url}/api/v1/session", json=given, headers={"Origin": url}, timeout=10)
    assert signed_in.status_code == 200, signed_in.text
    cookie = signed_in.headers["Set-Cookie"]
    assert cookie.startswith("gateway_session=") and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert browser.get(f"{url}/api/v1/session", timeout=10).json()["user"]["email"] == test_merchant.EMAIL
    assert browser.get(f"{url}/api/v1/payments", timeout=10).status_code == 200
    made = browser.post(f"{url}/api/v1/orders", json={"amount": 50000}, headers={"Origin": url}, timeout=10)
    assert made.status_code == 201, made.text
    assert browser.delete(f"{url}/api/v1/session", headers={"Origin": url}, timeout=10).ok
    assert (
        requests.get(f"{url}/api/v1/session", headers={"Cookie": cookie.split(";")[0]}, timeout=10).status_code == 401
    )


def test_the_whole_api_is_there_and_nothing_that_others_may_frame(live: Live) -> None:
    url = live.dashboard_url
    keys = dict(zip(("X-Api-Key", "X-Api-Secret"), TEST_MERCHANT, strict=True))
    assert requests.get(f"{url}/api/v1/merchants/me", headers=keys, timeout=10).ok
    assert _get(f"{url}/openapi.json").content == _get(f"{live.url}/openapi.json").content
    assert _get(f"{url}/health").ok
    for path in ("/checkout", "/bank", "/metrics", "/nowhere"):
        assert _get(url + path).status_code == 404, path
    assert "Access-Control-Allow-Origin" not in _get(f"{url}/health", Origin="http://localhost:3000").headers


def test_no_path_leads_out_of_the_folder(url: str) -> None:
    port = int(url.rpartition(":")[2])
    for path in (
        "/../package.json",
        "/dashboard/../package.json",
        "/dashboard/assets/../../../package.json",
        "/dashboard/assets/%2e%2e/%2e%2e/%2e%2e/package.json",
        "/dashboard/assets/..%2f..%2f..%2fpackage.json",
        "//etc/passwd",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda line=line: line.recv(65536), b""))  # type: ignore[misc]
        assert b"payment-gateway-dashboard" not in answer and b"root:" not in answer, path
        assert answer[9:12] in (b"404", b"400") or b'<div id="root">' in answer, path
