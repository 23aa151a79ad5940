"""The SDK in a real browser: a shop's page at one origin opens the checkout of another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tests.checkout.sites import ORDER, OTHER_ORDER, PAYMENT, SIGNATURE, Sites

DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SETTLED_MS = 250  # what has not happened by then was not going to
SUCCESS = {"id": PAYMENT, "paymentId": PAYMENT, "orderId": ORDER, "status": "success", "signature": SIGNATURE}
FAILURE = {
    "id": PAYMENT,
    "paymentId": PAYMENT,
    "orderId": ORDER,
    "status": "failed",
    "errorCode": "PAYMENT_FAILED",
    "errorReason": "insufficient_funds",
    "errorDescription": "The card has insufficient funds.",
}
MODAL = "#payment-gateway-modal"
FRAME = f"{MODAL} iframe"
X = '[data-test-id="close-modal-button"]'


@dataclass
class Shop:
    """A shop's page in the browser, and what a customer does there."""

    sites: Sites
    page: Page

    def visit(self, path: str = "/") -> None:
        self.page.goto(self.sites.shop + path)

    def open(self, **options: object) -> None:
        """Opens the modal as a customer does, and waits for its checkout."""
        if options:
            self.page.evaluate("(options) => { window.options = options; gateway = undefined; }", options)
        self.page.click("#buy")
        expect(self.page.locator(MODAL)).to_be_visible()
        if not (self.sites.is_silent or self.sites.is_broken):
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        expect(self.page.locator(f"{MODAL} [data-test-id=modal-note]")).to_be_hidden()

    @property
    def frame(self) -> Frame:
        frame = self.page.locator(FRAME).element_handle().content_frame()
        assert frame is not None
        frame.wait_for_function("typeof say === 'function'")
        return frame

    def say(self, kind: str, data: dict[str, Any] | None = None) -> None:
        self.frame.evaluate("([type, data]) => say(type, data)", [kind, data or {}])

    def heard(self) -> list[list[Any]]:
        """What the shop was told, after all that was under way has arrived."""
        self.page.wait_for_timeout(SETTLED_MS)
        heard: list[list[Any]] = self.page.evaluate("heard")
        return heard

    def wait_until_told(self, times: int = 1) -> None:
        self.page.wait_for_function("(times) => heard.length >= times", arg=times)

    def modals(self) -> int:
        return self.page.locator(MODAL).count()

    def focused(self) -> str:
        focused: str = self.page.evaluate("document.activeElement.id || document.activeElement.tagName")
        return focused

    def fragment(self) -> dict[str, str]:
        source = self.page.locator(FRAME).get_attribute("src") or ""
        return {name: values[0] for name, values in parse_qs(urlsplit(source).fragment).items()}

    def is_locked(self) -> bool:
        return bool(self.page.evaluate("getComputedStyle(document.documentElement).overflowY === 'hidden'"))


@contextmanager
def _shop(browser: Browser, sites: Sites, device: dict[str, Any]) -> Iterator[Shop]:
    context: BrowserContext = browser.new_context(**device)
    context.set_default_timeout(15_000)
    try:
        shop = Shop(sites, context.new_page())
        shop.visit()
        yield shop
    finally:
        context.close()


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def shop(request: pytest.FixtureRequest, browser: Browser, two_sites: Sites) -> Iterator[Shop]:
    with _shop(browser, two_sites, request.param) as shop:
        yield shop


@pytest.fixture
def desktop(browser: Browser, two_sites: Sites) -> Iterator[Shop]:
    with _shop(browser, two_sites, DESKTOP) as shop:
        yield shop


@pytest.fixture
def phone(browser: Browser, two_sites: Sites) -> Iterator[Shop]:
    with _shop(browser, two_sites, PHONE) as shop:
        yield shop


# What the modal is


def test_the_modal_is_built_as_the_contract_says(shop: Shop) -> None:
    shop.open()
    page = shop.page
    assert page.locator(f"dialog{MODAL}[data-test-id=payment-modal] > .modal-overlay > .modal-content").count() == 1
    assert page.locator(f"{MODAL} .modal-content > iframe[data-test-id=payment-iframe]").count() == 1
    assert page.locator(f"{MODAL} .modal-content > button{X}").count() == 1
    for name in ("payment-modal", "payment-iframe", "close-modal-button"):
        assert page.locator(f'[data-test-id="{name}"][data-testid="{name}"]').count() == 1
    frame = page.locator(FRAME)
    source = frame.get_attribute("src") or ""
    assert source.startswith(f"{shop.sites.checkout}/checkout?order_id={ORDER}&embedded=true#")
    assert frame.get_attribute("title") == "Secure payment form"
    assert frame.get_attribute("allow") == "payment"
    assert frame.get_attribute("referrerpolicy") == "no-referrer"
    assert page.get_by_role("dialog", name="Secure payment").count() == 1
    assert page.get_by_role("button", name="Close payment").count() == 1


