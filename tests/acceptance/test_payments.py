"""Payments: by UPI and by card, approved and declined, once for each order."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.acceptance.client import Merchant, card, payment_of

ID = re.compile(r"pay_[A-Za-z0-9]{16}")
DECLINES = {
    "do-not-honour": "4000000000000002",
    "insufficient-funds": "4000000000009995",
    "lost-card": "4000000000009987",
    "stolen-card": "4000000000009979",
    "expired-card": "4000000000000069",
    "incorrect-cvv": "4000000000000127",
    "limit-exceeded": "4000000000006975",
    "processing-error": "4000000000000119",
}


def test_a_payment_by_upi_begins_pending_and_succeeds(merchant: Merchant) -> None:
    order = merchant.order(51700)
    payment = merchant.pay(order=order)
    assert ID.fullmatch(payment["id"])
    assert (payment["order_id"], payment["amount"], payment["currency"]) == (order["id"], 51700, "INR")
    assert (payment["method"], payment["vpa"]) == ("upi", "approve@magic")
    assert (payment["status"], payment["captured"]) == ("pending", False)
    settled = merchant.outcome(payment)
    assert (settled["status"], settled["state"], settled["captured"]) == ("success", "authorized", False)
    assert (settled["amount_captured"], settled["amount_refunded"], settled["error_code"]) == (0, 0, None)
    assert merchant.told(payment) == ["payment.created", "payment.pending", "payment.success"]
    assert merchant.get(f"/orders/{order['id']}")["status"] == "paid"


@pytest.mark.parametrize(
    ("number", "network", "last4"),
    [("4242 4242 4242 4242", "visa", "4242"), ("5555-5555-5555-4444", "mastercard", "4444")],
)
def test_a_payment_by_card_shows_the_network_and_the_last_four_and_no_more(
    merchant: Merchant, number: str, network: str, last4: str
) -> None:
    order = merchant.order()
    answer = merchant.call("POST", "/payments", payment_of(order["id"], card(number, cvv="737")))
    assert answer.status == 201
    payment = answer.body
    assert (payment["method"], payment["card_network"], payment["card_last4"]) == ("card", network, last4)
    assert "vpa" not in payment
    settled = merchant.outcome(payment)
    assert settled["status"] == "success"
    seen = answer.raw.decode() + repr(settled) + repr(merchant.events(payment))
    assert re.sub("[ -]", "", number) not in seen
    assert number not in seen
    assert "737" not in re.sub(r"[A-Za-z0-9_]{17,}|\d{4}-\d\d-\d\dT[\d:]+Z|\d{10}", "", seen), "the CVV"


@pytest.mark.parametrize("how", ["upi", "card"])
@pytest.mark.parametrize("name", DECLINES)
def test_a_decline_is_told_with_its_reason(merchant: Merchant, name: str, how: str) -> None:
    payment = merchant.paid(f"{name}@magic" if how == "upi" else card(DECLINES[name]))
    assert (payment["status"], payment["error_code"]) == ("failed", "PAYMENT_FAILED")
    assert payment["error_reason"] == name.replace("-", "_")
    assert payment["error_description"]
    assert merchant.told(payment) == ["payment.created", "payment.pending", "payment.failed"]


def test_while_a_payment_is_under_way_another_is_refused_with_its_id(merchant: Merchant) -> None:
    order = merchant.order()
    first = merchant.pay("slow@magic", order=order)
    error = merchant.refused(409, "POST", "/payments", payment_of(order["id"], "approve@magic"))
    assert (error["code"], error["reason"]) == ("BAD_REQUEST_ERROR", "payment_in_progress")
    assert error["payment_id"] == first["id"]
    assert merchant.get(f"/orders/{order['id']}")["status"] == "attempted"
    assert len(merchant.get("/payments", order_id=order["id"])["data"]) == 1


def test_an_order_that_is_paid_is_not_paid_again(merchant: Merchant) -> None:
    order = merchant.order()
    first = merchant.paid(order=order)
    error = merchant.refused(400, "POST", "/payments", payment_of(order["id"], "approve@magic"))
    assert (error["code"], error["reason"]) == ("BAD_REQUEST_ERROR", "order_paid")
    assert merchant.get("/payments", order_id=order["id"])["data"] == [first]


def test_after_a_decline_another_try_is_welcome(merchant: Merchant) -> None:
    order = merchant.order()
    failed = merchant.paid("insufficient-funds@magic", order=order)
    assert merchant.get(f"/orders/{order['id']}")["status"] == "attempted"
    paid = merchant.paid(order=order)
    assert (failed["status"], paid["status"]) == ("failed", "success")
    assert merchant.get(f"/orders/{order['id']}")["status"] == "paid"
    assert [one["id"] for one in merchant.get("/payments", order_id=order["id"])["data"]] == [paid["id"], failed["id"]]


def test_of_many_who_pay_an_order_at_once_one_does(merchant: Merchant) -> None:
    order = merchant.order()
    with ThreadPoolExecutor(8) as payers:
        tries = list(
            payers.map(lambda _: merchant.call("POST", "/payments", payment_of(order["id"], "approve@magic")), range(8))
        )
    assert sorted(one.status for one in tries)[0] == 201
    assert [one.status for one in tries].count(201) == 1
    assert {one.status for one in tries} <= {201, 400, 409}
    assert len(merchant.get("/payments", order_id=order["id"])["data"]) == 1


def test_a_caller_may_wait_for_the_outcome(merchant: Merchant) -> None:
    payment = merchant.pay("timeout-before-debit@magic")
    started = time.monotonic()
    assert merchant.get(f"/payments/{payment['id']}", wait=15)["status"] == "success"
    assert time.monotonic() - started < 14, "it answers when the outcome is there, not when the time is over"


def test_waiting_ends_when_the_time_is_over(merchant: Merchant) -> None:
    payment = merchant.pay("slow@magic")
    started = time.monotonic()
    assert merchant.get(f"/payments/{payment['id']}", wait=1)["status"] == "pending"
    assert 1 <= time.monotonic() - started < 5


@pytest.mark.parametrize("wait", ["-1", "26", "long", "1.5"])
def test_a_wait_that_is_none_is_refused(merchant: Merchant, wait: str) -> None:
    payment = merchant.pay()
    assert merchant.refused(400, "GET", f"/payments/{payment['id']}", wait=wait)["field"] == "wait"


def test_the_amount_is_the_orders_whatever_the_payment_says(merchant: Merchant) -> None:
    order = merchant.order(60000)
    body = payment_of(order["id"], "approve@magic") | {"amount": 1, "currency": "USD", "status": "success"}
    payment = merchant.post("/payments", body)
    assert (payment["amount"], payment["currency"], payment["status"]) == (60000, "INR", "pending")


def test_a_payment_keeps_its_notes(merchant: Merchant) -> None:
    body = payment_of(merchant.order()["id"], "approve@magic") | {"notes": {"till": "3 ₹"}}
    payment = merchant.post("/payments", body)
    assert merchant.payment(payment)["notes"] == {"till": "3 ₹"}


@pytest.mark.parametrize(
    "vpa", ["asha", "asha@", "@upi", "as ha@upi", "asha@up.i", "asha@upi\n", "asha@@upi", "é@upi", ""]
)
def test_a_vpa_that_is_none_is_refused(merchant: Merchant, vpa: str) -> None:
    error = merchant.refused(400, "POST", "/payments", payment_of(merchant.order()["id"], vpa))
    assert error["code"] == "INVALID_VPA"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"number": "4242424242424241"}, "INVALID_CARD"),
        ({"number": "42424242"}, "INVALID_CARD"),
        ({"number": "4242 4242 4242 424a"}, "INVALID_CARD"),
        ({"cvv": "12"}, "INVALID_CARD"),
        ({"cvv": "1234"}, "INVALID_CARD"),
        ({"holder_name": " "}, "INVALID_CARD"),
        ({"expiry_month": 13}, "EXPIRED_CARD"),
        ({"expiry_month": 0}, "EXPIRED_CARD"),
        ({"expiry_year": 2020}, "EXPIRED_CARD"),
        ({"expiry_year": "20"}, "EXPIRED_CARD"),
        ({"expiry_year": "soon"}, "EXPIRED_CARD"),
    ],
)
def test_a_card_that_is_none_is_refused(merchant: Merchant, wrong: dict[str, Any], code: str) -> None:
    answer = merchant.call("POST", "/payments", payment_of(merchant.order()["id"], card(**wrong)))
    assert (answer.status, answer.error["code"]) == (400, code)
    assert "4242" not in answer.raw.decode(), "a refusal repeats no card"


@pytest.mark.parametrize(("month", "year"), [("12", "40"), (12, 40), ("01", "2040"), ("1", 2040)])
def test_an_expiry_may_be_written_in_many_ways(merchant: Merchant, month: Any, year: Any) -> None:
    assert merchant.pay(card(expiry_month=month, expiry_year=year))["status"] == "pending"


def test_an_american_express_card_has_four_digits_of_cvv(merchant: Merchant) -> None:
    assert merchant.pay(card("378282246310005", cvv="1234"))["card_network"] == "amex"
    error = merchant.refused(400, "POST", "/payments", payment_of(merchant.order()["id"], card("378282246310005")))
    assert error["code"] == "INVALID_CARD"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"method": "upi", "vpa": "a@b"}, "order_id"),
        ({"order_id": "order_0000000000000000", "vpa": "a@b"}, "method"),
        ({"order_id": "order_0000000000000000", "method": "cash"}, "method"),
        ({"order_id": 7, "method": "upi", "vpa": "a@b"}, "order_id"),
    ],
)
def test_a_wrong_member_is_refused_by_name(merchant: Merchant, body: Any, field: str) -> None:
    error = merchant.refused(400, "POST", "/payments", body)
    assert (error["code"], error["field"]) == ("BAD_REQUEST_ERROR", field)


@pytest.mark.parametrize(("method", "field"), [("upi", "vpa"), ("card", "card")])
def test_what_is_paid_with_is_required(merchant: Merchant, method: str, field: str) -> None:
    body = {"order_id": merchant.order()["id"], "method": method}
    assert merchant.refused(400, "POST", "/payments", body)["field"] == field


def test_an_order_that_is_not_there_cannot_be_paid(merchant: Merchant, stranger: Merchant) -> None:
    for order_id in ("order_0000000000000000", "order", stranger.order()["id"]):
        error = merchant.refused(404, "POST", "/payments", payment_of(order_id, "approve@magic"))
        assert (error["code"], error["description"]) == ("NOT_FOUND_ERROR", "Order not found")


def test_another_merchants_payment_is_not_there(merchant: Merchant, stranger: Merchant) -> None:
    payment = merchant.pay()
    path = f"/payments/{payment['id']}"
    for method, below in (
        ("GET", ""),
        ("POST", "/capture"),
        ("POST", "/void"),
        ("POST", "/refunds"),
        ("GET", "/refunds"),
    ):
        error = stranger.refused(404, method, path + below, {"amount": 100} if method == "POST" else None)
        assert (error["code"], error["description"]) == ("NOT_FOUND_ERROR", "Payment not found")
    assert stranger.get("/payments", order_id=payment["order_id"])["data"] == []


def test_payments_are_listed_and_found(merchant: Merchant) -> None:
    order = merchant.order(123400)
    failed = merchant.paid("do-not-honour@magic", order=order)
    paid = merchant.paid(card(), order=order)

    def find(**query: Any) -> list[str]:
        return [one["id"] for one in merchant.get("/payments", order_id=order["id"], **query)["data"]]

    assert find() == [paid["id"], failed["id"]]
    assert find(status="failed") == [failed["id"]]
    assert find(method="card") == [paid["id"]]
    assert find(amount=123400) == [paid["id"], failed["id"]]
    assert find(amount_gte=123401) == find(amount_lte=123399) == []
    assert find(limit=1, starting_after=paid["id"]) == [failed["id"]]
    assert find(created_gte=failed["created_at"]) == [paid["id"], failed["id"]]
    page = merchant.get("/payments", order_id=order["id"], limit=1, offset=1)
    assert (page["data"], page["total"], page["has_more"]) == ([failed], 2, False)
    for name in ("status", "method"):
        assert merchant.refused(400, "GET", "/payments", **{name: "odd"})["field"] == name
