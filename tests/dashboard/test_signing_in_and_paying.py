"""A day at the dashboard: signing in, seeing payments come in, refunding, repairing webhooks, taking the list home."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.dashboard.person import DESKTOP, EMAIL, GIVEN, THEIRS, Person, added, member, paid, pay, person
from tests.live_gateway import Live
from tests.receiver import Receiver, receiver

ME = "/api/v1/merchants/me"


@pytest.fixture
def shop(live: Live) -> Iterator[Receiver]:
    """Where the merchant's webhooks go, until the test is over."""
    with receiver() as state:
        live.call("PUT", ME, {"webhook_url": state.url})
        yield state
        live.call("PUT", ME, {"webhook_url": None})


def test_one_signs_in_and_is_where_one_wanted_to_go(browser: Browser, live: Live) -> None:
    with person(browser, live, DESKTOP) as somebody:
        somebody.opens("/dashboard/transactions?status=failed")
        expect(somebody.page).to_have_url(re.compile(r"/login\?return_to="))
        somebody.enters(password="not the password")
        expect(somebody.page.get_by_role("alert")).to_contain_text("do not belong together")
        somebody.enters()
        expect(somebody.page).to_have_url(f"{live.dashboard_url}/dashboard/transactions?status=failed")
        expect(somebody.page.get_by_role("heading", name="Transactions")).to_be_visible()


def test_home_shows_the_numbers_and_the_key(owner: Person, live: Live) -> None:
    paid(live)
    owner.opens("/")
    owner.sees("dashboard")
    for id in (
        "stats-container",
        "total-transactions",
        "total-amount",
        "success-rate",
        "api-credentials",
        "api-secret",
    ):
        owner.sees(id)
    expect(owner.part("api-key")).to_have_text("key_test_abc123")
    expect(owner.part("total-transactions")).to_have_text(re.compile(r"^[\d,]+$"))
    expect(owner.part("total-amount")).to_have_text(re.compile(r"^₹[\d,]+$"))
    expect(owner.part("success-rate")).to_have_text(re.compile(r"^\d+(\.\d+)?%$"))
    before = int(owner.part("total-transactions").inner_text().replace(",", ""))
    paid(live)
    expect(owner.part("total-transactions")).to_have_text(f"{before + 1:,}")


def test_a_payment_appears_by_itself_and_is_refunded(owner: Person, live: Live, shop: Receiver) -> None:
    owner.opens("/dashboard/transactions")
    owner.page.get_by_role("heading", name="Transactions").wait_for()
    payment = pay(live, "asha@upi")
    row = owner.page.locator(f'[data-test-id="transaction-row"][data-payment-id="{payment}"]')
    expect(row).to_be_visible()
    for id, said in {
        "payment-id": payment,
        "order-id": re.compile(r"^order_"),
        "amount": "₹500.00",
        "method": re.compile("upi", re.IGNORECASE),
        "created-at": re.compile(r"\S"),
    }.items():
        expect(row.locator(f'[data-test-id="{id}"]')).to_contain_text(said)
    expect(row.locator('[data-test-id="status"]')).to_have_text("success", ignore_case=True)

    row.click()
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/transactions/{payment}")
    owner.presses("Refund")
    amount = owner.dialog.get_by_label("Amount to refund")
    expect(amount).to_have_value("500.00")
    amount.fill("500.01")
    expect(owner.dialog).to_contain_text("You can refund up to ₹500.00")
    expect(owner.dialog.get_by_role("button", name="Refund")).to_be_disabled()
    amount.fill("199.50")
    expect(owner.dialog).to_contain_text("Then ₹300.50 can still be refunded.")
    owner.dialog.get_by_label("Reason").fill("One cup was broken")
    owner.presses("Refund ₹199.50", within=owner.dialog)
    owner.is_told("Refund of ₹199.50 is on its way")

    main = owner.page.get_by_role("main")
    expect(main).to_contain_text("Partially refunded")
    expect(main).to_contain_text("One cup was broken")
    timeline = owner.sees("timeline")
    expect(timeline).to_contain_text("refund.processed")
    expect(timeline.get_by_role("link", name="See the delivery").first).to_be_visible()
    shop.wait_for(lambda: "refund.processed" in shop.events())
    timeline.get_by_role("link", name="See the delivery").first.click()
    expect(owner.page).to_have_url(re.compile(r"/dashboard/webhooks/[0-9a-f-]{36}$"))
    expect(owner.page.get_by_role("main")).to_contain_text("Attempt 1")


