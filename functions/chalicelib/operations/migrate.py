"""Run by every deployment before the new code takes over: the application's role and database, then the newest schema.

Old code runs on while this does, so a migration only ever adds what the old code can overlook; what nobody reads any
more goes with a later one.
"""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from chalice import Blueprint
from psycopg import sql

from chalicelib import aws_config, migrations
from chalicelib.database_roles import set_password
from chalicelib.operations import told_in_one_line
from chalicelib.secrets import Secrets, url_of
from shared.db.database import CONNECT_TIMEOUT_SECONDS, SESSION

operations = Blueprint(__name__)

# Text is ordered by its bytes, as on one machine: the order that lists are paged in is the same everywhere.
COLLATION = "locale 'C' locale_provider builtin builtin_locale 'C.UTF-8'"

log = logging.getLogger(__name__)


@operations.lambda_function(name="migrate")
@told_in_one_line
def migrate(_event: Any, _context: Any) -> dict[str, int]:
    """`{"applied": n}`. It goes past the proxy, which would keep its session's settings and locks from it."""
    aws = aws_config.from_environment()
    secrets = Secrets(aws)
    try:
        settings = aws_config.settings_with(secrets.variables())
        role, master = secrets.read(aws.database_secret), secrets.read(aws.master_secret)
    finally:
        secrets.close()
    prepare(
        url_of(master, host=aws.database_cluster_host, database="postgres"),
        role=role["username"],
        password=role["password"],
        database=aws.database_name,
    )
    url = url_of(role, host=aws.database_cluster_host, database=aws.database_name)
    applied = migrations.migrate(url)
    migrations.seed(settings, url)
    log.info("migrated: files=%d", applied)
    return {"applied": applied}


def prepare(master_url: str, *, role: str, password: str, database: str) -> None:
    """Makes the role and its database if they are missing, and sets the role's password and settings."""
    name, owned = sql.Identifier(role), sql.Identifier(database)
    with psycopg.connect(master_url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS) as master:
        if master.execute("select from pg_roles where rolname = %s", [role]).rowcount == 0:
            master.execute(sql.SQL("create role {} login").format(name))
        set_password(master, role, password)
        for setting, value in SESSION.items():
            change = sql.SQL("alter role {} set {} = {}")
            master.execute(change.format(name, sql.Identifier(setting), sql.Literal(value)))
        if master.execute("select from pg_database where datname = %s", [database]).rowcount == 0:
            master.execute(sql.SQL("grant {} to current_user").format(name))  # who gives a database away is a member
            create = sql.SQL("create database {} owner {} template template0 encoding 'UTF8' {}")
            master.execute(create.format(owned, name, sql.SQL(COLLATION)))
