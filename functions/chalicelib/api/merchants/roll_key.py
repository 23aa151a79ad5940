"""POST /api/v1/merchants/{merchant_id}/api_keys/{api_key}/roll: a new key in place of an old one. For the operator."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.api.api_keys.roll import Roll
from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import merchants

routes = Blueprint(__name__)


@endpoint(
    routes,
    "POST",
    "/api/v1/merchants/{merchant_id}/api_keys/{api_key}/roll",
    caller="operator",
    confirmed=True,
    summary="Roll an API key of a merchant",
    body=Roll,
    body_optional=True,
    answer=views.ApiKey,
    status=201,
    errors=(400, 404),
    atomic=True,
    secret_answer=True,
    tag="Operator",
)
def roll_merchant_key(call: Call[Roll], merchant_id: str, api_key: str) -> views.ApiKey:
    merchant = merchants.find(call.tx, merchant_id)
    key, secret = merchants.roll_key(
        call.tx,
        merchant.id,
        api_key,
        overlap_seconds=call.body.overlap_seconds,
        production=call.on.config.production,
    )
    call.audit("api_key.rolled", api_key, merchant_id=merchant.id, new=key.api_key)
    return views.of_api_key(key, api_secret=secret)