def test_the_checkout_learns_who_embeds_it_and_how_it_shall_look(desktop: Shop) -> None:
    desktop.open(theme={"accent": "#00aa55", "radius": 8, "scheme": "dark"}, locale="hi", prefill={"vpa": "a@b"})
    fragment = desktop.fragment()
    channel = fragment.pop("channel")
    assert re.fullmatch(r"\d+-\d+-\d+-\d+", channel)
    assert fragment == {
        "origin": desktop.sites.shop,
        "key": "key_test_abc123",
        "locale": "hi",
        "scheme": "dark",
        "accent": "#00aa55",
        "radius": "8",
    }
    desktop.frame.wait_for_function("heard.length > 0")
    init = {"type": "init", "data": {"prefill": {"vpa": "a@b"}}, "channel": channel}
    assert desktop.frame.evaluate("heard") == [{"origin": desktop.sites.shop, "data": init}]
    assert desktop.page.locator(X).get_attribute("aria-label") == "भुगतान बंद करें"
    assert (
        desktop.page.locator(f"{MODAL} .modal-content").evaluate("card => getComputedStyle(card).borderRadius") == "8px"
    )
    ground = desktop.page.locator(f"{MODAL} .modal-content").evaluate("card => getComputedStyle(card).backgroundColor")
    assert ground == "rgb(23, 25, 29)"


def test_the_language_of_the_shops_page_is_the_modals(desktop: Shop) -> None:
    desktop.page.evaluate("document.documentElement.lang = 'hi-IN'")
    desktop.open()
    assert desktop.fragment()["locale"] == "hi"


def test_on_a_desktop_it_is_a_card_in_the_middle(desktop: Shop) -> None:
    desktop.open()
    desktop.page.wait_for_timeout(SETTLED_MS)  # its entrance
    box = desktop.page.locator(f"{MODAL} .modal-content").bounding_box()
    assert box is not None
    assert box["width"] == 440
    assert 600 <= box["height"] <= 0.92 * 900
    width = desktop.page.evaluate("document.documentElement.clientWidth")
    assert abs(box["x"] + box["width"] / 2 - width / 2) <= 8  # a scrollbar's half
    assert abs(box["y"] + box["height"] / 2 - 450) <= 1


@pytest.mark.parametrize("width", [320, 390, 480])
def test_on_a_phone_it_is_a_sheet_at_the_bottom(phone: Shop, width: int) -> None:
    phone.page.set_viewport_size({"width": width, "height": 844})
    phone.open()
    phone.page.wait_for_timeout(400)  # its entrance
    card = phone.page.locator(f"{MODAL} .modal-content")
    box = card.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, width)
    assert abs(box["y"] + box["height"] - 844) <= 1
    assert box["y"] >= 60
    assert card.evaluate("card => getComputedStyle(card).borderRadius") == "16px 16px 0px 0px"
    x = phone.page.locator(X).bounding_box()
    assert x is not None
    assert min(x["width"], x["height"]) >= 44, "a finger needs 44 px"


def test_it_moves_only_for_those_who_want_motion(desktop: Shop) -> None:
    name = "card => getComputedStyle(card).animationName"
    desktop.open()
    assert desktop.page.locator(f"{MODAL} .modal-content").evaluate(name) == "pg-rise"
    desktop.page.evaluate("gateway.close()")
    desktop.page.emulate_media(reduced_motion="reduce")
    desktop.sites.is_silent = True
    desktop.open()
    for part in (".modal-overlay", ".modal-content", ".pg-wait"):
        assert desktop.page.locator(f"{MODAL} {part}").evaluate(name) == "none", part


def test_the_shops_styles_do_not_reach_it(desktop: Shop) -> None:
    hostile = """
      * { margin: 20px !important; letter-spacing: 9px; text-transform: uppercase; }
      dialog { display: none !important; width: 50px !important; max-width: 10px !important; border: 9px solid red }
      iframe { width: 30px !important; display: none !important; position: absolute !important }
      button { background: red; width: 400px !important; visibility: hidden !important }
      div { padding: 40px; float: left; position: static !important } *::before { content: "x"; display: block }
      .modal-overlay, .modal-content, .pg-bar { display: none !important; height: 3px !important; }"""
    desktop.open()
    desktop.page.wait_for_timeout(SETTLED_MS)
    parts = [f"{MODAL} .modal-content", FRAME, X, f"{MODAL} .pg-bar"]
    before = [desktop.page.locator(part).bounding_box() for part in parts]
    desktop.page.add_style_tag(content=hostile)
    assert [desktop.page.locator(part).bounding_box() for part in parts] == before
    expect(desktop.page.locator(X)).to_be_visible()
    spacing = desktop.page.locator(f"{MODAL} .pg-bar").evaluate("bar => getComputedStyle(bar).letterSpacing")
    assert spacing == "normal"


