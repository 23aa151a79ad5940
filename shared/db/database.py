"""Connections to Postgres: one for each thread, opened when first needed and replaced when it has died.

No pool: a pool opened before a fork hangs, and a thread that owns its connection never waits for one. The same class
serves a Lambda (one thread) and the threads of the local server and workers.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

CONNECT_TIMEOUT_SECONDS = 3
# What a statement, a lock or an idle transaction may take before Postgres ends it.
SESSION = {
    "timezone": "UTC",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}

# A connection that a caller of shared.db works on; named `tx` because it is one transaction, or a single statement.
Tx = psycopg.Connection[DictRow]


class Database:
    """Where the gateway's rows are. `prepare` is off behind a proxy that pins sessions with prepared statements."""

    def __init__(self, url: str, *, application_name: str, prepare: bool = True) -> None:
        self._url = url
        self._application_name = application_name
        self._prepare = prepare
        self._thread = threading.local()

    def sibling(self, name: str) -> Database:
        """The same database over connections of its own."""
        return Database(self._url, application_name=f"{self._application_name}-{name}", prepare=self._prepare)

    @contextmanager
    def statement(self) -> Iterator[Tx]:
        """For reads, and for work whose every write is one statement: each commits by itself."""
        yield self._connection()

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """All of the block or nothing of it."""
        connection = self._connection()
        with connection.transaction():
            yield connection

    def close(self) -> None:
        """Ends this thread's connection."""
        connection: Tx | None = getattr(self._thread, "connection", None)
        if connection is not None:
            connection.close()
            self._thread.connection = None

    def _connection(self) -> Tx:
        connection: Tx | None = getattr(self._thread, "connection", None)
        if connection is None or connection.closed or _hung_up(connection):
            self.close()
            connection = self._thread.connection = self._connect()
        return connection

    def _connect(self) -> Tx:
        connection: Tx = psycopg.connect(
            self._url,
            autocommit=True,
            row_factory=dict_row,
            prepare_threshold=0 if self._prepare else None,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            application_name=self._application_name,
            options=" ".join(f"-c {name}={value}" for name, value in SESSION.items()),
            keepalives_idle=30,
            tcp_user_timeout=10_000,
        )
        return connection


def _hung_up(connection: Tx) -> bool:
    """Whether an idle connection has something to say: the server only speaks unasked to say goodbye.

    A restarted server, or a sandbox that slept, leaves such a connection; asking the socket costs a microsecond and
    saves the next request from failing on it.
    """
    readable, _, _ = select.select([connection.fileno()], [], [], 0)
    return bool(readable)


def ping(tx: Tx) -> None:
    """Raises psycopg.Error if Postgres does not answer."""
    tx.execute("select 1")


Row = dict[str, Any]
