"""The OpenAPI document: valid, and true of what the endpoints answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import jsonschema
import msgspec
import pytest
from chalicelib import http, openapi_document, openapi_examples, runtime
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from shared.config import Config
from shared.db.database import Database
from shared.domain import event, views
from shared.services import refunding
from tests import gateway
from tests.functions.test_api import CARD, CREDENTIALS, Api, _start

DOCUMENT = openapi_document.build(http.ENDPOINTS)
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    described["operationId"]: described
    for paths in (DOCUMENT["paths"], DOCUMENT["webhooks"])
    for methods in paths.values()
    for described in methods.values()
}


@pytest.fixture
def api(settings: Config, database: Database) -> Iterator[Api]:
    yield _start(settings, database)
    runtime.current().close()


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document["info"].pop("title"),
        lambda document: document["paths"]["/health"]["get"].update(operationId="getOpenapiJson"),
        lambda document: document["paths"]["/api/v1/orders/{order_id}"]["get"]["parameters"].clear(),
        lambda document: document["components"]["schemas"]["Order"].update(type="order"),
        lambda document: document["webhooks"]["payment.success"]["post"]["parameters"][0].pop("in"),
    ],
    ids=["no title", "an operation id twice", "a path's id not described", "no such type", "a header from nowhere"],
)
def test_a_spoilt_document_is_told_from_a_valid_one(spoil: Callable[[dict[str, Any]], Any]) -> None:
    document = deepcopy(DOCUMENT)
    spoil(document)
    with pytest.raises(OpenAPIValidationError):
        OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_described_and_nothing_else() -> None:
    import app as handlers

    routed = {
        (path, method)
        for path, methods in handlers.app.routes.items()
        for method in methods
        if path not in http.PAGES  # which are for people
    }
    described = {(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == routed


def test_every_operation_has_a_name_of_its_own_and_says_what_it_is() -> None:
    operations = [
        one for paths in ("paths", "webhooks") for methods in DOCUMENT[paths].values() for one in methods.values()
    ]
    assert len({one["operationId"] for one in operations}) == len(operations)
    described = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    for one in operations:
        name = one["operationId"]
        assert one["summary"], name
        assert set(one["tags"]) <= described, name
        for parameter in one.get("parameters", []):
            assert parameter["in"] == "query" or parameter["description"], (name, parameter["name"])


def test_every_body_and_answer_has_an_example_and_every_example_is_valid() -> None:
    for name, described in OPERATIONS.items():
        contents = [described["requestBody"]["content"]] if "requestBody" in described else []
        contents += [
            answer["content"]
            for status, answer in described["responses"].items()
            if status in ("200", "201") and name != "getOpenapiJson"  # whose answer is this document
        ]
        for content in contents:
            (shown,) = content.values()
            found = [one["value"] for one in shown.get("examples", {}).values()]
            found += [shown["example"]] if "example" in shown else []
            assert found, f"{name} has no example"
            for example in found:
                _check(example, shown["schema"])


def test_the_example_of_a_body_is_one_that_the_endpoint_reads() -> None:
    for described in http.ENDPOINTS:
        if described.body is not None:
            for body in openapi_examples.of_body(described.body.__name__, SCHEMAS).values():
                msgspec.convert(body, described.body, strict=True)


def test_no_example_is_left_of_a_member_that_is_gone() -> None:
    members = {member for schema in SCHEMAS.values() for member in schema["properties"]}
    members |= {f"{name}.{member}" for name, schema in SCHEMAS.items() for member in schema["properties"]}
    assert set(openapi_examples._VALUES) <= members


def test_only_calls_that_show_a_secret_have_one_in_their_example() -> None:
    for described in http.ENDPOINTS:
        if described.answer is not None:
            name, secret = described.answer.__name__, described.secret_answer
            shown = json.dumps(openapi_examples.of_answer(name, SCHEMAS, secret=secret))
            secrets = ("secret_test_", "whsec_", openapi_examples.PASSWORD)
            assert any(one in shown for one in secrets) == secret, described.path


def test_what_an_endpoint_may_ask_for_is_listed_and_what_it_gets_by_default_is_said() -> None:
    for name, member in (
        ("NewWebhookEndpoint", "events"),
        ("WebhookEndpointUpdate", "events"),
        ("MerchantUpdate", "webhook_events"),
    ):
        described = SCHEMAS[name]["properties"][member]
        (listed,) = [one for one in (described, *described.get("anyOf", ())) if one.get("type") == "array"]
        assert sorted(listed["items"]["enum"]) == sorted(event.EVENT_TYPES)
        assert listed["minItems"] == 1
    said = json.dumps(SCHEMAS["NewWebhookEndpoint"]["properties"]["events"])
    assert all(f"`{type}`" in said for type in event.DEFAULT_WEBHOOK_EVENTS)


def test_webhooks_are_what_receivers_get(api: Api, database: Database) -> None:
    """The body of every event that a payment with a refund brings about, of a test, and of an endpoint given up."""
    assert set(DOCUMENT["webhooks"]) == {*event.EVENT_TYPES, event.TEST}
    payment_id = api.pay(api.order()).json["id"]
    gateway.process(database, runtime.current().bank)
    api.call("POST", f"/api/v1/payments/{payment_id}/refunds", {"amount": 20000})
    refunding.process(database, runtime.current().bank, gateway.Told().send, gateway.due(database, "process_refund"))
    api.call("PUT", "/api/v1/merchants/me", {"webhook_url": "http://127.0.0.1:9/"})
    assert api.call("POST", "/api/v1/webhooks/test").status == 200
    bodies = [one["body"] for one in api.call("GET", "/api/v1/events?limit=100").json["data"]]
    endpoint = api.call("GET", "/api/v1/webhook_endpoints").json["data"][0]
    disabled = event.body_about(
        id="evt_0000000000000000",
        type=event.ENDPOINT_DISABLED,
        at=datetime.now(UTC),
        webhook_endpoint=msgspec.convert(endpoint, views.WebhookEndpoint),
    )
    bodies.append(json.loads(disabled))
    told = {body["event"] for body in bodies}
    assert {"payment.captured", "refund.created", "refund.processed", event.TEST, event.ENDPOINT_DISABLED} <= told
    for body in bodies:
        schema = DOCUMENT["webhooks"][body["event"]]["post"]["requestBody"]["content"]["application/json"]["schema"]
        _check(body, schema)
        with pytest.raises(jsonschema.ValidationError):
            _check(body | {"data": {}}, schema)


def test_headers_that_are_described_are_sent(api: Api) -> None:
    described = DOCUMENT["paths"]["/api/v1/orders"]["post"]["responses"]["201"]["headers"]
    headers = CREDENTIALS | {"idempotency-key": "key-1"}
    answers = [api.call("POST", "/api/v1/orders", {"amount": 500}, headers=headers) for _ in range(2)]
    assert set(described) - set(answers[0].headers) == {"Idempotency-Replayed"}
    assert set(described) <= set(answers[1].headers)


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
        _check(answer.json, schema)


def _check(shown: Any, schema: dict[str, Any]) -> None:
    jsonschema.validate(shown, schema | {"components": DOCUMENT["components"]}, jsonschema.Draft202012Validator)


def test_every_call_may_be_refused_by_a_limit_and_says_when_to_come_again() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            headers = operation["responses"].get("429", {}).get("headers", {})
            limits = {"Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
            assert limits <= headers.keys(), f"{method} {path}"
