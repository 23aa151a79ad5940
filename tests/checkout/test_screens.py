"""Every screen of the checkout: for people who see, hear or tap otherwise than most, and nothing that jumps.

With SCREENSHOTS=folder each screen is kept there as a picture, at 320 and at 1440 px.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.checkout.customer import DESKTOP, SMALL, Checkout, customer, opened, order, url_of
from tests.live_gateway import Live

WIDTHS = {"1440": DESKTOP, "320": SMALL}
SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => shifts.push(...list.getEntries().map((one) => one.value)))
    .observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def axe(root: Path) -> str:
    return (root / "checkout/node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["320", "1440"])
def width(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def show(
    browser: Browser, live: Live, axe: str, theme: str, width: str
) -> Iterator[Callable[..., tuple[Page, Checkout]]]:
    with customer(browser, WIDTHS[width], color_scheme=theme, reduced_motion="reduce", bypass_csp=True) as context:
        yield lambda **more: opened(context, live, order(live, **more))


def judge(page: Page, axe: str, name: str, theme: str, width: str) -> None:
    """No rule of WCAG 2.2 AA broken, in any frame, and nothing wider than the screen."""
    page.evaluate(axe)
    for frame in page.frames:
        if frame != page.main_frame:
            frame.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found: dict[str, Any] = page.evaluate("tags => axe.run({ runOnly: tags })", tags)
    assert found["passes"], "axe looked at nothing"
    broken = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]]
    assert broken == [], (name, theme, width)
    wide = page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")
    assert wide == 0, f"{name} is {wide} px wider than {width}"
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}-{width}-{theme}.png")


def test_the_screens_on_the_way_to_a_payment(
    show: Callable[..., tuple[Page, Checkout]], axe: str, theme: str, width: str
) -> None:
    page, checkout = show()
    checkout.sees("upi-form")
    judge(page, axe, "upi", theme, width)
    checkout.part("vpa-input").fill("nobody")
    checkout.press_pay("upi-form")
    judge(page, axe, "upi-wrong", theme, width)
    checkout.part("method-card").click()
    judge(page, axe, "card", theme, width)
    checkout.fill_card("4242 4242 4242 4241", expiry="13/20", cvv="1", name="")
    checkout.press_pay("card-form")
    judge(page, axe, "card-wrong", theme, width)
    checkout.fill_card()
    judge(page, axe, "card-filled", theme, width)
    checkout.pay_by_upi("asha@upi")
    checkout.sees("processing-state")
    judge(page, axe, "processing", theme, width)
    checkout.has_paid()
    judge(page, axe, "success", theme, width)


def test_the_screens_of_the_bank(
    show: Callable[..., tuple[Page, Checkout]], live: Live, axe: str, theme: str, width: str
) -> None:
    page, checkout = show()
    checkout.pay_by_card("4000000000003220")
    checkout.bank.sees("otp-input")
    judge(page, axe, "otp", theme, width)
    checkout.enter_wrong_code(attempts_left=2)
    judge(page, axe, "otp-wrong", theme, width)
    checkout.bank.part("otp-cancel-button").click()
    checkout.has_failed()
    judge(page, axe, "failed", theme, width)
    checkout.part("retry-button").click()
    checkout.sees("payment-methods")
    checkout.part("method-upi").click()
    checkout.part("upi-app-button").click()
    checkout.sees("upi-qr")
    judge(page, axe, "upi-app", theme, width)
    link = checkout.part("upi-app-link").get_attribute("href") or ""
    app = page.context.new_page()
    app.goto(link if "://" in link else f"{live.checkout_url}{link}")
    Checkout(app).sees("bank-approve-button")
    judge(app, axe, "bank-app", theme, width)
    Checkout(app).part("bank-approve-button").click()
    checkout.has_paid()
    app.bring_to_front()
    judge(app, axe, "bank-app-approved", theme, width)


def test_the_screens_of_orders_that_cannot_be_paid(
    show: Callable[..., tuple[Page, Checkout]], live: Live, axe: str, theme: str, width: str
) -> None:
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    expired = order(live, expires_at=soon)
    page, checkout = show()
    checkout.pay_by_upi("approve@magic")
    checkout.has_paid()
    page.reload()
    checkout.has_paid()
    judge(page, axe, "paid", theme, width)
    time.sleep(1)
    for name, url in {
        "missing": f"{live.checkout_url}/checkout",
        "unknown": url_of(live, "order_0000000000000000"),
        "expired": url_of(live, expired),
        "wrong-key": f"{url_of(live, order(live))}#key=key_test_nobody",
    }.items():
        page.goto("about:blank")
        page.goto(url)
        checkout.sees("blocked-state")
        judge(page, axe, name, theme, width)


def test_the_shop_and_its_modal(browser: Browser, live: Live, axe: str, theme: str, width: str) -> None:
    with customer(browser, WIDTHS[width], color_scheme=theme, reduced_motion="reduce", bypass_csp=True) as context:
        page = context.new_page()
        page.goto(live.merchant_url)
        page.get_by_role("button", name="Pay now: Assam Breakfast").click()
        checkout = Checkout(page.locator('[data-test-id="payment-iframe"]').content_frame)
        checkout.sees("upi-form")
        judge(page, axe, "modal", theme, width)
        checkout.pay_by_upi("insufficient-funds@magic")
        checkout.has_failed()
        judge(page, axe, "modal-failed", theme, width)


def test_nothing_jumps(browser: Browser, live: Live, width: str) -> None:
    with customer(browser, WIDTHS[width]) as context:
        page = context.new_page()
        page.add_init_script(SHIFTS)
        page.goto(url_of(live, order(live)))
        checkout = Checkout(page)
        checkout.sees("upi-form")
        page.wait_for_timeout(500)
        assert page.evaluate("shifts") == []
        checkout.pay_by_card()
        checkout.has_paid()
        assert page.evaluate("shifts") == []


def test_each_change_is_told_to_who_cannot_see_it(browser: Browser, live: Live) -> None:
    with customer(browser, DESKTOP) as context:
        page, checkout = opened(context, live, order(live))
        told = checkout.part("announcement")
        expect(told).to_have_attribute("role", "status")
        checkout.pay_by_upi("asha@upi")
        expect(told).to_contain_text("Processing")
        checkout.has_paid()
        expect(told).to_contain_text("success")
        assert page.evaluate("document.activeElement.tagName") in ("H1", "H2")


def test_all_of_it_works_by_keyboard(browser: Browser, live: Live) -> None:
    with customer(browser, DESKTOP) as context:
        page, checkout = opened(context, live, order(live))
        checkout.sees("upi-form")
        checkout.part("vpa-input").focus()
        page.keyboard.type("approve@magic")
        page.keyboard.press("Enter")
        checkout.has_paid()
