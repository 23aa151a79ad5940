"""A list as the API shows it: its items, whether there are more, and the total where it was asked for by offset."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.query import Paging
from shared.db.pages import Rows


@cache
def list_of(item: type) -> type:
    """The shape of a list of these, such as `PaymentList`."""
    return msgspec.defstruct(
        f"{item.__name__}List",
        [
            ("data", list[item]),  # type: ignore[valid-type]
            ("has_more", bool),
            ("total", Annotated[int | UnsetType, Meta(description="Of all pages; when asked with `offset`.")], UNSET),
            ("limit", int | UnsetType, UNSET),
            ("offset", int | UnsetType, UNSET),
        ],
        kw_only=True,
    )


def show(rows: Rows, paging: Paging, item: Callable[[Any], Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"data": [item(row) for row in rows.rows], "has_more": rows.has_more}
    if rows.total is not None:
        shown |= {"total": rows.total, "limit": paging.limit, "offset": paging.offset}
    return shown