# The page behind it


def test_the_focus_stays_inside_and_comes_back(shop: Shop) -> None:
    page = shop.page
    page.focus("#buy")
    page.keyboard.press("Enter")
    shop.wait_until_ready()
    assert shop.focused() == "IFRAME", "the checkout has the focus when it is ready"
    for key in ["Tab"] * 8 + ["Shift+Tab"] * 8:
        page.keyboard.press(key)
        assert page.evaluate(f"document.activeElement === document.body || !!document.activeElement.closest('{MODAL}')")
    assert page.evaluate("(document.getElementById('field').focus(), document.activeElement.id)") != "field"
    page.click(X)
    assert shop.focused() == "buy"


def test_the_page_is_inert_and_does_not_scroll(desktop: Shop) -> None:
    desktop.open()
    desktop.page.mouse.move(200, 400)
    desktop.page.mouse.wheel(0, 500)
    desktop.page.mouse.click(20, 20)
    desktop.page.wait_for_timeout(SETTLED_MS)
    assert desktop.page.evaluate("scrollY") == 0


@pytest.mark.parametrize("styled", ["", "html { overflow-y: scroll }", "body { overflow-x: hidden }"])
def test_locking_the_page_moves_nothing_and_is_undone_exactly(shop: Shop, styled: str) -> None:
    page = shop.page
    page.add_style_tag(
        content=styled + " h1 { position: sticky; top: 0 } #buy { position: fixed; right: 0; top: 300px }"
    )
    page.evaluate("(document.documentElement.style.color = 'red', scrollTo(0, 700))")
    look = """() => ({
      root: document.documentElement.getAttribute('style'), body: document.body.getAttribute('style'),
      classes: document.documentElement.className + document.body.className, scroll: scrollY,
      boxes: [...document.querySelectorAll('h1, #buy, #tall')].map((one) => one.getBoundingClientRect().toJSON()),
    })"""
    before = page.evaluate(look)
    assert before["scroll"] == 700
    shop.open()
    assert shop.is_locked()
    assert page.evaluate(look) == before
    page.click(X)
    assert not shop.is_locked()
    assert page.evaluate(look) == before
    assert page.evaluate("document.adoptedStyleSheets.length") == 0


def test_a_strict_policy_of_the_shops_lets_it_work(shop: Shop) -> None:
    sites = shop.sites
    sites.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {sites.checkout}; frame-src {sites.checkout}; style-src 'none'"
    )
    refused: list[str] = []
    shop.page.on("console", lambda message: refused.append(message.text))
    shop.visit()
    refused.clear()  # the shop's own icon
    shop.open()
    shop.page.wait_for_timeout(400)
    box = shop.page.locator(f"{MODAL} .modal-content").bounding_box()
    assert box is not None
    assert box["width"] in (440, 390), "the styles are there"
    shop.say("payment_success", SUCCESS)
    shop.wait_until_told()
    shop.page.click(X)
    assert [one[0] for one in shop.heard()] == ["success", "close"]
    assert refused == []


# What the shop is told


def test_the_shop_is_told_of_a_success_in_full_and_once(shop: Shop) -> None:
    shop.open()
    for _ in range(3):
        shop.say("payment_success", SUCCESS)
    assert shop.heard() == [["success", SUCCESS]]
    assert shop.modals() == 1, "the customer closes it"
    shop.say(
        "payment_success",
        {**SUCCESS, "signaturePrevious": "0b" * 32, "id": "pay_" + "B" * 16, "paymentId": "pay_" + "B" * 16},
    )
    assert shop.heard()[1][1]["signaturePrevious"] == "0b" * 32


def test_the_shop_is_told_of_every_failure_once_and_the_modal_stays(shop: Shop) -> None:
    second = {**FAILURE, "id": "pay_" + "B" * 16, "paymentId": "pay_" + "B" * 16}
    shop.open()
    for failure in (FAILURE, FAILURE, second):
        shop.say("payment_failed", failure)
    shop.say("payment_success", SUCCESS)
    assert shop.heard() == [["failure", FAILURE], ["failure", second], ["success", SUCCESS]]
    assert shop.modals() == 1


