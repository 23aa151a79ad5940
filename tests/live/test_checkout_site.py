"""The checkout's own site as `make up` runs it: what was built is served, and what it calls is answered there."""

from __future__ import annotations

import base64
import hashlib
import re
import socket

import pytest
import requests

from tests.live_gateway import Live

BUILT = "was the checkout built? `make test` does that before it runs the tests"


def _get(live: Live, path: str, method: str = "GET", **headers: str) -> requests.Response:
    return requests.request(method, live.checkout_url + path, headers=headers, timeout=10, allow_redirects=False)


@pytest.mark.parametrize("page", ["/checkout", "/bank"])
def test_a_page_and_all_that_it_loads_are_there(live: Live, page: str) -> None:
    shown = _get(live, page)
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "text/html; charset=utf-8"), BUILT
    assert "frame-ancestors *" in shown.headers["Content-Security-Policy"]
    assert shown.headers["Cache-Control"] == "no-store"
    loading = [tag for tag in re.findall(r"<(?:script|link)\b[^>]*>", shown.text) if not re.search(r'rel="icon"', tag)]
    assert loading, "a page loads its script"
    for tag in loading:
        path = re.search(r'(?:src|href)="([^"]+)"', tag)
        pinned = re.search(r'integrity="sha384-([^"]+)"', tag)
        assert path and pinned and 'crossorigin="anonymous"' in tag, tag
        assert path[1].startswith("/assets/"), "from its own origin, by a name that holds its hash"
        asset = _get(live, path[1])
        assert (asset.status_code, asset.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable"), tag
        digest = hashlib.sha384(asset.content).digest()
        assert base64.b64encode(digest).decode() == pinned[1], f"a browser would refuse {path[1]}"


def test_the_script_for_shops_is_there_under_its_name_and_pinned(live: Live) -> None:
    evergreen = _get(live, "/checkout.js")
    assert evergreen.status_code == 200, BUILT
    assert evergreen.headers["Cache-Control"] == "public, max-age=300"
    told = _get(live, "/sdk.json").json()
    copy = _get(live, f"/{told['file']}")
    assert copy.content == evergreen.content
    assert copy.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert told["integrity"] == "sha384-" + base64.b64encode(hashlib.sha384(copy.content).digest()).decode()
    for shown in (evergreen, copy, _get(live, "/checkout.mjs")):
        assert shown.headers["Access-Control-Allow-Origin"] == "*", "without it no page could pin it"
        assert shown.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert _get(live, "/checkout.js", If_None_Match="x").status_code == 200
    again = _get(live, "/checkout.js", **{"If-None-Match": evergreen.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = _get(live, "/checkout.js", "HEAD", **{"Accept-Encoding": "identity"})
    assert (head.status_code, int(head.headers["Content-Length"])) == (200, len(evergreen.content))


def test_an_order_is_paid_by_the_calls_of_the_site_alone(live: Live) -> None:
    order = live.call("POST", "/api/v1/orders", {"amount": 50000})["id"]
    shown = _get(live, f"/api/v1/orders/{order}/public").json()
    assert (shown["id"], shown["amount"]) == (order, 50000)
    paying = {"order_id": order, "method": "upi", "vpa": "approve@magic"}
    made = requests.post(f"{live.checkout_url}/api/v1/payments/public", json=paying, timeout=10)
    assert made.status_code == 201, made.text
    ended = requests.get(f"{live.checkout_url}/api/v1/payments/{made.json()['id']}/public?wait=20", timeout=30).json()
    assert ended["status"] == "success"


@pytest.mark.parametrize(
    "path", ["/health", "/metrics", "/openapi.json", "/api/v1/orders", "/api/v1/merchants/me", "/api/v1/test/merchant"]
)
def test_the_rest_of_the_api_is_not_there(live: Live, path: str) -> None:
    missing = _get(live, path, **{"X-Api-Key": "key_test_abc123", "X-Api-Secret": "secret_test_xyz789"})
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "NOT_FOUND_ERROR"


def test_no_path_leads_out_of_the_folder(live: Live) -> None:
    for path in (
        "/../package.json",
        "/assets/../../package.json",
        "/%2e%2e/package.json",
        "/..%2fpackage.json",
        "//etc/passwd",
    ):
        with socket.create_connection(("127.0.0.1", live.checkout_port), timeout=10) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda line=line: line.recv(65536), b""))  # type: ignore[misc]
        assert answer[9:12] in (b"404", b"400"), path
        assert b"payment-gateway-checkout" not in answer
