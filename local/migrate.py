"""Brings the database to the newest schema, and outside production makes the test merchant."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import psycopg
from yoyo import get_backend, read_migrations

import shared.db
from shared import config
from shared.config import Config, ConfigError
from shared.db.database import Database
from shared.sealing import Sealer
from shared.services import test_merchant

MIGRATIONS = Path(shared.db.__file__).parent / "migrations"
LOCK_SECONDS = 30  # two starts at once: one applies, the other waits
LOCK_KEY = 7_263_112_590_017_405_112  # any number that nobody else on this server locks


def migrate(database_url: str) -> int:
    """Applies what is missing and says how many files that was."""
    backend = get_backend(f"postgresql+psycopg://{database_url.partition('://')[2]}")
    migrations = read_migrations(str(MIGRATIONS))
    # yoyo's own lock is a row that outlives a killed process. Ours ends with its connection; whoever holds it may
    # clear away what a dead one left.
    with psycopg.connect(database_url, autocommit=True) as guard:
        guard.execute("select set_config('lock_timeout', %s, false)", (f"{LOCK_SECONDS}s",))
        guard.execute("select pg_advisory_lock(%s)", (LOCK_KEY,))
        try:
            backend.break_lock()
            with backend.lock():
                missing = backend.to_apply(migrations)
                backend.apply_migrations(missing)
                return len(missing)
        finally:
            backend.connection.close()


def main() -> int:
    try:
        settings: Config = config.from_environment()
        applied = migrate(settings.database_url)
        if not settings.production:
            with (
                closing(Database(settings.database_url, application_name="gateway-migrate")) as database,
                database.transaction() as tx,
            ):
                test_merchant.seed(tx, Sealer(settings.encryption_key))
    except (ConfigError, psycopg.Error) as error:
        print(f"{error}".strip(), file=sys.stderr)
        return 1
    print(f"database is up to date ({applied} applied)" if applied else "database is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
