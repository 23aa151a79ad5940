"""What a deployment, Secrets Manager or an operator invokes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from shared import logs

log = logging.getLogger(__name__)

Handler = Callable[[Any, Any], Any]


class OperationFailed(Exception):
    """What went wrong, in one line; the log has the rest, masked as every line of it is."""


def told_in_one_line(handler: Handler) -> Handler:
    """Lambda prints whatever is raised, rows that Postgres quotes among it, and shows it to whoever invoked."""

    @wraps(handler)
    def told(event: Any, context: Any) -> Any:
        logs.set_up("json")
        try:
            return handler(event, context)
        except Exception as error:
            log.exception("operation failed: %s", handler.__name__)
            line = (str(error).strip().splitlines() or [""])[0]
            raise OperationFailed(f"{type(error).__name__}: {line}") from None

    return told
