"""Brings a database to the newest schema, and outside production makes the test merchant."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

import shared.db
from shared.config import Config
from shared.db.database import Database
from shared.sealing import Sealer
from shared.services import test_merchant

MIGRATIONS = Path(shared.db.__file__).parent / "migrations"
GUARD_SECONDS = 30  # two starts at once: one applies, the other waits
GUARD_ASKS_SECONDS = 0.2
GUARD_KEY = 7_263_112_590_017_405_112  # any number that nobody else on this server locks
# A migration that waits for a table makes every request wait behind it: better it fails, and is run again.
LOCK_SECONDS = 5


def migrate(database_url: str) -> int:
    """Applies what is missing and says how many files that was.

    Raises psycopg.Error. Run again, it goes on with the file that failed: of that nothing is left, unless it makes
    indexes beside requests, and then those that are whole.
    """
    from yoyo import get_backend, read_migrations  # only a Lambda that migrates should wait for it

    migrations = read_migrations(str(MIGRATIONS))
    # yoyo's own lock is a row that outlives a killed process. Ours ends with its connection; whoever holds it may
    # clear away what a dead one left.
    with psycopg.connect(_patient(database_url, lock_seconds=GUARD_SECONDS), autocommit=True) as guard:
        _wait_for_others(guard)
        _drop_unfinished_indexes(guard)
        # In the URL, since yoyo opens a connection of its own for each file.
        url = _patient(database_url, lock_seconds=LOCK_SECONDS)
        backend = get_backend(f"postgresql+psycopg://{url.partition('://')[2]}")
        with closing(backend.connection):
            backend.break_lock()
            with backend.lock():
                missing = backend.to_apply(migrations)
                backend.apply_migrations(missing)
        guard.execute("select rollup_rebase()")  # a database that was restored may be on another server now
        return len(missing)


def _wait_for_others(guard: psycopg.Connection[Any]) -> None:
    """Asks again and again: an index that is built beside requests waits for every statement that has begun."""
    deadline = time.monotonic() + GUARD_SECONDS
    while guard.execute("select pg_try_advisory_lock(%s)", (GUARD_KEY,)).fetchone() == (False,):
        if time.monotonic() > deadline:
            raise psycopg.errors.LockNotAvailable("the database is being migrated by somebody else")
        time.sleep(GUARD_ASKS_SECONDS)


def _drop_unfinished_indexes(guard: psycopg.Connection[Any]) -> None:
    """What is left of one whose building beside requests was stopped half way: `if not exists` takes it for whole."""
    unfinished = guard.execute(
        """select i.indexrelid::regclass::text
             from pg_index i
             join pg_class c on c.oid = i.indexrelid
            where not i.indisvalid and pg_get_userbyid(c.relowner) = current_user
              and c.relnamespace <> 'pg_toast'::regnamespace
              and not exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)"""
    ).fetchall()
    for (name,) in unfinished:
        guard.execute(f"drop index concurrently if exists {name}".encode())


def _patient(database_url: str, *, lock_seconds: int) -> str:
    """An index on a large table takes long; a role's settings are for requests, which must not."""
    settings = {
        "lock_timeout": f"{lock_seconds}s",
        "statement_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        "enable_seqscan": "on",
    }
    options = quote(" ".join(f"-c {name}={value}" for name, value in settings.items()))
    return f"{database_url}{'&' if '?' in database_url else '?'}options={options}"


def seed(settings: Config, database_url: str) -> None:
    """Makes the test merchant, where there is to be one."""
    if not settings.production:
        with (
            closing(Database(database_url, application_name="gateway-migrate")) as database,
            database.transaction() as tx,
        ):
            test_merchant.seed(tx, Sealer(settings.encryption_key))
