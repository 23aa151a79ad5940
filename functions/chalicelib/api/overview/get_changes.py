"""GET /api/v1/changes: whether anything has changed since the caller asked last. Cheap enough to ask every second."""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import NOT_MODIFIED, Answer, Call, endpoint
from shared.db import changes

routes = Blueprint(__name__)


class Changes(msgspec.Struct, kw_only=True):
    cursor: Annotated[
        str, Meta(description="Another one once something has changed; also the ETag, for If-None-Match.")
    ]


@endpoint(
    routes,
    "GET",
    "/api/v1/changes",
    role="read_only",
    summary="Get whether anything has changed",
    answer=Changes,
    errors=(NOT_MODIFIED,),
    tag="Overview",
)
def get_changes(call: Call[None]) -> Answer:
    told = changes.cursor(call.tx, merchant_id=call.merchant_id)
    cursor = hashlib.sha256(told.encode()).hexdigest()[:32]
    etag = f'"{cursor}"'
    known = {tag.strip().removeprefix("W/") for tag in call.headers.get("if-none-match", "").split(",")}
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in known:
        return Answer(status=NOT_MODIFIED, body=None, headers=headers)
    return Answer(status=200, body=Changes(cursor=cursor), headers=headers)
