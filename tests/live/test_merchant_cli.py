"""`make merchant` beside a running `make up`: what it makes, the API knows."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
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
