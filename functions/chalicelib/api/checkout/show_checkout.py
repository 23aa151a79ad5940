"""GET /checkout: the page where a customer pays an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalice import Blueprint

from chalicelib.page import ANYBODY, NOBODY, page
from chalicelib.runtime import Runtime
from shared.db import merchants
from shared.errors import NotFound
from shared.services import orders

routes = Blueprint(__name__)


@page(routes, "/checkout", html="checkout", summary="The page where a customer pays")
def show_checkout(on: Runtime, query: Mapping[str, str]) -> Sequence[str]:
    """Whoever has the page's address may open it. An order that is not there is the page's own screen to show."""
    if not on.config.production:
        return ANYBODY
    with on.database.statement() as tx:
        try:
            merchant_id = orders.owner(tx, query.get("order_id", ""))
        except NotFound:
            return NOBODY
        return merchants.get(tx, merchant_id).checkout_origins or NOBODY
