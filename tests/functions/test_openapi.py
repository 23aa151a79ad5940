"""The OpenAPI document: valid, and true of what the endpoints answer."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema
import pytest
from chalicelib import http, openapi_document, runtime
from openapi_spec_validator import OpenAPIV31SpecValidator

from shared.config import Config
from shared.db.database import Database
from tests.functions.test_api import CARD, Api, _start

DOCUMENT = openapi_document.build(http.ENDPOINTS)


@pytest.fixture
def api(settings: Config, database: Database) -> Iterator[Api]:
    yield _start(settings, database)
    runtime.current().close()


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_route_is_described_and_nothing_else() -> None:
    import app as handlers

    routed = {(path, method) for path, methods in handlers.app.routes.items() for method in methods}
    described = {(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == routed


def test_answers_have_the_shape_that_the_document_says(api: Api) -> None:
    order_id = api.order()
    payment = api.pay(order_id)
    calls = [
        ("POST", "/api/v1/orders", "/api/v1/orders", {"amount": 500}),
        ("POST", "/api/v1/orders", "/api/v1/orders", {"amount": 5}),
        ("GET", "/api/v1/orders/{order_id}", f"/api/v1/orders/{order_id}", None),
        ("GET", "/api/v1/orders/{order_id}", "/api/v1/orders/nothing", None),
        ("POST", "/api/v1/payments", "/api/v1/payments", {"order_id": api.order(), "method": "card", "card": CARD}),
        ("POST", "/api/v1/payments", "/api/v1/payments", {"order_id": order_id, "method": "upi", "vpa": "a@b"}),
        ("GET", "/api/v1/payments/{payment_id}", f"/api/v1/payments/{payment.json['id']}", None),
        ("GET", "/api/v1/merchants/me", "/api/v1/merchants/me", None),
        ("PUT", "/api/v1/merchants/me", "/api/v1/merchants/me", {"webhook_url": None}),
        ("GET", "/api/v1/test/merchant", "/api/v1/test/merchant", None),
        ("GET", "/api/v1/test/jobs/status", "/api/v1/test/jobs/status", None),
        ("GET", "/health", "/health", None),
    ]
    for method, described, path, body in calls:
        answer = api.call(method, path, body)
        responses = DOCUMENT["paths"][described][method.lower()]["responses"]
        assert str(answer.status) in responses, f"{method} {described} answers {answer.status}, which is not described"
        schema = responses[str(answer.status)]["content"]["application/json"]["schema"]
        jsonschema.validate(answer.json, schema | {"components": DOCUMENT["components"]})
