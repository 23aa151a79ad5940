"""A customer pays on the hosted page, in a real browser, with the whole gateway behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.checkout.customer import (
    CODE,
    DESKTOP,
    PHONE,
    SMALL,
    Checkout,
    customer,
    opened,
    order,
    payments_of,
    url_of,
)
from tests.live_gateway import Live

SIZES = {"desktop": DESKTOP, "phone": PHONE, "small": SMALL}


@pytest.fixture(params=["desktop", "phone"])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    with customer(browser, SIZES[request.param]) as context:
        yield context


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    with customer(browser, DESKTOP) as context:
        yield context


def paid_once(live: Live, order_id: str, payment_id: str) -> dict[str, Any]:
    """What the gateway says of the order's payments: one success, the one that was shown."""
    succeeded = [one for one in payments_of(live, order_id) if one["status"] == "success"]
    assert [one["id"] for one in succeeded] == [payment_id]
    return succeeded[0]


def test_the_order_is_shown_and_paid_by_upi(live: Live, context: BrowserContext) -> None:
    order_id = order(live)
    _, checkout = opened(context, live, order_id)
    checkout.sees("checkout-container")
    checkout.sees("order-summary", text="Test Merchant")
    assert checkout.sees("order-amount").inner_text().strip() == "₹500.00"
    checkout.sees("order-id", text=order_id)
    checkout.sees("payment-methods")
    assert checkout.part("method-upi").get_attribute("data-method") == "upi"
    assert checkout.part("method-card").get_attribute("data-method") == "card"
    checkout.pay_by_upi("approve@magic")
    payment = paid_once(live, order_id, checkout.has_paid())
    assert (payment["method"], payment["vpa"], payment["amount"]) == ("upi", "approve@magic", 50000)


def test_every_id_stands_in_both_ways_of_writing(live: Live, desk: BrowserContext) -> None:
    page, checkout = opened(desk, live, order(live))
    checkout.sees("upi-form")
    both = ("[data-test-id]", "[data-testid]")
    ids = [page.eval_on_selector_all(one, f"all => all.map(one => one.getAttribute('{one[1:-1]}'))") for one in both]
    assert len(ids[0]) >= 8
    assert ids[0] == ids[1]


def test_the_order_is_paid_by_card(live: Live, context: BrowserContext) -> None:
    order_id = order(live, 10_000_000)
    _, checkout = opened(context, live, order_id)
    assert checkout.sees("order-amount").inner_text().strip() == "₹1,00,000.00"
    checkout.pay_by_card()
    payment = paid_once(live, order_id, checkout.has_paid())
    assert (payment["card_network"], payment["card_last4"]) == ("visa", "4242")


def test_the_bank_wants_a_code_and_a_wrong_one_is_counted(live: Live, context: BrowserContext) -> None:
    order_id = order(live)
    _, checkout = opened(context, live, order_id)
    checkout.pay_by_card("4000000000003220")
    checkout.enter_wrong_code(attempts_left=2)
    checkout.enter_code(CODE)
    paid_once(live, order_id, checkout.has_paid())


@pytest.mark.parametrize("code", ["123 456", "१२३४५६"])
def test_a_code_is_taken_as_it_is_pasted_or_typed(live: Live, desk: BrowserContext, code: str) -> None:
    order_id = order(live)
    _, checkout = opened(desk, live, order_id)
    checkout.pay_by_card("4000000000003220")
    checkout.enter_code(code)
    paid_once(live, order_id, checkout.has_paid())