def test_a_checkout_that_reloads_is_greeted_again_and_repeats_nothing(shop: Shop) -> None:
    shop.open(prefill={"name": "Asha"})
    shop.say("payment_success", SUCCESS)
    shop.wait_until_told()
    shop.frame.evaluate("location.reload()")
    shop.page.wait_for_timeout(SETTLED_MS)
    shop.frame.wait_for_function("heard.length === 1")
    assert shop.frame.evaluate("heard[0].data.data") == {"prefill": {"name": "Asha"}}
    shop.say("payment_success", SUCCESS)
    assert shop.heard() == [["success", SUCCESS]]


WAYS: dict[str, Callable[[Shop], object]] = {
    "button": lambda shop: shop.page.click(X),
    "escape outside the frame": lambda shop: (shop.page.focus(X), shop.page.keyboard.press("Escape")),
    # Pressed, not let go: the frame is gone by then, and the browser would wait for its answer for ever.
    "escape in the frame": lambda shop: (shop.frame.focus("#vpa"), shop.page.keyboard.down("Escape")),
    "close()": lambda shop: shop.page.evaluate("gateway.close()"),
    "close() twice": lambda shop: shop.page.evaluate("(gateway.close(), gateway.close())"),
    "the checkout": lambda shop: shop.say("close_modal"),
    "the checkout, twice": lambda shop: shop.frame.evaluate("(say('close_modal'), say('close_modal'))"),
    "the button, and Escape": lambda shop: shop.page.evaluate(
        f"""() => {{
             const x = document.querySelector('{X}');
             const modal = document.querySelector('{MODAL}');
             x.click();
             for (const type of ['cancel', 'close']) modal.dispatchEvent(new Event(type));
             x.click(); }}"""
    ),
    "the browser's insistence": lambda shop: shop.page.evaluate(f"document.querySelector('{MODAL}').close()"),
    "another instance": lambda shop: shop.page.evaluate("(window.other = make({ onClose() {} })).open()"),
}


@pytest.mark.parametrize("way", WAYS)
def test_on_close_is_called_once_whatever_closes_it(shop: Shop, way: str) -> None:
    shop.open()
    WAYS[way](shop)
    shop.wait_until_told()
    assert shop.heard() == [["close"]]
    assert shop.modals() == (1 if way == "another instance" else 0)
    assert shop.is_locked() == (way == "another instance")


def test_a_tap_beside_the_card_closes_nothing(desktop: Shop) -> None:
    desktop.open()
    desktop.page.mouse.click(40, 700)
    assert desktop.heard() == []
    assert desktop.modals() == 1


def test_mistakes_in_callbacks_are_the_shops_own(shop: Shop) -> None:
    shop.page.evaluate(
        """() => {
          const fail = (name) => () => { heard.push([name]); throw new Error(`a mistake in ${name}`); };
          gateway = make({ onSuccess: fail('success'), onFailure: fail('failure'), onClose: fail('close') });
        }"""
    )
    shop.open()
    shop.say("payment_failed", FAILURE)
    shop.say("payment_success", SUCCESS)
    shop.wait_until_told(2)
    shop.page.click(X)
    assert shop.heard() == [["failure"], ["success"], ["close"]]
    mistakes = [f"Uncaught Error: a mistake in {name}" for name in ("failure", "success", "close")]
    assert shop.page.evaluate("errors") == mistakes
    assert shop.modals() == 0
    shop.open()


# Opening and closing in any order


def test_opening_what_is_open_does_nothing(shop: Shop) -> None:
    shop.open()
    channel = shop.fragment()["channel"]
    shop.page.evaluate("(gateway.open(), gateway.open())")
    assert shop.modals() == 1
    assert shop.fragment()["channel"] == channel
    assert shop.heard() == []


def test_each_opening_has_a_channel_of_its_own(shop: Shop) -> None:
    channels = set()
    for times in range(1, 4):
        shop.open()
        channels.add(shop.fragment()["channel"])
        shop.page.click(X)
        shop.wait_until_told(times)
    assert len(channels) == 3
    assert shop.heard() == [["close"]] * 3


def test_closing_while_it_opens_leaves_nothing_behind(shop: Shop) -> None:
    shop.page.evaluate("(gateway = make({ loadTimeout: 200 }), gateway.open(), gateway.close())")
    shop.page.wait_for_timeout(600)
    assert shop.heard() == [["close"]]
    assert shop.modals() == 0
    assert not shop.is_locked()
    shop.page.evaluate("gateway.open()")
    shop.wait_until_ready()


