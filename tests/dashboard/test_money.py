"""What moves money, or makes something once: it is done once, to what is seen, whatever is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, Request, Route, expect

from tests.dashboard.person import Person, paid
from tests.live_gateway import Live

IN_DOUBT = "It is not known whether this was done"


@dataclass
class Wire:
    """What the browser sent; and its answers are lost, or wait."""

    sent: list[Request] = field(default_factory=list)
    waiting: list[Route] = field(default_factory=list)
    loses: int = 0  # so many answers, from now on
    holds: bool = False

    def carry(self, route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        self.sent.append(route.request)
        if self.holds:
            self.waiting.append(route)
        elif self.loses:
            self.loses -= 1
            route.fetch()
            route.abort()
        else:
            route.continue_()

    def keys(self) -> list[str]:
        return [request.headers["idempotency-key"] for request in self.sent]


@contextmanager
def wire(somebody: Person, path: str) -> Iterator[Wire]:
    """To the API's path, a pattern."""
    between = Wire()
    somebody.page.route(re.compile(path), between.carry)
    try:
        yield between
    finally:
        somebody.complaints[:] = [each for each in somebody.complaints if "net::ERR_FAILED" not in each]


def refunds(live: Live, payment: str) -> list[int]:
    found = live.query("select amount from refunds where payment_id = %s order by created_at", payment)
    return [amount for (amount,) in found]


def opens_refund(owner: Person) -> Locator:
    owner.presses("Refund")
    return owner.dialog.get_by_label("Amount to refund")


def test_a_dialog_does_not_go_along_to_another_payment(owner: Person, live: Live) -> None:
    one, other = paid(live), paid(live)
    owner.opens(f"/dashboard/transactions/{one}")
    expect(owner.part("payment-id")).to_have_text(one)
    owner.page.keyboard.press("Control+k")
    owner.page.get_by_role("combobox", name="Search").fill(other)
    owner.page.get_by_role("option").filter(has_text="INR 500").click()
    expect(owner.part("payment-id")).to_have_text(other)
    opens_refund(owner).fill("123.45")
    owner.page.go_back()
    expect(owner.part("payment-id")).to_have_text(one)
    expect(owner.dialog).to_have_count(0)
    expect(opens_refund(owner)).to_have_value("500.00")


def test_no_shortcut_reaches_past_a_dialog(owner: Person, live: Live) -> None:
    owner.opens(f"/dashboard/transactions/{paid(live)}")
    opens_refund(owner).press("Control+k")
    owner.page.keyboard.press("Tab")
    for key in ("Control+k", "?", "c"):
        owner.page.keyboard.press(key)
    owner.page.wait_for_timeout(500)
    expect(owner.dialog).to_have_count(1)
    expect(owner.dialog).to_contain_text("Refund this payment")


def test_a_refund_whose_answer_was_lost_is_done_once(owner: Person, live: Live) -> None:
    payment = paid(live)
    owner.opens(f"/dashboard/transactions/{payment}")
    with wire(owner, r"/refunds$") as to_us:
        to_us.loses = 2
        opens_refund(owner).fill("100")
        owner.dialog.get_by_label("Reason").fill("One cup")
        owner.presses("Refund ₹100.00", within=owner.dialog)
        expect(owner.dialog.get_by_role("alert")).to_contain_text(IN_DOUBT)
        assert refunds(live, payment) == [10000]
        owner.presses("Try again", within=owner.dialog)
        expect(owner.dialog.get_by_role("alert")).to_contain_text(IN_DOUBT)
        owner.page.keyboard.press("Escape")
        expect(owner.dialog).to_have_count(0)

        amount = opens_refund(owner)
        expect(amount).to_have_value("100.00")
        expect(amount).not_to_be_editable()
        expect(owner.dialog.get_by_label("Reason")).to_have_value("One cup")
        owner.presses("Try again", within=owner.dialog)
        owner.is_told("Refund of ₹100.00 is on its way")
        assert refunds(live, payment) == [10000]
        assert len(set(to_us.keys())) == 1 and len(to_us.sent) == 3

        # A second one, that is meant, is another.
        amount = opens_refund(owner)
        expect(amount).to_have_value("400.00")
        owner.presses("Refund ₹400.00", within=owner.dialog)
        owner.is_told("Refund of ₹400.00 is on its way")
        assert refunds(live, payment) == [10000, 40000]


