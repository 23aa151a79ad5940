"""One line for each record, whatever is in it, and no card number, secret or row of the database in any."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from shared import logs
from shared.logs import CHARACTERS_MAX, MASK, Formatter, masked

BROKEN = "insert into merchants (id, name, email) values (gen_random_uuid(), 'x', 'secret@row')"

Log = tuple[logging.Logger, Callable[[], str]]


@pytest.fixture(params=["json", "text"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    """A logger, and what it has written."""
    yield from _log(request.param)


@pytest.fixture
def json_log() -> Iterator[Log]:
    yield from _log("json")


def _log(style: str) -> Iterator[Log]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter(style))
    logger = logging.Logger("tests")
    logger.addHandler(handler)
    yield logger, stream.getvalue
    handler.close()


def test_a_database_error_is_logged_without_the_row_that_caused_it(observer: psycopg.Connection, log: Log) -> None:
    logger, written = log
    try:
        observer.execute(BROKEN)
    except psycopg.Error as error:
        assert "secret@row" in str(error), "Postgres quotes the row"
        logger.exception("failed")
    try:
        try:
            observer.execute(BROKEN)
        except psycopg.Error as error:
            raise RuntimeError("wrapped") from error
    except RuntimeError:
        logger.exception("failed")
    assert written().count("NotNullViolation") == 2
    assert "secret@row" not in written()


def test_a_line_is_one_object_that_says_when_where_and_what(json_log: Log) -> None:
    logger, written = json_log
    logger.warning("bell not rung: kind=%s", "process_payment", extra={"request_id": "r-1", "status": 201})
    line = json.loads(written())
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "WARNING",
        "logger": "tests",
        "message": "bell not rung: kind=process_payment",
        "request_id": "r-1",
        "status": 201,
    }


def test_text_is_for_a_person() -> None:
    for logger, written in _log("text"):
        logger.warning("bell not rung", extra={"kind": "process_payment"})
        assert written() == "WARNING tests bell not rung kind=process_payment\n"


def test_only_listed_fields_are_logged(log: Log) -> None:
    logger, written = log
    logger.info("paid", extra={"payment_id": "pay_1", "card_holder": "Asha Rao", "body": {"cvv": "123"}})
    assert "pay_1" in written()
    assert "Asha" not in written() and "cvv" not in written()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x1b[2K", "\x85"], ids=ascii)
def test_nobody_can_forge_a_line(log: Log, end: str) -> None:
    logger, written = log
    logger.info("said %s", f"hello{end}ERROR shared forged", extra={"path": f"/a{end}ERROR shared forged"})
    try:
        raise ValueError(f"hello{end}ERROR shared forged")
    except ValueError:
        logger.exception("failed")
    for line in written().splitlines():
        assert not line.startswith("ERROR shared"), line
    assert "\x1b" not in written()


def test_a_traceback_is_part_of_its_record(json_log: Log) -> None:
    logger, written = json_log
    try:
        raise ValueError("wrong")
    except ValueError:
        logger.exception("failed")
    (line,) = map(json.loads, written().splitlines())
    assert line["message"] == "failed"
    assert line["error"].startswith("Traceback") and line["error"].endswith("ValueError: wrong")


@pytest.mark.parametrize(
    "card",
    [
        *("4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "4242%204242%204242%204242"),
        *("378282246310005", "3782 822463 10005", "4222222222222", "6304000000000000000"),
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "paid with {}.", '{{"number": "{}"}}', "x{}y", "2026 {}", "{} 12 30", "at 12:30:00 {} 123"]
)
def test_card_numbers_are_masked(card: str, around: str) -> None:
    text = masked(around.format(card))
    assert card not in text and MASK in text
    assert not [group for group in card.replace("%20", " ").replace("-", " ").split() if group in text.split()]


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # fails Luhn
        "424242424242",  # too short
        "42424242424242424242424",  # too long
        "payment pay_KvZCImDZJHkfylBi of 50000 paise",
        "550e8400-e29b-41d4-a716-446655440000",
        "2026-11-21T09:53:33.123Z",
        "jobs=[100001, 100002, 100003]",
        "the secret was rotated",
        "X-Api-Secret is missing",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("key key_live_1 with secret_live_9aBc-_xyz", "9aBc"),
        ("signed with whsec_C2FVsBQIhrscChlQIMV+/b5s=", "C2FV"),
        ("{'X-Api-Secret': 'hunter2!'}", "hunter2"),
        ('{"x-api-secret":"hunter2!"}', "hunter2"),
        ("X-Api-Secret: hunter2!", "hunter2"),
        ("[(b'x-api-secret', b'hunter2!')]", "hunter2"),
        ("Authorization: Bearer abc.def-ghi~", "abc.def"),
        ("authorization=bearer abc.def-ghi~", "abc.def"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    assert secret not in masked(text)
    assert MASK in masked(text)


def test_no_part_of_a_line_escapes_the_mask(log: Log) -> None:
    logger, written = log
    logger.info("%s", "4242424242424242", extra={"path": "/4242424242424242", "jobs": 4242424242424242})
    logger.info("lost %d", "secret_live_1", extra={"path": b"secret_live_1"})  # arguments that do not fit
    try:
        raise ValueError("4242 4242 4242 4242 secret_live_1")
    except ValueError:
        logger.exception("failed")
    assert "4242" not in written() and "live_1" not in written()


def test_a_line_has_a_bound(json_log: Log) -> None:
    logger, written = json_log
    logger.info("x" * 10**6)
    assert len(written()) < 2 * CHARACTERS_MAX


def test_everything_in_a_process_logs_alike(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.Logger("root")
    monkeypatch.setattr(logging, "getLogger", lambda *_: root)
    logs.set_up()
    root.info("hello")
    shown: dict[str, Any] = json.loads(capsys.readouterr().err)
    assert shown["message"] == "hello"
