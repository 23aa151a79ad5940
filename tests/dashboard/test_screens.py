"""Every page of the dashboard: for people who see, hear or tap otherwise than most.

With SCREENSHOTS=folder the whole of each page is kept there as a picture, at 320, 768 and 1440 px.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.dashboard.person import DESKTOP, Person, person, signed_in
from tests.live_gateway import Live
from tests.receiver import receiver

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"1440": (1440, 900), "768": (768, 1024), "320": (320, 640)}
# What reaches over the edge of a page that can be moved sideways.
TOO_WIDE = """
  document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("main *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth).slice(0, 5)
    .map((one) => one.outerHTML.slice(0, 120))
"""
SEVERAL_CURRENT = """
  [...document.querySelectorAll("nav")].filter((one) => one.querySelectorAll("[aria-current]").length > 1)
    .map((one) => one.innerText)
"""
JUDGED = ("1440", "320")
# A name for the picture, and the address; {…} is what the fixture `things` knows.
PAGES = {
    "home": "/dashboard",
    "transactions": "/dashboard/transactions",
    "transactions-none": "/dashboard/transactions?q=nobody%40nowhere",
    "payment": "/dashboard/transactions/{payment}",
    "payment-failed": "/dashboard/transactions/{failed}",
    "payment-held": "/dashboard/transactions/{held}",
    "payment-unknown": "/dashboard/transactions/pay_0000000000000000",
    "home-dates": "/dashboard?from=2026-01-01&to=2026-01-31",
    "transactions-dates": "/dashboard/transactions?from=2026-01-01&to=2026-01-31&currency=USD&min=5",
    "orders": "/dashboard/orders",
    "order": "/dashboard/orders/{order}",
    "initiate": "/dashboard/orders?new=1",
    "refunds": "/dashboard/refunds",
    "webhooks": "/dashboard/webhooks",
    "delivery": "/dashboard/webhooks/{delivery}",
    "endpoint": "/dashboard/webhooks/endpoints/{endpoint}",
    "doctor": "/dashboard/webhooks/doctor",
    "keys": "/dashboard/developers",
    "requests": "/dashboard/developers/requests",
    "events": "/dashboard/developers/events",
    "event": "/dashboard/developers/events/{event}",
    "docs": "/dashboard/docs",
    "operations": "/dashboard/operations",
    "team": "/dashboard/team",
    "settings": "/dashboard/settings",
    "nowhere": "/dashboard/nowhere",
}


@pytest.fixture(scope="module")
def axe(root: Path) -> str:
    return (root / "checkout/node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture(scope="module")
def things(live: Live) -> dict[str, str]:
    """Something of each kind, so that no page is empty."""
    found: dict[str, str] = {}
    with receiver() as shop:
        shop.answer = lambda one: (200, b"thanks") if one.body["event"] == "payment.success" else (500, b"out of tea")
        live.call("PUT", "/api/v1/merchants/me", {"webhook_url": shop.url})
        endpoint = live.call("POST", "/api/v1/webhook_endpoints", {"url": shop.url, "description": "For the books"})
        found["endpoint"] = endpoint["id"]
        for name, vpa, capture in (
            ("payment", "asha@upi", "automatic"),
            ("failed", "insufficient-funds@magic", "automatic"),
            ("held", "asha@upi", "manual"),
        ):
            body = {"amount": 50000, "capture": capture, "receipt": "shop-1", "notes": {"table": "7"}}
            found["order"] = live.call("POST", "/api/v1/orders", body)["id"]
            body = {"order_id": found["order"], "method": "upi", "vpa": vpa}
            found[name] = live.call("POST", "/api/v1/payments", body)["id"]
        live.wait_until_all_are("success", [found["payment"], found["held"]])
        live.wait_until_all_are("failed", [found["failed"]])
        live.call("POST", f"/api/v1/payments/{found['payment']}/refunds", {"amount": 1000, "reason": "A broken cup"})
        failed = "select id::text from webhook_logs where status = 'failed' order by created_at limit 1"
        live.wait_for(lambda: live.query(failed) != [], "a delivery was given up")
        found["delivery"] = live.query(failed)[0][0]
        found["event"] = live.call("GET", "/api/v1/events?limit=1")["data"][0]["id"]
        live.call("PUT", "/api/v1/merchants/me", {"webhook_url": None})
    return found


@pytest.fixture(scope="module")
def looking(browser: Browser, live: Live) -> Iterator[Person]:
    with signed_in(browser, live, DESKTOP, reduced_motion="reduce") as somebody:
        yield somebody


def look(somebody: Person, axe: str, name: str) -> None:
    """In both themes and at both ends of what screens are wide: no rule of WCAG 2.2 AA broken, nothing too wide."""
    page = somebody.page
    expect(page.locator('[aria-busy="true"]')).to_have_count(0)
    page.evaluate(axe)
    broken: list[Any] = [("two places are the current one", where) for where in page.evaluate(SEVERAL_CURRENT)]
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", theme)
        page.wait_for_function("() => document.getAnimations().length === 0")  # colours that fade have arrived
        for width, (across, down) in SIZES.items():
            if folder := os.environ.get("SCREENSHOTS"):
                page.set_viewport_size({"width": across, "height": down})
                page.wait_for_timeout(300)
                page.screenshot(path=Path(folder) / f"{name}-{width}-{theme}.png", full_page=True)
            if width not in JUDGED:
                continue
            page.set_viewport_size({"width": across, "height": down})
            page.wait_for_timeout(50)
            found = page.evaluate("tags => axe.run({ runOnly: tags, resultTypes: ['violations'] })", TAGS)
            assert found["passes"], "axe looked at nothing"
            broken += [
                (theme, width, one["id"], [node["html"][:160] for node in one["nodes"]][:4])
                for one in found["violations"]
            ]
            wide = page.evaluate(TOO_WIDE)
            broken += [(theme, width, "too wide", wide)] if wide else []
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": 1440, "height": 900})
    complaints = somebody.complaints + somebody.broken_policies()
    somebody.complaints.clear()
    assert (broken, complaints) == ([], []), name


@pytest.mark.parametrize("name", PAGES)
def test_a_page(looking: Person, things: dict[str, str], axe: str, name: str) -> None:
    looking.opens(PAGES[name].format(**things))
    expect(looking.page.get_by_role("heading").first).to_be_visible()
    look(looking, axe, name)


def test_the_door(browser: Browser, live: Live, axe: str) -> None:
    with person(browser, live, DESKTOP, reduced_motion="reduce") as somebody:
        somebody.opens("/login")
        somebody.sees("login-form")
        look(somebody, axe, "login")
        somebody.enters(password="not the password")
        expect(somebody.page.get_by_role("alert")).to_be_visible()
        look(somebody, axe, "login-wrong")


def test_what_opens_over_a_page(looking: Person, things: dict[str, str], axe: str) -> None:
    looking.opens(f"/dashboard/transactions/{things['payment']}")
    looking.presses("Refund")
    expect(looking.dialog).to_be_visible()
    look(looking, axe, "refund-dialog")
    looking.page.keyboard.press("Escape")
    expect(looking.dialog).to_have_count(0)
    looking.page.keyboard.press("ControlOrMeta+k")
    expect(looking.dialog).to_be_visible()
    look(looking, axe, "palette")
    looking.page.keyboard.press("Escape")
    expect(looking.dialog).to_have_count(0)
    looking.page.get_by_role("button", name="Account of ").click()
    expect(looking.page.get_by_role("menu")).to_be_visible()
    look(looking, axe, "account-menu")


def test_the_password_asked_for_over_a_page(browser: Browser, live: Live, axe: str) -> None:
    with signed_in(browser, live, DESKTOP, reduced_motion="reduce") as somebody:
        somebody.opens("/dashboard/orders?new=1")
        expect(somebody.dialog).to_be_visible()
        live.query("update sessions set ended_at = now() where ended_at is null")
        expect(somebody.page.get_by_role("dialog", name="Sign in again")).to_be_visible()
        look(somebody, axe, "sign-in-again")
