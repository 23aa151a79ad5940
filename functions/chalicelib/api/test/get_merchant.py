"""GET /api/v1/test/merchant: the merchant to try things with. Not there in production."""

from __future__ import annotations

import msgspec
from chalice import Blueprint

from chalicelib.http import Call, endpoint
from shared.db import merchants
from shared.errors import NotFound
from shared.services import test_merchant

routes = Blueprint(__name__)


class TestMerchant(msgspec.Struct, kw_only=True):
    id: str
    email: str
    api_key: str
    seeded: bool


@endpoint(
    routes,
    "GET",
    "/api/v1/test/merchant",
    caller="anyone",
    summary="Get the test merchant",
    answer=TestMerchant,
    errors=(404,),
    tag="Test",
)
def get_test_merchant(call: Call[None]) -> TestMerchant:
    merchant = merchants.find(call.tx, test_merchant.ID)
    if merchant is None:
        raise NotFound("There is no test merchant: it is made at start, outside production")
    return TestMerchant(id=str(merchant.id), email=merchant.email, api_key=merchant.api_key, seeded=True)
