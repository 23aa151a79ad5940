"""One rehearsed deployment for all these tests: queues deliver some messages twice, and none in order."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local.aws.event_sources import Chaos
from local.aws.rehearsal import Rehearsal, rehearsing
from tests.acceptance.client import Caller, Deployment, Merchant, unique
from tests.receiver import Receiver, receiver

CHAOS = Chaos(duplicate=0.1, reorder=True, seed=7)
PATIENCE_SECONDS = 120
LOOK_SECONDS = 0.002


@pytest.fixture(scope="session")
def rehearsal(servers: Path, request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    told: list[str] = []
    say: Callable[[str], None] = told.append
    if request.config.getoption("capture") == "no":  # `make rehearse` shows what is deployed
        say = print
    with rehearsing(servers / "rehearsal", say=say, chaos=CHAOS) as rehearsal:
        yield rehearsal


@pytest.fixture(scope="session")
def deployment(rehearsal: Rehearsal) -> Iterator[Deployment]:
    deployment = Deployment(rehearsal.url, patience_seconds=PATIENCE_SECONDS)
    yield deployment
    deployment.session.close()


@pytest.fixture
def merchant(deployment: Deployment, rehearsal: Rehearsal) -> Iterator[Merchant]:
    """One of the test's own, audited afterwards."""
    operator = Caller(deployment, {"Authorization": f"Bearer {rehearsal.operator_secret}"})
    made = operator.post("/merchants", {"name": "Rehearsal", "email": f"{unique('rehearsal')}@example.com"})
    own = Merchant.of(deployment, made["api_key"], made["api_secret"], id=made["id"])
    yield own
    own.audit()


@pytest.fixture
def inbox(merchant: Merchant) -> Iterator[Receiver]:
    with receiver() as inbox:
        merchant.put("/merchants/me", {"webhook_url": inbox.url})
        yield inbox
        merchant.put("/merchants/me", {"webhook_url": None})


@dataclass
class Killer:
    """Kills sandboxes in the middle of what they do."""

    rehearsal: Rehearsal
    killed: list[str] = field(default_factory=list)

    def name(self, function: str) -> str:
        return f"{self.rehearsal.stage.stack()}-{function}"

    @contextmanager
    def at_work(self, *functions: str, kills: int, longest_seconds: float = 0.015) -> Iterator[None]:
        """At some moment of an invocation, its handler ready since long, in up to so many of them."""
        stop = threading.Event()
        chance = random.Random(11)

        def kill() -> None:
            before = len(self.killed)
            while not stop.is_set() and len(self.killed) - before < kills:
                for function in functions:
                    for sandbox in self.rehearsal.cloud.functions.sandboxes(self.name(function)):
                        if sandbox.busy and sandbox.init_ms:
                            time.sleep(chance.uniform(0, longest_seconds))
                            if sandbox.busy:
                                self._kill(function, sandbox.pid)
                time.sleep(LOOK_SECONDS)

        thread = threading.Thread(target=kill, name="killer")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _kill(self, function: str, pid: int) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.killed.append(function)


@pytest.fixture
def killer(rehearsal: Rehearsal) -> Killer:
    return Killer(rehearsal)


@dataclass
class Rows:
    """The database, for looking."""

    url: str

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def end_leases(self) -> None:
        """Lets the time pass after which a dead sandbox's jobs are free; it is too long for a test to wait."""
        self.query("update jobs set lease_until = now() - interval '1 second' where lease_until is not null")


@pytest.fixture
def rows(rehearsal: Rehearsal) -> Rows:
    return Rows(rehearsal.database_url)
