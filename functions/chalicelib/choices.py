"""What a member may be chosen from, by the shape that declares it: for the words of a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec

from shared.errors import BadRequest

_INDEX = re.compile(r"\[[^\]]*\]")


def refusal(shape: type, field: str) -> BadRequest:
    """Of a member whose value is none of those it may have. Of a list the member is named, not its place in it."""
    member = _INDEX.sub("", field)
    *others, last = of(shape, member) or ("one of the values in /openapi.json",)
    wanted = f"{', '.join(others)} or {last}" if others else last
    each = ": each must be" if member != field else " must be"
    return BadRequest(f"{member}{each} {wanted}", field=member, reason="invalid_value")


def of(shape: type, member: str) -> tuple[str, ...]:
    """The values in the order they are declared; none if the member is no choice. `card.number` is one of `card`."""
    name, _, rest = member.partition(".")
    for field in msgspec.structs.fields(shape):
        if field.encode_name == name:
            parts = list(_parts(field.type))
            if not rest:
                return tuple(value for part in parts if get_origin(part) is Literal for value in get_args(part))
            inner = [part for part in parts if isinstance(part, type) and issubclass(part, msgspec.Struct)]
            return of(inner[0], rest) if inner else ()
    return ()


def _parts(declared: Any) -> Iterator[Any]:
    """The types that a declaration is made of: through Annotated, unions and lists."""
    yield declared
    if get_origin(declared) is not Literal:
        for part in get_args(declared):
            yield from _parts(part)
