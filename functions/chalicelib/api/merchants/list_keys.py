"""GET /api/v1/merchants/{merchant_id}/api_keys: a merchant's keys that work. For the operator."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.api.api_keys.list import ApiKeys
from chalicelib.http import Call, endpoint
from shared.db import merchants as db
from shared.domain import views
from shared.services import merchants

routes = Blueprint(__name__)


@endpoint(
    routes,
    "GET",
    "/api/v1/merchants/{merchant_id}/api_keys",
    caller="operator",
    summary="List the API keys of a merchant",
    answer=ApiKeys,
    errors=(404,),
    tag="Operator",
)
def list_merchant_keys(call: Call[None], merchant_id: str) -> ApiKeys:
    merchant = merchants.find(call.tx, merchant_id)
    return ApiKeys(data=[views.of_api_key(key) for key in db.keys(call.tx, merchant.id)])
