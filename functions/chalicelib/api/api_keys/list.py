"""GET /api/v1/api_keys: the merchant's keys that work, without their secrets."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.db import merchants
from shared.domain import views

routes = Blueprint(__name__)


class ApiKeys(msgspec.Struct, kw_only=True):
    data: list[views.ApiKey]


@endpoint(routes, "GET", "/api/v1/api_keys", role="read_only", summary="List API keys", answer=ApiKeys, tag="API keys")
def list_api_keys(call: Call[None]) -> ApiKeys:
    return ApiKeys(data=[views.of_api_key(key) for key in merchants.keys(call.tx, call.merchant_id)])
