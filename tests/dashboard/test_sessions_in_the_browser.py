"""One session and several tabs: switching, signing out and running out of time, and what becomes of what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Browser, Locator, Route, expect

from tests.dashboard.person import DESKTOP, PASSWORD, THEIRS, Person, arriving, member, person
from tests.live_gateway import OPERATOR_SECRET, Live

TYPED = "https://typed-for-the-other.example/hook"
DEAF = "window.BroadcastChannel = class { postMessage() {} };"  # a tab that other tabs cannot tell anything
OPAQUE = re.compile(r"rgb\(|color\([^/]*\)")  # without an alpha


@dataclass
class Shops:
    """Two merchants of one person, by name: the one that is shown first, and the other."""

    email: str
    shown: str
    other: str
    other_id: str


@pytest.fixture
def both(browser: Browser, live: Live) -> Iterator[tuple[Person, Shops]]:
    """Who is in two teams, signed in."""
    name = f"Second Shop {uuid4().hex[:6]}"
    made = requests.post(
        f"{live.url}/api/v1/merchants",
        json={"name": name, "email": f"{uuid4().hex[:12]}@shops.example"},
        headers={"Authorization": f"Bearer {OPERATOR_SECRET}"},
        timeout=10,
    )
    assert made.ok, made.text
    email = member(live, "owner")
    join = "insert into memberships (user_id, merchant_id, role) select id, %s::uuid, 'owner' from users where email=%s"
    live.query(join, made.json()["id"], email)
    with person(browser, live, DESKTOP) as somebody:
        somebody.signs_in(email, THEIRS)
        merchant(somebody).click()
        choices = somebody.page.get_by_role("menuitem")
        expect(choices).to_have_count(2)
        chosen = somebody.page.get_by_label("chosen")
        shown = choices.filter(has=chosen).inner_text().splitlines()[0]
        other = choices.filter(has_not=chosen).inner_text().splitlines()[0]
        somebody.page.keyboard.press("Escape")
        [(other_id,)] = live.query("select id::text from merchants where name = %s", other)
        yield somebody, Shops(email, shown, other, other_id)


def merchant(somebody: Person) -> Locator:
    return somebody.page.get_by_role("button", name=re.compile("choose another merchant"))


def sees_merchant(somebody: Person, name: str) -> None:
    expect(merchant(somebody)).to_contain_text(name)


def switches(somebody: Person, name: str) -> None:
    merchant(somebody).click()
    somebody.page.get_by_role("menuitem", name=name).click()


def another_tab(somebody: Person, path: str, *, deaf: bool = False) -> Person:
    tab = arriving(somebody.page.context, somebody.live)
    if deaf:
        tab.page.add_init_script(DEAF)
    tab.opens(path)
    return tab


def ends_sessions(live: Live) -> None:
    live.query("update sessions set ended_at = now() where ended_at is null")


def asked_again(somebody: Person) -> Locator:
    return somebody.page.get_by_role("dialog", name="Sign in again")


def signs_in_again(somebody: Person, password: str = PASSWORD) -> None:
    asked = asked_again(somebody)
    expect(asked).to_be_visible()
    asked.get_by_label("Password", exact=True).fill(password)
    somebody.presses("Sign in", within=asked)


def test_every_tab_goes_along_to_another_merchant(both: tuple[Person, Shops]) -> None:
    here, shops = both
    there = another_tab(here, "/dashboard/orders?new=1")
    sees_merchant(there, shops.shown)
    there.part("order-amount-input").fill("777")
    switches(here, shops.other)
    for tab in (here, there):
        tab.is_told(f"You are now looking at {shops.other}")
        sees_merchant(tab, shops.other)
        expect(tab.page).to_have_url(f"{tab.live.dashboard_url}/dashboard")
    expect(there.dialog).to_have_count(0)
    assert there.complaints == []


def test_what_is_typed_for_one_merchant_is_never_saved_for_another(both: tuple[Person, Shops], live: Live) -> None:
    here, shops = both
    there = another_tab(here, "/dashboard/webhooks", deaf=True)
    sees_merchant(there, shops.shown)
    there.part("webhook-url-input").fill(TYPED)
    # As if another tab had switched just now.
    live.query(
        "update sessions set merchant_id = %s::uuid from users where users.id = user_id and email = %s",
        shops.other_id,
        shops.email,
    )
    there.part("save-webhook-button").click()
    there.is_told(f"You are now looking at {shops.other}")
    sees_merchant(there, shops.other)
    assert live.query("select id from webhook_endpoints where url = %s", TYPED) == []


def test_a_switch_whose_answer_was_lost_is_looked_up(both: tuple[Person, Shops]) -> None:
    here, shops = both

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    here.page.route("**/api/v1/session/merchant", lose)
    switches(here, shops.other)
    here.is_told(f"You are now looking at {shops.other}")
    sees_merchant(here, shops.other)
    here.complaints[:] = [one for one in here.complaints if "net::ERR_FAILED" not in one]


def test_an_order_that_was_being_typed_outlives_the_session(owner: Person, live: Live) -> None:
    owner.opens("/dashboard/orders?new=1")
    owner.part("order-amount-input").fill("777")
    owner.part("order-receipt-input").fill("INV-1")
    there = another_tab(owner, "/dashboard/refunds")
    expect(there.page.get_by_role("heading", name="Refunds")).to_be_visible()
    ends_sessions(live)
    asked = asked_again(owner)
    expect(asked.get_by_label("Email")).to_have_value("test@example.com")
    expect(asked_again(there)).to_be_visible()
    for tab in (owner, there):  # nothing of what is below shines through
        expect(tab.page.locator(".mantine-Modal-overlay").last).to_have_css("background-color", OPAQUE)
    signs_in_again(owner, "not the password")
    expect(asked.get_by_role("alert")).to_contain_text("do not belong together")
    asked.get_by_label("Password", exact=True).press("Escape")
    signs_in_again(owner)
    expect(asked).to_have_count(0)
    expect(asked_again(there)).to_have_count(0)
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/orders?new=1")
    expect(owner.part("order-amount-input")).to_have_value("777")
    expect(owner.part("order-receipt-input")).to_have_value("INV-1")
    owner.part("create-order-button").click()
    expect(owner.dialog).to_contain_text("₹777.00 to be paid")
    assert there.complaints == []


def test_the_merchant_that_is_shown_is_the_one_of_the_next_session(both: tuple[Person, Shops], live: Live) -> None:
    here, shops = both
    switches(here, shops.other)
    here.is_told(f"You are now looking at {shops.other}")
    here.opens("/dashboard/webhooks")
    here.part("webhook-url-input").fill(TYPED)
    ends_sessions(live)
    signs_in_again(here, THEIRS)
    expect(asked_again(here)).to_have_count(0)
    sees_merchant(here, shops.other)
    expect(here.part("webhook-url-input")).to_have_value(TYPED)


def test_a_secret_that_is_shown_stays_when_the_session_ends(owner: Person, live: Live) -> None:
    owner.opens("/dashboard/webhooks")
    owner.page.get_by_role("button", name="Reveal the secret").click()
    owner.confirms()
    secret = owner.part("webhook-secret")
    expect(secret).to_have_text(re.compile(r"^whsec_[A-Za-z0-9_+/=-]+$"))
    shown = secret.inner_text()
    ends_sessions(live)
    signs_in_again(owner)
    expect(asked_again(owner)).to_have_count(0)
    expect(secret).to_have_text(shown)


def test_somebody_else_signs_in_at_the_door(owner: Person, live: Live) -> None:
    email = member(live, "support")
    owner.opens("/dashboard/refunds")
    expect(owner.page.get_by_role("heading", name="Refunds")).to_be_visible()
    ends_sessions(live)
    owner.presses("Sign in as somebody else", within=asked_again(owner))
    expect(owner.page).to_have_url(re.compile(r"/login\?return_to="))
    owner.enters(email, THEIRS)
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/refunds")
    owner.page.get_by_role("button", name="Account of ").click()
    expect(owner.page.get_by_role("menu")).to_contain_text(email)


def test_who_signs_out_is_out_in_every_tab_and_in_again_too(owner: Person) -> None:
    owner.opens("/dashboard")
    owner.sees("dashboard")
    there = another_tab(owner, "/dashboard/refunds")
    expect(there.page.get_by_role("heading", name="Refunds")).to_be_visible()
    owner.page.get_by_role("button", name="Account of ").click()
    owner.page.get_by_role("menuitem", name="Sign out", exact=True).click()
    for tab in (owner, there):
        tab.sees("login-form")
    there.enters()
    for tab in (owner, there):
        tab.sees("dashboard")


def test_a_page_kept_for_the_back_button_is_loaded_again(owner: Person) -> None:
    owner.opens("/dashboard/refunds")
    expect(owner.page.get_by_role("heading", name="Refunds")).to_be_visible()
    with owner.page.expect_navigation():
        owner.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(owner.page.get_by_role("heading", name="Refunds")).to_be_visible()
