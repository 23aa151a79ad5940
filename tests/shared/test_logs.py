"""What a log may hold of a database error."""

from __future__ import annotations

import io
import logging

import psycopg
import pytest

from shared.logs import Formatter

BROKEN = "insert into merchants (id, name, email) values (gen_random_uuid(), 'x', 'secret@row')"


def test_a_database_error_is_logged_without_the_row_that_caused_it(observer: psycopg.Connection) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter())
    log = logging.Logger("tests")
    log.addHandler(handler)
    try:
        with pytest.raises(RuntimeError):
            try:
                observer.execute(
                    "insert into merchants (id, name, email) values (gen_random_uuid(), 'x', 'secret@row')"
                )
            except psycopg.Error as error:
                assert "secret@row" in str(error), "Postgres quotes the row"
                raise RuntimeError("wrapped") from error
        try:
            observer.execute(BROKEN)
        except psycopg.Error:
            log.exception("failed")
    finally:
        handler.close()
    assert "NotNullViolation" in stream.getvalue()
    assert "secret@row" not in stream.getvalue()
