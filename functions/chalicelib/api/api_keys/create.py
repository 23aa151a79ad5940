"""POST /api/v1/api_keys: a further key. Its secret is shown here, and never again."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import merchants

routes = Blueprint(__name__)


@endpoint(
    routes,
    "POST",
    "/api/v1/api_keys",
    role="developer",
    confirmed=True,
    summary="Create an API key",
    answer=views.ApiKey,
    status=201,
    errors=(400,),
    atomic=True,
    secret_answer=True,
    tag="API keys",
)
def create_api_key(call: Call[None]) -> views.ApiKey:
    key, secret = merchants.create_key(call.tx, call.merchant_id, production=call.on.config.production)
    call.audit("api_key.created", key.api_key)
    return views.of_api_key(key, api_secret=secret)