def test_closing_what_is_closed_does_nothing(shop: Shop) -> None:
    shop.page.evaluate("(gateway = make(), gateway.close())")
    assert shop.heard() == []


def test_one_modal_at_a_time(shop: Shop) -> None:
    shop.page.evaluate(
        f"""() => {{
          window.first = make({{ onClose: () => heard.push(['first']) }});
          window.second = make({{ orderId: '{OTHER_ORDER}', onClose: () => heard.push(['second']) }});
          first.open(); second.open();
        }}"""
    )
    shop.wait_until_ready()
    assert shop.modals() == 1
    assert OTHER_ORDER in (shop.page.locator(FRAME).get_attribute("src") or "")
    assert shop.heard() == [["first"]]
    shop.page.evaluate("first.close()")
    assert shop.modals() == 1, "the one that is closed closes nobody else's"
    shop.page.evaluate("first.open()")
    assert shop.heard() == [["first"], ["second"]]
    shop.page.click(X)
    assert shop.heard() == [["first"], ["second"], ["first"]]
    assert shop.modals() == 0


def test_a_shop_that_opens_another_when_one_closes_has_one(shop: Shop) -> None:
    shop.page.evaluate(
        """() => {
          window.second = make({ onClose: () => heard.push(['second']) });
          gateway = make({ onClose: () => { heard.push(['first']); second.open(); } });
        }"""
    )
    shop.open()
    shop.page.click(X)
    shop.wait_until_ready()
    assert shop.heard() == [["first"]]
    assert shop.modals() == 1
    shop.page.click(X)
    assert shop.heard() == [["first"], ["second"]]


def test_a_modal_that_somebody_took_out_of_the_page_can_be_opened_again(shop: Shop) -> None:
    shop.open()
    shop.page.evaluate(f"document.querySelector('{MODAL}').remove()")
    assert not shop.is_locked(), "the page scrolls again at once"
    shop.open()
    assert shop.heard() == [["close"]]
    assert shop.modals() == 1


def _listeners(page: Page, target: str) -> int:
    session = page.context.new_cdp_session(page)
    found = session.send("Runtime.evaluate", {"expression": target})
    listeners = session.send("DOMDebugger.getEventListeners", {"objectId": found["result"]["objectId"]})["listeners"]
    session.detach()
    return len(listeners)


def test_nothing_listens_after_it_closed(shop: Shop) -> None:
    before = _listeners(shop.page, "window"), _listeners(shop.page, "document")
    shop.open()
    assert _listeners(shop.page, "window") > before[0]
    shop.page.click(X)
    shop.page.wait_for_timeout(600)
    assert (_listeners(shop.page, "window"), _listeners(shop.page, "document")) == before
    assert shop.page.evaluate("window[Symbol.for('PaymentGateway.open')]") is None


# A checkout that does not load


@pytest.mark.parametrize("fault", ["is_silent", "is_broken"])
def test_a_checkout_that_does_not_load_says_so_and_can_be_tried_again(shop: Shop, fault: str) -> None:
    setattr(shop.sites, fault, True)
    shop.open(loadTimeout=2500)
    expect(shop.page.get_by_role("status")).to_have_text("Loading…")
    alert = shop.page.get_by_role("alert")
    expect(alert).to_have_text("The payment page did not load. Check your connection and try again.")
    expect(shop.page.locator("[data-testid=modal-retry-button]")).to_be_focused()
    channel = shop.fragment()["channel"]
    shop.page.click("[data-test-id=modal-retry-button]")
    expect(shop.page.get_by_role("status")).to_have_text("Loading…")
    expect(alert).to_have_text(re.compile("did not load"))
    setattr(shop.sites, fault, False)
    shop.page.click("[data-test-id=modal-retry-button]")
    shop.wait_until_ready()
    assert shop.page.locator(FRAME).count() == 1
    assert shop.fragment()["channel"] != channel
    shop.say("payment_success", SUCCESS)
    assert shop.heard() == [["success", SUCCESS]]
    shop.page.wait_for_timeout(3000)
    expect(alert).to_have_count(0)


def test_a_checkout_that_does_not_load_can_be_closed(shop: Shop) -> None:
    shop.sites.is_silent = True
    shop.open(loadTimeout=200, locale="hi")
    expect(shop.page.get_by_role("alert")).to_have_text(re.compile("भुगतान पेज लोड नहीं हुआ"))
    shop.page.get_by_role("button", name="बंद करें", exact=True).click()
    assert shop.heard() == [["close"]]
    assert shop.modals() == 0


def test_a_checkout_that_is_late_is_shown_all_the_same(shop: Shop) -> None:
    shop.sites.is_silent = True
    shop.open(loadTimeout=200)
    expect(shop.page.get_by_role("alert")).to_be_visible()
    shop.say("ready")
    shop.wait_until_ready()


