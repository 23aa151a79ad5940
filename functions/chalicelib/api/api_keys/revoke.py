"""DELETE /api/v1/api_keys/{api_key}: the key ends at once."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import merchants

routes = Blueprint(__name__)


@endpoint(
    routes,
    "DELETE",
    "/api/v1/api_keys/{api_key}",
    role="developer",
    summary="Revoke an API key",
    answer=views.ApiKey,
    errors=(400, 404),
    atomic=True,
    tag="API keys",
)
def revoke_api_key(call: Call[None], api_key: str) -> views.ApiKey:
    revoked = merchants.revoke_key(call.tx, call.merchant_id, api_key)
    call.audit("api_key.revoked", api_key)
    return views.of_api_key(revoked)
