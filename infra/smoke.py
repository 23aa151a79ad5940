"""Whether a deployed API answers as it should: a few calls that change nothing."""

from __future__ import annotations

import json
import time
from typing import Any

import urllib3

from infra.errors import UsageError

CALL_SECONDS_MAX = 30.0
# The first heartbeat comes with the first sweep, which runs once a minute.
HEALTHY_SECONDS_MAX = 180.0
WAIT_SECONDS = 5.0
UNKNOWN_PATH = "/api/v1/there-is-no-such-path"
GUARDED_PATH = "/api/v1/orders"


def check(url: str, *, healthy_seconds_max: float = HEALTHY_SECONDS_MAX) -> list[str]:
    """What is wrong, in sentences; nothing if nothing is. Waits until the API is healthy, up to a bound."""
    base = url.rstrip("/")
    if not base.startswith(("https://", "http://")):
        raise UsageError(f"{url} is not an address that begins with https://.")
    with urllib3.PoolManager(retries=False, timeout=CALL_SECONDS_MAX) as pool:
        wrong = _until_healthy(pool, base, healthy_seconds_max)
        if wrong:  # then the rest says nothing new
            return [wrong]
        found = [
            _document(*_get(pool, f"{base}/openapi.json")),
            _refusal("An unknown path", 404, *_get(pool, base + UNKNOWN_PATH)),
            _refusal("A call without credentials", 401, *_get(pool, base + GUARDED_PATH)),
        ]
    return [sentence for sentence in found if sentence]


def _get(pool: urllib3.PoolManager, url: str) -> tuple[int, Any]:
    """Status and JSON body; status 0 where there was no answer, with the reason instead of a body."""
    try:
        answer = pool.request("GET", url)
    except urllib3.exceptions.HTTPError as error:
        return 0, str(error)
    try:
        return answer.status, json.loads(answer.data)
    except ValueError:
        return answer.status, None


def _until_healthy(pool: urllib3.PoolManager, base: str, seconds_max: float) -> str:
    deadline = time.monotonic() + seconds_max
    while True:
        status, body = _get(pool, f"{base}/health")
        if status == 200 and isinstance(body, dict) and body.get("status") == "healthy":
            return ""
        if time.monotonic() + WAIT_SECONDS > deadline:
            return f"GET /health is not healthy after {seconds_max:.0f} s: {status or 'no answer'} {_short(body)}"
        time.sleep(WAIT_SECONDS)


def _document(status: int, body: Any) -> str:
    described = isinstance(body, dict) and body.get("paths")
    return "" if status == 200 and described else f"GET /openapi.json answers {status or 'nothing'} and no document."


def _refusal(what: str, wanted: int, status: int, body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    if status == wanted and isinstance(error, dict) and error.get("code") and error.get("description"):
        return ""
    return f"{what} is answered {status or 'nothing'} {_short(body)} instead of {wanted} with an error."


def _short(body: Any) -> str:
    text = json.dumps(body) if isinstance(body, dict | list) else str(body or "")
    return text if len(text) <= 200 else f"{text[:200]}…"
