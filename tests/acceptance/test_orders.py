"""Orders: made, read, found again, and listed without a gap while others are being made."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.client import Caller, Merchant, unique

ID = re.compile(r"order_[A-Za-z0-9]{16}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def ids(rows: list[Any]) -> list[str]:
    return [row["id"] for row in rows]


@pytest.fixture
def seven(merchant: Merchant) -> tuple[str, list[str]]:
    """A receipt that seven orders have, and their ids, newest first."""
    receipt = unique("seven")
    made = [merchant.order(amount, receipt=receipt)["id"] for amount in range(1000, 1700, 100)]
    return receipt, made[::-1]


def test_an_order_is_shown_as_it_was_made(merchant: Merchant) -> None:
    order = merchant.order(50000, currency="INR", receipt="receipt_123", notes={"cart": "₹ é 漢 🧾", "n": [1, None]})
    assert ID.fullmatch(order["id"])
    assert merchant.id in ("", order["merchant_id"])
    assert (order["amount"], order["currency"], order["receipt"]) == (50000, "INR", "receipt_123")
    assert order["notes"] == {"cart": "₹ é 漢 🧾", "n": [1, None]}
    assert order["status"] == "created"
    assert TIME.fullmatch(order["created_at"])
    assert TIME.fullmatch(order["updated_at"])
    assert merchant.get(f"/orders/{order['id']}") == order


def test_an_order_needs_an_amount_and_nothing_else(merchant: Merchant) -> None:
    order = merchant.post("/orders", {"amount": 100})
    assert (order["currency"], order["receipt"], order["notes"], order["status"]) == ("INR", None, {}, "created")


def test_unknown_members_have_no_effect(merchant: Merchant) -> None:
    order = merchant.post("/orders", {"amount": 500, "status": "paid", "id": "order_mine", "colour": {"deep": [1]}})
    assert (order["status"], order["amount"]) == ("created", 500)
    assert order["id"] != "order_mine"


@pytest.mark.parametrize("amount", [99, 0, -1, 100.5, "500", None, True, 10**18, 10**30])
def test_an_amount_that_is_none_is_refused_by_name(merchant: Merchant, amount: Any) -> None:
    error = merchant.refused(400, "POST", "/orders", {"amount": amount})
    assert (error["code"], error["field"]) == ("BAD_REQUEST_ERROR", "amount")


def test_an_amount_below_one_rupee_is_refused_in_the_words_of_the_contract(merchant: Merchant) -> None:
    assert merchant.refused(400, "POST", "/orders", {"amount": 99})["description"] == "amount must be at least 100"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "inr"),
        ("currency", "RUPEE"),
        ("currency", 5),
        ("receipt", "r" * 256),
        ("receipt", 7),
        ("notes", "text"),
        ("notes", [1]),
        ("notes.1", {"1": "a key that JavaScript would sort"}),
        ("notes.price", {"price": 1.5}),
        ("notes.big", {"big": 2**53}),
        ("capture", "later"),
        ("expires_at", "tomorrow"),
        ("expires_at", "2001-01-01T00:00:00Z"),
    ],
)
def test_a_wrong_member_is_refused_by_name(merchant: Merchant, field: str, value: Any) -> None:
    error = merchant.refused(400, "POST", "/orders", {"amount": 500, field.partition(".")[0]: value})
    assert (error["code"], error["field"]) == ("BAD_REQUEST_ERROR", field)


def test_a_receipt_may_have_255_characters(merchant: Merchant) -> None:
    assert merchant.order(500, receipt="₹" * 255)["receipt"] == "₹" * 255


@pytest.mark.parametrize("order_id", ["order_0000000000000000", "order_x", "pay_0000000000000000", "order_%0A", "%00"])
def test_an_order_that_is_not_there_is_not_found(merchant: Merchant, order_id: str) -> None:
    error = merchant.refused(404, "GET", f"/orders/{order_id}")
    assert (error["code"], error["description"]) == ("NOT_FOUND_ERROR", "Order not found")


def test_another_merchants_order_is_not_there(merchant: Merchant, stranger: Merchant) -> None:
    order = merchant.order()
    assert stranger.refused(404, "GET", f"/orders/{order['id']}")["description"] == "Order not found"
    assert stranger.get("/orders", receipt=order["receipt"] or "")["data"] == []


def test_the_list_has_the_newest_first(merchant: Merchant, seven: tuple[str, list[str]]) -> None:
    receipt, made = seven
    page = merchant.get("/orders", receipt=receipt)
    assert ids(page["data"]) == made
    assert page["has_more"] is False
    assert "total" not in page, "nobody asked for it"
    assert page["data"][0] == merchant.get(f"/orders/{made[0]}")


def test_a_cursor_leads_through_the_whole_list_once(merchant: Merchant, seven: tuple[str, list[str]]) -> None:
    receipt, made = seven
    pages = [ids(page) for page in merchant.pages("/orders", receipt=receipt, limit=3)]
    assert pages == [made[:3], made[3:6], made[6:]]


def test_a_cursor_leads_back_again(merchant: Merchant, seven: tuple[str, list[str]]) -> None:
    receipt, made = seven
    page = merchant.get("/orders", receipt=receipt, limit=3, ending_before=made[6])
    assert (ids(page["data"]), page["has_more"]) == (made[3:6], True)
    page = merchant.get("/orders", receipt=receipt, limit=3, ending_before=made[3])
    assert (ids(page["data"]), page["has_more"]) == (made[:3], False)
    page = merchant.get("/orders", receipt=receipt, limit=3, ending_before=made[0])
    assert (page["data"], page["has_more"]) == ([], False)


def test_has_more_is_false_on_the_last_page_even_if_it_is_full(
    merchant: Merchant, seven: tuple[str, list[str]]
) -> None:
    receipt, made = seven
    assert merchant.get("/orders", receipt=receipt, limit=7)["has_more"] is False
    assert merchant.get("/orders", receipt=receipt, limit=6)["has_more"] is True
    page = merchant.get("/orders", receipt=receipt, limit=1, starting_after=made[5])
    assert (ids(page["data"]), page["has_more"]) == (made[6:], False)


def test_by_offset_the_list_tells_the_total(merchant: Merchant, seven: tuple[str, list[str]]) -> None:
    receipt, made = seven
    page = merchant.get("/orders", receipt=receipt, limit=3, offset=2)
    assert ids(page["data"]) == made[2:5]
    assert (page["total"], page["limit"], page["offset"], page["has_more"]) == (7, 3, 2, True)
    page = merchant.get("/orders", receipt=receipt, offset=7)
    assert (page["data"], page["total"], page["has_more"]) == ([], 7, False)


def test_paging_shows_each_order_once_while_new_ones_are_made(merchant: Merchant, seven: tuple[str, list[str]]) -> None:
    receipt, made = seven
    seen = []
    for page in merchant.pages("/orders", receipt=receipt, limit=2):
        seen += ids(page)
        merchant.order(500, receipt=receipt)
    assert seen == made


@pytest.mark.parametrize("limit", ["0", "-1", "101", "ten", "1.5", "9" * 30])
def test_a_limit_that_is_none_is_refused(merchant: Merchant, limit: str) -> None:
    error = merchant.refused(400, "GET", "/orders", limit=limit)
    assert (error["code"], error["field"]) == ("BAD_REQUEST_ERROR", "limit")


@pytest.mark.parametrize("offset", ["-1", "two", "9" * 30])
def test_an_offset_that_is_none_is_refused(merchant: Merchant, offset: str) -> None:
    assert merchant.refused(400, "GET", "/orders", offset=offset)["field"] == "offset"


@pytest.mark.parametrize("cursor", ["order_0000000000000000", "nothing", "pay_0000000000000000", "'", "é"])
@pytest.mark.parametrize("member", ["starting_after", "ending_before"])
def test_a_cursor_that_names_nothing_is_refused(merchant: Merchant, member: str, cursor: str) -> None:
    error = merchant.refused(400, "GET", "/orders", **{member: cursor})
    assert (error["code"], error["field"], error["reason"]) == ("BAD_REQUEST_ERROR", member, "unknown_cursor")


def test_another_merchants_order_is_no_cursor(merchant: Merchant, stranger: Merchant) -> None:
    error = merchant.refused(400, "GET", "/orders", starting_after=stranger.order()["id"])
    assert error["reason"] == "unknown_cursor"


def test_two_cursors_or_a_cursor_and_an_offset_are_refused(merchant: Merchant) -> None:
    order_id = merchant.order()["id"]
    assert merchant.refused(400, "GET", "/orders", starting_after=order_id, ending_before=order_id)
    assert merchant.refused(400, "GET", "/orders", starting_after=order_id, offset=0)["field"] == "offset"


def test_orders_are_found_by_amount(merchant: Merchant, seven: tuple[str, list[str]]) -> None:
    receipt, made = seven  # 1600 down to 1000
    assert ids(merchant.get("/orders", receipt=receipt, amount=1200)["data"]) == [made[4]]
    assert ids(merchant.get("/orders", receipt=receipt, amount_gte=1500)["data"]) == made[:2]
    assert ids(merchant.get("/orders", receipt=receipt, amount_lte=1100)["data"]) == made[5:]
    assert ids(merchant.get("/orders", receipt=receipt, amount_gte=1100, amount_lte=1200)["data"]) == made[4:6]


def test_orders_are_found_by_status(merchant: Merchant, seven: tuple[str, list[str]]) -> None:
    receipt, made = seven
    merchant.paid(order={"id": made[2]})
    assert ids(merchant.get("/orders", receipt=receipt, status="paid")["data"]) == [made[2]]
    assert made[2] not in ids(merchant.get("/orders", receipt=receipt, status="created")["data"])
    assert merchant.refused(400, "GET", "/orders", status="lost")["field"] == "status"


def test_orders_are_found_by_time(merchant: Merchant) -> None:
    receipt = unique("time")
    order = merchant.order(receipt=receipt)
    at = datetime.fromisoformat(order["created_at"])
    before, after = (str(int((at + timedelta(seconds=seconds)).timestamp())) for seconds in (-1, 1))
    assert ids(merchant.get("/orders", receipt=receipt, created_gte=order["created_at"])["data"]) == [order["id"]]
    assert ids(merchant.get("/orders", receipt=receipt, created_lte=order["created_at"])["data"]) == [order["id"]]
    assert ids(merchant.get("/orders", receipt=receipt, created_gte=before)["data"]) == [order["id"]]
    assert merchant.get("/orders", receipt=receipt, created_gte=after)["data"] == []
    assert merchant.get("/orders", receipt=receipt, created_lte=before)["data"] == []
    assert merchant.refused(400, "GET", "/orders", created_gte="yesterday")["field"] == "created_gte"


def test_a_filter_holds_across_pages(merchant: Merchant, seven: tuple[str, list[str]]) -> None:
    receipt, made = seven
    pages = [ids(page) for page in merchant.pages("/orders", receipt=receipt, amount_lte=1400, limit=2)]
    assert pages == [made[2:4], made[4:6], made[6:]]


def test_an_order_that_has_expired_cannot_be_paid(merchant: Merchant, payer: Caller) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    order = merchant.order(expires_at=str(int(soon.timestamp())))
    time.sleep(2.5)
    body = {"order_id": order["id"], "method": "upi", "vpa": "approve@magic"}
    for caller, path in ((merchant, "/payments"), (payer, "/payments/public")):
        error = caller.refused(400, "POST", path, body)
        assert (error["code"], error["reason"]) == ("BAD_REQUEST_ERROR", "order_expired")
