"""The types of event that a webhook endpoint may ask for, as a body declares them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from shared.domain.event import DEFAULT_WEBHOOK_EVENTS, EVENT_TYPES
from shared.errors import BadRequest

if TYPE_CHECKING:
    EventType = str
else:
    EventType = Literal[EVENT_TYPES]

# An empty one is refused in words of its own, by `check`.
EventTypes = Annotated[list[EventType], Meta(extra_json_schema={"minItems": 1})]

LEFT_OUT = f"Left out, {', '.join(f'`{type}`' for type in DEFAULT_WEBHOOK_EVENTS)}; others only come if they are named."


def check(events: Sequence[str], *, field: str, instead: str) -> None:
    """That it asks for some. Raises BadRequest, which says what to send instead."""
    if not events:
        raise BadRequest(f"{field} must name at least one type; to get none, {instead}", field=field, reason="empty")
