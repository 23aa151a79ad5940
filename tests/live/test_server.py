"""The API server by itself, with settings of its own: limits, metrics, and requests that wait."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from local.answerers import WAITERS_MAX
from local.server import PROCESSES
from shared.services import test_merchant
from tests.conftest import ENCRYPTION_KEY, JWT_SECRET

READY_SECONDS = 60
KEYS = {"X-Api-Key": test_merchant.API_KEY, "X-Api-Secret": test_merchant.API_SECRET}
SURPLUS = 60  # requests that want to wait, beyond those that may
WAIT_SECONDS = 8


@pytest.fixture
def environment(database_url: str, redis_url: str, root: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{root}{os.pathsep}{root / 'functions'}",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "JWT_SECRET": JWT_SECRET,
        "ENCRYPTION_KEY": ENCRYPTION_KEY,
    }


@contextmanager
def server(environment: dict[str, str], log: Path, **more: str) -> Iterator[str]:
    """Its URL; what it says is in `log`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.server"],
            env=environment | {"PORT": str(port)} | more,
            stdout=output,
            stderr=output,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        stop_at = time.monotonic() + READY_SECONDS
        while True:
            try:
                requests.get(url + "/openapi.json", timeout=5)
                break
            except requests.ConnectionError:
                assert time.monotonic() < stop_at and process.poll() is None, log.read_text()
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def test_who_sends_too_much_is_refused_and_each_request_is_logged(
    environment: dict[str, str], database: object, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with (
        server(environment, log, RATE_LIMIT_PER_SECOND="2", LOG_REQUESTS="true") as url,
        requests.Session() as session,  # one connection, and so one process
    ):
        answers = [session.get(f"{url}/api/v1/merchants/me", headers=KEYS) for _ in range(20)]
        assert [answer.status_code for answer in answers[:5]] == [200] * 5, "one by its address, four by its key"
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) >= 10
        assert all(answer.json()["error"]["code"] == "RATE_LIMIT_ERROR" for answer in refused)
        assert all(int(answer.headers["Retry-After"]) == 1 for answer in refused)
        assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"4"}
        assert session.get(f"{url}/health").status_code in (200, 503), "this is not limited"
        unread = session.post(f"{url}/api/v1/orders", data=b"x" * 15_000, headers=KEYS)
        assert unread.status_code == 429, "though nobody has read the body"
        time.sleep(1)
        assert session.get(f"{url}/api/v1/merchants/me", headers=KEYS).status_code == 200
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    logged = {line["request_id"]: line for line in lines if line["message"] == "answered"}
    for answer in answers:
        line = logged[answer.headers["X-Request-Id"]]
        assert (line["path"], line["status"]) == ("/api/v1/merchants/me", answer.status_code)
    assert test_merchant.API_SECRET not in log.read_text()


def test_metrics_are_those_of_all_processes(environment: dict[str, str], database: object, tmp_path: Path) -> None:
    with server(environment, tmp_path / "log") as url:
        for _ in range(40):  # each over a connection of its own, so that both processes get some
            requests.get(f"{url}/nothing/{_}", timeout=5)
        time.sleep(2)
        wanted = 'gateway_requests_total{method="GET",route="other",status="404"} 40.0'
        for _ in range(8):
            page = requests.get(f"{url}/metrics", timeout=5)
            assert page.headers["Content-Type"].startswith("text/plain")
            assert wanted in page.text.splitlines(), page.text
            assert "gateway_requests_in_flight 0.0" in page.text.splitlines()
        assert "gateway_database_up 1.0" in page.text.splitlines()
        hidden = requests.get(f"{url}/metrics", headers={"X-Forwarded-For": "203.0.113.7"}, timeout=5)
        unknown = requests.get(f"{url}/nothing", timeout=5)
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.headers.keys() == unknown.headers.keys()
        assert hidden.json()["error"]["description"] == unknown.json()["error"]["description"]


def test_a_server_that_stops_leaves_nothing_behind(environment: dict[str, str], tmp_path: Path) -> None:
    with server(environment, tmp_path / "log", TMPDIR=str(tmp_path)):
        assert list(tmp_path.glob("gateway-metrics-*"))
    assert not list(tmp_path.glob("gateway-metrics-*"))


def test_requests_that_wait_hold_up_nobody(environment: dict[str, str], database: object, tmp_path: Path) -> None:
    with server(environment, tmp_path / "log") as url, ExitStack() as lines:
        orders, payments = f"{url}/api/v1/orders", f"{url}/api/v1/payments"
        order = requests.post(orders, json={"amount": 500}, headers=KEYS, timeout=5).json()
        method = {"order_id": order["id"], "method": "upi", "vpa": "asha@upi"}
        payment = requests.post(payments, json=method, headers=KEYS, timeout=5).json()  # no worker will process it
        began = time.monotonic()
        opened = []
        for _ in range(PROCESSES * WAITERS_MAX + SURPLUS):
            line = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=3 * WAIT_SECONDS)
            opened.append(lines.enter_context(line))
            wish = f"GET /api/v1/payments/{payment['id']}?wait={WAIT_SECONDS} HTTP/1.1\r\nHost: x\r\n"
            wish += "".join(f"{name}: {value}\r\n" for name, value in KEYS.items())
            line.sendall(wish.encode() + b"\r\n")
        slowest = 0.0
        for _ in range(20):
            asked = time.monotonic()
            assert requests.post(orders, json={"amount": 500}, headers=KEYS, timeout=5).status_code == 201
            slowest = max(slowest, time.monotonic() - asked)
        print(f"slowest of 20 beside those that wait: {slowest:.2f} s")
        assert slowest < WAIT_SECONDS / 4
        answered = [line for line in opened if select.select([line], [], [], 0)[0]]
        assert SURPLUS <= len(answered) < len(opened), "those for whom there was no room did not wait, the others do"
        assert time.monotonic() - began < WAIT_SECONDS
        assert all(line.recv(65536).startswith(b"HTTP/1.1 200 ") for line in opened)
        assert time.monotonic() - began > WAIT_SECONDS
