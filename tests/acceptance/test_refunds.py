"""Refunds: money given back, in parts, never more than was taken, whatever the bank says."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.client import Merchant

ID = re.compile(r"rfnd_[A-Za-z0-9]{16}")
NOTICE_SECONDS = 90  # the bank's notices are read once a minute


def _free_again(merchant: Merchant, refund_id: str) -> None:
    """A refund that failed has given its amount back, and left nothing behind but its story."""
    refund = merchant.get(f"/refunds/{refund_id}")
    assert refund["status"] == "failed"
    assert refund["error_reason"]
    assert refund["error_description"]
    payment = merchant.get(f"/payments/{refund['payment_id']}")
    assert (payment["amount_refunded"], payment["amount_refund_pending"]) == (0, 0)
    assert (payment["status"], payment["state"]) == ("success", "captured")


def test_a_refund_of_everything_begins_pending_and_is_processed(merchant: Merchant) -> None:
    payment = merchant.captured()
    refund = merchant.refund(payment, 50000, reason="Returned goods", notes={"rma": "7 ₹"})
    assert ID.fullmatch(refund["id"])
    assert (refund["payment_id"], refund["amount"], refund["currency"]) == (payment["id"], 50000, "INR")
    assert (refund["status"], refund["processed_at"]) == ("pending", None)
    processed = merchant.refund_is("processed", refund)
    assert processed["processed_at"] is not None
    assert (processed["reason"], processed["notes"]) == ("Returned goods", {"rma": "7 ₹"})
    after = merchant.payment(payment)
    assert (after["status"], after["state"], after["amount_refunded"]) == ("refunded", "refunded", 50000)
    assert merchant.told(payment)[3:] == ["refund.created", "payment.refunded", "refund.processed"]


def test_a_refund_without_an_amount_gives_back_all_that_is_left(merchant: Merchant) -> None:
    payment = merchant.captured()
    merchant.refund_is("processed", merchant.refund(payment, 12345))
    assert merchant.refund(payment)["amount"] == 50000 - 12345


def test_a_part_given_back_leaves_the_payment_partially_refunded(merchant: Merchant) -> None:
    payment = merchant.captured()
    merchant.refund_is("processed", merchant.refund(payment, 20000))
    after = merchant.payment(payment)
    assert (after["status"], after["amount_refunded"], after["captured"]) == ("partially_refunded", 20000, True)
    assert merchant.told(payment)[3:] == ["refund.created", "payment.partially_refunded", "refund.processed"]


def test_many_refunds_use_a_payment_up(merchant: Merchant) -> None:
    payment = merchant.captured()
    refunds = [merchant.refund(payment, amount) for amount in (1, 9999, 15000, 25000)]
    for refund in refunds:
        merchant.refund_is("processed", refund)
    after = merchant.payment(payment)
    assert (after["status"], after["amount_refunded"], after["amount_refund_pending"]) == ("refunded", 50000, 0)
    error = merchant.refused(400, "POST", f"/payments/{payment['id']}/refunds", {"amount": 1})
    assert error["reason"] == "INSUFFICIENT_REFUND_AMOUNT"


def test_more_than_was_taken_is_refused_in_the_words_of_the_contract(merchant: Merchant) -> None:
    payment = merchant.captured()
    path = f"/payments/{payment['id']}/refunds"
    merchant.refund(payment, 30000)  # pending or processed, it counts
    for amount in (20001, 50000, 10**12):
        error = merchant.refused(400, "POST", path, {"amount": amount})
        assert (error["code"], error["reason"]) == ("BAD_REQUEST_ERROR", "INSUFFICIENT_REFUND_AMOUNT")
        assert error["description"] == "Refund amount exceeds available amount"
    assert len(merchant.get(path)["data"]) == 1
    assert merchant.refund(payment, 20000)["amount"] == 20000


@pytest.mark.parametrize("amount", [0, -1, 1.5, "100", True])
def test_a_refund_of_no_amount_is_refused(merchant: Merchant, amount: object) -> None:
    payment = merchant.captured()
    assert merchant.refused(400, "POST", f"/payments/{payment['id']}/refunds", {"amount": amount})["field"] == "amount"


def test_a_caller_may_wait_for_what_becomes_of_a_refund(merchant: Merchant) -> None:
    refund = merchant.refund(merchant.captured(), 100)
    assert refund["status"] == "pending"
    assert merchant.get(f"/refunds/{refund['id']}", wait=15)["status"] == "processed"
    assert merchant.refused(400, "GET", f"/refunds/{refund['id']}", wait="long")["field"] == "wait"


@pytest.mark.parametrize("body", [{}, {"amuont": 100}, {"amount": None}])
def test_a_refund_whose_amount_is_missing_or_misspelled_gives_nothing_back(
    merchant: Merchant, body: dict[str, object]
) -> None:
    payment = merchant.captured()
    error = merchant.refused(400, "POST", f"/payments/{payment['id']}/refunds", body)
    assert error["field"] == "amount"
    assert merchant.get(f"/payments/{payment['id']}/refunds")["data"] == []


def test_refunds_at_once_never_give_back_more_than_was_taken(merchant: Merchant) -> None:
    payment = merchant.captured()
    path = f"/payments/{payment['id']}/refunds"
    with ThreadPoolExecutor(8) as callers:
        tries = list(callers.map(lambda _: merchant.call("POST", path, {"amount": 20000}).status, range(8)))
    assert sorted(tries) == [201] * 2 + [400] * 6
    for refund in merchant.get(path)["data"]:
        merchant.refund_is("processed", refund)
    assert merchant.payment(payment)["amount_refunded"] == 40000


def test_a_refund_of_a_payment_that_was_not_captured_captures_all_of_it_first(merchant: Merchant) -> None:
    payment = merchant.paid()
    refund = merchant.refund(payment, 20000)
    taken = merchant.payment(payment)
    assert (taken["captured"], taken["amount_captured"]) == (True, 50000)
    merchant.refund_is("processed", refund)
    after = merchant.payment(payment)
    assert (after["status"], after["amount_refunded"]) == ("partially_refunded", 20000)
    assert merchant.told(payment)[3:] == [
        "payment.captured",
        "refund.created",
        "payment.partially_refunded",
        "refund.processed",
    ]
    assert merchant.booked(payment_id=payment["id"]) == ["capture", "refund", "refund_processed"]


def test_a_refused_refund_of_an_uncaptured_payment_captures_nothing(merchant: Merchant) -> None:
    payment = merchant.paid()
    merchant.refused(400, "POST", f"/payments/{payment['id']}/refunds", {"amount": 50001})
    assert merchant.payment(payment) == payment


def test_only_what_was_captured_is_given_back(merchant: Merchant) -> None:
    payment = merchant.paid()
    merchant.capture(payment, 30000)
    error = merchant.refused(400, "POST", f"/payments/{payment['id']}/refunds", {"amount": 30001})
    assert error["reason"] == "INSUFFICIENT_REFUND_AMOUNT"
    merchant.refund_is("processed", merchant.refund(payment, 30000))
    assert merchant.payment(payment)["status"] == "refunded"


@pytest.mark.parametrize("how", ["slow@magic", "insufficient-funds@magic", "voided"])
def test_what_was_never_taken_is_not_given_back(merchant: Merchant, how: str) -> None:
    payment = merchant.pay(how) if how == "slow@magic" else merchant.paid(how if "@" in how else "approve@magic")
    if how == "voided":
        merchant.post(f"/payments/{payment['id']}/void")
    error = merchant.refused(400, "POST", f"/payments/{payment['id']}/refunds", {"amount": 100})
    assert (error["code"], error["reason"]) == ("BAD_REQUEST_ERROR", "payment_not_refundable")
    assert merchant.get(f"/payments/{payment['id']}/refunds")["data"] == []


def test_a_refund_that_the_bank_declines_leaves_the_amount_free_again(merchant: Merchant) -> None:
    payment = merchant.captured("refund-declined@magic")
    refund = merchant.refund(payment, 50000)
    merchant.refund_is("failed", refund)
    _free_again(merchant, refund["id"])
    assert merchant.get(f"/refunds/{refund['id']}")["processed_at"] is None
    assert merchant.told(payment)[3:] == ["refund.created", "refund.failed"]
    assert merchant.booked(payment_id=payment["id"]) == ["capture", "refund", "refund_failed"]
    assert merchant.refund(payment, 50000)["status"] == "pending", "it may be asked for again"


def test_a_refund_whose_answer_got_lost_is_inquired_about_and_given_once(merchant: Merchant) -> None:
    payment = merchant.captured("refund-timeout@magic")
    refund = merchant.refund(payment, 20000)
    processed = merchant.refund_is("processed", refund)
    assert processed["inquiries"] >= 1
    assert processed["last_answer"]
    after = merchant.payment(payment)
    assert (after["status"], after["amount_refunded"]) == ("partially_refunded", 20000)
    assert merchant.told(payment)[3:] == ["refund.created", "payment.partially_refunded", "refund.processed"]
    assert merchant.booked(payment_id=payment["id"]) == ["capture", "refund", "refund_processed"]


@pytest.mark.slow
def test_what_the_bank_tells_later_counts_and_what_it_tells_twice_counts_once(merchant: Merchant) -> None:
    """A refund comes back; an answer comes late, and again. The bank's notices are read by a schedule."""
    late, twice = (merchant.captured(how) for how in ("late-answer@magic", "double-answer@magic"))
    payment = merchant.captured("refund-returned@magic")
    first, second = merchant.refund(payment, 20000), merchant.refund(payment, 30000)
    for refund in (first, second):
        merchant.refund_is("processed", refund)
    assert merchant.payment(payment)["status"] == "refunded"
    for refund in (first, second):
        merchant.refund_is("failed", refund, seconds=NOTICE_SECONDS)
        assert merchant.get(f"/refunds/{refund['id']}")["error_reason"] == "refund_returned"
    _free_again(merchant, first["id"])
    told = merchant.told(payment)
    assert told[-4:] == ["payment.refund_returned", "refund.failed"] * 2
    assert merchant.booked(payment_id=payment["id"])[-2:] == ["refund_returned"] * 2
    assert merchant.balance() == {"available": 150000, "refunds_pending": 0}
    for other in (late, twice):
        assert merchant.told(other)[-1] == "payment.success"
        assert merchant.told(other).count("payment.success") == 1
        assert merchant.booked(payment_id=other["id"]) == ["capture"]


