"""The demo shop sells through the checkout, end to end; and what other pages around the checkout cannot do."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.checkout.customer import (
    CARD,
    CODE,
    DESKTOP,
    FAILURE,
    PATIENCE_MS,
    PHONE,
    Checkout,
    customer,
    order,
    payments_of,
    url_of,
)
from tests.live_gateway import Live, free_port

CVV = "739"
MODAL = "#payment-gateway-modal"


@pytest.fixture(params=["desktop", "phone"])
def shop(request: pytest.FixtureRequest, live: Live, browser: Browser) -> Iterator[Page]:
    """The shop's page, with webhooks on their way to it."""
    me = "/api/v1/merchants/me"
    live.call("PUT", me, {"webhook_url": f"{live.merchant_url}/webhook"})
    with customer(browser, {"desktop": DESKTOP, "phone": PHONE}[request.param]) as context:
        page = context.new_page()
        page.goto(live.merchant_url)
        yield page
    live.call("PUT", me, {"webhook_url": None})


def bought(shop: Page) -> Checkout:
    """Something, up to its checkout."""
    shop.get_by_role("button", name="Pay now: Assam Breakfast").click()
    frame = shop.locator('[data-test-id="payment-iframe"]')
    expect(frame).to_be_visible(timeout=PATIENCE_MS)
    checkout = Checkout(frame.content_frame)
    checkout.sees("order-amount", text="₹500.00")
    return checkout


def order_of(shop: Page) -> str:
    found = re.search(r"order_[A-Za-z0-9]{16}", shop.locator("#verdict-facts").inner_text())
    assert found is not None
    return found[0]


def shipped(shop: Page) -> None:
    """The shop's server believes the signature, and asked the gateway; the webhook arrives."""
    shop.wait_for_url("**/thanks?*", timeout=PATIENCE_MS)
    expect(shop.locator("#check-signature-mark")).to_contain_text("verified", timeout=PATIENCE_MS)
    expect(shop.locator("#check-signature-mark")).not_to_contain_text("not verified")
    expect(shop.locator("#check-gateway-mark")).not_to_contain_text("not", timeout=PATIENCE_MS)
    expect(shop.locator("#check-webhook-mark")).to_contain_text("received", timeout=PATIENCE_MS)


def by_upi(checkout: Checkout) -> None:
    checkout.pay_by_upi("approve@magic")


def by_card(checkout: Checkout) -> None:
    checkout.pay_by_card()


def by_card_with_a_code(checkout: Checkout) -> None:
    checkout.pay_by_card("4000 0000 0000 3220")
    checkout.enter_code(CODE)


@pytest.mark.parametrize("pay", [by_upi, by_card, by_card_with_a_code], ids=lambda pay: pay.__name__)
def test_the_shop_sells_and_ships_what_its_own_server_has_checked(shop: Page, pay: Callable[[Checkout], None]) -> None:
    pay(bought(shop))
    shipped(shop)


def test_the_shop_sells_by_upi_app(shop: Page, live: Live, browser: Browser) -> None:
    checkout = bought(shop)
    checkout.sees("upi-app-button").click()
    link = checkout.sees("upi-app-link").get_attribute("href") or ""
    with customer(browser, PHONE) as phone:
        app = phone.new_page()
        app.goto(link if "://" in link else f"{live.checkout_url}{link}")
        Checkout(app).part("bank-approve-button").click()
        shipped(shop)


def test_a_declined_customer_tries_again_in_the_same_modal(shop: Page) -> None:
    checkout = bought(shop)
    checkout.pay_by_upi("insufficient-funds@magic")
    checkout.has_failed(because="enough money")
    checkout.part("retry-button").click()
    checkout.pay_by_card()
    shipped(shop)