def test_while_it_is_sent_nothing_changes_and_nothing_closes(owner: Person, live: Live) -> None:
    payment = paid(live)
    owner.opens(f"/dashboard/transactions/{payment}")
    with wire(owner, r"/refunds$") as to_us:
        to_us.holds = True
        amount = opens_refund(owner)
        amount.fill("100")
        owner.dialog.get_by_role("button", name="Refund ₹100.00").dblclick()
        amount.press("9")
        amount.press("Enter")
        owner.page.keyboard.press("Escape")
        owner.page.mouse.click(5, 5)
        expect(owner.dialog.get_by_role("button", name="Close")).to_be_disabled()
        expect(amount).to_have_value("100")
        assert len(to_us.waiting) == 1
        to_us.waiting[0].continue_()
        owner.is_told("Refund of ₹100.00 is on its way")
        expect(owner.dialog).to_have_count(0)
    assert refunds(live, payment) == [10000]


def test_a_refund_that_is_answered_meanwhile_is_not_offered_again(owner: Person, live: Live) -> None:
    payment = paid(live)
    owner.opens("/dashboard")
    owner.sees("dashboard")
    owner.page.locator(f'a[href="/dashboard/transactions/{payment}"]').click()
    with wire(owner, r"/refunds$") as to_us:
        to_us.holds = True
        opens_refund(owner).fill("100")
        owner.presses("Refund ₹100.00", within=owner.dialog)
        expect(owner.dialog.get_by_role("button", name="Close")).to_be_disabled()
        owner.page.go_back()
        owner.sees("dashboard")
        owner.page.go_forward()
        expect(opens_refund(owner)).to_have_value("100.00")
        expect(owner.dialog.get_by_role("button", name="Try again")).to_be_enabled()
        to_us.waiting[0].continue_()
        owner.is_told("Refund of ₹100.00 is on its way")
        expect(owner.dialog).to_have_count(0)
    assert refunds(live, payment) == [10000]


def test_a_refused_refund_may_be_another(owner: Person, live: Live) -> None:
    payment = paid(live)
    owner.opens(f"/dashboard/transactions/{payment}")
    amount = opens_refund(owner)
    live.call("POST", f"/api/v1/payments/{payment}/refunds", {"amount": 45000})
    amount.fill("400")
    owner.presses("Refund ₹400.00", within=owner.dialog)
    expect(owner.dialog.get_by_role("alert").first).to_be_visible()
    expect(amount).to_be_editable()
    amount.fill("50")
    owner.presses("Refund ₹50.00", within=owner.dialog)
    owner.is_told("Refund of ₹50.00 is on its way")
    assert refunds(live, payment) == [45000, 5000]


def test_a_capture_whose_answer_was_lost_is_done_once(owner: Person, live: Live) -> None:
    payment = paid(live, capture="manual")
    owner.opens(f"/dashboard/transactions/{payment}")
    with wire(owner, r"/capture$") as to_us:
        to_us.loses = 1
        owner.presses("Capture")
        owner.dialog.get_by_label("Amount to capture").fill("200")
        owner.presses("Capture ₹200.00", within=owner.dialog)
        owner.presses("Try again", within=owner.dialog)
        owner.is_told("Captured ₹200.00")
        assert len(set(to_us.keys())) == 1
    assert live.query("select amount_captured from payments where id = %s", payment) == [(20000,)]


