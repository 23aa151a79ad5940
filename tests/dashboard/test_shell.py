"""What stands around every page: shortcuts, addresses that lead nowhere, and a gateway that does not answer."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Route, expect

from tests.dashboard.person import Person
from tests.live_gateway import Live


def refuse(status: int, **error: str) -> Any:
    said = {"code": "FORBIDDEN_ERROR", "description": "No"} | error
    return lambda route: route.fulfill(status=status, json={"error": said})


def test_shortcuts_of_single_keys_can_be_switched_off(owner: Person, live: Live) -> None:
    owner.opens("/dashboard/settings")
    switch = owner.page.get_by_role("switch", name="Shortcuts of single keys")
    expect(switch).to_be_checked()
    switch.uncheck(force=True)
    owner.page.reload()
    expect(switch).not_to_be_checked()
    for key in ("g", "t", "/", "?"):
        owner.page.keyboard.press(key)
    owner.page.keyboard.press("ControlOrMeta+k")
    expect(owner.dialog).to_have_count(1)
    expect(owner.dialog).to_have_attribute("aria-label", "Search and commands")
    owner.page.keyboard.press("Escape")
    expect(owner.dialog).to_have_count(0)
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/settings")
    switch.check(force=True)
    owner.page.get_by_role("heading", name="Settings").click()
    owner.page.keyboard.press("?")
    expect(owner.dialog.get_by_role("switch")).to_be_checked()
    owner.page.keyboard.press("Escape")
    expect(owner.dialog).to_have_count(0)
    owner.page.keyboard.press("g")
    owner.page.keyboard.press("t")
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/transactions")


def test_an_address_that_leads_nowhere_has_the_menu_and_the_search(owner: Person) -> None:
    owner.opens("/dashboard/nowhere")
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    expect(owner.page).to_have_title("There is no such page – Payment Gateway")
    expect(owner.page.get_by_role("main")).to_have_count(1)
    expect(owner.page.get_by_role("navigation", name="Main")).to_be_visible()
    owner.page.keyboard.press("ControlOrMeta+k")
    expect(owner.dialog).to_be_visible()


def test_what_could_not_be_asked_does_not_look_well(owner: Person) -> None:
    asked = 0

    def fail(route: Route) -> None:
        nonlocal asked
        asked += 1
        refuse(403, reason="csrf")(route)

    owner.page.route("**/api/v1/attention", fail)
    owner.page.route("**/api/v1/balance", fail)
    owner.opens("/dashboard")
    told = owner.page.get_by_role("alert")
    expect(told).to_contain_text("Whether something needs attention is not known")
    expect(told).to_contain_text("Load the page again")
    expect(told).not_to_contain_text("role")
    expect(owner.part("balance")).to_have_text("Unknown")
    owner.page.unroute_all()
    owner.presses("Try again", within=told)
    expect(told).to_have_count(0)
    assert asked >= 2


def test_without_a_network_one_is_told_at_once(owner: Person) -> None:
    owner.opens("/dashboard/transactions")
    expect(owner.page.get_by_role("heading", name="Transactions")).to_be_visible()
    mark = owner.page.locator("[data-link]")
    expect(mark).to_have_text("Up to date")
    owner.page.context.set_offline(True)
    expect(mark).to_have_text("Offline")
    owner.page.get_by_label("Search payments").fill("nobody@nowhere")
    expect(owner.page.get_by_role("main").get_by_role("alert")).to_contain_text("You are offline")
    owner.page.context.set_offline(False)
    expect(mark).to_have_text("Up to date")
    expect(owner.page.get_by_role("main")).to_contain_text("No payment is like that")
    owner.complaints[:] = [one for one in owner.complaints if "ERR_INTERNET_DISCONNECTED" not in one]
