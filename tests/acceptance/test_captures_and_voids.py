"""Captures take what the bank holds, once and never more; voids let go of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.client import Merchant, card


def test_a_capture_takes_the_whole_amount(merchant: Merchant) -> None:
    payment = merchant.paid()
    assert payment["authorization_expires_at"]
    captured = merchant.capture(payment)
    assert (captured["captured"], captured["amount_captured"], captured["state"]) == (True, 50000, "captured")
    assert captured["status"] == "success"
    assert captured["authorization_expires_at"] is None
    assert merchant.payment(payment) == captured
    assert merchant.told(payment)[-1] == "payment.captured"


def test_a_capture_may_name_the_whole_amount_or_send_an_empty_object(merchant: Merchant) -> None:
    assert merchant.capture(merchant.paid(card()), 50000)["state"] == "captured"
    assert merchant.post(f"/payments/{merchant.paid()['id']}/capture", {})["state"] == "captured"


def test_several_captures_use_a_hold_up(merchant: Merchant) -> None:
    payment = merchant.paid()
    states = [
        (done["state"], done["amount_captured"]) for done in (merchant.capture(payment, n) for n in (1, 20000, 29999))
    ]
    assert states == [("partially_captured", 1), ("partially_captured", 20001), ("captured", 50000)]
    error = merchant.refused(400, "POST", f"/payments/{payment['id']}/capture", {"amount": 1})
    assert error["description"] == "Payment not in capturable state"
    assert (error["status"], error["state"]) == ("success", "captured")
    assert merchant.told(payment)[3:] == ["payment.captured"] * 3


def test_a_capture_without_an_amount_takes_what_is_left(merchant: Merchant) -> None:
    payment = merchant.paid()
    merchant.capture(payment, 12345)
    assert merchant.capture(payment)["amount_captured"] == 50000


def test_more_than_is_held_cannot_be_captured(merchant: Merchant) -> None:
    payment = merchant.paid()
    path = f"/payments/{payment['id']}/capture"
    error = merchant.refused(400, "POST", path, {"amount": 50001})
    assert (error["code"], error["field"]) == ("BAD_REQUEST_ERROR", "amount")
    merchant.capture(payment, 40000)
    assert merchant.refused(400, "POST", path, {"amount": 10001})["field"] == "amount"
    assert merchant.payment(payment)["amount_captured"] == 40000


@pytest.mark.parametrize("amount", [0, -1, 1.5, "100", True])
def test_a_capture_of_no_amount_is_refused(merchant: Merchant, amount: object) -> None:
    payment = merchant.paid()
    assert merchant.refused(400, "POST", f"/payments/{payment['id']}/capture", {"amount": amount})["field"] == "amount"
    assert merchant.payment(payment)["captured"] is False


@pytest.mark.parametrize("how", ["slow@magic", "insufficient-funds@magic", "captured", "voided"])
def test_what_is_not_held_cannot_be_captured(merchant: Merchant, how: str) -> None:
    payment = merchant.pay(how) if "slow" in how else merchant.paid(how if "@" in how else "approve@magic")
    if how == "captured":
        merchant.capture(payment)
    if how == "voided":
        merchant.post(f"/payments/{payment['id']}/void")
    error = merchant.refused(400, "POST", f"/payments/{payment['id']}/capture")
    assert (error["code"], error["description"]) == ("BAD_REQUEST_ERROR", "Payment not in capturable state")


def test_captures_at_once_never_take_more_than_is_held(merchant: Merchant) -> None:
    payment = merchant.paid()
    path = f"/payments/{payment['id']}/capture"
    with ThreadPoolExecutor(8) as callers:
        tries = list(callers.map(lambda _: merchant.call("POST", path, {"amount": 20000}).status, range(8)))
    assert sorted(tries) == [200] * 2 + [400] * 6
    assert merchant.payment(payment)["amount_captured"] == 40000


def test_an_order_may_have_its_payment_captured_by_itself(merchant: Merchant) -> None:
    payment = merchant.paid(capture="automatic")
    assert (payment["state"], payment["captured"], payment["amount_captured"]) == ("captured", True, 50000)
    assert merchant.told(payment) == ["payment.created", "payment.pending", "payment.success"]


def test_a_void_lets_go_of_the_hold(merchant: Merchant) -> None:
    payment = merchant.paid()
    voided = merchant.post(f"/payments/{payment['id']}/void")
    assert (voided["state"], voided["status"], voided["captured"]) == ("voided", "refunded", False)
    assert (voided["amount_captured"], voided["authorization_expires_at"]) == (0, None)
    assert merchant.told(payment)[-1] == "payment.voided"
    assert merchant.get("/ledger", payment_id=payment["id"])["data"] == [], "no money has moved"


@pytest.mark.parametrize("how", ["slow@magic", "insufficient-funds@magic", "captured", "partly", "voided"])
def test_what_is_not_held_as_a_whole_cannot_be_voided(merchant: Merchant, how: str) -> None:
    payment = merchant.pay(how) if "slow" in how else merchant.paid(how if "@" in how else "approve@magic")
    if how in ("captured", "partly"):
        merchant.capture(payment, 50000 if how == "captured" else 1)
    if how == "voided":
        merchant.post(f"/payments/{payment['id']}/void")
    before = merchant.payment(payment)
    error = merchant.refused(400, "POST", f"/payments/{payment['id']}/void")
    assert (error["code"], error["reason"]) == ("BAD_REQUEST_ERROR", "payment_not_voidable")
    if how != "slow@magic":
        assert (error["status"], error["state"]) == (before["status"], before["state"])
    if how != "slow@magic":
        assert merchant.payment(payment) == before


@pytest.mark.parametrize("act", ["capture", "void"])
def test_a_payment_that_is_not_there_is_not_found(merchant: Merchant, act: str) -> None:
    for payment_id in ("pay_0000000000000000", "pay", "order_0000000000000000"):
        assert merchant.refused(404, "POST", f"/payments/{payment_id}/{act}")["description"] == "Payment not found"
