"""POST /api/v1/api_keys/{api_key}/roll: a new key; the old one works on until the overlap is over."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import merchants

routes = Blueprint(__name__)


class Roll(msgspec.Struct, kw_only=True):
    overlap_seconds: Annotated[
        int | None, Meta(description="How long the old key still works: a day, unless said; at most 30.")
    ] = None


@endpoint(
    routes,
    "POST",
    "/api/v1/api_keys/{api_key}/roll",
    role="developer",
    confirmed=True,
    summary="Roll an API key",
    body=Roll,
    body_optional=True,
    answer=views.ApiKey,
    status=201,
    errors=(400, 404),
    atomic=True,
    secret_answer=True,
    tag="API keys",
)
def roll_api_key(call: Call[Roll], api_key: str) -> views.ApiKey:
    key, secret = merchants.roll_key(
        call.tx,
        call.merchant_id,
        api_key,
        overlap_seconds=call.body.overlap_seconds,
        production=call.on.config.production,
    )
    call.audit("api_key.rolled", api_key, new=key.api_key)
    return views.of_api_key(key, api_secret=secret)