def test_the_webhook_is_set_up_tried_and_a_failed_one_sent_again(owner: Person, live: Live) -> None:
    with receiver() as shop:
        shop.answer = lambda _: 500
        owner.opens("/dashboard/webhooks.html")
        expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/webhooks")
        owner.sees("webhook-config")
        owner.sees("webhook-config-form")
        owner.part("webhook-url-input").fill("nonsense")
        owner.part("save-webhook-button").click()
        expect(owner.part("webhook-config")).to_contain_text("That is no address")
        owner.part("webhook-url-input").fill(shop.url)
        owner.part("save-webhook-button").click()
        owner.is_told("Saved.")
        assert live.call("GET", ME)["webhook_url"] == shop.url

        owner.part("test-webhook-button").click()
        owner.is_told("A test event is on its way")
        item = owner.part("webhook-log-item").first
        expect(item.locator('[data-test-id="webhook-event"]')).to_have_text(re.compile("test"))
        expect(item.locator('[data-test-id="webhook-status"]')).to_have_text("failed", ignore_case=True)
        expect(item.locator('[data-test-id="webhook-response-code"]')).to_have_text("500")
        expect(item.locator('[data-test-id="webhook-last-attempt"]')).not_to_have_text("not yet")
        owner.sees("webhook-logs-table")
        attempts = int(item.locator('[data-test-id="webhook-attempts"]').inner_text())
        assert attempts >= 1

        shop.answer = lambda _: 200
        retry = item.locator('[data-test-id="retry-webhook-button"]')
        assert retry.get_attribute("data-webhook-id") == item.get_attribute("data-webhook-id")
        retry.click()
        expect(item.locator('[data-test-id="webhook-status"]')).to_have_text("success", ignore_case=True)
        expect(item.locator('[data-test-id="webhook-response-code"]')).to_have_text("200")
        live.call("PUT", ME, {"webhook_url": None})


@pytest.fixture
def secret_is_put_back(live: Live) -> Iterator[None]:
    """Other tests check what comes from the gateway by the secret that everybody knows."""
    ((endpoint, secret),) = live.query(
        """select w.id, w.secret from webhook_endpoints w join merchants m on m.id = w.merchant_id
            where w.is_first and m.email = %s""",
        EMAIL,
    )
    yield
    live.query("delete from webhook_previous_secrets where endpoint_id = %s", endpoint)
    live.query("update webhook_endpoints set secret = %s where id = %s", secret, endpoint)


@pytest.mark.usefixtures("secret_is_put_back")
def test_the_webhook_secret_is_shown_to_who_gives_the_password_again(owner: Person, live: Live) -> None:
    live.query("update sessions set confirmed_until = null")
    owner.opens("/dashboard/webhooks")
    expect(owner.part("webhook-secret")).to_contain_text("hidden")
    owner.page.get_by_role("button", name="Reveal the secret").click()
    asked = owner.page.get_by_role("dialog", name="Confirm that it is you")
    asked.get_by_label("Password", exact=True).fill("not the password")
    owner.presses("Confirm", within=asked)
    expect(asked.get_by_role("alert")).to_have_text("That is not your password.")
    owner.confirms()
    expect(owner.part("webhook-secret")).to_have_text("whsec_test_abc123")
    owner.part("regenerate-secret-button").click()
    owner.presses("Regenerate", within=owner.dialog)
    owner.is_told("The secret is a new one")
    expect(owner.part("webhook-secret")).to_have_text(re.compile(r"^whsec_(?!test_abc123)"))