def test_a_void_whose_answer_was_lost_is_done_once(owner: Person, live: Live) -> None:
    payment = paid(live, capture="manual")
    owner.opens(f"/dashboard/transactions/{payment}")
    with wire(owner, r"/void$") as to_us:
        to_us.loses = 1
        owner.presses("Void")
        owner.presses("Void payment", within=owner.dialog)
        expect(owner.dialog.get_by_role("alert")).to_contain_text(IN_DOUBT)
        owner.presses("Try again", within=owner.dialog)
        owner.is_told("The held money is let go")
        assert len(set(to_us.keys())) == 1
    assert live.call("GET", f"/api/v1/payments/{payment}")["state"] == "voided"


def test_a_payment_is_initiated_with_a_link_and_a_code(owner: Person, live: Live) -> None:
    owner.opens("/dashboard")
    owner.page.get_by_role("link", name="Orders").first.click()
    receipt = "INV-lost-once"
    with wire(owner, r"/api/v1/orders$") as to_us:
        to_us.loses = 1
        owner.part("initiate-payment-button").click()
        amount = owner.sees("order-amount-input")
        for typed in ("12,50", "$50", "1 000"):
            amount.fill(typed)
            owner.part("create-order-button").click()
            expect(amount).to_have_attribute("aria-invalid", "true")
        amount.fill("1,23,456.5")
        owner.part("order-receipt-input").fill(receipt)
        expect(owner.part("create-order-button")).to_have_text("Make the link for ₹1,23,456.50")
        owner.part("create-order-button").click()
        expect(owner.dialog.get_by_role("alert")).to_contain_text(IN_DOUBT)
        owner.page.keyboard.press("Escape")
        expect(owner.dialog).to_have_count(0)
        owner.part("initiate-payment-button").click()
        expect(amount).to_have_value("123456.50")
        expect(owner.part("create-order-button")).to_have_text("Try again")
        owner.part("create-order-button").click()
        expect(owner.dialog).to_contain_text("₹1,23,456.50 to be paid")
        assert len(to_us.sent) == 2
    made = live.query("select id, amount from orders where receipt = %s", receipt)
    assert [amount for _, amount in made] == [12345650]
    expect(owner.part("checkout-link")).to_have_text(re.compile(re.escape(str(made[0][0]))))
    expect(owner.dialog.get_by_role("img", name="The checkout link as a QR code")).to_be_visible()
    owner.page.keyboard.press("Escape")
    expect(owner.dialog).to_have_count(0)
    owner.page.go_back()
    owner.page.wait_for_timeout(500)
    expect(owner.dialog).to_have_count(0)


def test_a_key_whose_answer_was_lost_is_made_once_and_its_secret_is_seen(owner: Person, live: Live) -> None:
    def keys() -> int:
        return int(live.query("select count(*) from api_keys")[0][0])

    before = keys()
    live.query("update sessions set confirmed_until = now() + interval '5 minutes'")
    owner.opens("/dashboard/developers")
    with wire(owner, r"/api/v1/api_keys$") as to_us:
        to_us.loses = 1
        owner.presses("Create key")
        owner.is_told("It is not known whether this was done")
        owner.presses("Create key")
        expect(owner.dialog).to_contain_text("Your new key")
        expect(owner.dialog).to_contain_text("secret_")
    owner.page.keyboard.press("Escape")
    owner.page.mouse.click(5, 5)
    expect(owner.dialog.get_by_role("button", name="Close")).to_have_count(0)
    owner.page.wait_for_timeout(300)
    expect(owner.dialog).to_contain_text("secret_")  # which is shown this once
    owner.presses("I have copied it", within=owner.dialog)
    expect(owner.dialog).to_have_count(0)
    assert keys() == before + 1
    (newest,) = live.query("select api_key from api_keys order by created_at desc limit 1")[0]
    live.call("DELETE", f"/api/v1/api_keys/{newest}")  # others look for the merchant's own


