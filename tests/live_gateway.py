"""The whole gateway as `make up` runs it, on ports of its own: what the fixture `live` starts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import redis
import requests

READY_SECONDS = 60
TEST_MERCHANT = ("key_test_abc123", "secret_test_xyz789")
OPERATOR_SECRET = "an operator's secret, for tests and for nothing else"
PORTS = ("API_PORT", "MERCHANT_PORT", "DASHBOARD_PORT", "DASHBOARD_SECOND_PORT", "CHECKOUT_PORT")
# The bank takes 1.5 s unless a magic value says otherwise, and approves what no magic value declines.
ENVIRONMENT = {
    "PROCESSING_DELAY_MIN": "1500",
    "PROCESSING_DELAY_MAX": "1500",
    "UPI_SUCCESS_RATE": "1",
    "CARD_SUCCESS_RATE": "1",
    "WEBHOOK_RETRY_INTERVALS": "[0, 1, 2]",
    "OPERATOR_SECRET": OPERATOR_SECRET,
}


@dataclass
class Live:
    """A running gateway, and what a person at its machine could do to it."""

    process: subprocess.Popen[str]
    port: int
    database_url: str
    redis_url: str
    encryption_key: str
    checkout_port: int
    merchant_port: int
    dashboard_port: int
    dashboard_second_port: int
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def checkout_url(self) -> str:
        """The checkout's own site."""
        return f"http://127.0.0.1:{self.checkout_port}"

    @property
    def dashboard_url(self) -> str:
        return f"http://127.0.0.1:{self.dashboard_port}"

    @property
    def merchant_url(self) -> str:
        """The demo shop."""
        return f"http://127.0.0.1:{self.merchant_port}"

    def call(self, method: str, path: str, body: Any = None, *, merchant: tuple[str, str] = TEST_MERCHANT) -> Any:
        headers = {"X-Api-Key": merchant[0], "X-Api-Secret": merchant[1]}
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=10)
        assert answer.ok, (answer.status_code, answer.text)
        return answer.json()

    def pay(self, vpa: str = "asha@upi", *, merchant: tuple[str, str] = TEST_MERCHANT) -> str:
        order = self.call("POST", "/api/v1/orders", {"amount": 50000}, merchant=merchant)
        body = {"order_id": order["id"], "method": "upi", "vpa": vpa}
        payment = self.call("POST", "/api/v1/payments", body, merchant=merchant)
        assert payment["status"] == "pending"
        return str(payment["id"])

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def processes(self, *words: str) -> list[psutil.Process]:
        """Processes of this gateway whose command line has all of these words."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                command = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if all(word in command for word in words):
                found.append(process)
        return found

    def kill(self, *words: str) -> int:
        """SIGKILL, and how many it struck."""
        struck = self.processes(*words)
        for process in struck:
            process.send_signal(signal.SIGKILL)
        return len(struck)

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.redis_url)

    def wait_for(self, wanted: Callable[[], bool], what: str, seconds: float = 30) -> None:
        stop_at = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < stop_at, f"not within {seconds} s: {what}\n" + "\n".join(self.lines[-20:])
            time.sleep(0.05)

    def wait_until_all_are(self, status: str, payment_ids: list[str], seconds: float = 30) -> None:
        self.wait_for(
            lambda: (
                self.query("select count(*) from payments where id = any(%s) and status = %s", payment_ids, status)
                == [(len(payment_ids),)]
            ),
            f"{len(payment_ids)} payments {status}",
            seconds,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*, root: Path, home: Path) -> Iterator[Live]:
    """Keeps its data in `home`. Yields once it is ready, and ends it afterwards."""
    ports = {name: str(free_port()) for name in PORTS}
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "local.up"],
        cwd=root,
        env=kept | ports | ENVIRONMENT | {"GATEWAY_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    gateway = Live(
        process,
        int(ports["API_PORT"]),
        "",
        "",
        "",
        checkout_port=int(ports["CHECKOUT_PORT"]),
        merchant_port=int(ports["MERCHANT_PORT"]),
        dashboard_port=int(ports["DASHBOARD_PORT"]),
        dashboard_second_port=int(ports["DASHBOARD_SECOND_PORT"]),
    )

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            gateway.lines.append(line.rstrip())

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        gateway.wait_for(lambda: any("ready" in line for line in gateway.lines), "ready", READY_SECONDS)
        workers = gateway.processes("local.worker", "process_payment")
        environment = workers[0].environ()
        gateway.database_url = environment["DATABASE_URL"]
        gateway.redis_url = environment["REDIS_URL"]
        gateway.encryption_key = environment["ENCRYPTION_KEY"]
        # The demo shop registers for the test merchant once, moments after the start; after that it is quiet.
        me = "/api/v1/merchants/me"
        gateway.wait_for(lambda: gateway.call("GET", me)["webhook_url"] is not None, "the demo shop has registered")
        gateway.call("PUT", me, {"webhook_url": None})
        yield gateway
    finally:
        process.terminate()
        process.wait(10)
        listener.join(10)
        assert process.stdout is not None
        process.stdout.close()
