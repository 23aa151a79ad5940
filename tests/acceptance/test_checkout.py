"""The checkout: a payer's page has no secret, pays by an order's id, and sees no more than a payer may."""

from __future__ import annotations

import hmac
import re
import time

import pytest

from tests.acceptance.client import Caller, Merchant, card, payment_of

ORDER = {
    *("id", "merchant_name", "amount", "currency", "status", "payment_id", "test_mode", "created_at", "expires_at"),
}
HIDDEN = ("receipt_secret", "note_secret")


@pytest.fixture
def page(merchant: Merchant) -> Caller:
    """The page, which knows the publishable key."""
    return Caller(merchant.deployment, {"X-Api-Key": merchant.api_key})


def test_a_payer_sees_what_is_to_be_paid_and_no_more(merchant: Merchant, payer: Caller) -> None:
    order = merchant.order(51700, receipt=HIDDEN[0], notes={"a": HIDDEN[1]})
    answer = payer.call("GET", f"/orders/{order['id']}/public")
    shown = answer.body
    assert set(shown) == ORDER
    assert (shown["id"], shown["amount"], shown["currency"], shown["status"]) == (order["id"], 51700, "INR", "created")
    assert not any(word in answer.raw.decode() for word in (*HIDDEN, merchant.headers["X-Api-Secret"]))


def test_a_payer_pays_and_sees_how_it_went(merchant: Merchant, payer: Caller) -> None:
    order = merchant.order(receipt=HIDDEN[0], notes={"a": HIDDEN[1]})
    payment = payer.post("/payments/public", payment_of(order["id"], "approve@magic"))
    assert (payment["status"], payment["amount"], payment["vpa"]) == ("pending", 50000, "approve@magic")
    answer = payer.call("GET", f"/payments/{payment['id']}/public", wait=15)
    shown = answer.body
    assert (shown["status"], shown["captured"], shown["error_code"]) == ("success", False, None)
    assert not any(word in answer.raw.decode() for word in (*HIDDEN, merchant.id, "notes", "inquiries", "refund"))
    whole = merchant.payment(payment)
    assert whole["status"] == "success"
    assert re.fullmatch("[0-9a-f]{64}", shown.pop("signature"))
    assert shown.items() <= whole.items(), "what is shown is the merchant's, only less of it"
    paid = payer.get(f"/orders/{order['id']}/public")
    assert (paid["status"], paid["payment_id"]) == ("paid", payment["id"])


def test_a_payer_sees_why_it_failed_and_tries_again(merchant: Merchant, payer: Caller) -> None:
    order = merchant.order()
    failed = payer.post("/payments/public", payment_of(order["id"], card("4000000000009995")))
    shown = payer.get(f"/payments/{failed['id']}/public", wait=15)
    assert (shown["status"], shown["error_code"]) == ("failed", "PAYMENT_FAILED")
    assert shown["error_description"]
    assert (shown["card_network"], shown["card_last4"]) == ("visa", "9995")
    again = payer.post("/payments/public", payment_of(order["id"], card()))
    assert payer.get(f"/payments/{again['id']}/public", wait=15)["status"] == "success"


@pytest.mark.parametrize("number", ["4000000000009987", "4000000000009979"], ids=["lost", "stolen"])
def test_a_payer_is_not_told_that_a_card_is_known_to_be_lost_or_stolen(
    merchant: Merchant, payer: Caller, number: str
) -> None:
    payment = payer.post("/payments/public", payment_of(merchant.order()["id"], card(number)))
    answer = payer.call("GET", f"/payments/{payment['id']}/public", wait=15)
    assert (answer.body["status"], answer.body["error_reason"]) == ("failed", "do_not_honour")
    assert "lost" not in answer.raw.decode() and "stolen" not in answer.raw.decode()
    assert merchant.payment(payment)["error_reason"] in ("lost_card", "stolen_card")


