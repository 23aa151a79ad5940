"""How a log line looks, and what never stands in one: card numbers, secrets, and the rows that Postgres quotes.

Whoever logs names an action and ids; what is masked here is the last resort, for the day somebody forgets.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from itertools import accumulate
from types import TracebackType
from typing import Any

import psycopg

# What `extra` may add to a line; anything else in it is left out.
FIELDS = (
    "request_id",
    "merchant_id",
    "order_id",
    "payment_id",
    "refund_id",
    "delivery_id",
    "event_id",
    "kind",
    "jobs",
    "method",
    "path",
    "route",
    "status",
    "reason",
    "attempt",
    "duration_ms",
)
CHARACTERS_MAX = 16 * 1024  # of a message, a field or a traceback
MASK = "[masked]"

_DIGITS = re.compile(r"\d+(?:(?:[ +-]|%20)\d+)*")
_GROUP = re.compile(r"%[0-9A-Fa-f]{2}|\d+")
_CARD_DIGITS = range(13, 20)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # a doubled digit, and the sum of its digits
_SECRETS = (
    re.compile(r"()\b(?:secret|whsec)_[\w+/=-]+"),
    re.compile(r"(x-api-secret[\"']?\s*[:=,]\s*b?[\"']?)[^\s\"',}\]]+", re.IGNORECASE),
    re.compile(r"(\bbearer\s+)[\w.~+/=-]+", re.IGNORECASE),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # would begin a line, or command a terminal

_Info = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Formatter(logging.Formatter):
    """One line for each record: a JSON object, or text for a person, in which a traceback follows, indented."""

    def __init__(self, style: str = "json") -> None:
        super().__init__()
        self._line = {"json": _json, "text": _text}[style]

    def format(self, record: logging.LogRecord) -> str:
        try:
            message = record.getMessage()
        except Exception:  # logging itself would print the arguments as they are
            message = f"{record.msg} (its arguments do not fit)"
        error = self.formatException(record.exc_info) if record.exc_info else ""
        fields = {name: _field(record.__dict__[name]) for name in FIELDS if name in record.__dict__}
        return self._line(record, _kept(message), fields, _kept(error))

    def formatException(self, ei: _Info) -> str:
        """Of a database error it keeps the first line; DETAIL and CONTEXT hold a merchant's or a customer's data."""
        text = super().formatException(ei)
        error = ei[1]
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            if isinstance(error, psycopg.Error):
                text = text.replace(str(error), str(error).partition("\n")[0])
            error = error.__cause__ or error.__context__
        return text


def set_up(style: str = "json") -> None:
    """One stream, one format, for everything that logs in this process; a Lambda's own handler keeps its place."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    for handler in root.handlers:
        handler.setFormatter(Formatter(style))
    root.setLevel(logging.INFO)


def masked(text: str) -> str:
    """The text without what looks like a card number or a secret."""
    return _DIGITS.sub(without_cards, without_secrets(text))


def without_secrets(text: str) -> str:
    for secret in _SECRETS:
        text = secret.sub(rf"\1{MASK}", text)
    return text


def _json(record: logging.LogRecord, message: str, fields: dict[str, Any], error: str) -> str:
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"at": at, "level": record.levelname, "logger": record.name, "message": message, **fields}
    return json.dumps(line | {"error": error} if error else line)  # escapes whatever is not plain ASCII


def _text(record: logging.LogRecord, message: str, fields: dict[str, Any], error: str) -> str:
    words = [record.levelname, record.name, message, *(f"{name}={value}" for name, value in fields.items())]
    return "\n    ".join(_CONTROL.sub(_escaped, line) for line in [" ".join(words), *error.splitlines()])


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _kept(text: str) -> str:
    text = masked(text)
    return text if len(text) <= CHARACTERS_MAX else text[:CHARACTERS_MAX] + " (cut off)"


def _field(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    text = _kept(str(value))
    return value if isinstance(value, int) and text == str(value) else text


def without_cards(found: re.Match[str]) -> str:
    """A run of digits with something between, in which those that together are a card number are masked."""
    run = found[0]
    if len(run) < _CARD_DIGITS.start:
        return run
    groups = [group for group in _GROUP.finditer(run) if group[0][0] != "%"]
    places = [0, *accumulate(len(group[0]) for group in groups)]
    if places[-1] < _CARD_DIGITS.start:
        return run
    digits = [int(digit) for group in groups for digit in group[0]]
    kept, at, first = [], 0, 0
    while first < len(groups):
        last = _last_of_card(digits, places, first)
        if last is not None:
            kept += [run[at : groups[first].start()], MASK]
            at = groups[last].end()
            first = last
        first += 1
    return "".join([*kept, run[at:]])


def _last_of_card(digits: list[int], places: list[int], first: int) -> int | None:
    """Where the longest card number ends that begins with this group. Groups are told by where they begin and end."""
    begin, found = places[first], None
    if digits[begin] == 0:
        return None
    for number in range(first, len(places) - 1):
        end = places[number + 1]
        if end - begin >= _CARD_DIGITS.stop:
            break
        if end - begin in _CARD_DIGITS and _luhn(digits[begin:end]):
            found = number
    return found


def _luhn(digits: list[int]) -> bool:
    return (sum(digits[-1::-2]) + sum(_DOUBLED[digit] for digit in digits[-2::-2])) % 10 == 0
