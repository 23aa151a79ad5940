"""What gets lost between the gateway and the bank: unknown is no failure, and becomes one outcome, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.client import Merchant, card

LOST = {
    "timeout-before-debit": "4000000000000341",
    "timeout-after-debit": "4000000000000325",
    "garbled-answer": "4000000000000358",
    "late-answer": "4000000000000366",
}
UNKNOWN = ["payment.created", "payment.pending", "payment.outcome_unknown", "payment.success"]


@pytest.fixture(scope="module")
def shop(request: pytest.FixtureRequest, operator_secret: str | None) -> Iterator[Merchant]:
    """One merchant for all of them, so that they may wait side by side."""
    if operator_secret is None:
        yield request.getfixturevalue("seeded")
        return
    shop: Merchant = request.getfixturevalue("sign_up")()
    yield shop
    shop.audit()


@pytest.fixture(scope="module")
def begun(shop: Merchant) -> dict[str, Any]:
    hows: dict[str, Any] = {f"{name}@magic": f"{name}@magic" for name in (*LOST, "double-answer")}
    hows |= {number: card(number) for number in (*LOST.values(), "4000000000000374")}
    return {name: shop.pay(how, capture="automatic") for name, how in hows.items()}


@pytest.mark.parametrize("how", [f"{name}@magic" for name in LOST] + list(LOST.values()))
def test_an_answer_that_got_lost_is_found_by_inquiry(shop: Merchant, begun: dict[str, Any], how: str) -> None:
    settled = shop.outcome(begun[how])
    assert (settled["status"], settled["state"], settled["amount_captured"]) == ("success", "captured", 50000)
    assert settled["inquiries"] >= 1
    assert settled["last_answer"], "what the bank said instead of an answer"
    assert settled["next_inquiry_at"] is None
    assert shop.told(settled) == UNKNOWN
    unknown = shop.events(settled)[2]["body"]["data"]["payment"]
    assert (unknown["status"], unknown["state"], unknown["error_code"]) == ("pending", "outcome_unknown", None)
    assert unknown["inquiries"] == 1
    assert unknown["next_inquiry_at"] is not None
    assert unknown["last_answer"]
    assert shop.booked(payment_id=settled["id"]) == ["capture"]
    assert shop.get(f"/orders/{settled['order_id']}")["status"] == "paid"


def test_what_cannot_be_read_is_told_apart_from_silence(shop: Merchant, begun: dict[str, Any]) -> None:
    garbled, silent = (
        shop.outcome(begun[how])["last_answer"] for how in ("garbled-answer@magic", "timeout-after-debit@magic")
    )
    assert garbled != silent


@pytest.mark.parametrize("how", ["double-answer@magic", "4000000000000374"])
def test_an_answer_that_comes_twice_is_one_outcome(shop: Merchant, begun: dict[str, Any], how: str) -> None:
    settled = shop.outcome(begun[how])
    assert (settled["status"], settled["inquiries"], settled["last_answer"]) == ("success", 0, None)
    assert shop.told(settled) == ["payment.created", "payment.pending", "payment.success"]
    assert shop.booked(payment_id=settled["id"]) == ["capture"]


def test_an_unknown_outcome_keeps_another_payment_of_the_order_out(merchant: Merchant) -> None:
    order = merchant.order()
    payment = merchant.pay("late-answer@magic", order=order)
    body = {"order_id": order["id"], "method": "upi", "vpa": "approve@magic"}
    merchant.deployment.until(lambda: merchant.payment(payment)["inquiries"], "its outcome is unknown")
    assert merchant.refused(409, "POST", "/payments", body)["reason"] == "payment_in_progress"
    for act in ("capture", "void", "refunds"):
        body = {"amount": 100} if act == "refunds" else None
        assert merchant.refused(400, "POST", f"/payments/{payment['id']}/{act}", body)["code"] == "BAD_REQUEST_ERROR"
    assert merchant.payment(payment)["status"] == "pending"