def test_a_payer_pays_an_order_once(merchant: Merchant, payer: Caller) -> None:
    order = merchant.order()
    first = payer.post("/payments/public", payment_of(order["id"], "slow@magic"))
    error = payer.refused(409, "POST", "/payments/public", payment_of(order["id"], "approve@magic"))
    assert (error["reason"], error["payment_id"]) == ("payment_in_progress", first["id"])


def test_the_right_publishable_key_may_come_along(merchant: Merchant, page: Caller) -> None:
    order = merchant.order()
    assert page.get(f"/orders/{order['id']}/public")["id"] == order["id"]
    payment = page.post("/payments/public", payment_of(order["id"], "approve@magic"))
    assert page.get(f"/payments/{payment['id']}/public")["id"] == payment["id"]


def test_another_merchants_publishable_key_finds_nothing_and_an_unknown_one_is_refused(
    merchant: Merchant, stranger: Merchant
) -> None:
    order, payment = merchant.order(), merchant.pay()
    for key in (stranger.api_key, "key_test_nobody", "", "é"):
        caller = Caller(merchant.deployment, {"X-Api-Key": key.encode("utf-8").decode("latin-1")})
        for method, path, body in (
            ("GET", f"/orders/{order['id']}/public", None),
            ("GET", f"/payments/{payment['id']}/public", None),
            ("POST", "/payments/public", payment_of(order["id"], "approve@magic")),
        ):
            status, code = (404, "NOT_FOUND_ERROR") if key == stranger.api_key else (401, "AUTHENTICATION_ERROR")
            assert caller.refused(status, method, path, body)["code"] == code
    assert merchant.get("/payments", order_id=order["id"])["data"] == []


def test_the_publishable_key_opens_nothing_else(merchant: Merchant, page: Caller) -> None:
    order, payment = merchant.order(), merchant.paid()
    for method, path, body in (
        ("GET", f"/orders/{order['id']}", None),
        ("GET", "/orders", None),
        ("POST", "/orders", {"amount": 500}),
        ("GET", f"/payments/{payment['id']}", None),
        ("POST", "/payments", payment_of(order["id"], "approve@magic")),
        ("POST", f"/payments/{payment['id']}/capture", None),
        ("POST", f"/payments/{payment['id']}/void", None),
        ("POST", f"/payments/{payment['id']}/refunds", None),
        ("GET", "/merchants/me", None),
        ("GET", "/webhooks", None),
        ("GET", "/balance", None),
        ("POST", "/api_keys", None),
    ):
        assert page.refused(401, method, path, body)["code"] == "AUTHENTICATION_ERROR"
    assert merchant.payment(payment) == payment


def test_what_is_not_there_is_not_found(payer: Caller, merchant: Merchant) -> None:
    for order_id in ("order_0000000000000000", "order", merchant.pay()["id"]):
        assert payer.refused(404, "GET", f"/orders/{order_id}/public")["description"] == "Order not found"
        body = payment_of(order_id, "approve@magic")
        assert payer.refused(404, "POST", "/payments/public", body)["description"] == "Order not found"
    for payment_id in ("pay_0000000000000000", "pay", merchant.order()["id"]):
        assert payer.refused(404, "GET", f"/payments/{payment_id}/public")["description"] == "Payment not found"


def test_what_a_payer_types_is_checked_as_a_merchants_is(merchant: Merchant, payer: Caller) -> None:
    order_id = merchant.order()["id"]
    for how, code in (
        ("nobody", "INVALID_VPA"),
        (card("4242424242424241"), "INVALID_CARD"),
        (card(expiry_year=2020), "EXPIRED_CARD"),
    ):
        assert payer.refused(400, "POST", "/payments/public", payment_of(order_id, how))["code"] == code


def test_a_payer_cannot_write_notes(merchant: Merchant, payer: Caller) -> None:
    body = payment_of(merchant.order()["id"], "approve@magic") | {"notes": {"paid": True}}
    assert merchant.payment(payer.post("/payments/public", body))["notes"] == {}


