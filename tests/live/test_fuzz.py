"""Requests that nobody meant, made by schemathesis from the OpenAPI document, and odd bytes in every place they fit.

Whatever is sent, the gateway answers with a status, a content type and a shape that its document names, and never
with an error of its own. FUZZ_CASES says how many are drawn; they are drawn from SEED, so that a failure comes again.
"""

from __future__ import annotations

import math
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

SEED = 20261121
CASES = int(os.environ.get("FUZZ_CASES") or 400)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
TIMEOUT_SECONDS = 40  # longer than any caller may ask to wait
STRANGERS = 16  # one case in so many comes without credentials

KEY, SECRET = "key_test_abc123", "secret_test_xyz789"
CARD = {"number": "4242 4242 4242 4242", "expiry_month": 12, "expiry_year": 2040, "cvv": "123", "holder_name": "A"}
# Values that get a request past the first refusal, by the name of the member of a body.
FITTING = {
    "amount": [100, 500, 50000],
    "card": [CARD],
    "currency": ["INR"],
    "email": ["a@shop.example", "b@shop.example"],
    "events": [["payment.success"]],
    "expires_at": ["2031-01-01T00:00:00Z", "4102444800"],
    "from": ["2024-01-15T10:31:00Z"],
    "method": ["upi", "card"],
    "overlap_seconds": [0, 60, 3600],
    "url": ["https://shop.example/webhook"],
    "vpa": ["asha@upi", "do-not-honour@magic", "approve@magic"],
}
# Ids in a text, by the name that the API gives them as parameters.
IDS = {
    "order_id": re.compile(r"\border_[0-9A-Za-z]{16}\b"),
    "payment_id": re.compile(r"\bpay_[0-9A-Za-z]{16}\b"),
    "refund_id": re.compile(r"\brfnd_[0-9A-Za-z]{16}\b"),
    "event_id": re.compile(r"\bevt_[0-9A-Za-z]{16}\b"),
    "transaction_id": re.compile(r"\btxn_[0-9A-Za-z]{16}\b"),
    "webhook_endpoint_id": re.compile(r"\bwe_[0-9A-Za-z]{16}\b"),
    "api_key": re.compile(r"\bkey_test_[0-9A-Za-z]{16}\b"),  # not KEY, which these requests are sent with
}
# What a list's cursors are ids of.
LISTED = {
    "orders": "order_id",
    "payments": "payment_id",
    "refunds": "refund_id",
    "events": "event_id",
    "ledger": "transaction_id",
    "webhooks": "webhook_id",
    "merchants": "merchant_id",
}

# As they stand in a URL.
ODD_TEXTS = [
    "%00",
    "a%00b",
    "%ED%A0%80",  # half a surrogate pair
    "%FF%FE",
    "%C0%80",  # NUL, the long way
    "%F0%9F%A7%BE",
    "%E2%80%AE%EF%BB%BF",
    "%0D%0AX-Header:%20x",
    "%2F%2e%2e%2F",
    "%25s%25n%7B%7D",
    "'%20or%20''='",
    "%",
    "9" * 25,
    "-" + "9" * 400,
    "1e400",
    "NaN",
    "x" * 3000,
    "order_%EF%BC%91" + "0" * 15,  # a digit, but not one of ours
    "pay_" + "0" * 16 + "%0A",
    "00000000-0000-0000-0000-000000000000",
    "%7B00000000000000000000000000000000%7D",
    "urn:uuid:550e8400-e29b-41d4-a716-446655440000",
]
ODD_BODIES = [
    b"{",
    b"\x00",
    b"\xff\xfe{\x00}\x00",
    b"null",
    b"[]",
    b'"text"',
    b"1e999",
    b"9" * 5000,
    b"{}trailing",
    b"[" * 30_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"amount":500,"amount":500}',
    b'{"amount":' + b"9" * 5000 + b"}",
    b'{"notes":{"a":"\\ud800"}}',
    b'{"amount":500,"receipt":"\\u0000","reason":"\\u0000","description":"\\u0000","name":"\\u0000"}',
    b'{"amount":500,"receipt":"\\ud800","reason":"\\udfff","description":"\\ud800","name":"\\ud800"}',
    b'{"order_id":"\\u0000","webhook_endpoint_id":"\\u0000","method":"upi","vpa":"a@b","amount":500}',
    b'{"order_id":"\\ud800","webhook_endpoint_id":"\\ud800","method":"upi","vpa":"a@b","amount":500}',
    b'{"url":"https://shop.example/\\u0000","name":"x","email":"a@b.example\\u0000","secret":"\\ud800"}',
    b'{"from":"9999999999999999999999","to":"0001-01-01T00:00:00Z","expires_at":"99999999999","amount":500}',
    b'{"from":"9999-12-31T23:59:59-23:59","to":"1970-01-01T00:00:00+23:59","expires_at":"-5","amount":500}',
    b'{"overlap_seconds":' + b"9" * 30 + b"}",
    b'{"webhook_events":["\\ud800"],"events":["\\u0000"],"webhook_url":"\\ud800","url":"x"}',
]


