"""Idempotency keys: one key, one request, one effect, and one answer to the byte, for each POST that moves money."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from tests.acceptance.client import Caller, Merchant, payment_of, unique


class Asked(NamedTuple):
    """A request that succeeds once, one that is refused, and how often it has had an effect."""

    path: str
    body: Any
    wrong: tuple[str, Any]
    effects: Callable[[], int]


def _order(merchant: Merchant) -> Asked:
    receipt = unique("key")
    body = {"amount": 500, "receipt": receipt}
    return Asked("/orders", body, ("/orders", {"amount": 1}), lambda: len(merchant.all("/orders", receipt=receipt)))


def _payment(merchant: Merchant, path: str = "/payments") -> Asked:
    order_id = merchant.order()["id"]
    return Asked(
        path,
        payment_of(order_id, "approve@magic"),
        (path, payment_of(order_id, "nobody")),
        lambda: len(merchant.all("/payments", order_id=order_id)),
    )


def _public_payment(merchant: Merchant) -> Asked:
    return _payment(merchant, "/payments/public")


def _capture(merchant: Merchant) -> Asked:
    payment = merchant.paid()
    path = f"/payments/{payment['id']}/capture"
    return Asked(
        path, {"amount": 700}, (path, {"amount": 10**9}), lambda: merchant.payment(payment)["amount_captured"] // 700
    )


def _void(merchant: Merchant) -> Asked:
    payment, pending = merchant.paid(), merchant.pay("slow@magic")
    return Asked(
        f"/payments/{payment['id']}/void",
        None,
        (f"/payments/{pending['id']}/void", None),
        lambda: merchant.told(payment).count("payment.voided"),
    )


def _refund(merchant: Merchant) -> Asked:
    payment = merchant.captured()
    path = f"/payments/{payment['id']}/refunds"
    return Asked(path, {"amount": 700}, (path, {"amount": 10**9}), lambda: len(merchant.all(path)))


MOVING_MONEY = pytest.mark.parametrize(
    "ask", [_order, _payment, _public_payment, _capture, _void, _refund], ids=lambda ask: ask.__name__.strip("_")
)


@MOVING_MONEY
def test_the_same_request_again_gets_the_same_answer_and_has_no_effect(
    merchant: Merchant, ask: Callable[[Merchant], Asked]
) -> None:
    asked, key = ask(merchant), unique("key")
    first = merchant.call("POST", asked.path, asked.body, key=key)
    assert first.status in (200, 201), first.body
    assert not first.replayed
    assert "Idempotency-Replayed" not in first.headers
    effects = asked.effects()
    assert effects == 1
    for payment_id in {first.body.get("payment_id"), first.body["id"]}:
        if str(payment_id).startswith("pay_"):
            merchant.get(f"/payments/{payment_id}", wait=5)  # it goes on; the answer stays
    for _ in range(2):
        again = merchant.call("POST", asked.path, asked.body, key=key)
        assert (again.status, again.raw, again.replayed) == (first.status, first.raw, True)
    assert asked.effects() == effects


@pytest.mark.parametrize("ask", [_order, _payment, _capture, _void, _refund])
def test_another_request_under_the_same_key_is_refused(merchant: Merchant, ask: Callable[[Merchant], Asked]) -> None:
    """The same body for another object is another request."""
    asked, other, key = ask(merchant), ask(merchant), unique("key")
    assert merchant.call("POST", asked.path, asked.body, key=key).status in (200, 201)
    for path, body in ((other.path, other.body), ("/orders", {"amount": 77700})):
        error = merchant.refused(422, "POST", path, body, key=key)
        assert (error["code"], error["reason"]) == ("BAD_REQUEST_ERROR", "idempotency_key_reused")
    assert other.effects() == 0


@MOVING_MONEY
def test_a_refused_request_leaves_its_key_free(merchant: Merchant, ask: Callable[[Merchant], Asked]) -> None:
    asked, key = ask(merchant), unique("key")
    path, body = asked.wrong
    for _ in range(2):
        refused = merchant.call("POST", path, body, key=key)
        assert (refused.status, refused.replayed) == (400, False)
    done = merchant.call("POST", asked.path, asked.body, key=key)
    assert (done.status in (200, 201), done.replayed) == (True, False)


@MOVING_MONEY
def test_twins_at_once_are_one(merchant: Merchant, ask: Callable[[Merchant], Asked]) -> None:
    asked, key = ask(merchant), unique("key")
    with ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(lambda _: merchant.call("POST", asked.path, asked.body, key=key), range(6)))
    done = [one for one in answers if one.status in (200, 201)]
    assert {one.status for one in answers} <= {200, 201, 409}
    assert len({one.raw for one in done}) == 1
    assert sum(not one.replayed for one in done) == 1
    assert asked.effects() == 1


def test_a_key_means_something_to_its_own_merchant_only(merchant: Merchant, stranger: Merchant) -> None:
    key = unique("key")
    mine = merchant.call("POST", "/orders", {"amount": 500}, key=key)
    theirs = stranger.call("POST", "/orders", {"amount": 600}, key=key)
    assert (mine.status, theirs.status, theirs.replayed) == (201, 201, False)
    assert mine.body["id"] != theirs.body["id"]


def test_a_payer_cannot_take_a_key_from_the_merchant_or_from_another_order(merchant: Merchant, payer: Caller) -> None:
    key = unique("refund")
    payment = merchant.captured()
    asked, other = _public_payment(merchant), _public_payment(merchant)
    first = payer.call("POST", asked.path, asked.body, key=key)
    assert payer.call("POST", asked.path, asked.body, key=key).raw == first.raw
    assert payer.call("POST", other.path, other.body, key=key).status == 201
    assert payer.refused(422, "POST", asked.path, asked.body | {"vpa": "other@upi"}, key=key)
    refund = merchant.call("POST", f"/payments/{payment['id']}/refunds", {"amount": 100}, key=key)
    assert (refund.status, refund.replayed) == (201, False)
    assert (asked.effects(), other.effects()) == (1, 1)


def test_how_the_request_is_spaced_makes_no_difference(merchant: Merchant) -> None:
    key = unique("key")
    first = merchant.call("POST", "/orders", {"amount": 500, "notes": {"a": "₹"}}, key=key)
    again = merchant.call("POST", "/orders", '{ "notes":{"a":"₹"},\n "amount": 500}'.encode(), key=key)
    assert (again.raw, again.replayed) == (first.raw, True)


@pytest.mark.parametrize("key", ["", "a b", "k" * 256, "Ã©"])
def test_a_key_that_is_none_is_refused(merchant: Merchant, key: str) -> None:
    error = merchant.refused(400, "POST", "/orders", {"amount": 500}, key=key)
    assert (error["code"], error["reason"]) == ("BAD_REQUEST_ERROR", "invalid_idempotency_key")


def test_a_secret_that_is_shown_once_is_shown_again_to_whoever_has_the_key(merchant: Merchant) -> None:
    key = unique("key")
    first, again = (merchant.call("POST", "/api_keys", key=key) for _ in range(2))
    assert first.body["api_secret"]
    assert (again.raw, again.replayed) == (first.raw, True)


def test_the_operator_has_keys_too(operator: Caller) -> None:
    body, key = {"name": "Twice", "email": f"{unique('twice')}@example.com"}, unique("key")
    first, again = (operator.call("POST", "/merchants", body, key=key) for _ in range(2))
    assert (first.status, first.replayed) == (201, False)
    assert (again.raw, again.replayed) == (first.raw, True)