def test_a_payer_enters_a_code_and_has_three_tries(merchant: Merchant, payer: Caller) -> None:
    order = merchant.order()
    payment = payer.post("/payments/public", payment_of(order["id"], card("4000000000003220")))
    waiting = payer.get(f"/payments/{payment['id']}/public", wait=15)
    assert (waiting["status"], waiting["next_action"]["type"]) == ("pending", "otp")
    assert "signature" not in waiting
    assert payer.get(f"/orders/{order['id']}/public")["payment_id"] == payment["id"]
    challenge = f"/test/bank/challenges/{payment['id']}"
    asked = payer.get(challenge)
    assert (asked["amount"], asked["type"], asked["status"], asked["attempts_left"]) == (50000, "otp", "open", 3)
    wrong = payer.post(challenge, {"action": "submit_code", "code": "000000"})
    assert (wrong["status"], wrong["attempts_left"]) == ("open", 2)
    assert payer.refused(400, "POST", challenge, {"action": "approve"})["field"] == "action"
    assert payer.post(challenge, {"action": "submit_code", "code": "123456"})["status"] == "approved"
    merchant.deployment.until(
        lambda: payer.get(f"/payments/{payment['id']}/public", wait=15)["status"] == "success", "the code was right"
    )
    assert payer.refused(400, "POST", challenge, {"action": "cancel"})["reason"] == "challenge_closed"


def test_a_payer_who_declines_in_the_app_may_try_again(merchant: Merchant, payer: Caller) -> None:
    order = merchant.order()
    payment = payer.post("/payments/public", payment_of(order["id"], "app@magic"))
    assert payer.get(f"/payments/{payment['id']}/public", wait=15)["next_action"]["type"] == "upi_app"
    payer.post(f"/test/bank/challenges/{payment['id']}", {"action": "decline"})
    failed = merchant.deployment.until(
        lambda: (shown := payer.get(f"/payments/{payment['id']}/public", wait=15))["status"] == "failed" and shown,
        "it was declined",
    )
    assert (failed["error_reason"], failed["next_action"]) == ("declined_in_app", None)
    assert payer.get(f"/orders/{order['id']}/public")["payment_id"] is None
    assert payer.post("/payments/public", payment_of(order["id"], "approve@magic"))["status"] == "pending"


def test_whom_the_bank_asks_nothing_has_no_challenge(merchant: Merchant, payer: Caller) -> None:
    for payment_id in (merchant.pay()["id"], "pay_0000000000000000", "pay"):
        payer.refused(404, "GET", f"/test/bank/challenges/{payment_id}")
        payer.refused(404, "POST", f"/test/bank/challenges/{payment_id}", {"action": "approve"})


def test_a_success_is_signed_with_the_merchants_webhook_secret_and_with_the_one_before_while_it_changes(
    merchant: Merchant, payer: Caller
) -> None:
    payment = payer.post("/payments/public", payment_of(merchant.order()["id"], "approve@magic"))
    merchant.outcome(payment)
    path = f"/webhook_endpoints/{merchant.get('/merchants/me')['webhook_endpoint_id']}/secret"
    old, new = (merchant.post(path)["secret"] for _ in range(2))
    shown = payer.get(f"/payments/{payment['id']}/public")
    said = f"{payment['order_id']}|{payment['id']}".encode()
    assert shown["signature"] == hmac.new(new.encode(), said, "sha256").hexdigest()
    assert shown["signature_previous"] != shown["signature"]
    merchant.post(path, {"overlap_seconds": 0})
    assert "signature_previous" not in payer.get(f"/payments/{payment['id']}/public")
    assert hmac.new(old.encode(), said, "sha256").hexdigest() != shown["signature"]


def test_a_payer_sees_that_an_order_has_run_out_as_soon_as_it_has(merchant: Merchant, payer: Caller) -> None:
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    order = merchant.order(expires_at=soon)
    path = f"/orders/{order['id']}/public"
    merchant.deployment.until(lambda: payer.get(path)["status"] == "expired", "it has run out", seconds=10)
    refused = payer.refused(400, "POST", "/payments/public", payment_of(order["id"], "approve@magic"))
    assert refused["reason"] == "order_expired"
