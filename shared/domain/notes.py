"""What merchants write on their objects, checked so that every receiver reads back what was written.

A webhook's body must survive JSON.parse and JSON.stringify unchanged, so that its signature can be verified either
way: whole numbers that a double holds exactly, no keys that JavaScript sorts first, no half characters.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from shared.errors import BadRequest

NOTES_BYTES_MAX = 8 * 1024
NOTES_DEPTH_MAX = 4
INTEGER_MAX = 2**53 - 1

# JavaScript sorts the keys 0 to 2^32-2 to the front of an object, written as it writes numbers: not 007, not 1e3.
SORTED_KEY_MAX = 2**32 - 2

_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def check_text(text: str, *, field: str) -> str:
    """The text, if it has no control characters (tab and line ends excepted) and no half characters."""
    if _UNFIT.search(text):
        raise BadRequest(f"{field} must not contain control characters", field=field)
    return text


def check(notes: dict[str, Any]) -> dict[str, Any]:
    """The notes, if they can be stored and sent as they are. Raises BadRequest naming the member."""
    _check_object(notes, "notes", depth=1)
    if len(msgspec.json.encode(notes)) > NOTES_BYTES_MAX:
        raise BadRequest(f"notes must have at most {NOTES_BYTES_MAX} bytes as JSON", field="notes")
    return notes


def _check_object(members: dict[str, Any], field: str, *, depth: int) -> None:
    for key, value in members.items():
        name = f"{field}.{key}"
        if not key or len(key) > 255:
            raise BadRequest(f"keys in {field} must have 1 to 255 characters", field=field)
        if _NUMBER.fullmatch(key) and int(key) <= SORTED_KEY_MAX:
            raise BadRequest(f"{name}: keys that are whole numbers are not kept in order; prefix it", field=name)
        if key == "__proto__":
            raise BadRequest(f"{name}: this key has a meaning of its own in JavaScript", field=name)
        check_text(key, field=field)
        _check_value(value, name, depth=depth)


def _check_value(value: Any, field: str, *, depth: int) -> None:
    if isinstance(value, str):
        check_text(value, field=field)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise BadRequest(f"{field} must be within ±(2^53-1); send larger numbers as text", field=field)
    elif isinstance(value, float):
        raise BadRequest(f"{field} must be a whole number; send others as text", field=field)
    elif depth >= NOTES_DEPTH_MAX:
        raise BadRequest(f"{field} is nested deeper than {NOTES_DEPTH_MAX} levels", field=field)
    elif isinstance(value, dict):
        _check_object(value, field, depth=depth + 1)
    else:
        for place, item in enumerate(value):
            _check_value(item, f"{field}[{place}]", depth=depth + 1)
