"""`make merchant` beside a running `make up`: what it makes, the API knows."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

FORGOTTEN_SECONDS = 2.5  # the API remembers a right credential for two


@pytest.fixture
def make(servers: Path, root: Path) -> Any:
    """`make merchant` on the running gateway's folder; what it tells programs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

    def make(words: str) -> Any:
        ran = subprocess.run(
            ["make", "merchant", f"ARGS={words} --json"],
            cwd=root,
            env=kept | {"GATEWAY_HOME": str(servers / "live")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return make


def test_a_merchant_made_at_the_command_line_is_paid_and_rolls_its_key(live: Any, make: Any) -> None:
    email = f"asha-{uuid.uuid4().hex[:8]}@stores.example"
    made = make(f'create --name "Asha Stores" --email {email}')
    old = made["api_key"], made["api_secret"]
    me = live.call("GET", "/api/v1/merchants/me", merchant=old)
    assert me == {name: value for name, value in made.items() if name not in ("api_secret", "webhook_secret")}
    live.wait_until_all_are("success", [live.pay("approve@magic", merchant=old)])

    rolled = make(f"key-roll {made['api_key']} --overlap 0")
    new = rolled["api_key"], rolled["api_secret"]
    assert live.call("GET", "/api/v1/merchants/me", merchant=new)["id"] == made["id"]
    assert [key["api_key"] for key in make(f"keys {email}")["data"]] == [rolled["api_key"]]
    time.sleep(FORGOTTEN_SECONDS)
    headers = {"X-Api-Key": old[0], "X-Api-Secret": old[1]}
    assert requests.get(f"{live.url}/api/v1/merchants/me", headers=headers, timeout=10).status_code == 401


def test_an_owner_made_at_the_command_line_signs_in_through_the_server(live: Any, make: Any) -> None:
    tail = uuid.uuid4().hex[:8]
    made = make(f'create --name "Asha Stores" --email a-{tail}@stores.example --owner-email o-{tail}@stores.example')
    browser = requests.Session()
    browser.headers["Origin"] = live.url
    body = {"email": made["owner"]["email"], "password": made["owner"]["password"]}
    answer = browser.post(f"{live.url}/api/v1/session", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert answer.json()["merchant"]["id"] == made["id"]
    order = browser.post(f"{live.url}/api/v1/orders", json={"amount": 50000}, timeout=10)
    assert (order.status_code, order.json()["error"]["reason"]) == (403, "password_change_needed")
    change = {"current_password": body["password"], "new_password": f"own {tail} own"}
    assert browser.post(f"{live.url}/api/v1/session/password", json=change, timeout=10).status_code == 200
    order = browser.post(f"{live.url}/api/v1/orders", json={"amount": 50000}, timeout=10)
    assert (order.status_code, order.json()["merchant_id"]) == (201, made["id"])
    evil = browser.post(
        f"{live.url}/api/v1/orders", json={"amount": 50000}, headers={"Origin": "https://evil.example"}, timeout=10
    )
    assert (evil.status_code, evil.json()["error"]["reason"]) == (403, "csrf")
    assert browser.delete(f"{live.url}/api/v1/session", timeout=10).status_code == 200
    assert browser.get(f"{live.url}/api/v1/session", timeout=10).status_code == 401

    def guess(_: int) -> Any:
        return requests.post(f"{live.url}/api/v1/session", json=body | {"password": "wrong wrong"}, timeout=30)

    with ThreadPoolExecutor(60) as threads:
        refused = [one for one in threads.map(guess, range(60)) if one.status_code == 429]
    assert "rate_limited" in {one.json()["error"]["reason"] for one in refused}, "each costs work: not so many at once"
    assert all(int(one.headers["Retry-After"]) >= 1 for one in refused)
