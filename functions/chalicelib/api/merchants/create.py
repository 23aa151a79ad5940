"""POST /api/v1/merchants: sign a merchant up. For the operator; the secrets are shown here, and never again."""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import Meta

from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.services import merchants

routes = Blueprint(__name__)


class NewMerchant(msgspec.Struct, kw_only=True):
    name: str
    email: Annotated[str, Meta(examples=["owner@shop.example"])]
    webhook_url: str | None = None
    checkout_origins: list[str] = []


class MerchantWithSecrets(views.Merchant, kw_only=True):
    api_secret: str
    webhook_secret: str


@endpoint(
    routes,
    "POST",
    "/api/v1/merchants",
    caller="operator",
    summary="Create a merchant",
    body=NewMerchant,
    answer=MerchantWithSecrets,
    status=201,
    errors=(400, 404),
    atomic=True,
    secret_answer=True,
    tag="Operator",
)
def create_merchant(call: Call[NewMerchant]) -> MerchantWithSecrets:
    new = call.body
    merchant, api_secret, webhook_secret = merchants.create(
        call.tx,
        call.on.sealer,
        name=new.name,
        email=new.email,
        webhook_url=new.webhook_url,
        checkout_origins=new.checkout_origins,
        production=call.on.config.production,
        reach=call.on.config.reach,
    )
    call.audit("merchant.created", merchant.email, merchant_id=merchant.id)
    shown = msgspec.structs.asdict(views.of_merchant(merchant))
    return MerchantWithSecrets(**shown, api_secret=api_secret, webhook_secret=webhook_secret)
