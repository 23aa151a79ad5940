"""One Postgres and one Redis for the whole run, empty tables for each test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from chalicelib.migrations import migrate

from local.embedded_postgres import EmbeddedPostgres
from local.embedded_redis import EmbeddedRedis
from shared.config import Config
from shared.config import from_environment as configure
from shared.db.database import Database, Tx
from shared.sealing import Sealer
from shared.services import test_merchant
from tests import live_gateway
from tests.live_gateway import Live

ENCRYPTION_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
JWT_SECRET = "a secret of tests, long enough to be one"
# Emptied in this order before each test; deleting a few rows is much quicker than truncating.
TABLES = (
    "api_requests",
    "payment_figures",
    "ledger_sums",
    "event_counts",
    "job_samples",
    "schedule_runs",
    "idempotency_keys",
    "webhook_attempts",
    "webhook_logs",
    "jobs",
    "ledger_entries",
    "ledger_transactions",
    "events",
    "refunds",
    "payments",
    "orders",
    "webhook_endpoints",
    "sessions",
    "memberships",
    "users",
    "sign_in_tries",
    "audit_log",
    "api_keys",
    "merchants",
    "bank.notices",
    "bank.refunds",
    "bank.charges",
    "bank.lost_requests",
    "bank.challenges",
)


@pytest.fixture(scope="session")
def servers() -> Iterator[Path]:
    """Where servers keep their data: not below pytest's own folder, which another run closes to their user."""
    with tempfile.TemporaryDirectory(prefix="gateway-tests-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def database_url(servers: Path) -> Iterator[str]:
    with EmbeddedPostgres(servers / "shared", "tests") as postgres:
        migrate(postgres.url)
        yield postgres.url


@pytest.fixture(scope="session")
def redis_url(servers: Path) -> Iterator[str]:
    with EmbeddedRedis(servers / "shared", "tests") as server:
        yield server.url


@pytest.fixture
def settings(database_url: str) -> Config:
    return configure(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": "redis://unused",
            "JWT_SECRET": JWT_SECRET,
            "ENCRYPTION_KEY": ENCRYPTION_KEY,
            "TEST_MODE": "true",
            "TEST_PROCESSING_DELAY": "0",
            "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",  # where the receivers of tests are
        }
    )


@pytest.fixture
def sealer(settings: Config) -> Sealer:
    return Sealer(settings.encryption_key)


@pytest.fixture
def database(database_url: str, sealer: Sealer) -> Iterator[Database]:
    """Empty but for the test merchant; more connections than any test has threads."""
    database = Database(database_url, application_name="tests", connections_max=40)
    with database.transaction() as tx:
        for table in TABLES:
            _empty(tx, table)
        tx.execute("update queues set drained_at = null")
        tx.execute("update job_counts set completed = 0")
        test_merchant.seed(tx, sealer)
    yield database
    database.close()


def _empty(tx: Tx, table: str) -> None:
    final = {"ledger_entries": "ledger_is_final", "ledger_transactions": "ledger_is_final"} | {
        "audit_log": "audit_log_is_final"
    }
    if table not in final:
        tx.execute(f"delete from {table}")
    elif tx.execute(f"select from {table} limit 1").rowcount:
        # It refuses to be emptied, unless its owner changes the table.
        tx.execute(f"alter table {table} disable trigger {final[table]}")
        tx.execute(f"delete from {table}")
        tx.execute(f"alter table {table} enable trigger {final[table]}")


@pytest.fixture
def observer(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection outside the code under test, for looking."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="session")
def live(servers: Path, root: Path) -> Iterator[Live]:
    """One running gateway for all the tests that want one; the first of them starts it."""
    with live_gateway.running(root=root, home=servers / "live") as gateway:
        yield gateway
