"""Brings a database to the newest schema, and outside production makes the test merchant."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg

import shared.db
from shared.config import Config
from shared.db.database import Database
from shared.sealing import Sealer
from shared.services import test_merchant

MIGRATIONS = Path(shared.db.__file__).parent / "migrations"
GUARD_SECONDS = 30  # two starts at once: one applies, the other waits
GUARD_KEY = 7_263_112_590_017_405_112  # any number that nobody else on this server locks
# A migration that waits for a table makes every request wait behind it: better it fails, and is run again.
LOCK_SECONDS = 5


def migrate(database_url: str) -> int:
    """Applies what is missing and says how many files that was. Raises psycopg.Error; half of a file is never left."""
    from yoyo import get_backend, read_migrations  # only a Lambda that migrates should wait for it

    backend = get_backend(f"postgresql+psycopg://{database_url.partition('://')[2]}")
    migrations = read_migrations(str(MIGRATIONS))
    # yoyo's own lock is a row that outlives a killed process. Ours ends with its connection; whoever holds it may
    # clear away what a dead one left.
    with psycopg.connect(database_url, autocommit=True) as guard:
        guard.execute("select set_config('lock_timeout', %s, false)", (f"{GUARD_SECONDS}s",))
        guard.execute("select pg_advisory_lock(%s)", (GUARD_KEY,))
        try:
            backend.connection.execute("select set_config('lock_timeout', %s, false)", (f"{LOCK_SECONDS}s",))
            backend.break_lock()
            with backend.lock():
                missing = backend.to_apply(migrations)
                backend.apply_migrations(missing)
                return len(missing)
        finally:
            backend.connection.close()


def seed(settings: Config, database_url: str) -> None:
    """Makes the test merchant, where there is to be one."""
    if not settings.production:
        with (
            closing(Database(database_url, application_name="gateway-migrate")) as database,
            database.transaction() as tx,
        ):
            test_merchant.seed(tx, Sealer(settings.encryption_key))