@dataclass
class Found:
    """Ids of objects that exist, what was answered, and what should not have been."""

    ids: dict[str, list[str]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def remember(self, name: str, id: str) -> None:
        known = self.ids.setdefault(name, [])
        if id not in known:
            known.append(id)
            del known[:-50]

    def note(self, path: str, answer: Any) -> None:
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 400:
            return
        for name, shape in IDS.items():
            for id in shape.findall(answer.text):
                self.remember(name, id)
        kind = {"/api/v1/webhooks": "webhook_id", "/api/v1/merchants": "merchant_id"}.get(path)
        for item in answer.json().get("data", []) if kind else []:
            self.remember(kind, item["id"])


@pytest.fixture
def headers(live: Any) -> dict[str, str]:
    operator = live.processes("local.server")[0].environ().get("OPERATOR_SECRET", "")
    return {"X-Api-Key": KEY, "X-Api-Secret": SECRET, "Authorization": f"Bearer {operator}"}


@pytest.fixture
def found(live: Any, shop: Any, headers: dict[str, str]) -> Iterator[Found]:
    """One object of every kind, of the test merchant; what came to be in between is ended again."""
    before = {one["api_key"] for one in live.call("GET", "/api/v1/api_keys")["data"]}
    found = Found()
    payments = [live.pay(vpa) for vpa in ("approve@magic", "approve@magic", "do-not-honour@magic")]
    for payment_id in payments:
        live.call("GET", f"/api/v1/payments/{payment_id}?wait=20")
    live.call("POST", f"/api/v1/payments/{payments[0]}/refunds", {"amount": 500})
    live.call("POST", "/api/v1/webhook_endpoints", {"url": shop.url})
    live.call("POST", "/api/v1/api_keys")
    live.wait_for(lambda: live.call("GET", "/api/v1/webhooks")["data"], "a delivery")
    for path in (*(f"/api/v1/{noun}" for noun in LISTED), "/api/v1/webhook_endpoints", "/api/v1/api_keys"):
        found.note(path, requests.get(live.url + path, headers=headers, timeout=TIMEOUT_SECONDS))
    found.statuses.clear()
    yield found
    print(f"\n{sum(found.statuses.values())} cases: {dict(sorted(found.statuses.items()))}")
    for one in live.call("GET", "/api/v1/webhook_endpoints")["data"]:
        if not one["is_first"]:
            live.call("DELETE", f"/api/v1/webhook_endpoints/{one['id']}")
    for one in live.call("GET", "/api/v1/api_keys")["data"]:
        if one["api_key"] not in before:
            live.call("DELETE", f"/api/v1/api_keys/{one['api_key']}")


def test_whatever_is_sent_is_answered_as_documented(live: Any, headers: dict[str, str], found: Found) -> None:
    schema = schemathesis.openapi.from_url(f"{live.url}/openapi.json")
    schema.config.generation.with_security_parameters = False  # a stranger is one of STRANGERS, not every third
    operations = [one.ok() for one in schema.get_all_operations()]
    # Without parameters and body there is one case only, or two with a key.
    free = [one for one in operations if one.path_parameters or one.query or one.body]
    for operation in operations:
        cases = math.ceil((CASES - len(operations) + len(free)) / len(free)) if operation in free else 1
        _draw(operation, cases, live.url, headers, found)
    assert not found.failures, f"{len(found.failures)} failures\n\n" + "\n\n".join(found.failures[:20])
    succeeded = sum(count for status, count in found.statuses.items() if status < 300)
    assert succeeded > sum(found.statuses.values()) / 10, f"most were refused at the door: {found.statuses}"


def _draw(operation: Any, cases: int, url: str, headers: dict[str, str], found: Found) -> None:
    modes = [GenerationMode.POSITIVE]
    if operation.query or operation.body:
        modes.append(GenerationMode.NEGATIVE)
    dice = random.Random(f"{SEED} {operation.label}")
    drawn = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

    @seed(SEED)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=drawn)
    def send(case: Any) -> None:
        _fit(case, dice, found)
        sent = {} if dice.randrange(STRANGERS) == 0 else headers
        answer = case.call(base_url=url, headers=sent, timeout=TIMEOUT_SECONDS)
        found.note(operation.path, answer)
        try:
            case.validate_response(answer, checks=CHECKS, headers=sent)
        except FailureGroup as group:
            found.failures += [
                f"{operation.label}: {one}\n{case.as_curl_command(headers=sent)}" for one in group.exceptions
            ]

    send()


