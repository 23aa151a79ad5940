"""Brings this machine's database to the newest schema."""

from __future__ import annotations

import sys

import psycopg
from chalicelib import migrations

from shared import config
from shared.config import ConfigError


def main() -> int:
    try:
        settings = config.from_environment()
        applied = migrations.migrate(settings.database_url)
        migrations.seed(settings, settings.database_url)
    except (ConfigError, psycopg.Error) as error:
        print(f"{error}".strip(), file=sys.stderr)
        return 1
    print(f"database is up to date ({applied} applied)" if applied else "database is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
