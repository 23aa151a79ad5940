"""A customer at the checkout: what a person does on its pages, in a real browser, and what is seen of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Frame, FrameLocator, Locator, Page, expect

from tests.live_gateway import Live

DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
PATIENCE_MS = 20_000
CARD = "4242 4242 4242 4242"
CODE = "123456"
SUCCESS = "Your payment has been processed successfully"
FAILURE = "Payment could not be processed"


@dataclass
class Checkout:
    """The checkout's page, alone or in a shop's modal."""

    at: Page | Frame | FrameLocator

    def part(self, id: str) -> Locator:
        return self.at.locator(f'[data-test-id="{id}"]')

    def sees(self, id: str, *, text: str | None = None) -> Locator:
        part = self.part(id)
        expect(part).to_be_visible(timeout=PATIENCE_MS)
        if text is not None:
            expect(part).to_contain_text(text)
        return part

    def pay_by_upi(self, vpa: str) -> None:
        self.part("method-upi").click()
        self.part("vpa-input").fill(vpa)
        self.press_pay("upi-form")

    def fill_card(self, number: str = CARD, *, expiry: str = "12/40", cvv: str = "123", name: str = "Asha Rao") -> None:
        self.part("method-card").click()
        self.part("card-number-input").fill(number)
        self.part("expiry-input").fill(expiry)
        self.part("cvv-input").fill(cvv)
        self.part("cardholder-name-input").fill(name)

    def pay_by_card(self, number: str = CARD, **more: str) -> None:
        self.fill_card(number, **more)
        self.press_pay("card-form")

    def press_pay(self, form: str) -> None:
        self.part(form).locator('[data-test-id="pay-button"]').click()

    def enter_code(self, code: str) -> None:
        bank = self.bank
        bank.part("otp-input").fill(code)
        bank.part("otp-submit-button").click()

    def enter_wrong_code(self, *, attempts_left: int) -> None:
        self.enter_code("000000")
        said = "1 attempt left" if attempts_left == 1 else f"{attempts_left} attempts left"
        expect(self.bank.part("bank-message")).to_contain_text(said, timeout=PATIENCE_MS)

    @property
    def bank(self) -> Checkout:
        """The bank's page in the checkout."""
        self.sees("otp-frame")
        return Checkout(self.part("otp-frame").content_frame)

    def has_paid(self) -> str:
        """The payment's id, once its success is shown."""
        self.sees("success-state")
        expect(self.part("success-message")).to_contain_text(SUCCESS)
        id = self.part("payment-id").inner_text().strip()
        assert id.startswith("pay_"), id
        return id

    def has_failed(self, *, because: str | None = None) -> None:
        self.sees("error-state")
        expect(self.part("error-message")).to_contain_text(FAILURE)
        if because is not None:
            expect(self.part("error-state")).to_contain_text(because)


@contextmanager
def customer(browser: Browser, device: dict[str, Any], **more: Any) -> Iterator[BrowserContext]:
    """A browser of one's own, with nothing in it."""
    context = browser.new_context(**(device | {"locale": "en-IN"} | more))
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context
    finally:
        context.close()


def order(live: Live, amount: int = 50000, **more: Any) -> str:
    return str(live.call("POST", "/api/v1/orders", {"amount": amount, **more})["id"])


def payments_of(live: Live, order_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = live.call("GET", f"/api/v1/payments?order_id={order_id}")["data"]
    return found


def url_of(live: Live, order_id: str) -> str:
    return f"{live.checkout_url}/checkout?order_id={order_id}"


def opened(context: BrowserContext, live: Live, order_id: str) -> tuple[Page, Checkout]:
    page = context.new_page()
    page.goto(url_of(live, order_id))
    return page, Checkout(page)
