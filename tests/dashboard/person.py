"""A person at the dashboard: what they do in a real browser, what they see, and what the browser complains of."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Locator, Page, expect

from tests.live_gateway import Live

DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
PATIENCE_MS = 20_000
EMAIL, PASSWORD = "test@example.com", "password"  # of who is seeded
GIVEN = "told to them by an owner"  # the password of everybody who is added, until they change it
THEIRS = "chosen by nobody else"  # to this one
# A browser writes each answer of 4xx into its console; those that a test wants are no complaint.
REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
# Told by the document itself, however the browser words it in its console.
WATCH = """
  window.broken = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    broken.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@dataclass
class Person:
    page: Page
    live: Live
    complaints: list[str] = field(default_factory=list)

    def part(self, id: str) -> Locator:
        return self.page.locator(f'[data-test-id="{id}"]')

    def sees(self, id: str) -> Locator:
        part = self.part(id)
        expect(part).to_be_visible()
        return part

    def opens(self, path: str) -> None:
        self.page.goto(f"{self.live.dashboard_url}{path}")

    def signs_in(self, email: str = EMAIL, password: str = PASSWORD) -> None:
        self.opens("/login")
        self.enters(email, password)
        expect(self.part("dashboard")).to_be_visible()

    def enters(self, email: str = EMAIL, password: str = PASSWORD) -> None:
        self.sees("login-form")
        self.part("email-input").fill(email)
        self.part("password-input").fill(password)
        self.part("login-button").click()

    def presses(self, name: str, *, within: Page | Locator | None = None) -> None:
        (within or self.page).get_by_role("button", name=name, exact=True).click()

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def is_told(self, words: str) -> None:
        expect(self.page.get_by_role("region", name="Notices")).to_contain_text(words)

    def confirms(self, password: str = PASSWORD) -> None:
        asked = self.page.get_by_role("dialog", name="Confirm that it is you")
        expect(asked).to_be_visible()
        asked.get_by_label("Password", exact=True).fill(password)
        asked.get_by_role("button", name="Confirm").click()
        expect(asked).to_be_hidden()

    def broken_policies(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.broken ?? []")
        return found


@contextmanager
def person(browser: Browser, live: Live, device: dict[str, Any], **more: Any) -> Iterator[Person]:
    """A browser of one's own, with nothing in it. What it complained of is an error at the end."""
    context = browser.new_context(**(device | {"locale": "en-IN", "timezone_id": "Asia/Kolkata"} | more))
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    try:
        somebody = arriving(context, live)
        yield somebody
        if not somebody.page.is_closed():
            somebody.complaints += somebody.broken_policies()
        assert somebody.complaints == [], somebody.complaints
    finally:
        context.close()


def arriving(context: BrowserContext, live: Live) -> Person:
    page = context.new_page()
    somebody = Person(page, live)
    page.add_init_script(WATCH)

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not REFUSAL.match(message.text):
            somebody.complaints.append(f"{message.type}: {message.text}")

    def dismiss(dialog: Dialog) -> None:
        somebody.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", hear)
    page.on("pageerror", lambda error: somebody.complaints.append(f"thrown: {error}"))
    page.on("dialog", dismiss)
    return somebody


def session(live: Live, email: str = EMAIL, password: str = PASSWORD, *, confirmed: bool = True) -> requests.Session:
    """Signed in by the API, and confirmed: for what a test only prepares."""
    steps = [("/api/v1/session/confirm", {"password": password})] if confirmed else []
    return _opened(live, email, password, *steps)


def _opened(live: Live, email: str, password: str, *steps: tuple[str, dict[str, str]]) -> requests.Session:
    opened = requests.Session()
    opened.headers.update({"Origin": live.dashboard_url, "Content-Type": "application/json"})
    for path, body in (("/api/v1/session", {"email": email, "password": password}), *steps):
        answer = posted(opened, live.dashboard_url + path, body)
        assert answer.ok, (answer.status_code, answer.text)
    return opened


def posted(session: requests.Session, url: str, body: dict[str, str]) -> requests.Response:
    """The answer to what takes a password: of such there are only so many a second, and tests are quicker."""
    while (answer := session.post(url, json=body, timeout=10)).status_code == 429:
        assert answer.json()["error"]["reason"] == "rate_limited", answer.text
        time.sleep(int(answer.headers["Retry-After"]))
    return answer


def member(live: Live, role: str) -> str:
    """The email of a new member of the team, who has signed in once: their password is THEIRS."""
    email = added(live, role)
    change = {"current_password": GIVEN, "new_password": THEIRS}
    _opened(live, email, GIVEN, ("/api/v1/session/password", change)).close()
    return email


def added(live: Live, role: str, *, name: str = "Ravi Rao") -> str:
    """The email of a new member of the team, whose password is GIVEN."""
    email = f"{uuid4().hex[:12]}@people.example"
    body = {"email": email, "name": name, "role": role, "password": GIVEN}
    with session(live) as owner:
        answer = posted(owner, f"{live.dashboard_url}/api/v1/team", body)
    assert answer.status_code == 201, answer.text
    return email


@contextmanager
def signed_in(browser: Browser, live: Live, device: dict[str, Any], **more: Any) -> Iterator[Person]:
    """As who is seeded, past the door: for tests of what lies behind it. Secrets want the password again."""
    with person(browser, live, device, **more) as somebody:
        with session(live, confirmed=False) as opened:
            for cookie in opened.cookies:
                somebody.page.context.add_cookies(
                    [{"name": cookie.name, "value": str(cookie.value), "url": live.dashboard_url, "httpOnly": True}]
                )
        yield somebody


def pay(live: Live, vpa: str, *, capture: str = "automatic") -> str:
    """A payment of ₹500 whose money is taken, or only held."""
    order = live.call("POST", "/api/v1/orders", {"amount": 50000, "capture": capture})
    return str(live.call("POST", "/api/v1/payments", {"order_id": order["id"], "method": "upi", "vpa": vpa})["id"])


def paid(live: Live, *, capture: str = "automatic") -> str:
    payment = pay(live, "success@upi", capture=capture)
    live.wait_until_all_are("success", [payment])
    return payment
