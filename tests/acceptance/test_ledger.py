"""The ledger and the balance: every movement of money is booked once, between two accounts, and adds up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.client import Merchant


@pytest.fixture
def before(merchant: Merchant) -> dict[str, int]:
    return merchant.balance()


def _changed(merchant: Merchant, before: dict[str, int]) -> tuple[int, int]:
    now = merchant.balance()
    return now["available"] - before["available"], now["refunds_pending"] - before["refunds_pending"]


def _entries(transaction: Any) -> dict[str, int]:
    return {entry["account"]: entry["amount"] for entry in transaction["entries"]}


def test_a_merchant_to_whom_nothing_happened_has_no_balance(stranger: Merchant) -> None:
    assert stranger.get("/balance") == {"data": []}
    assert stranger.get("/ledger") == {"data": [], "has_more": False}


def test_what_is_only_held_is_not_booked(merchant: Merchant, before: dict[str, int]) -> None:
    payment = merchant.paid()
    assert _changed(merchant, before) == (0, 0)
    assert merchant.booked(payment_id=payment["id"]) == []


def test_captures_make_money_available(merchant: Merchant, before: dict[str, int]) -> None:
    payment = merchant.paid()
    merchant.capture(payment, 12300)
    assert _changed(merchant, before) == (12300, 0)
    merchant.capture(payment)
    assert _changed(merchant, before) == (50000, 0)
    second, first = merchant.get("/ledger", payment_id=payment["id"])["data"]
    assert (first["kind"], first["currency"], first["refund_id"]) == ("capture", "INR", None)
    assert _entries(first) == {"acquirer": -12300, "available": 12300}
    assert _entries(second) == {"acquirer": -37700, "available": 37700}


def test_a_refund_is_reserved_and_then_gone(merchant: Merchant, before: dict[str, int]) -> None:
    payment = merchant.captured()
    refund = merchant.refund(payment, 20000)
    merchant.refund_is("processed", refund)
    assert _changed(merchant, before) == (30000, 0)
    processed, reserved = merchant.get("/ledger", refund_id=refund["id"])["data"]
    assert (reserved["kind"], processed["kind"]) == ("refund", "refund_processed")
    assert _entries(reserved) == {"available": -20000, "refunds_pending": 20000}
    assert _entries(processed) == {"refunds_pending": -20000, "acquirer": 20000}


def test_a_refund_that_waits_for_the_bank_is_reserved(merchant: Merchant, before: dict[str, int]) -> None:
    payment = merchant.captured("refund-timeout@magic")  # its answer gets lost: it waits for an inquiry
    refund = merchant.refund(payment, 20000)
    assert _changed(merchant, before) == (30000, 20000)
    assert merchant.payment(payment)["amount_refund_pending"] == 20000
    merchant.refund_is("processed", refund)
    assert _changed(merchant, before) == (30000, 0)


def test_a_declined_refund_is_available_again(merchant: Merchant, before: dict[str, int]) -> None:
    payment = merchant.captured("refund-declined@magic")
    merchant.refund_is("failed", merchant.refund(payment))
    assert _changed(merchant, before) == (50000, 0)


@pytest.mark.parametrize("how", ["insufficient-funds@magic", "slow@magic"])
def test_what_did_not_move_is_not_booked(merchant: Merchant, before: dict[str, int], how: str) -> None:
    payment = merchant.pay(how) if "slow" in how else merchant.paid(how)
    assert merchant.booked(payment_id=payment["id"]) == []
    assert _changed(merchant, before) == (0, 0)


def test_each_currency_has_its_own_balance(merchant: Merchant) -> None:
    dollars = lambda: sum(one["available"] for one in merchant.get("/balance")["data"] if one["currency"] == "USD")  # noqa: E731
    rupees_before, dollars_before = merchant.balance(), dollars()
    merchant.paid(order=merchant.order(900, currency="USD", capture="automatic"))
    assert dollars() - dollars_before == 900
    assert merchant.balance() == rupees_before


def test_the_ledger_is_listed_newest_first_and_found(merchant: Merchant) -> None:
    payment = merchant.captured()
    refund = merchant.refund_is("processed", merchant.refund(payment, 20000))
    listed = merchant.get("/ledger", payment_id=payment["id"])["data"]
    assert [one["kind"] for one in listed] == ["refund_processed", "refund", "capture"]
    assert merchant.get("/ledger", payment_id=payment["id"], kind="capture")["data"] == listed[2:]
    assert merchant.get("/ledger", refund_id=refund["id"])["data"] == listed[:2]
    assert merchant.get("/ledger", payment_id=payment["id"], starting_after=listed[0]["id"])["data"] == listed[1:]
    page = merchant.get("/ledger", payment_id=payment["id"], limit=1, offset=1)
    assert (page["data"], page["total"]) == (listed[1:2], 3)
    assert merchant.refused(400, "GET", "/ledger", kind="odd")["field"] == "kind"


def test_another_merchants_books_are_closed(merchant: Merchant, stranger: Merchant) -> None:
    payment = merchant.captured()
    transaction = merchant.get("/ledger", payment_id=payment["id"])["data"][0]
    assert stranger.get("/ledger", payment_id=payment["id"])["data"] == []
    assert stranger.refused(400, "GET", "/ledger", starting_after=transaction["id"])["reason"] == "unknown_cursor"