@pytest.mark.parametrize(
    ("number", "act", "reason"),
    [
        ("4000000000003220", "cancel", "authentication_cancelled"),
        ("4000000000003220", "wrong", "authentication_failed"),
        ("4000000000003246", "wait", "authentication_expired"),
        ("4000000000003238", "right", "insufficient_funds"),
    ],
)
def test_a_code_that_is_not_given_fails_the_payment_and_the_order_may_be_paid_again(
    live: Live, desk: BrowserContext, number: str, act: str, reason: str
) -> None:
    order_id = order(live)
    _, checkout = opened(desk, live, order_id)
    checkout.pay_by_card(number)
    bank = checkout.bank
    if act == "cancel":
        bank.part("otp-cancel-button").click()
    elif act == "right":
        checkout.enter_code(CODE)
    elif act == "wrong":
        for left in (2, 1):
            checkout.enter_wrong_code(attempts_left=left)
        checkout.enter_code("000000")
    checkout.has_failed()
    [failed] = payments_of(live, order_id)
    assert (failed["status"], failed["error_reason"]) == ("failed", reason)
    checkout.part("retry-button").click()
    checkout.pay_by_upi("approve@magic")
    paid_once(live, order_id, checkout.has_paid())


@pytest.mark.parametrize(("button", "reason"), [("approve", None), ("decline", "declined_in_app")])
def test_a_payment_is_approved_or_declined_in_the_upi_app(
    live: Live, browser: Browser, desk: BrowserContext, button: str, reason: str | None
) -> None:
    order_id = order(live)
    _, checkout = opened(desk, live, order_id)
    checkout.sees("upi-app-button").click()
    checkout.sees("upi-qr")
    link = checkout.sees("upi-app-link").get_attribute("href")
    assert link is not None
    with customer(browser, PHONE) as phone:  # somebody scans it with another device
        app = phone.new_page()
        app.goto(link if "://" in link else f"{live.checkout_url}{link}")
        Checkout(app).sees("bank-amount", text="₹500.00")
        Checkout(app).part(f"bank-{button}-button").click()
        if reason is None:
            paid_once(live, order_id, checkout.has_paid())
        else:
            checkout.has_failed()
            assert payments_of(live, order_id)[0]["error_reason"] == reason


def test_a_payment_that_nobody_approves_in_time_fails(live: Live, desk: BrowserContext) -> None:
    order_id = order(live)
    _, checkout = opened(desk, live, order_id)
    checkout.pay_by_upi("app-expires@magic")
    checkout.sees("upi-qr")
    checkout.has_failed()
    assert payments_of(live, order_id)[0]["error_reason"] == "expired_in_app"


def test_a_failure_says_why_and_the_same_order_is_paid_with_the_next_try(live: Live, context: BrowserContext) -> None:
    order_id = order(live)
    _, checkout = opened(context, live, order_id)
    checkout.pay_by_upi("insufficient-funds@magic")
    checkout.has_failed(because="enough money")
    assert checkout.sees("retry-button").inner_text().strip() == "Try Again"
    checkout.part("retry-button").click()
    checkout.sees("payment-methods")
    checkout.pay_by_card()
    paid_once(live, order_id, checkout.has_paid())
    assert sorted(one["status"] for one in payments_of(live, order_id)) == ["failed", "success"]


def test_a_reload_in_the_middle_ends_in_the_true_result(live: Live, context: BrowserContext) -> None:
    order_id = order(live)
    page, checkout = opened(context, live, order_id)
    checkout.pay_by_upi("asha@upi")  # the bank takes a moment
    checkout.sees("processing-state")
    expect(checkout.part("processing-message")).to_contain_text("Processing payment...")
    page.reload()
    paid_once(live, order_id, checkout.has_paid())


def test_back_and_forth_again_ends_in_the_true_result(live: Live, desk: BrowserContext) -> None:
    order_id = order(live)
    page, checkout = opened(desk, live, order_id)
    checkout.pay_by_upi("asha@upi")
    checkout.sees("processing-state")
    page.goto("about:blank")
    page.go_back()
    paid_once(live, order_id, checkout.has_paid())


