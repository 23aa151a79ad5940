"""PUT /api/v1/merchants/me: what the merchant is called, where it hears of payments, and who may frame its checkout.

What is left out stays as it is.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from chalice import Blueprint
from msgspec import UNSET, Meta, UnsetType

from chalicelib import event_types
from chalicelib.event_types import EventTypes
from chalicelib.http import Call, endpoint
from shared.domain import views
from shared.domain.origin import ORIGINS_MAX
from shared.services import merchants

routes = Blueprint(__name__)


class MerchantUpdate(msgspec.Struct, kw_only=True):
    name: Annotated[str | UnsetType, Meta(description="What customers read; a user must be an owner to change it.")] = (
        UNSET
    )
    email: Annotated[str | UnsetType, Meta(description="Where to write to; a user must be an owner to change it.")] = (
        UNSET
    )
    webhook_url: Annotated[str | UnsetType | None, Meta(description="Where events are sent; `null` sends none.")] = (
        UNSET
    )
    webhook_events: Annotated[EventTypes | UnsetType, Meta(description="The types of event to send.")] = UNSET
    checkout_origins: Annotated[
        list[str] | UnsetType,
        Meta(
            description="Origins of your pages that embed the checkout, such as `https://shop.example`, at most"
            f" {ORIGINS_MAX}. In production no other page may frame it."
        ),
    ] = UNSET


@endpoint(
    routes,
    "PUT",
    "/api/v1/merchants/me",
    role="developer",
    summary="Update your merchant",
    body=MerchantUpdate,
    answer=views.Merchant,
    errors=(400,),
    atomic=True,
    tag="Merchants",
)
def update_me(call: Call[MerchantUpdate]) -> views.Merchant:
    update = call.body
    if not isinstance(update.webhook_events, UnsetType):
        event_types.check(update.webhook_events, field="webhook_events", instead="send webhook_url: null instead")
    if not (isinstance(update.name, UnsetType) and isinstance(update.email, UnsetType)):
        call.check_role("owner")
    merchant = merchants.update(
        call.tx,
        call.merchant_id,
        name=update.name,
        email=update.email,
        webhook_url=update.webhook_url,
        webhook_events=update.webhook_events,
        checkout_origins=update.checkout_origins,
        reach=call.on.config.reach,
    )
    changed = sorted(msgspec.to_builtins(update))
    call.audit("merchant.updated", str(merchant.id), webhook_url=merchant.webhook_url, changed=changed)
    return views.of_merchant(merchant)
