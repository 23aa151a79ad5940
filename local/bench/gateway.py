"""The gateway as the bench runs it: its processes, its database, and requests to it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice, repeat
from typing import Any

import psycopg

from local.bench import http_load
from local.bench.http_load import Load
from local.config import ROOT
from shared.services import test_merchant

HEADERS = {
    "X-Api-Key": test_merchant.API_KEY,
    "X-Api-Secret": test_merchant.API_SECRET,
    "Content-Type": "application/json",
}
GIVE_UP_SECONDS = 120

SECRETS = {
    "JWT_SECRET": "a secret of the bench, and of nothing else",
    "ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}


class Bench:
    def __init__(self, database_url: str, redis_url: str) -> None:
        self.database_url = database_url
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = {
            "PATH": os.defpath,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'functions'}",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "PORT": str(self.port),
            "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",  # where the sink is
            "RATE_LIMIT_PER_SECOND": "0",
            "LOG_FORMAT": "text",
            **SECRETS,
        }
        self.connection = psycopg.connect(database_url, autocommit=True)
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *words: str, **more: str) -> None:
        self.running[" ".join(words)] = subprocess.Popen(
            [sys.executable, "-m", *words], env=self.environment | more, cwd=ROOT
        )

    def stop(self, *words: str) -> None:
        names = [" ".join(words)] if words else list(self.running)
        for name in names:
            process = self.running.pop(name)
            process.terminate()
            process.wait()

    def migrate(self) -> None:
        subprocess.run([sys.executable, "-m", "local.migrate"], env=self.environment, cwd=ROOT, check=True)

    def wait_for_server(self) -> None:
        stop_at = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < stop_at:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("the server did not start")

    def post(self, path: str, bodies: Iterator[bytes], *, connections: int, keep_bodies: bool = False) -> Load:
        requests = (http_load.request("POST", path, headers=HEADERS, body=body) for body in bodies)
        load = http_load.run(self.port, requests, connections=connections, keep_bodies=keep_bodies)
        assert set(load.statuses) == {201}, load.statuses
        return load

    def orders(self, count: int, *, connections: int = 32) -> tuple[Load, list[str]]:
        body = b'{"amount":50000,"currency":"INR","receipt":"receipt_123"}'
        load = self.post("/api/v1/orders", islice(repeat(body), count), connections=connections, keep_bodies=True)
        return load, [json.loads(body)["id"] for body in load.bodies]

    def payments(self, order_ids: Sequence[str], *, connections: int = 32, keep_bodies: bool = False) -> Load:
        bodies = (json.dumps({"order_id": id, "method": "upi", "vpa": "user@paytm"}).encode() for id in order_ids)
        return self.post("/api/v1/payments", bodies, connections=connections, keep_bodies=keep_bodies)

    def row(self, statement: str) -> tuple[Any, ...]:
        row = self.connection.execute(statement).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row

    def wait_until(self, statement: str) -> None:
        stop_at = time.monotonic() + GIVE_UP_SECONDS
        while self.row(statement)[0]:
            if time.monotonic() > stop_at:
                raise TimeoutError(statement)
            time.sleep(0.2)

    def empty(self) -> None:
        self.connection.execute("alter table ledger_transactions disable trigger ledger_is_final")
        self.connection.execute("alter table ledger_entries disable trigger ledger_is_final")
        self.connection.execute(
            """truncate webhook_attempts, webhook_logs, jobs, events, ledger_entries, ledger_transactions, refunds,
                        payments, orders, payment_figures, ledger_sums, event_counts, api_requests, bank.charges,
                        bank.refunds, bank.notices, bank.lost_requests"""
        )

    def receive_at(self, url: str | None) -> None:
        self.connection.execute("update webhook_endpoints set url = %s where is_first", (url,))