def test_the_list_is_taken_home_as_csv(owner: Person, live: Live) -> None:
    payment = paid(live)
    owner.opens("/dashboard/transactions?status=success")
    owner.presses("Export")
    with owner.page.expect_download() as begun:
        owner.presses("Export", within=owner.dialog)
    expect(owner.dialog.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    rows = list(csv.DictReader(io.StringIO(Path(begun.value.path()).read_text(encoding="utf-8-sig"))))
    assert payment in {row["id"] for row in rows}
    assert {row["status"] for row in rows} == {"success"}


def test_the_docs_have_the_merchants_own_key(owner: Person, live: Live) -> None:
    owner.opens("/dashboard/docs.html")
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/docs")
    for id in ("api-docs", "section-create-order", "code-snippet-create-order", "section-sdk-integration"):
        owner.sees(id)
    for id in ("code-snippet-sdk", "section-webhook-verification", "code-snippet-webhook"):
        owner.sees(id)
    expect(owner.part("code-snippet-create-order")).to_contain_text("key_test_abc123")


def test_a_session_that_ended_leads_to_the_door_and_back(owner: Person, live: Live) -> None:
    payment = paid(live)
    owner.opens(f"/dashboard/transactions/{payment}")
    expect(owner.part("payment-id")).to_have_text(payment)
    live.query("update sessions set ended_at = now() where ended_at is null")
    # In the middle of a page the password is asked for over it; the door is for who comes anew.
    expect(owner.page.get_by_role("dialog", name="Sign in again")).to_be_visible()
    expect(owner.part("payment-id")).to_have_text(payment)
    owner.opens(f"/dashboard/transactions/{payment}")
    expect(owner.page).to_have_url(re.compile(r"/login\?return_to="))
    expect(owner.page.locator("body")).not_to_contain_text(payment)
    owner.enters()
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/transactions/{payment}")
    expect(owner.part("payment-id")).to_have_text(payment)


def test_what_a_colleague_saves_takes_nothing_from_who_is_typing(owner: Person, live: Live) -> None:
    def saves(url: str) -> None:
        live.call("PUT", ME, {"webhook_url": url})
        live.call("POST", "/api/v1/webhooks/test", {})  # a change that every page hears of

    url = owner.part("webhook-url-input")
    owner.opens("/dashboard/webhooks")
    expect(url).to_have_value("")
    expect(owner.page.locator("[data-link=live]")).to_be_visible()
    saves("http://127.0.0.1:9/one")
    expect(url).to_have_value("http://127.0.0.1:9/one")  # nothing was typed here
    url.fill("https://mine.example/")
    saves("http://127.0.0.1:9/two")
    told = owner.page.get_by_role("alert")
    expect(told).to_contain_text("Changed elsewhere")
    expect(told).to_contain_text("http://127.0.0.1:9/two")
    expect(url).to_have_value("https://mine.example/")
    owner.presses("Load what was saved")
    expect(url).to_have_value("http://127.0.0.1:9/two")
    expect(told).to_have_count(0)
    live.call("PUT", ME, {"webhook_url": None})


def test_an_origin_that_a_colleague_registered_stays(owner: Person, live: Live) -> None:
    owner.opens("/dashboard/settings")
    origin = owner.page.get_by_label("Origin to register")
    expect(origin).to_be_visible()
    live.call("PUT", ME, {"checkout_origins": ["https://theirs.example"]})
    try:
        origin.fill("https://mine.example")
        owner.presses("Add")
        owner.is_told("https://mine.example may open your checkout")
        found = live.call("GET", ME)["checkout_origins"]
        assert set(found) == {"https://theirs.example", "https://mine.example"}, found
    finally:
        live.call("PUT", ME, {"checkout_origins": []})


def test_who_may_only_read_is_refused_and_told_why(browser: Browser, live: Live) -> None:
    payment = paid(live)
    with person(browser, live, DESKTOP) as reader:
        reader.signs_in(member(live, "read_only"), THEIRS)
        reader.opens(f"/dashboard/transactions/{payment}")
        button = reader.page.get_by_role("button", name="Refund")
        expect(button).to_have_attribute("aria-disabled", "true")
        button.hover()
        expect(reader.page.get_by_role("tooltip")).to_contain_text("Your role, read only, may not do this.")
        button.click(force=True)
        expect(reader.dialog).to_have_count(0)
        status = reader.page.evaluate(
            """path => fetch(path, {method: "POST", body: "{}", headers: {"Content-Type": "application/json"}})
                 .then(async (answer) => [answer.status, (await answer.json()).error.reason])""",
            f"/api/v1/payments/{payment}/refunds",
        )
        assert status == [403, "role_missing"]
        reader.opens("/dashboard/transactions")
        button = reader.page.get_by_role("button", name="Initiate payment")
        expect(button).to_have_attribute("aria-disabled", "true")
        reader.page.keyboard.press("c")
        reader.is_told("It takes the role support or above.")
        reader.page.keyboard.press("ControlOrMeta+k")
        command = reader.page.get_by_role("option", name="Initiate a payment")
        expect(command).to_contain_text("It takes the role support or above.")
        command.click()
        expect(reader.page).to_have_url(f"{live.dashboard_url}/dashboard/transactions")
        reader.opens("/dashboard/orders?new=1")
        expect(reader.page.get_by_role("main")).to_contain_text("You cannot initiate a payment")
        expect(reader.dialog).to_have_count(0)
        reader.opens("/dashboard/team")
        expect(reader.page.get_by_role("main")).to_contain_text("owner")
        expect(reader.page.get_by_role("main")).not_to_contain_text(EMAIL)


def test_support_may_refund_but_not_change_the_webhook(browser: Browser, live: Live) -> None:
    payment = paid(live)
    with person(browser, live, DESKTOP) as helper:
        helper.signs_in(member(live, "support"), THEIRS)
        helper.opens(f"/dashboard/transactions/{payment}")
        helper.presses("Refund")
        helper.presses("Refund ₹500.00", within=helper.dialog)
        helper.is_told("Refund of ₹500.00 is on its way")
        live.wait_until_all_are("refunded", [payment])
        expect(helper.page.get_by_role("main")).to_contain_text("Refunded")
        live.call("PUT", ME, {"webhook_url": "http://127.0.0.1:9/"})
        live.query("update webhook_endpoints set gap_since = now() where is_first")
        helper.opens("/dashboard/webhooks")
        helper.presses("Replay the gap")
        told = helper.page.get_by_role("region", name="Notices")
        expect(told).to_contain_text(re.compile("Nothing was missed|deliveries are on their way"))
        live.call("PUT", ME, {"webhook_url": None})
        expect(helper.part("save-webhook-button")).to_have_attribute("aria-disabled", "true")
        expect(helper.part("webhook-config")).to_contain_text("It takes the role developer or above.")


def test_who_forgot_theirs_is_given_a_password_and_chooses_another(browser: Browser, owner: Person, live: Live) -> None:
    email = added(live, "support")
    with person(browser, live, DESKTOP) as ravi:
        ravi.opens("/login")
        ravi.enters(email, GIVEN)
        expect(ravi.page.get_by_role("heading", name="Choose your own password")).to_be_visible()
        ravi.opens("/dashboard/transactions")
        expect(ravi.page.get_by_role("heading", name="Choose your own password")).to_be_visible()
        expect(ravi.page.get_by_role("navigation")).to_have_count(0)
        ravi.presses("Sign out")
        ravi.sees("login-form")

        owner.opens("/dashboard/team")
        row = owner.page.get_by_role("row").filter(has_text=email)
        row.get_by_role("button", name="Actions for Ravi Rao").click()
        owner.page.get_by_role("menuitem", name="Give a new password").click()
        owner.presses("Give a new password", within=owner.dialog)
        owner.confirms()
        shown = owner.page.get_by_role("dialog", name="Ravi Rao has a new password")
        expect(shown).to_be_visible()
        given = shown.locator("code").inner_text()
        owner.presses("Done", within=shown)

        ravi.enters(email, GIVEN)
        expect(ravi.page.get_by_role("alert")).to_contain_text("do not belong together")
        ravi.enters(email, given)
        ravi.page.get_by_label("Password now").fill(given)
        ravi.page.get_by_label("New password").fill(THEIRS)
        ravi.presses("Change password")
        expect(ravi.part("dashboard")).to_be_visible()


def test_team_changes_take_the_password_again(browser: Browser, live: Live) -> None:
    email = added(live, "support")
    with person(browser, live, DESKTOP) as owner:
        owner.signs_in()
        owner.opens("/dashboard/team")
        owner.page.get_by_role("row").filter(has_text=email).get_by_role("button").click()
        owner.page.get_by_role("menuitem", name="Remove").click()
        owner.presses("Remove", within=owner.dialog)
        owner.confirms()
        owner.is_told("is no longer in the team")
        owner.presses("Add member")
        owner.page.get_by_label("Name").fill("Asha Rao")
        owner.page.get_by_label("Email").fill(f"new-{email}")
        owner.presses("Add member", within=owner.dialog)
        expect(owner.page.get_by_role("dialog", name="Asha Rao can sign in")).to_contain_text("choose their own")


def test_signing_out_ends_the_session(owner: Person, live: Live) -> None:
    owner.opens("/dashboard")
    owner.page.get_by_role("button", name=re.compile("^Account of ")).click()
    owner.page.get_by_role("menuitem", name="Sign out", exact=True).click()
    owner.sees("login-form")
    owner.opens("/dashboard")
    owner.sees("login-form")