def _fit(case: Any, dice: random.Random, found: Found) -> None:
    """Puts ids of objects that exist, and values that fit, in half of the places that take one."""

    def some(values: list[Any] | None, otherwise: Any) -> Any:
        return dice.choice(values) if values and dice.random() < 0.5 else otherwise

    noun = case.operation.path.rpartition("/")[2]
    for name, value in dict(case.path_parameters or {}).items():
        case.path_parameters[name] = some(found.ids.get(name), value)
        if case.path_parameters[name] == KEY:  # the one these requests are sent with is to work on
            case.path_parameters[name] = "key_test_other"
    for name, value in dict(case.query or {}).items():
        kind = LISTED.get(noun, "") if name in ("starting_after", "ending_before") else name
        case.query[name] = some(found.ids.get(kind), value)
    if isinstance(case.body, dict):
        for name in [*case.body, *FITTING] if dice.random() < 0.5 else list(case.body):
            schema = case.operation.body[0].definition["schema"] if case.operation.body else {}
            if name in case.body or name in _members(case.operation.schema.raw_schema, schema):
                case.body[name] = some(found.ids.get(name) or FITTING.get(name), case.body.get(name))


def _members(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"].get(name, {}).get("properties", {})


def test_odd_bytes_are_answered_as_documented_wherever_they_stand(
    live: Any, headers: dict[str, str], found: Found
) -> None:
    document = requests.get(f"{live.url}/openapi.json", timeout=TIMEOUT_SECONDS).json()
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            parameters = described.get("parameters", [])
            usual = {
                one["name"]: found.ids.get(one["name"], ["key_test_other"])[-1]
                for one in parameters
                if one["in"] == "path"
            }
            for one in parameters:
                for odd in ODD_TEXTS if one["in"] in ("path", "query") else ():
                    filled = path.format(**usual | ({one["name"]: odd} if one["in"] == "path" else {}))
                    query = f"?{one['name']}={odd}" if one["in"] == "query" else ""
                    _send_odd(live, found, document, method, path, filled + query, headers, b"")
            if method in ("post", "put"):
                for body in ODD_BODIES:
                    filled = path.format(**{name: quote(id) for name, id in usual.items()})
                    key = {"Idempotency-Key": f"odd-{SEED}-{len(body)}"} if method == "post" else {}
                    for more in ({}, key) if key else ({},):
                        _send_odd(live, found, document, method, path, filled, headers | more, body)
    assert not found.failures, f"{len(found.failures)} failures\n\n" + "\n\n".join(found.failures[:20])


def _send_odd(
    live: Any,
    found: Found,
    document: dict[str, Any],
    method: str,
    path: str,
    url: str,
    headers: dict[str, str],
    body: bytes,
) -> None:
    prepared = requests.Request(method, live.url, headers=headers, data=body).prepare()
    if body:
        prepared.headers["Content-Type"] = "application/json"
    prepared.url = live.url + url  # as it stands: requests would mend it
    with requests.Session() as session:
        answer = session.send(prepared, timeout=TIMEOUT_SECONDS)
    found.note(path, answer)
    described = document["paths"][path][method]["responses"].get(str(answer.status_code))
    # A path with a slash in its middle is another path.
    if answer.status_code == 404 and "There is no such path" in answer.text:
        return
    where = f"{method.upper()} {url[:200]} {body[:100]!r}: {answer.status_code} {answer.text[:300]}"
    if answer.status_code >= 500 or described is None:
        found.failures.append(where)
        return
    if "text/csv" in described["content"]:  # which has no schema
        assert answer.headers["Content-Type"].startswith("text/csv"), where
        return
    schema = described["content"]["application/json"]["schema"] | {"components": document["components"]}
    try:
        jsonschema.validate(answer.json(), schema, jsonschema.Draft202012Validator)
    except jsonschema.ValidationError as error:
        found.failures.append(f"{where}\n{error.message}")
