"""GET /bank: the simulated bank's own page, where a customer confirms a payment. Not there in production."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalice import Blueprint

from chalicelib.page import ANYBODY, page
from chalicelib.runtime import Runtime

routes = Blueprint(__name__)


@page(routes, "/bank", html="bank", summary="The simulated bank's page")
def show_bank(_: Runtime, __: Mapping[str, str]) -> Sequence[str]:
    """The checkout frames it, and the shop frames that: 'self' alone would refuse the shop around both."""
    return ANYBODY
