"""Roles of the database, as its master makes them."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql


def set_password(master: psycopg.Connection[Any], role: str, password: str) -> None:
    """Sends what the password is verified with, and not the password: a statement may end up in a log."""
    verifier = master.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    change = sql.SQL("alter role {} password {}")
    master.execute(change.format(sql.Identifier(role), sql.Literal(verifier)))
