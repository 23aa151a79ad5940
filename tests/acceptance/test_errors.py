"""Errors: every refusal has one shape, the contract's words and codes, and is never an error of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.client import METHODS, Answer, Caller, Deployment, Merchant, unique

UNREADABLE = [
    b"",
    b"nonsense",
    b"{",
    b'{"amount": 500,}',
    b'{"amount": NaN}',
    b"\xff\xfe",
    b'{"amount": 500, "amount": 600}',
    b"[" * 5000,
    b'{"a":' * 5000,
    b"null",
    b"[]",
    b'"text"',
    b"7",
]
ODD = [  # members that nobody asked for, and that not every reader of JSON takes
    b'"odd": 1e999',
    b'"odd": -1e999',
    b'"odd": 123456789012345678901234567890',
    b'"odd": "\\ud800"',
    b'"odd": "\\u0000"',
    b'"\\udfff": 1',
    b'"odd": 0.1e-999999',
]


def _posts(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All that programs may call: what is for people who have signed in is asked to sign in, whatever they send."""
    for path, methods in document["paths"].items():
        if "post" in methods and methods["post"]["security"] != [{"session": []}]:
            yield re.sub(r"{(\w+)}", lambda found: _NOBODY[found[1]], path), methods["post"]


_NOBODY = {
    "order_id": "order_0000000000000000",
    "payment_id": "pay_0000000000000000",
    "refund_id": "rfnd_0000000000000000",
    "event_id": "evt_0000000000000000",
    "job_id": "4711",
    "webhook_id": "00000000-0000-4000-8000-000000000000",
    "webhook_endpoint_id": "we_0000000000000000",
    "merchant_id": "00000000-0000-4000-8000-000000000000",
    "user_id": "00000000-0000-4000-8000-000000000000",
    "api_key": "key_test_nobody",
}


def _refused(answer: Answer, *statuses: int) -> None:
    assert answer.status in statuses, (answer.status, answer.body)
    assert {"code", "description", "request_id"} <= set(answer.error)


@pytest.fixture
def everybody(merchant: Merchant, operator: Caller) -> Caller:
    """A merchant and the operator at once, whom every call lets in."""
    return Caller(merchant.deployment, merchant.headers | operator.headers)


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": "key_test_abc123"}, {"X-Api-Secret": "secret_test_xyz789"}])
def test_credentials_are_required(deployment: Deployment, headers: dict[str, str]) -> None:
    error = Caller(deployment, headers).refused(401, "GET", "/orders")
    assert (error["code"], error["reason"]) == ("AUTHENTICATION_ERROR", "credentials_missing")


def test_wrong_credentials_are_refused_in_the_same_words_whichever_is_wrong(
    merchant: Merchant, stranger: Merchant
) -> None:
    right = merchant.headers
    wrong = [
        right | {"X-Api-Key": "key_test_nobody"},
        right | {"X-Api-Secret": "wrong"},
        right | {"X-Api-Secret": stranger.headers["X-Api-Secret"]},
        right | {"X-Api-Secret": right["X-Api-Secret"] + "x"},
        right | {"X-Api-Key": "k" * 300},
    ]
    errors = [Caller(merchant.deployment, headers).refused(401, "GET", "/orders") for headers in wrong]
    assert {(error["code"], error["reason"], error["description"]) for error in errors} == {
        ("AUTHENTICATION_ERROR", "credentials_invalid", "Invalid API credentials")
    }


def test_every_call_that_is_a_merchants_asks_for_its_secret(deployment: Deployment, payer: Caller) -> None:
    for path, methods in deployment.document["paths"].items():
        for method, operation in methods.items():
            filled = re.sub(r"{(\w+)}", lambda found: _NOBODY[found[1]], path)
            wanted = [set(one) for one in operation["security"]]
            if wanted and set() not in wanted:
                _refused(payer.call(method.upper(), filled, {} if "requestBody" in operation else None), 401)


@pytest.mark.parametrize(
    "path", ["/", "/api/v1", "/api/v1/", "/api/v1/orderz", "/api/v1/orders/", "/api/v2/orders", "/api/v1/orders/a/b/c"]
)
def test_an_unknown_path_is_not_found(deployment: Deployment, merchant: Merchant, path: str) -> None:
    answer = deployment.call("GET", path, headers=merchant.headers)
    _refused(answer, 404)
    assert answer.error["code"] == "NOT_FOUND_ERROR"


def test_a_wrong_method_is_told_which_are_right(deployment: Deployment, merchant: Merchant) -> None:
    for path, methods in deployment.document["paths"].items():
        filled = re.sub(r"{(\w+)}", lambda found: _NOBODY[found[1]], path)
        for method in METHODS:
            if deployment.operation(method, filled) is None:
                answer = deployment.call(method, filled, headers=merchant.headers)
                _refused(answer, 405)
                assert {m.upper() for m in methods} <= {m.strip() for m in answer.headers["Allow"].split(",")}


@pytest.mark.parametrize("raw", UNREADABLE, ids=lambda raw: str(raw[:20]))
@pytest.mark.parametrize("keyed", [False, True], ids=["", "with a key"])
def test_a_body_that_is_none_is_refused_by_every_call(everybody: Caller, raw: bytes, keyed: bool) -> None:
    for path, operation in _posts(everybody.deployment.document):
        answer = everybody.call("POST", path, raw, key=unique("key") if keyed else None)
        required = operation.get("requestBody", {}).get("required", False)
        if required and not path.endswith("/public"):
            _refused(answer, 400)
            assert answer.error["code"] == "BAD_REQUEST_ERROR"
        else:
            assert answer.status < 500


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.decode())
def test_odd_members_are_ignored_or_refused_with_a_key_as_without(merchant: Merchant, odd: bytes) -> None:
    raw = b'{"amount": 500, ' + odd + b"}"
    answers = [merchant.call("POST", "/orders", raw, key=key).status for key in (None, unique("key"))]
    assert answers in ([201, 201], [400, 400])


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.decode())
def test_odd_notes_are_refused(merchant: Merchant, odd: bytes) -> None:
    raw = b'{"amount": 500, "notes": {' + odd + b"}}"
    if odd == b'"odd": 0.1e-999999':
        pytest.skip("zero, to some readers")
    for key in (None, unique("key")):
        assert merchant.refused(400, "POST", "/orders", raw, key=key)["code"] == "BAD_REQUEST_ERROR"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""]
)
def test_a_body_of_another_type_is_refused(deployment: Deployment, merchant: Merchant, content_type: str) -> None:
    headers = merchant.headers | {"Content-Type": content_type}
    _refused(deployment.call("POST", "/api/v1/orders", {"amount": 500}, headers=headers), 400, 415)


def test_a_body_that_is_too_large_is_refused(merchant: Merchant) -> None:
    answer = merchant.call("POST", "/orders", b'{"amount": 500, "more": "' + b"x" * 70_000 + b'"}')
    _refused(answer, 413)
    assert answer.error["reason"] == "body_too_large"


def test_every_answer_names_its_request(merchant: Merchant) -> None:
    answers = [merchant.call("GET", "/orders"), merchant.call("GET", "/orders"), merchant.call("GET", "/orders/x")]
    names = [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(names)) == 3
    assert answers[2].error["request_id"] == names[2]


def test_no_answer_is_kept_by_a_cache(merchant: Merchant) -> None:
    for path in ("/orders", "/orders/x", "/merchants/me"):
        assert merchant.call("GET", path).headers["Cache-Control"] == "no-store"