def test_a_key_that_was_made_is_shown_wherever_the_key_is(owner: Person, live: Live) -> None:
    live.query("update sessions set confirmed_until = now() + interval '5 minutes'")
    owner.opens("/dashboard")
    key = owner.part("api-key")
    expect(key).to_contain_text("key_test_")
    owner.page.get_by_role("navigation", name="Main").get_by_role("link", name="Developers").click()
    owner.presses("Create key")
    expect(owner.dialog).to_contain_text("Your new key")
    (newest,) = live.query("select api_key from api_keys order by created_at desc limit 1")[0]
    try:
        owner.presses("I have copied it", within=owner.dialog)
        owner.page.get_by_role("navigation", name="Main").get_by_role("link", name="Home").click()
        expect(key).to_have_text(newest)
    finally:
        live.call("DELETE", f"/api/v1/api_keys/{newest}")  # others look for the merchant's own


def test_an_endpoint_whose_answer_was_lost_is_made_once(owner: Person, live: Live) -> None:
    owner.opens("/dashboard/webhooks")
    with wire(owner, r"/api/v1/webhook_endpoints$") as to_us:
        to_us.loses = 1
        owner.presses("Add endpoint")
        owner.dialog.get_by_label("Endpoint URL").fill("https://books.example/hook")
        owner.presses("Add endpoint", within=owner.dialog)
        expect(owner.dialog.get_by_role("alert")).to_contain_text(IN_DOUBT)
        expect(owner.dialog.get_by_label("Endpoint URL")).not_to_be_editable()
        owner.presses("Try again", within=owner.dialog)
        expect(owner.dialog).to_contain_text("whsec_")
    made = live.query("select id from webhook_endpoints where url = %s", "https://books.example/hook")
    assert len(made) == 1
    live.call("DELETE", f"/api/v1/webhook_endpoints/{made[0][0]}")


def with_the_pointer(owner: Person, name: str) -> Locator:
    button = owner.page.get_by_role("button", name=name, exact=True)
    button.click()
    return button


def by_the_keyboard(owner: Person, name: str) -> Locator:
    button = owner.page.get_by_role("button", name=name, exact=True)
    button.focus()
    button.press("Enter")
    return button


def search(owner: Person, name: str) -> Locator:
    button = owner.page.get_by_role("button", name=name, exact=True)
    button.focus()
    button.press("Control+k")
    return button


def from_the_menu(owner: Person, name: str) -> Locator:
    menu = owner.page.get_by_role("button", name=re.compile("^Account of "))
    menu.focus()
    menu.press("Enter")
    owner.page.get_by_role("menuitem", name=name, exact=True).click()
    return menu


@pytest.mark.parametrize(
    ("path", "way", "name"),
    [
        ("payment", by_the_keyboard, "Refund"),
        ("payment", search, "Refund"),
        ("held", with_the_pointer, "Void"),
        ("held", by_the_keyboard, "Capture"),
        ("payment", from_the_menu, "Change password"),
        ("payment", from_the_menu, "Sign out everywhere"),
        ("payment", from_the_menu, "Keyboard shortcuts"),
        ("transactions", by_the_keyboard, "Export"),
        ("orders", by_the_keyboard, "Initiate payment"),
        ("team", by_the_keyboard, "Add member"),
        ("webhooks", by_the_keyboard, "Regenerate"),
        ("webhooks", by_the_keyboard, "Retry all failed"),
    ],
)
def test_the_focus_comes_back_from_a_dialog(
    owner: Person, live: Live, path: str, way: Callable[[Person, str], Locator], name: str
) -> None:
    if path in ("payment", "held"):
        path = f"transactions/{paid(live, capture='manual' if path == 'held' else 'automatic')}"
    owner.opens(f"/dashboard/{path}")
    opener = way(owner, name)
    expect(owner.dialog).to_have_count(1)
    expect(owner.dialog.locator(":focus")).to_have_count(1)
    owner.page.keyboard.press("Escape")
    expect(owner.dialog).to_have_count(0)
    expect(opener).to_be_focused()


