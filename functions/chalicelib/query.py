"""A request's query: members of the declared shape, or a refusal that names the one that is wrong."""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import Meta

from chalicelib import choices
from shared.db.pages import LIMIT_MAX, OFFSET_MAX, Page
from shared.domain.notes import check_text
from shared.errors import BadRequest

T = TypeVar("T")

_FIELD = re.compile(r" - at `\$\.?(?P<field>[^`]*)`$")
_RANGE = re.compile(r"Expected `int` (?P<bound>[<>]=) (?P<value>-?\d+)")
_UNIX = re.compile(r"\d{1,11}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOST_PLUS = re.compile(r"[0-9-]+[T ][0-9:.]+ (?P<offset>[0-9]{2}:?[0-9]{2})")
MOMENT = "`2024-01-15T10:31:00Z`, a date for its midnight in UTC, or unix seconds"
WAIT_SECONDS_MAX = 25  # API Gateway gives up after 29
TEXT_MAX = 255  # characters that somebody looks for: as long as a receipt may be


class Paging(msgspec.Struct, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="How many to show.")] = 10
    starting_after: Annotated[str | None, Meta(description="The id of the last one you have: show what follows.")] = (
        None
    )
    ending_before: Annotated[str | None, Meta(description="The id of the first one you have: what precedes.")] = None
    offset: Annotated[
        Annotated[int, Meta(ge=0, le=OFFSET_MAX)] | None,
        Meta(description="How many to skip; the answer then has `total`, `limit` and `offset`."),
    ] = None

    def page(self) -> Page:
        return Page(
            limit=self.limit,
            starting_after=self.starting_after,
            ending_before=self.ending_before,
            offset=self.offset,
        )


CreatedGte = Annotated[
    str | None, Meta(description=f"Made then or later: {MOMENT}. The + of an offset is written as %2B.")
]
CreatedLte = Annotated[str | None, Meta(description="Made then or earlier.")]


def created_between(first: str | None, last: str | None) -> dict[str, Any]:
    """The conditions on the time of creation, for a list. Raises BadRequest."""
    return {
        "created_at >= %s": query_moment(first, field="created_gte"),
        "created_at < %s + interval '1 second'": query_moment(last, field="created_lte"),
    }


class Created(Paging, kw_only=True):
    created_gte: CreatedGte = None
    created_lte: CreatedLte = None

    def created(self) -> dict[str, Any]:
        """The conditions on the time of creation, for a list."""
        return created_between(self.created_gte, self.created_lte)


def paged(filters: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The query of a list with these filters: with the members of Paging, and its `page`."""
    return msgspec.defstruct(
        f"Paged{filters.__name__}",
        [(field.name, field.type, field.default) for field in msgspec.structs.fields(Paging)],
        bases=(filters,),
        namespace={"page": Paging.page},
        kw_only=True,
    )


def looked_for(text: str | None) -> str | None:
    """What `q` looks for, None if that is nothing. Raises BadRequest."""
    text = (text or "").strip()
    if len(text) > TEXT_MAX:
        raise BadRequest(f"q must have at most {TEXT_MAX} characters", field="q", reason="too_long")
    return text or None


class Wait(msgspec.Struct, kw_only=True):
    wait: Annotated[
        int, Meta(ge=0, le=WAIT_SECONDS_MAX, description="Seconds to wait for the outcome, if it is not there yet.")
    ] = 0


def read(request: Any, shape: type[T]) -> T:
    """The query; members that the shape does not have are ignored. Raises BadRequest."""
    sent = {
        name: check_text(value, field=name)
        for name, value in dict(request.query_params or {}).items()
        if value != "" and name in _members(shape)
    }
    try:
        return msgspec.convert(sent, shape, strict=False)
    except msgspec.ValidationError as error:
        raise _in_words(str(error), shape) from None


def moment(given: str | int | None, *, field: str) -> datetime | None:
    """A time as the API writes it, in unix seconds, or a date for its midnight in UTC. Raises BadRequest."""
    if given is None:
        return None
    text = str(given)
    try:
        if _UNIX.fullmatch(text):
            return datetime.fromtimestamp(int(text), UTC)
        at = datetime.fromisoformat(f"{text}T00:00:00Z" if _DATE.fullmatch(text) else text)
        if at.tzinfo is not None and 1970 <= at.year <= 9000:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadRequest(
        f"{field} must be a time such as 2024-01-15T10:31:00Z, a date, or unix seconds",
        field=field,
        reason="invalid_value",
    )


def query_moment(text: str | None, *, field: str) -> datetime | None:
    """The same from a query, where a + that was not encoded has become a space."""
    lost = _LOST_PLUS.fullmatch(text) if text is not None else None
    if lost:
        offset = lost["offset"]
        raise BadRequest(
            f"{field}: write the + before {offset} as %2B, or give the time in UTC, such as 2024-01-15T10:31:00Z",
            field=field,
            reason="invalid_value",
        )
    return moment(text, field=field)


def _members(shape: type) -> Container[str]:
    return cast(Any, shape).__struct_encode_fields__  # type: ignore[no-any-return]


def _in_words(message: str, shape: type) -> BadRequest:
    place = _FIELD.search(message)
    field = place["field"] if place else ""
    bound = _RANGE.match(message)
    if bound:
        wanted = f"at least {bound['value']}" if bound["bound"] == ">=" else f"at most {bound['value']}"
        return BadRequest(f"{field} must be {wanted}", field=field, reason="invalid_value")
    if message.startswith("Expected `int"):
        return BadRequest(f"{field} must be a whole number", field=field, reason="invalid_type")
    if message.startswith("Invalid enum value"):
        return choices.refusal(shape, field)
    return BadRequest(f"{field or 'The query'} is not valid", field=field or None, reason="invalid_value")
