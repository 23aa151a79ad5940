"""What the clock calls."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import psycopg

from chalicelib import runtime
from shared.db import operations

log = logging.getLogger(__name__)

Handler = Callable[[Any], None]


def noted(handler: Handler) -> Handler:
    """Leaves for operators when the schedule was run, how long it took, and why it failed if it did."""

    @wraps(handler)
    def run(event: Any) -> None:
        began, error = time.monotonic(), None
        try:
            handler(event)
        except Exception as failure:
            error = type(failure).__name__
            raise
        finally:
            _note(handler.__name__, time.monotonic() - began, error)

    return run


def _note(name: str, seconds: float, error: str | None) -> None:
    try:
        with runtime.current().database.statement() as tx:
            operations.note_run(tx, name, seconds=round(seconds, 3), error=error)
    except psycopg.Error as failure:  # what the schedule did is done
        log.warning("run not noted: %s %s", name, type(failure).__name__)
