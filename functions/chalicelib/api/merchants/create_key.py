"""POST /api/v1/merchants/{merchant_id}/api_keys: a key for a merchant that has lost its own. For the operator."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import merchants

routes = Blueprint(__name__)


@endpoint(
    routes,
    "POST",
    "/api/v1/merchants/{merchant_id}/api_keys",
    caller="operator",
    confirmed=True,
    summary="Create an API key for a merchant",
    answer=views.ApiKey,
    status=201,
    errors=(400, 404),
    atomic=True,
    secret_answer=True,
    tag="Operator",
)
def create_merchant_key(call: Call[None], merchant_id: str) -> views.ApiKey:
    merchant = merchants.find(call.tx, merchant_id)
    key, secret = merchants.create_key(call.tx, merchant.id, production=call.on.config.production)
    call.audit("api_key.created", key.api_key, merchant_id=merchant.id)
    return views.of_api_key(key, api_secret=secret)
