"""Connections to Postgres: opened when first needed, kept, never more than a bound, replaced when they have died.

The same class serves a Lambda, which has one, and the threads of the local server and workers, which share a few. It
starts no thread and opens nothing early, so a process may fork, or be frozen, before its first query.
"""

from __future__ import annotations

import logging
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import psycopg
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn
from psycopg.rows import DictRow, dict_row

CONNECTIONS_MAX = 8
CONNECT_TIMEOUT_SECONDS = 3
WAIT_SECONDS = 5  # for a connection of ours to be free
# A network forgets an idle connection without a word (AWS's after 350 s), and a frozen sandbox sends no keepalives.
IDLE_SECONDS_MAX = 240
RENEW_SECONDS = 5
# What a statement, a lock or an idle transaction may take before Postgres ends it; and plans that are made while a
# table is small must still be right when it is large, so they use an index wherever there is one.
SESSION = {
    "timezone": "UTC",
    "enable_seqscan": "off",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}

# A connection that a caller of shared.db works on; named `tx` because it is one transaction, or a single statement.
Tx = psycopg.Connection[DictRow]

# What each connection has prepared beside psycopg's own.
PREPARED: WeakKeyDictionary[PGconn, set[bytes]] = WeakKeyDictionary()


log = logging.getLogger(__name__)


class Database:
    """Where the gateway's rows are.

    `prepare` is off behind a database proxy, which pins a session that prepares statements and refuses settings at
    connection time: there they belong to the role. `renew` reads the URL anew, for when its password was changed.
    """

    def __init__(
        self,
        url: str,
        *,
        application_name: str,
        connections_max: int = CONNECTIONS_MAX,
        prepare: bool = True,
        renew: Callable[[], str] | None = None,
    ) -> None:
        self._url = url
        self._renew = renew
        self._renewed_at = float("-inf")
        self._application_name = application_name
        self._connections_max = connections_max
        self._prepare = prepare
        self._free = threading.BoundedSemaphore(connections_max)
        self._idle: deque[tuple[Tx, float]] = deque()  # since when, by the clock on the wall

    def sibling(self, name: str) -> Database:
        """The same database over connections of its own."""
        return Database(
            self._url,
            application_name=f"{self._application_name}-{name}",
            connections_max=self._connections_max,
            prepare=self._prepare,
            renew=self._renew,
        )

    def statement(self) -> _Borrowed:
        """For reads, and for work whose every write is one statement: each commits by itself."""
        return _Borrowed(self)

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """All of the block or nothing of it."""
        with self.statement() as connection, whole(connection):
            yield connection

    def close(self) -> None:
        """Ends the connections that nobody uses."""
        while self._idle:
            self._idle.pop()[0].close()

    def take(self) -> Tx:
        """A connection to give back. Raises psycopg.OperationalError if there is none to be had in time."""
        if not self._free.acquire(timeout=WAIT_SECONDS):
            raise psycopg.OperationalError(f"all {self._connections_max} connections are busy")
        try:
            return self._open()
        except BaseException:
            self._free.release()
            raise

    def give_back(self, connection: Tx) -> None:
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            self._idle.append((connection, time.time()))
        else:
            connection.close()
        self._free.release()

    def _open(self) -> Tx:
        while self._idle:
            connection, since = self._idle.pop()  # the one used last, so that few stay warm
            fresh = time.time() - since < IDLE_SECONDS_MAX
            if fresh and not connection.closed and not _hung_up(connection):
                return connection
            connection.close()
        return self._connect()

    def _connect(self) -> Tx:
        try:
            return self._connect_to(self._url)
        except psycopg.OperationalError:
            if not self._renewed():
                raise
            return self._connect_to(self._url)

    def _renewed(self) -> bool:
        """Whether the URL is another one now. Asked at most every few seconds: a database that is down is no reason."""
        now = time.monotonic()
        if self._renew is None or now - self._renewed_at < RENEW_SECONDS:
            return False
        self._renewed_at = now
        try:
            url = self._renew()
        except Exception:  # whatever keeps secrets is down too; what the database said is what the caller is told
            log.warning("the database's URL could not be read anew", exc_info=True)
            return False
        changed, self._url = url != self._url, url
        return changed

    def _connect_to(self, url: str) -> Tx:
        connection: Tx = psycopg.connect(
            url,
            autocommit=True,
            row_factory=dict_row,
            prepare_threshold=0 if self._prepare else None,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            application_name=self._application_name,
            options=" ".join(f"-c {name}={value}" for name, value in SESSION.items()) if self._prepare else None,
            keepalives_idle=30,
            tcp_user_timeout=10_000,
        )
        return connection


@contextmanager
def whole(connection: Tx) -> Iterator[Tx]:
    """All of the block or nothing of it, on a connection that has been borrowed for a statement."""
    try:
        with connection.transaction():
            yield connection
    except BaseException:
        PREPARED.pop(connection.pgconn, None)  # psycopg deallocates all of a connection that rolls back
        raise


def as_json(value: Any) -> str:
    """A value, or dataclasses as rows for jsonb_to_recordset: one parameter, however many rows and columns."""
    return msgspec.json.encode(value).decode()


class _Borrowed:
    """A connection for the length of a `with` block."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Tx:
        self._connection = self._database.take()
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._database.give_back(self._connection)


def _hung_up(connection: Tx) -> bool:
    """Whether an idle connection has something to say: the server only speaks unasked to say goodbye.

    A restarted server, or a sandbox that slept, leaves such a connection; asking the socket costs a microsecond and
    saves the next request from failing on it.
    """
    poll = select.poll()  # select.select() knows no descriptor above 1023
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def ping(tx: Tx) -> None:
    """Raises psycopg.Error if Postgres does not answer."""
    tx.execute("select 1")


def now(tx: Tx) -> datetime:
    """The time by the database's clock, by which everything is dated."""
    row = tx.execute("select now()").fetchone()
    assert row is not None, "it is one row"
    at: datetime = row["now"]
    return at


Row = dict[str, Any]
