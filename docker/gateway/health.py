"""Whether this container does its work. Docker asks again and again; exit code 1 and a sentence say no.

python docker/gateway/health.py api            the API answers, and reaches Postgres and Redis
python docker/gateway/health.py page URL       the page at URL answers 200
python docker/gateway/health.py process NAME   the process that Postgres knows as NAME is at work
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import urllib.error
import urllib.request

# Docker allows each check 5 seconds.
TIMEOUT_SECONDS = 4
# Workers are rung every few seconds even when there is nothing to do; as long as this without a query is not well.
SILENCE_SECONDS_MAX = 30

# Of this container only: other containers come from other addresses.
LAST_QUERY = """
    select extract(epoch from now() - max(state_change))
      from pg_stat_activity
     where application_name = %s
       and client_addr is not distinct from inet_client_addr()
"""


class Unwell(Exception):
    """Why the container does not do its work."""


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["api"]:
                check_api(f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/health")
            case ["page", url]:
                check_page(url)
            case ["process", name]:
                check_process(name, database_url=os.environ["DATABASE_URL"])
            case _:
                raise Unwell("usage: health.py api | page URL | process NAME")
    except Unwell as reason:
        print(reason)  # Docker keeps it: docker inspect --format '{{json .State.Health}}'
        return 1
    return 0


def check_api(url: str) -> None:
    """A stopped worker makes /health answer 503, but is not this container's fault: its own check says so."""
    status, body = _get(url)
    try:
        shown = json.loads(body)
        parts = {part: shown[part] for part in ("database", "redis")}
    except (ValueError, TypeError, KeyError):
        raise Unwell(f"{url} answered {status} with something else than its health.") from None
    for part, state in parts.items():
        if state != "connected":
            raise Unwell(f"{part} is {state}.")


def check_page(url: str) -> None:
    status, _ = _get(url)
    if status != http.client.OK:
        raise Unwell(f"{url} answered {status}.")


def check_process(name: str, *, database_url: str) -> None:
    import psycopg  # the other checks go without: they run often and should cost little

    try:
        with psycopg.connect(database_url, connect_timeout=TIMEOUT_SECONDS, application_name="health") as connection:
            row = connection.execute(LAST_QUERY, (name,)).fetchone()
    except psycopg.Error as error:
        raise Unwell(f"Postgres does not answer: {error}") from error
    silence = row[0] if row else None
    if silence is None:
        raise Unwell(f"{name} has no connection to Postgres.")
    if silence > SILENCE_SECONDS_MAX:
        raise Unwell(f"{name} has not asked Postgres anything for {silence:.0f} seconds.")


def _get(url: str) -> tuple[int, bytes]:
    # Without the proxies that the environment may name: this is our own container.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT_SECONDS) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unwell(f"{url} does not answer: {error}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
