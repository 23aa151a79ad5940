"""A statement that goes straight to libpq: for the few that every payment runs.

Psycopg's cursor costs more than such a statement does; this sends the same prepared statement over the same
connection without one. Parameters and rows are text, as Postgres writes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from psycopg import pq
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq.abc import PGconn, PGresult

from shared.db.database import PREPARED, Tx

_PARAMETER = re.compile(r"%\((\w+)\)s")
_RIGHT = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class Prepared:
    """`sql` has `%(name)s` where a value goes, whose type Postgres tells from its place."""

    def __init__(self, name: str, sql: str) -> None:
        self.sql = sql
        self.names = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
        self._name = name.encode()
        self._text = _PARAMETER.sub(lambda found: f"${self.names.index(found[1]) + 1}", sql).encode()

    def rows(self, tx: Tx, values: Sequence[str | None]) -> list[list[str | None]]:
        """Runs it with the values in the order of `names`. Raises what psycopg would raise."""
        sent = [None if value is None else value.encode() for value in values]
        result = self._execute(tx.pgconn, sent, keep=tx.prepare_threshold is not None)
        get, columns = result.get_value, range(result.nfields)
        cells = ((get(row, column) for column in columns) for row in range(result.ntuples))
        return [[None if cell is None else cell.decode() for cell in row] for row in cells]

    def _execute(self, connection: PGconn, sent: list[bytes | None], *, keep: bool) -> PGresult:
        if not keep or connection.transaction_status != pq.TransactionStatus.IDLE:
            # Behind a database proxy nothing is prepared to be kept. In a transaction, a prepared statement that is
            # gone would cost all of it; an unnamed one cannot be gone.
            return self._checked(connection.exec_params(self._text, sent))  # None is null
        prepared = PREPARED.setdefault(connection, set())
        if self._name in prepared:
            with suppress(InvalidSqlStatementName):  # a rollback within a transaction that went on took it along
                return self._checked(connection.exec_prepared(self._name, sent))  # type: ignore[arg-type]
        self._checked(connection.prepare(self._name, self._text))
        prepared.add(self._name)
        return self._checked(connection.exec_prepared(self._name, sent))  # type: ignore[arg-type]

    @staticmethod
    def _checked(result: PGresult) -> PGresult:
        if result.status not in _RIGHT:
            raise error_from_result(result)
        return result