def test_a_customer_who_closes_in_the_middle_loses_nothing(shop: Page, live: Live) -> None:
    checkout = bought(shop)
    checkout.pay_by_upi("asha@upi")
    checkout.sees("processing-state")
    order_id = order_of(shop)
    shop.locator('[data-test-id="close-modal-button"]').click()
    expect(shop.locator(MODAL)).to_have_count(0)
    live.wait_for(lambda: payments_of(live, order_id)[0]["status"] == "success", "it was paid all the same")
    # The shop's page either has found out by itself meanwhile, or opens the same checkout again, which knows.
    again = shop.get_by_role("button", name="Pay again")
    if again.is_visible():
        again.click()
    shipped(shop)
    assert len(payments_of(live, order_id)) == 1


def test_a_forged_success_ships_nothing(shop: Page, live: Live) -> None:
    checkout = bought(shop)
    order_id = order_of(shop)
    checkout.pay_by_upi("insufficient-funds@magic")
    checkout.has_failed()
    [failed] = payments_of(live, order_id)
    shop.goto(f"{live.merchant_url}/thanks?order_id={order_id}&payment_id={failed['id']}&signature={'0' * 64}")
    expect(shop.locator("#verdict")).to_have_attribute("data-state", "failed", timeout=PATIENCE_MS)
    expect(shop.locator("#check-signature-mark")).to_contain_text("not verified")


# Pages around the checkout


@contextmanager
def site(html: str) -> Iterator[str]:
    """An origin of one's own, with one page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


SPY = """<!doctype html><html lang="en"><title>Spy</title><body>
<script>
  const heard = [];
  addEventListener("message", (event) => heard.push(event.data));
  function frame(url) {
    const made = document.createElement("iframe");
    made.src = url;
    made.style.cssText = "width: 420px; height: 700px";
    document.body.append(made);
  }