# Back, on a phone


def test_back_closes_the_modal_and_stays_on_the_page(phone: Shop) -> None:
    phone.visit("/elsewhere")
    phone.visit()
    phone.page.evaluate("history.replaceState({ router: 'shop' }, '')")
    phone.open()
    assert phone.page.evaluate("history.state.router") == "shop"
    phone.page.evaluate("history.back()")
    phone.wait_until_told()
    assert phone.heard() == [["close"]]
    assert phone.page.evaluate("popped") == [{"router": "shop"}], "the shop's router is where it was"
    assert phone.page.evaluate("history.state") == {"router": "shop"}
    phone.page.go_back()
    assert phone.page.url.endswith("/elsewhere")


@pytest.mark.parametrize(
    "way", ["button", "close()", "the checkout", "escape in the frame", "the browser's insistence"]
)
def test_closing_otherwise_takes_the_history_entry_away(phone: Shop, way: str) -> None:
    phone.visit("/elsewhere")
    phone.visit()
    phone.open()
    assert phone.page.evaluate("'paymentGateway' in history.state")
    WAYS[way](phone)
    assert phone.heard() == [["close"]]
    phone.page.wait_for_function("history.state === null")
    phone.page.go_back()
    assert phone.page.url.endswith("/elsewhere")


def test_a_desktop_has_no_history_entry(desktop: Shop) -> None:
    before = desktop.page.evaluate("history.length")
    desktop.open()
    assert desktop.page.evaluate("[history.length, history.state]") == [before, None]


def test_modals_one_after_another_leave_one_entry_at_most(phone: Shop) -> None:
    before = phone.page.evaluate("history.length")
    phone.page.evaluate("(gateway = make(), window.other = make())")
    phone.page.evaluate("(gateway.open(), other.open(), gateway.open(), gateway.close(), other.open())")
    phone.wait_until_ready()
    assert phone.page.evaluate("history.length") == before + 1
    phone.page.click(X)
    phone.page.wait_for_function("history.state === null")


def test_a_modal_opened_while_the_entry_before_goes_has_its_own(phone: Shop) -> None:
    phone.page.evaluate(
        """() => {
          gateway = make();
          const back = history.back;
          history.back = () => { back.call(history); gateway.open(); };  // in the very moment
          gateway.open();
          gateway.close();
        }"""
    )
    phone.page.wait_for_timeout(600)
    assert phone.modals() == 1
    assert phone.page.evaluate("'paymentGateway' in history.state")
    phone.page.evaluate("history.go(-1)")
    phone.page.wait_for_function(f"!document.querySelector('{MODAL}')")
    assert phone.page.evaluate("history.state") is None


@pytest.mark.parametrize("when", ["open", "onClose", "onClose, a moment later"])
def test_a_shop_that_goes_elsewhere_by_its_router_gets_there(phone: Shop, when: str) -> None:
    go = "history.pushState({ at: 'thanks' }, '', '/thanks')"
    close = {"open": "undefined", "onClose": go, "onClose, a moment later": f"setTimeout(() => {go}, 100)"}[when]
    phone.page.evaluate(f"gateway = make({{ onClose: () => {{ heard.push(['close']); {close}; }} }})")
    phone.open()
    if when == "open":
        phone.page.evaluate(go)
    phone.page.click(X)
    phone.page.wait_for_timeout(600)
    assert phone.heard() == [["close"]]
    assert phone.page.url == phone.sites.shop + "/thanks"
    assert phone.page.evaluate("[history.state, popped]") == [{"at": "thanks"}, []]


@pytest.mark.parametrize("how", ["onClose", "after close()"])
def test_a_shop_that_loads_another_page_gets_there_however_slow_that_is(phone: Shop, how: str) -> None:
    go = "location.href = '/elsewhere?slow'"
    if how == "onClose":
        phone.page.evaluate(f"gateway = make({{ onClose: () => {{ {go} }} }})")
        phone.open()
        phone.page.click(X)
    else:
        phone.open()
        phone.page.evaluate(f"(gateway.close(), {go}, undefined)")
    phone.page.wait_for_url("**/elsewhere?slow")
    phone.page.wait_for_timeout(SETTLED_MS)
    assert phone.page.url.endswith("/elsewhere?slow")


def test_a_change_of_the_shops_fragment_is_its_own_business(phone: Shop) -> None:
    phone.open()
    phone.page.evaluate("location.hash = 'offers'")
    assert phone.heard() == []
    assert phone.modals() == 1
    assert phone.page.evaluate("popped") == [None], "the shop's router hears of it"
    phone.page.evaluate("history.back()")
    assert phone.heard() == []
    phone.page.evaluate("history.back()")
    phone.wait_until_told()
    assert phone.modals() == 0


