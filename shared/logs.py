"""How a log line looks, and what never stands in one: the rows and parameters that Postgres quotes in its errors."""

from __future__ import annotations

import logging
from types import TracebackType

import psycopg

FORMAT = "%(levelname)s %(name)s %(message)s"

_Info = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Formatter(logging.Formatter):
    """Of a database error it keeps the first line; DETAIL and CONTEXT hold a merchant's or a customer's data."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def formatException(self, ei: _Info) -> str:
        text = super().formatException(ei)
        error = ei[1]
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            if isinstance(error, psycopg.Error):
                text = text.replace(str(error), str(error).partition("\n")[0])
            error = error.__cause__ or error.__context__
        return text


def set_up() -> None:
    """One stream, one format, for everything that logs in this process; a Lambda's own handler keeps its place."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    for handler in root.handlers:
        handler.setFormatter(Formatter())
    root.setLevel(logging.INFO)