</script>"""
# What somebody may think of who wants the checkout to take orders, without knowing its channel.
FORGED = """(count) => {
  const frame = document.querySelector("iframe").contentWindow;
  const prefill = { vpa: "forged@upi", name: "Forged" };
  const good = { type: "init", data: { prefill } };
  const types = ["init", "INIT", "ready", "pay", "close_modal", "prefill", null, 1, {}, [], ["init"]];
  const channels = [undefined, null, "", "x", "0", 0, {}, [], ["x"], "forged".repeat(40), "__proto__"];
  const bodies = [good.data, { prefill: [prefill] }, { prefill: JSON.stringify(prefill) }, [good.data], prefill, null];
  const shapes = [good, JSON.stringify(good), [good], { data: good }, null, 1, "", "init", good.data, prefill];
  for (const type of types) for (const channel of channels) for (const data of bodies) {
    shapes.push({ type, channel, data });
    shapes.push(JSON.parse(`{"__proto__": ${JSON.stringify({ type, channel, data })}}`));
  }
  for (const shape of shapes) frame.postMessage(shape, "*");
  return shapes.length;
}"""


def framed(page: Page, live: Live, order_id: str, **fragment: str) -> Checkout:
    said = "&".join(f"{name}={requests.utils.quote(value, safe='')}" for name, value in fragment.items())
    page.evaluate("url => frame(url)", f"{url_of(live, order_id)}&embedded=true#{said}")
    checkout = Checkout(page.frame_locator("iframe"))
    checkout.sees("upi-form")
    return checkout


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    with customer(browser, DESKTOP) as context:
        yield context


def test_no_digit_of_a_card_crosses_a_frame(live: Live, desk: BrowserContext) -> None:
    with site(SPY) as origin:
        page = desk.new_page()
        page.goto(origin)
        checkout = framed(page, live, order(live), origin=origin, channel="spy")
        for number, cvv in (("4000 0000 0000 9995", CVV), (CARD, CVV)):
            checkout.fill_card(number, cvv=cvv, name="Asha Rao 4242")
            checkout.press_pay("card-form")
            if number != CARD:
                checkout.has_failed()
                checkout.part("retry-button").click()
        checkout.has_paid()
        heard = page.evaluate("heard")
        assert [one["type"] for one in heard] == ["ready", "payment_failed", "payment_success"]
        said = json.dumps(heard)
        for secret in (CARD, CARD.replace(" ", ""), "4242", "9995", CVV, "12/40"):
            assert secret not in re.sub(r"(pay|order)_[A-Za-z0-9]{16}|[0-9a-f]{64}", "", said)


def test_a_forged_message_is_not_acted_on(live: Live, desk: BrowserContext) -> None:
    order_id = order(live)
    with site(SPY) as origin:
        page = desk.new_page()
        page.goto(origin)
        checkout = framed(page, live, order_id, origin=origin, channel="right")
        assert page.evaluate(FORGED) >= 200
        page.wait_for_timeout(500)
        assert checkout.part("vpa-input").input_value() == ""
        assert page.evaluate("heard.map(one => one.type)") == ["ready"]
        assert payments_of(live, order_id) == []
        right = {"type": "init", "channel": "right", "data": {"prefill": {"vpa": "asha@upi"}}}
        page.evaluate("said => document.querySelector('iframe').contentWindow.postMessage(said, '*')", right)
        expect(checkout.part("vpa-input")).to_have_value("asha@upi")


def test_a_page_that_is_not_who_it_says_hears_nothing_and_has_no_say(live: Live, desk: BrowserContext) -> None:
    with site(SPY) as origin, site(SPY) as other:
        page = desk.new_page()
        page.goto(origin)
        checkout = framed(page, live, order(live), origin=other, channel="known")
        said = {"type": "init", "channel": "known", "data": {"prefill": {"vpa": "forged@upi"}}}
        page.evaluate("said => document.querySelector('iframe').contentWindow.postMessage(said, '*')", said)
        page.wait_for_timeout(300)
        assert checkout.part("vpa-input").input_value() == ""
        checkout.pay_by_upi("approve@magic")
        checkout.has_paid()
        assert page.evaluate("heard") == []


@pytest.fixture
def production_checkout(live: Live, root: Path) -> Iterator[str]:
    """The checkout's site as it is in production, over the same database."""
    port = free_port()
    environment = {
        "APP_ENV": "production",
        "DATABASE_URL": live.database_url,
        "REDIS_URL": live.redis_url,
        "JWT_SECRET": secrets.token_urlsafe(48),
        "ENCRYPTION_KEY": live.encryption_key,
        "CHECKOUT_PORT": str(port),
        "PYTHONPATH": f"{root}{os.pathsep}{root / 'functions'}",
        "PATH": os.environ["PATH"],
    }
    process = subprocess.Popen([sys.executable, "-m", "local.checkout_site"], cwd=root, env=environment)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, "it ended"
        try:
            return requests.get(f"{url}/checkout.js", timeout=2).ok
        except requests.ConnectionError:
            return False

    try:
        live.wait_for(answers, "the checkout's site of production")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def test_in_production_only_a_registered_origin_may_frame_the_checkout(
    live: Live, desk: BrowserContext, production_checkout: str
) -> None:
    order_id = order(live)
    with site(SPY) as registered, site(SPY) as stranger:
        live.call("PUT", "/api/v1/merchants/me", {"checkout_origins": [registered]})
        try:
            inside = f"{production_checkout}/checkout?order_id={order_id}&embedded=true"
            page = desk.new_page()
            page.goto(stranger)
            with page.expect_console_message(lambda one: "frame-ancestors" in one.text, timeout=PATIENCE_MS):
                page.evaluate("url => frame(url)", inside)
            expect(Checkout(page.frame_locator("iframe")).part("checkout-container")).to_have_count(0)
            page.goto(registered)
            page.evaluate("url => frame(url)", inside)
            frame = Checkout(page.frame_locator("iframe"))
            frame.sees("order-amount", text="₹500.00")
            expect(frame.part("upi-app-button")).to_have_count(0)  # there is no app to try things with
        finally:
            live.call("PUT", "/api/v1/merchants/me", {"checkout_origins": []})


def test_the_checkout_says_what_failed_in_words(live: Live, desk: BrowserContext) -> None:
    page = desk.new_page()
    page.goto(url_of(live, order(live)))
    checkout = Checkout(page)
    checkout.pay_by_upi("limit-exceeded@magic")
    checkout.has_failed()
    assert len(checkout.part("error-state").inner_text()) > len(FAILURE) + 20