def test_an_entry_left_by_a_reload_serves_again(phone: Shop) -> None:
    phone.open()
    phone.page.reload()
    before = phone.page.evaluate("history.length")
    phone.open()
    assert phone.page.evaluate("history.length") == before
    phone.page.evaluate("history.back()")
    phone.wait_until_told()
    assert phone.modals() == 0


# How it is loaded


def test_a_script_loaded_twice_keeps_the_first_and_one_modal(shop: Shop) -> None:
    sites = shop.sites
    sites.scripts = (
        f'<script src="{sites.checkout}/checkout.js"></script><script src="/keep.js"></script>'
        f'<script src="{sites.checkout}/copy/checkout.js"></script>'
    )
    shop.visit()
    shop.page.evaluate("() => { window.first = PaymentGateway; }")
    shop.page.add_script_tag(url=f"{sites.checkout}/checkout.js?again")
    assert shop.page.evaluate("PaymentGateway === first")
    shop.page.evaluate(
        f"""async () => {{
          const other = (await import('{sites.checkout}/checkout.mjs')).PaymentGateway;
          if (other === PaymentGateway) throw new Error('the same');
          const onClose = () => heard.push(['module']);
          window.module = new other({{ key: 'key_a', orderId: '{OTHER_ORDER}', onClose }});
        }}"""
    )
    shop.open()
    shop.page.evaluate("module.open()")
    shop.wait_until_ready()
    assert shop.modals() == 1
    assert OTHER_ORDER in (shop.page.locator(FRAME).get_attribute("src") or "")
    assert shop.heard() == [["close"]]
    shop.page.evaluate("gateway.open()")
    assert shop.heard() == [["close"], ["module"]]
    assert shop.modals() == 1


def test_it_is_importable_as_a_module(desktop: Shop) -> None:
    desktop.sites.scripts = ""
    desktop.visit()
    desktop.page.evaluate(
        f"""async () => {{
          const module = await import('{desktop.sites.checkout}/checkout.mjs');
          if (module.default !== module.PaymentGateway) throw new Error('two');
          window.PaymentGateway = module.default;
        }}"""
    )
    desktop.open()


def test_amd_loaders_and_require_get_it(desktop: Shop) -> None:
    desktop.sites.scripts = ""
    desktop.visit()
    desktop.page.evaluate("(window.define = (needs, make) => { window.defined = make(...needs); }, define.amd = {})")
    desktop.page.add_script_tag(url=f"{desktop.sites.checkout}/checkout.js")  # async, as loaders add theirs
    assert desktop.page.evaluate("defined === PaymentGateway")
    desktop.page.evaluate(
        f"""async () => {{
          const module = {{ exports: {{}} }};
          new Function('module', 'exports', await (await fetch('{desktop.sites.checkout}/checkout.js')).text())(
            module, module.exports);
          const {{ PaymentGateway: required, default: same }} = module.exports;
          if (required !== module.exports || same !== required) throw new Error('not required');
          window.PaymentGateway = class extends required {{
            constructor(options) {{ super({{ ...options, checkoutUrl: '{desktop.sites.checkout}/' }}); }}
          }};
        }}"""
    )
    desktop.open()


def test_the_versioned_copy_loads_with_its_hash(desktop: Shop, dist: Path) -> None:
    described = json.loads((dist / "sdk.json").read_text())
    source = f'src="{desktop.sites.checkout}/{described["file"]}" crossorigin="anonymous"'
    desktop.sites.scripts = f'<script {source} integrity="{described["integrity"]}"></script>'
    desktop.visit()
    desktop.open()
    assert (dist / described["file"]).read_bytes() == (dist / "checkout.js").read_bytes()
    wrong = described["integrity"].replace("sha384-", "sha384-AAAA")[:71]
    desktop.sites.scripts = f'<script {source} integrity="{wrong}"></script>'
    desktop.visit()
    assert desktop.page.evaluate("typeof PaymentGateway") == "undefined"


def test_a_script_in_a_shops_bundle_needs_the_checkouts_address(desktop: Shop, dist: Path) -> None:
    desktop.page.context.route("**/bundle.js", lambda route: route.fulfill(path=dist / "checkout.js"))
    desktop.sites.scripts = '<script src="/bundle.js"></script>'
    desktop.visit()
    assert "option checkoutUrl is needed" in _thrown(desktop.page, "make()")
    desktop.open(checkoutUrl=desktop.sites.checkout + "/checkout.js")