def test_refunds_are_listed_and_found(merchant: Merchant) -> None:
    payment, other = merchant.captured(), merchant.captured("refund-declined@magic")
    made = [merchant.refund_is("processed", merchant.refund(payment, 1000))["id"] for _ in range(3)][::-1]
    failed = merchant.refund_is("failed", merchant.refund(other))["id"]

    def find(path: str = "/refunds", **query: object) -> list[str]:
        return [one["id"] for one in merchant.get(path, **query)["data"]]

    assert find(payment_id=payment["id"]) == find(f"/payments/{payment['id']}/refunds") == made
    assert find(payment_id=other["id"], status="failed") == [failed]
    assert find(payment_id=payment["id"], status="failed") == []
    assert find()[:4] == [failed, *made]
    assert find(payment_id=payment["id"], limit=2, starting_after=made[0]) == made[1:]
    assert find(payment_id=payment["id"], limit=2, ending_before=made[2]) == made[:2]
    page = merchant.get(f"/payments/{payment['id']}/refunds", limit=1, offset=1)
    assert [one["id"] for one in page["data"]] == made[1:2]
    assert (page["total"], page["limit"], page["offset"], page["has_more"]) == (3, 1, 1, True)
    assert merchant.refused(400, "GET", "/refunds", status="odd")["field"] == "status"
    assert merchant.refused(400, "GET", "/refunds", starting_after="nothing")["reason"] == "unknown_cursor"


def test_a_refund_that_is_not_there_is_not_found(merchant: Merchant, stranger: Merchant) -> None:
    refund = merchant.refund(merchant.captured())
    for caller, refund_id in ((merchant, "rfnd_0000000000000000"), (merchant, "rfnd"), (stranger, refund["id"])):
        error = caller.refused(404, "GET", f"/refunds/{refund_id}")
        assert (error["code"], error["description"]) == ("NOT_FOUND_ERROR", "Refund not found")
    assert stranger.get("/refunds", payment_id=refund["payment_id"])["data"] == []


def test_a_reason_may_have_255_characters_and_no_more(merchant: Merchant) -> None:
    payment = merchant.captured()
    path = f"/payments/{payment['id']}/refunds"
    assert merchant.refused(400, "POST", path, {"amount": 1, "reason": "x" * 256})["field"] == "reason"
    assert merchant.refund(payment, 1, reason="x" * 255)["reason"] == "x" * 255
