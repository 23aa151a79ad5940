"""A request's body: JSON of the declared shape, or a refusal that names the field."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec

from chalicelib import choices
from shared.errors import BadRequest, TooLarge, UnsupportedMediaType

BYTES_MAX = 64 * 1024
DEPTH_MAX = 16

T = TypeVar("T")

_CONTENT_TYPE = re.compile(r"application/json(\s*;\s*charset=\"?utf-8\"?)?\s*", re.IGNORECASE)
_FIELD = re.compile(r" - at `\$\.?(?P<field>[^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_WRONG_TYPE = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`")
_WRONG_CHOICE = re.compile(r"Invalid enum value (?P<got>.+)")

_IN_WORDS = {"int": "a whole number", "str": "text", "bool": "true or false", "null": "null",
             "object": "an object", "array": "a list"}  # fmt: skip


def read(request: Any, shape: type[T]) -> T:
    """Raises UnsupportedMediaType, TooLarge or BadRequest."""
    content_type = request.headers.get("content-type")
    if content_type is None or _CONTENT_TYPE.fullmatch(content_type) is None:
        raise UnsupportedMediaType(
            "Send the body as JSON, with the header Content-Type: application/json", reason="unsupported_media_type"
        )
    raw = request.raw_body
    if len(raw) > BYTES_MAX:
        raise TooLarge(f"The body must have at most {BYTES_MAX} bytes", reason="body_too_large")
    try:
        body = msgspec.json.decode(raw, type=shape)
        _DUPLICATES.decode(raw.decode())
    except msgspec.ValidationError as error:
        raise _in_words(str(error), shape) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON", reason="invalid_json") from None
    if _depth(raw) > DEPTH_MAX:
        raise BadRequest(f"The body is nested deeper than {DEPTH_MAX} levels", reason="invalid_json")
    return body


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadRequest(f"{twice} stands twice in one object", field=twice, reason="duplicate_member")
    return members


_DUPLICATES = json.JSONDecoder(object_pairs_hook=_without_duplicates)


def _depth(raw: bytes) -> int:
    """At least how deep the JSON nests; brackets in strings count too, which only makes it stricter past DEPTH_MAX."""
    if raw.count(b"{") + raw.count(b"[") <= DEPTH_MAX:
        return 0
    depth = deepest = 0
    in_string = escaped = False
    for byte in raw:
        if in_string:
            escaped, in_string = byte == 0x5C and not escaped, byte != 0x22 or escaped
        elif byte == 0x22:
            in_string = True
        elif byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


def _in_words(message: str, shape: type) -> BadRequest:
    """msgspec's message in the words of the API."""
    place = _FIELD.search(message)
    field = place["field"] if place else ""
    missing = _MISSING.match(message)
    if missing:
        field = f"{field}.{missing['name']}" if field else missing["name"]
        return BadRequest(f"{field} is required", field=field, reason="missing")
    wrong_type = _WRONG_TYPE.match(message)
    if wrong_type:
        wanted = " or ".join(_IN_WORDS.get(name, name) for name in wrong_type["wanted"].split(" | "))
        if not field:
            return BadRequest(f"The body must be {wanted}", reason="invalid_type")
        return BadRequest(f"{field} must be {wanted}", field=field, reason="invalid_type")
    if _WRONG_CHOICE.match(message) and field:
        return choices.refusal(shape, field)
    return BadRequest(f"{field or 'The body'} is not valid", field=field or None, reason="invalid_value")