def test_escape_closes_the_password_prompt_alone(owner: Person, live: Live) -> None:
    live.query("update sessions set confirmed_until = null")
    owner.opens("/dashboard/webhooks")
    owner.part("regenerate-secret-button").click()
    owner.presses("Regenerate", within=owner.dialog)
    asked = owner.page.get_by_role("dialog", name="Confirm that it is you")
    expect(asked).to_be_visible()
    owner.page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    below = owner.page.get_by_role("dialog", name="Regenerate the signing secret")
    expect(below).to_be_visible()
    expect(below.get_by_role("button", name="Regenerate")).to_be_enabled()
    assert owner.page.evaluate("document.activeElement.closest('[role=dialog]') !== null")
    owner.page.keyboard.press("Escape")
    expect(below).to_have_count(0)
    expect(owner.part("regenerate-secret-button")).to_be_focused()


def test_who_goes_back_is_no_longer_asked_for_the_password(owner: Person, live: Live) -> None:
    live.query("update sessions set confirmed_until = null")
    owner.opens("/dashboard")
    expect(owner.part("api-key")).to_be_visible()
    owner.page.get_by_role("navigation", name="Main").get_by_role("link", name="Developers").click()
    with wire(owner, r"/api/v1/api_keys$") as to_us:
        owner.presses("Create key")
        expect(owner.page.get_by_role("dialog", name="Confirm that it is you")).to_be_visible()
        owner.page.go_back()
        expect(owner.part("dashboard")).to_be_visible()
        expect(owner.dialog).to_have_count(0)
        assert len(to_us.sent) == 1


def test_a_part_that_cannot_be_loaded_takes_nothing_with_it(owner: Person, live: Live) -> None:
    payment = paid(live)
    owner.opens(f"/dashboard/transactions/{payment}")
    expect(owner.part("payment-id")).to_have_text(payment)
    owner.page.route(re.compile(r"/Palette-.*\.js$"), lambda route: route.fulfill(status=404, body="gone"))
    owner.page.keyboard.press("Control+k")
    owner.is_told("There is a new version of the dashboard")
    expect(owner.part("payment-id")).to_have_text(payment)
    owner.complaints.clear()
    owner.page.unroute_all()
    owner.presses("Reload")
    expect(owner.part("payment-id")).to_have_text(payment)
    owner.page.keyboard.press("Control+k")
    expect(owner.page.get_by_role("combobox", name="Search")).to_be_visible()
    owner.complaints[:] = [one for one in owner.complaints if "dynamically imported module" not in one]


def test_a_list_is_not_paged_from_rows_that_are_going(owner: Person, live: Live) -> None:
    merchant = live.query("select id from merchants where email = 'test@example.com'")[0][0]
    for _ in range(30):
        live.call("POST", "/api/v1/orders", {"amount": 1000, "receipt": f"page {merchant}"})
    owner.opens("/dashboard/orders")
    expect(owner.part("order-row")).to_have_count(25)
    waiting: list[Route] = []
    owner.page.route(re.compile(r"starting_after="), lambda route: waiting.append(route))
    owner.page.get_by_role("heading", name="Orders").click()
    owner.page.keyboard.press("n")
    expect(owner.page).to_have_url(re.compile(r"after="))
    there = owner.page.url
    for name in ("Next", "Previous"):
        expect(owner.page.get_by_role("button", name=name, exact=True)).to_be_disabled()
    owner.page.keyboard.press("p")
    owner.page.keyboard.press("n")
    assert owner.page.url == there
    for route in waiting:
        route.continue_()
    expect(owner.page.get_by_role("button", name="Previous", exact=True)).to_be_enabled()


def test_a_page_that_is_no_longer_there_leads_to_the_newest(owner: Person, live: Live) -> None:
    order = live.call("POST", "/api/v1/orders", {"amount": 1000})["id"]
    row = owner.page.locator(f'[data-test-id="order-row"][data-order-id="{order}"]')
    owner.opens(f"/dashboard/orders?before={order}&range=7d")  # nothing is newer
    expect(row).to_be_visible()
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/orders?range=7d")
    owner.opens("/dashboard/orders?after=order_XXXXXXXXXXXXXXXX&range=7d")
    owner.presses("Back to the newest")
    expect(row).to_be_visible()
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/orders?range=7d")