def test_two_tabs_pay_once_and_both_tell_so(live: Live, desk: BrowserContext) -> None:
    order_id = order(live)
    _, first = opened(desk, live, order_id)
    _, second = opened(desk, live, order_id)
    second.sees("upi-form")
    first.pay_by_upi("asha@upi")
    first.sees("processing-state")
    second.pay_by_upi("approve@magic")
    shown = {first.has_paid(), second.has_paid()}
    assert len(shown) == 1
    paid_once(live, order_id, shown.pop())
    assert len(payments_of(live, order_id)) == 1


def test_a_second_press_pays_nothing_more(live: Live, desk: BrowserContext) -> None:
    order_id = order(live)
    _, checkout = opened(desk, live, order_id)
    checkout.fill_card()
    checkout.part("card-form").locator('[data-test-id="pay-button"]').evaluate(
        "button => { for (let press = 0; press < 5; press++) button.click(); }"
    )
    paid_once(live, order_id, checkout.has_paid())
    assert len(payments_of(live, order_id)) == 1


def test_a_lost_connection_is_said_and_ends_in_the_true_result(live: Live, desk: BrowserContext) -> None:
    order_id = order(live)
    _, checkout = opened(desk, live, order_id)
    checkout.pay_by_upi("asha@upi")
    checkout.sees("processing-state")
    desk.set_offline(True)
    time.sleep(2)  # the bank answers meanwhile
    expect(checkout.part("error-state")).to_be_hidden()
    desk.set_offline(False)
    paid_once(live, order_id, checkout.has_paid())


def test_a_payment_whose_answer_got_lost_is_sent_again_under_the_same_key(live: Live, desk: BrowserContext) -> None:
    order_id = order(live)
    page, checkout = opened(desk, live, order_id)
    keys = []

    def lose_the_first(route: Any) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # it arrives, and is answered, but the answer is lost
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/v1/payments/public", lose_the_first)
    checkout.pay_by_upi("approve@magic")
    paid_once(live, order_id, checkout.has_paid())
    assert len(keys) >= 2 and len(set(keys)) == 1
    assert len(payments_of(live, order_id)) == 1


def test_each_try_has_a_key_of_its_own(live: Live, desk: BrowserContext) -> None:
    page, checkout = opened(desk, live, order(live))
    keys = []
    page.on("request", lambda one: keys.append(one.headers.get("idempotency-key")) if one.method == "POST" else None)
    for vpa in ("insufficient-funds@magic", "do-not-honour@magic"):
        checkout.pay_by_upi(vpa)
        checkout.has_failed()
        checkout.part("retry-button").click()
    assert len(keys) == 2 and len(set(keys)) == 2 and None not in keys


# What is typed


@pytest.mark.parametrize("typed", ["4242424242424242", "4242-4242-4242-4242", " 4242 4242\t4242 4242 "])
def test_a_card_number_may_be_pasted_in_any_form(live: Live, desk: BrowserContext, typed: str) -> None:
    page, checkout = opened(desk, live, order(live))
    checkout.part("method-card").click()
    checkout.part("card-number-input").focus()
    page.keyboard.insert_text(typed)
    assert checkout.part("card-number-input").input_value() == "4242 4242 4242 4242"


@pytest.mark.parametrize("typed", ["12/40", "1240", "12 40", "12/2040", "12-40"])
def test_an_expiry_may_be_typed_in_any_form(live: Live, desk: BrowserContext, typed: str) -> None:
    _, checkout = opened(desk, live, order(live))
    checkout.part("method-card").click()
    checkout.part("expiry-input").press_sequentially(typed)
    checkout.part("cvv-input").focus()
    assert checkout.part("expiry-input").input_value().replace(" ", "") == "12/40"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("card-number-input", "4242 4242 4242 4241"),
        ("expiry-input", "01/20"),
        ("expiry-input", "13/40"),
        ("cvv-input", "12"),
    ],
)
def test_what_is_wrong_with_a_card_is_said_at_its_field(
    live: Live, desk: BrowserContext, field: str, wrong: str
) -> None:
    order_id = order(live)
    page, checkout = opened(desk, live, order_id)
    checkout.fill_card()
    checkout.part(field).fill(wrong)
    checkout.part("cardholder-name-input").focus()
    input = checkout.part(field)
    expect(input).to_have_attribute("aria-invalid", "true")
    described = input.get_attribute("aria-describedby")
    assert described
    said = " ".join(page.locator(f"#{id}").inner_text() for id in described.split() if page.locator(f"#{id}").count())
    assert len(said) > 10, "nothing is said about it"
    checkout.press_pay("card-form")
    expect(input).to_be_focused()
    assert payments_of(live, order_id) == []