def test_a_page_without_an_origin_is_refused_in_words(desktop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "shop.html"
    file.write_text(f'<script src="{desktop.sites.checkout}/checkout.js"></script>')
    desktop.page.goto(file.as_uri())
    thrown = _thrown(desktop.page, f"new PaymentGateway({{ key: 'key_a', orderId: '{ORDER}' }}).open()")
    assert "serve it over http" in thrown
    assert desktop.modals() == 0


def _thrown(page: Page, code: str) -> str:
    thrown: str = page.evaluate(
        f"(() => {{ try {{ {code}; return ''; }} catch (error) {{ return String(error); }} }})()"
    )
    return thrown


def test_a_mistaken_option_is_named(desktop: Shop) -> None:
    assert _thrown(desktop.page, "make({ orderId: 'order_1' })").startswith(
        "TypeError: PaymentGateway: option orderId "
    )


# Hostile pages

FORGE = (Path(__file__).parent / "forge.js").read_text()


def _forge(frame: Frame | Page, target: str, channel: str, *, is_well: bool = False) -> int:
    count: int = frame.evaluate(
        f"([channel, order, payment, isWell]) => ({FORGE}\n)({target}, channel, order, payment, isWell)",
        [channel, ORDER, PAYMENT, is_well],
    )
    assert count >= 200
    return count


def _sibling(shop: Shop, address: str) -> Frame:
    shop.page.evaluate(
        """(address) => {
          const frame = document.createElement('iframe');
          frame.src = address;
          frame.className = 'sibling';
          document.body.append(frame);
        }""",
        address,
    )
    frame = shop.page.locator("iframe.sibling").last.element_handle().content_frame()
    assert frame is not None
    frame.wait_for_load_state()
    return frame


@pytest.mark.parametrize("forger", ["the page itself", "sibling", "foreign sibling", "popup", "the frame, elsewhere"])
def test_a_forger_anywhere_else_is_not_heard_though_it_knows_the_channel(shop: Shop, forger: str) -> None:
    shop.open()
    channel = shop.fragment()["channel"]
    before = shop.page.evaluate("arrived")
    if forger == "the page itself":
        sent = _forge(shop.page, "window", channel)
    elif forger == "sibling":  # at the checkout's own origin
        sent = _forge(_sibling(shop, f"{shop.sites.checkout}/other"), "parent", channel)
    elif forger == "foreign sibling":
        sent = _forge(_sibling(shop, f"{shop.sites.shop}/elsewhere"), "parent", channel)
    elif forger == "popup":
        with shop.page.context.expect_page() as opened:
            shop.page.evaluate("(address) => { window.open(address); }", f"{shop.sites.checkout}/other")
        opened.value.wait_for_load_state()
        sent = _forge(opened.value, "opener", channel)
        opened.value.close()
    else:  # the checkout's own window, once it shows another origin's page
        frame = shop.frame
        frame.evaluate("(address) => { location.href = address; }", f"{shop.sites.shop}/elsewhere")
        frame.wait_for_url("**/elsewhere")
        sent = _forge(frame, "parent", channel)
    shop.page.wait_for_function("(all) => arrived >= all", arg=before + sent)
    assert shop.heard() == []
    assert shop.modals() == 1
    if forger != "the frame, elsewhere":  # and the real one is
        shop.say("payment_success", SUCCESS)
        shop.say("close_modal")
        shop.wait_until_told(2)
        assert shop.heard() == [["success", SUCCESS], ["close"]]


def test_the_checkout_itself_is_not_heard_on_another_channel(shop: Shop) -> None:
    shop.open()
    first = shop.fragment()["channel"]
    shop.page.click(X)
    shop.wait_until_told()
    shop.open()
    before = shop.page.evaluate("arrived")
    sent = _forge(shop.frame, "parent", first)  # the channel of the opening before
    shop.page.wait_for_function("(all) => arrived >= all", arg=before + sent)
    assert shop.heard() == [["close"]]
    assert shop.modals() == 1


def test_malformed_messages_of_the_checkout_itself_are_not_passed_on(shop: Shop) -> None:
    shop.open()
    before = shop.page.evaluate("arrived")
    sent = _forge(shop.frame, "parent", shop.fragment()["channel"], is_well=True)
    shop.page.wait_for_function("(all) => arrived >= all", arg=before + sent)
    assert shop.heard() == []
    assert shop.modals() == 1
    shop.say("payment_success", SUCCESS)
    assert shop.heard() == [["success", SUCCESS]]
    assert shop.page.evaluate("({}).type === undefined"), "no prototype was polluted"