def test_a_wish_to_cancel_that_got_lost_can_be_said_again(live: Live, desk: BrowserContext) -> None:
    page, checkout = opened(desk, live, order(live))
    checkout.pay_by_card("4000000000003220")
    checkout.bank.sees("otp-input")
    page.route("**/bank/challenges/*", lambda route: route.abort(), times=1)
    with page.expect_event("requestfailed"):
        checkout.part("cancel-button").click()
    expect(checkout.part("cancel-button")).to_have_attribute("aria-disabled", "false")
    checkout.part("cancel-button").click()
    checkout.has_failed()


def test_an_address_that_names_two_orders_shows_neither(live: Live, desk: BrowserContext) -> None:
    page = desk.new_page()
    page.goto(url_of(live, order(live)) + f"&order_id={order(live)}")
    expect(Checkout(page).sees("blocked-state")).to_have_attribute("data-reason", "missing_order")


def test_what_only_the_server_knows_to_be_wrong_is_said_at_the_field(live: Live, desk: BrowserContext) -> None:
    page, checkout = opened(desk, live, order(live))
    refusal = '{"error": {"code": "INVALID_VPA", "description": "Nobody has this UPI ID", "field": "vpa"}}'
    page.route("**/api/v1/payments/public", lambda route: route.fulfill(status=400, body=refusal))
    checkout.pay_by_upi("asha@upi")
    expect(checkout.part("vpa-input")).to_have_attribute("aria-invalid", "true")


# Orders that cannot be paid


def test_each_order_that_cannot_be_paid_is_told_apart(live: Live, desk: BrowserContext) -> None:
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    expired, paid = order(live, expires_at=soon), order(live)
    _, checkout = opened(desk, live, paid)
    checkout.pay_by_upi("approve@magic")
    payment_id = checkout.has_paid()
    time.sleep(2)
    words = {}
    for name, url in {
        "missing": f"{live.checkout_url}/checkout",
        "unknown": url_of(live, "order_0000000000000000"),
        "malformed": url_of(live, "%3Cscript%3E"),
        "expired": url_of(live, expired),
        "foreign": f"{url_of(live, order(live))}#key=key_test_nobody",
    }.items():
        page = desk.new_page()
        page.goto(url)
        Checkout(page).sees("checkout-container")
        expect(page.get_by_role("heading").first).to_be_visible()
        page.wait_for_timeout(500)
        assert page.locator('[data-test-id="pay-button"]').count() == 0, name
        words[name] = page.get_by_role("main").inner_text()
    assert words["unknown"] == words["malformed"]
    assert len(set(words.values())) == 4, "some look alike"
    _, again = opened(desk, live, paid)
    page_text = again.sees("checkout-container")
    expect(page_text).to_contain_text(payment_id)
    expect(again.part("pay-button")).to_have_count(0)


# In other languages


def test_the_page_speaks_hindi(live: Live, browser: Browser) -> None:
    with customer(browser, PHONE, locale="hi-IN") as context:
        page, checkout = opened(context, live, order(live, 10_000_000))
        checkout.sees("upi-form")
        assert page.locator("html").get_attribute("lang") == "hi"
        assert checkout.sees("order-amount").inner_text().strip() == "₹1,00,000.00"
        text = page.get_by_role("main").inner_text()
        assert sum("\u0900" <= letter <= "\u097f" for letter in text) > 40
        checkout.pay_by_upi("approve@magic")
        checkout.sees("success-state")
