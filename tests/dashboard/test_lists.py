"""Lists and figures: narrowed in the address, paged by keys, searched, taken home, of chosen dates and currencies."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.dashboard.person import Person
from tests.live_gateway import Live
from tests.receiver import receiver

HERE = ZoneInfo("Asia/Kolkata")  # where the browser is
PAGE = 25


def pay(live: Live, *, vpa: str = "asha@upi", **order: Any) -> tuple[str, str]:
    """Ids of an order and of its payment."""
    made = live.call("POST", "/api/v1/orders", {"amount": 50000, "capture": "automatic"} | order)
    body = {"order_id": made["id"], "method": "upi", "vpa": vpa}
    return made["id"], live.call("POST", "/api/v1/payments", body)["id"]


def rows(owner: Person) -> Locator:
    return owner.part("transaction-row")


def shown(owner: Person) -> list[str | None]:
    return [row.get_attribute("data-payment-id") for row in rows(owner).all()]


def asked(owner: Person) -> dict[str, list[str]]:
    return parse_qs(urlparse(owner.page.url).query)


def is_counted(owner: Person, id: str, count: int) -> None:
    expect(owner.part(id)).to_have_text(f"{count:,}")


@pytest.fixture
def searched(owner: Person) -> Locator:
    owner.opens("/dashboard/transactions")
    return owner.page.get_by_label("Search payments")


# Pages and filters


def test_one_pages_and_moves_with_keys_and_the_filters_stay(owner: Person, live: Live) -> None:
    vpa = f"{uuid4().hex[:12]}@upi"
    made = [pay(live, vpa=vpa)[1] for _ in range(PAGE + 2)]
    owner.opens(f"/dashboard/transactions?q={vpa}&method=upi")
    expect(rows(owner)).to_have_count(PAGE)
    assert shown(owner) == made[: -PAGE - 1 : -1]
    owner.page.keyboard.press("n")
    expect(rows(owner)).to_have_count(2)
    assert shown(owner) == [made[1], made[0]]
    assert asked(owner) | {"after": []} == {"q": [vpa], "method": ["upi"], "after": []}
    owner.page.reload()
    expect(rows(owner)).to_have_count(2)
    owner.page.keyboard.press("p")
    expect(rows(owner)).to_have_count(PAGE)
    owner.page.keyboard.press("j")
    owner.page.keyboard.press("j")
    owner.page.keyboard.press("k")
    owner.page.keyboard.press("Enter")
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/transactions/{made[-1]}")
    owner.page.go_back()
    expect(owner.page.get_by_label("Search payments")).to_have_value(vpa)
    expect(rows(owner)).to_have_count(PAGE)


def test_keys_pressed_before_a_page_is_there_do_not_lead_astray(owner: Person, live: Live) -> None:
    vpa = f"{uuid4().hex[:12]}@upi"
    made = [pay(live, vpa=vpa)[1] for _ in range(PAGE + 2)]
    owner.opens(f"/dashboard/transactions?q={vpa}")
    expect(rows(owner)).to_have_count(PAGE)
    waiting: list[Route] = []
    owner.page.route("**/api/v1/payments?*starting_after*", lambda route: waiting.append(route))
    owner.page.keyboard.press("n")
    owner.page.keyboard.press("p")
    owner.page.keyboard.press("n")
    owner.page.wait_for_timeout(300)
    assert len(waiting) == 1
    waiting[0].continue_()
    expect(rows(owner)).to_have_count(2)
    assert shown(owner) == [made[1], made[0]]


def test_a_place_in_the_list_that_is_none_has_a_way_back(owner: Person, live: Live) -> None:
    pay(live)
    owner.opens("/dashboard/transactions?after=pay_0000000000000000")
    expect(owner.page.get_by_role("alert")).to_contain_text("Could not load payments")
    owner.presses("Back to the newest")
    expect(rows(owner).first).to_be_visible()


def test_filters_are_in_the_address_and_survive_a_reload(owner: Person, live: Live) -> None:
    vpa = f"{uuid4().hex[:12]}@upi"
    _, payment = pay(live, vpa=vpa, amount=123400)
    pay(live, vpa=vpa, amount=123300)
    owner.opens("/dashboard/transactions")
    owner.page.get_by_label("Search payments").fill(vpa)
    expect(rows(owner)).to_have_count(2)
    owner.page.get_by_label("Least amount").fill("1,234.00")
    expect(rows(owner)).to_have_count(1)
    owner.page.reload()
    expect(rows(owner)).to_have_count(1)
    assert shown(owner) == [payment]
    assert asked(owner) == {"q": [vpa], "min": ["1,234.00"], "currency": ["INR"]}
    expect(owner.page.get_by_label("Least amount")).to_have_value("1,234.00")


# Dates


def test_a_list_is_narrowed_to_dates(owner: Person, live: Live) -> None:
    today = datetime.now(HERE).date()
    vpa = f"{uuid4().hex[:12]}@upi"
    _, payment = pay(live, vpa=vpa)
    _, before = pay(live, vpa=vpa)
    midnight = datetime(today.year, today.month, today.day, tzinfo=HERE)
    live.query("alter table payments disable trigger user")
    live.query("update payments set created_at = %s where id = %s", midnight - timedelta(seconds=1), before)
    live.query("alter table payments enable trigger user")
    owner.opens(f"/dashboard/transactions?q={vpa}")
    expect(rows(owner)).to_have_count(2)
    owner.page.get_by_role("combobox", name="Created").click()
    owner.page.get_by_role("option", name="Between dates").click()
    owner.page.get_by_label("From", exact=True).fill(str(today))
    expect(rows(owner)).to_have_count(1)
    assert shown(owner) == [payment]
    owner.page.get_by_label("From", exact=True).fill(str(today - timedelta(days=1)))
    expect(rows(owner)).to_have_count(2)
    owner.page.get_by_label("To, that day included").fill(str(today - timedelta(days=1)))
    expect(rows(owner)).to_have_count(1)
    expect(rows(owner)).to_have_attribute("data-payment-id", before)
    owner.page.reload()
    expect(rows(owner)).to_have_attribute("data-payment-id", before)
    yesterday = [str(today - timedelta(days=1))]
    assert asked(owner) == {"q": [vpa], "from": yesterday, "to": yesterday}
    owner.page.get_by_role("button", name="Clear").click()
    expect(owner.page.get_by_label("From", exact=True)).to_have_count(0)


def test_home_shows_figures_between_dates(owner: Person, live: Live) -> None:
    today = datetime.now(HERE).date()
    pay(live)
    owner.opens("/dashboard?range=7d")
    figures = owner.page.locator("div:has(> div:text-is('Payments'))").last
    expect(figures).to_contain_text(re.compile(r"[1-9]"))
    owner.page.get_by_text("Dates", exact=True).click()
    expect(owner.page.get_by_label("From", exact=True)).to_have_value(str(today - timedelta(days=6)))
    owner.page.get_by_label("From", exact=True).fill("2024-02-01")
    owner.page.get_by_label("To, that day included").fill("2024-02-29")
    expect(figures).to_contain_text("Payments0")
    owner.page.reload()
    expect(owner.page.get_by_label("To, that day included")).to_have_value("2024-02-29")
    expect(figures).to_contain_text("Payments0")
    expect(owner.page.get_by_role("row").filter(has_text=re.compile("^2/2/2024|^1/2/2024"))).not_to_have_count(0)
    owner.page.get_by_label("From", exact=True).fill("2020-02-01")
    expect(owner.page.get_by_role("main")).to_contain_text("At most 731 days")


# Currencies


def test_figures_and_amounts_are_of_the_currency_one_chooses(owner: Person, live: Live) -> None:
    vpa = f"{uuid4().hex[:12]}@upi"
    _, rupees = pay(live, vpa=vpa, amount=70000)
    _, dollars = pay(live, vpa=vpa, amount=70000, currency="USD")
    live.wait_until_all_are("success", [rupees, dollars])
    ((count, amount),) = live.query(
        """select count(*), sum(amount_captured)::bigint from payments p join merchants m on m.id = p.merchant_id
            where p.currency = 'USD' and m.api_key = 'key_test_abc123'"""
    )
    owner.opens("/dashboard")
    expect(owner.part("total-amount")).to_contain_text("₹")
    owner.page.get_by_label("Currency of the figures").select_option("USD")
    expect(owner.part("total-amount")).to_have_text(re.compile(rf"^\${amount // 100:,}(\.\d\d)?$"))
    is_counted(owner, "total-transactions", count)
    expect(owner.part("balance")).to_contain_text("$")
    expect(owner.page.get_by_text("Volume", exact=True).first.locator("..")).to_contain_text("$")
    owner.page.reload()
    is_counted(owner, "total-transactions", count)

    owner.opens(f"/dashboard/transactions?q={vpa}")
    expect(rows(owner)).to_have_count(2)
    owner.page.get_by_role("combobox", name="Currency").click()
    owner.page.get_by_role("option", name="USD").click()
    expect(rows(owner)).to_have_attribute("data-payment-id", dollars)
    owner.page.get_by_label("Least amount, in USD").fill("700.01")
    expect(rows(owner)).to_have_count(0)
    owner.page.get_by_label("Least amount, in USD").fill("700")
    expect(rows(owner)).to_have_attribute("data-payment-id", dollars)


def test_an_order_is_made_in_another_currency(owner: Person, live: Live) -> None:
    owner.opens("/dashboard/orders?new=1")
    owner.part("order-currency-input").fill("jpy")
    owner.part("order-amount-input").fill("500")
    receipt = uuid4().hex
    owner.part("order-receipt-input").fill(receipt)
    owner.part("create-order-button").click()
    expect(owner.dialog).to_contain_text("¥500 to be paid")
    (order,) = live.call("GET", f"/api/v1/orders?receipt={receipt}")["data"]
    assert (order["amount"], order["currency"]) == (500, "JPY")
    owner.opens("/dashboard/orders?new=1")
    owner.part("order-amount-input").fill("500")
    owner.part("order-currency-input").fill("XXX")
    owner.part("create-order-button").click()
    expect(owner.dialog).to_contain_text("currency must be an ISO 4217 code")


# Search


@pytest.mark.parametrize("receipt", ["order_2024-17", "2417", "pay_day", "asha@shop"])
def test_payments_are_found_by_receipts_that_look_like_something_else(
    owner: Person, live: Live, searched: Locator, receipt: str
) -> None:
    order, payment = pay(live, receipt=receipt)
    searched.fill(receipt)
    expect(rows(owner)).to_have_count(1)
    assert (shown(owner), asked(owner)) == ([payment], {"q": [receipt]})
    owner.opens("/dashboard/orders")
    owner.page.get_by_label("Search orders").fill(receipt)
    expect(owner.part("order-row")).to_have_count(1)
    expect(owner.part("order-row")).to_have_attribute("data-order-id", order)
    assert asked(owner) == {"q": [receipt]}


def test_a_whole_id_is_a_place_to_go_to_and_a_part_of_one_is_not(owner: Person, live: Live, searched: Locator) -> None:
    order, payment = pay(live)
    searched.fill(payment[:-1])
    expect(owner.page.get_by_role("main")).to_contain_text("No payment is like that")
    searched.fill(payment)
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/transactions/{payment}")
    owner.opens(f"/dashboard/orders?q={order}")
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/orders/{order}")
    live.wait_until_all_are("success", [payment])
    refund = live.call("POST", f"/api/v1/payments/{payment}/refunds", {"amount": 100})["id"]
    owner.opens("/dashboard/refunds")
    field = owner.page.get_by_label("Search refunds")
    field.fill("rfnd_1")
    expect(owner.page.get_by_role("main")).to_contain_text("A whole id: pay_… or rfnd_…")
    assert owner.page.get_by_role("region", name="Notices").inner_text() == ""
    field.fill(refund)
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/transactions/{payment}")


def test_the_palette_finds_a_payment_by_its_orders_receipt(owner: Person, live: Live) -> None:
    receipt = f"INV/{uuid4().hex[:8]}"
    _, payment = pay(live, receipt=receipt)
    owner.opens("/dashboard")
    owner.sees("dashboard")
    owner.page.keyboard.press("ControlOrMeta+k")
    owner.dialog.get_by_label("Search").fill(receipt)
    found = owner.dialog.get_by_role("option")
    expect(found).to_have_count(2)
    owner.page.keyboard.press("ArrowDown")
    expect(owner.dialog.get_by_role("option", selected=True)).to_contain_text("asha@upi")
    owner.page.keyboard.press("Enter")
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/transactions/{payment}")


def test_the_palette_opens_nothing_that_was_found_for_other_words(owner: Person, live: Live) -> None:
    (_, one), (_, other) = pay(live), pay(live)
    waiting: list[Route] = []
    owner.page.route(re.compile(rf"/api/v1/search\?q={other}"), lambda route: waiting.append(route))
    owner.opens("/dashboard")
    owner.sees("dashboard")
    owner.page.keyboard.press("ControlOrMeta+k")
    search = owner.dialog.get_by_label("Search")
    search.fill(one)
    expect(owner.dialog.get_by_role("option")).to_have_count(1)
    search.fill(other)
    search.press("Enter")
    owner.page.wait_for_timeout(500)
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard")
    expect(owner.dialog).to_contain_text("Searching…")
    waiting[0].continue_()
    expect(owner.dialog.get_by_role("option")).to_have_count(1)
    search.press("Enter")
    expect(owner.page).to_have_url(f"{live.dashboard_url}/dashboard/transactions/{other}")


# Taking a list home


class Export:
    """Three pages of two payments; says which were asked for, and fails those that it is told to."""

    def __init__(self, *failing: int) -> None:
        self.failing = failing
        self.asked: list[str | None] = []

    def __call__(self, route: Route) -> None:
        cursor = parse_qs(urlparse(route.request.url).query).get("cursor", [None])[0]
        self.asked.append(cursor)
        if len(self.asked) in self.failing:
            error = {"code": "SERVICE_UNAVAILABLE", "description": "Busy"}
            return route.fulfill(status=503, body=json.dumps({"error": error}), headers={"Retry-After": "1"})
        page = int(cursor or 0)
        heading = "id,notes\r\n" if page == 0 else ""
        text = heading + "".join(f'pay_{2 * page + row},"a\r\n""b"""\r\n' for row in range(2))
        headers = {"X-Next-Cursor": str(page + 1)} if page < 2 else {}
        return route.fulfill(status=200, body=text, headers=headers, content_type="text/csv")

    def drop(self, owner: Person) -> None:
        """What the browser says of answers that were wanted."""
        wanted = [one for one in owner.complaints if "status of 503" in one]
        assert len(wanted) == len(self.failing) and owner.complaints == wanted
        owner.complaints.clear()


WHOLE = [{"id": f"pay_{number}", "notes": 'a\r\n"b"'} for number in range(6)]


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_an_export_of_which_a_page_fails_once_is_whole(owner: Person, live: Live) -> None:
    export = Export(2)
    owner.page.route("**/api/v1/payments/export*", export)
    pay(live)
    owner.opens("/dashboard/transactions")
    owner.presses("Export")
    with owner.page.expect_download() as begun:
        owner.presses("Export", within=owner.dialog)
    assert read(begun.value.path()) == WHOLE
    assert export.asked == [None, "1", "1", "2"]
    expect(owner.dialog).to_contain_text("6 payments are in the file")
    export.drop(owner)


def test_an_export_that_stopped_goes_on_where_it_was(owner: Person, live: Live) -> None:
    export = Export(2, 3, 4)
    owner.page.route("**/api/v1/payments/export*", export)
    pay(live)
    owner.opens("/dashboard/transactions")
    owner.presses("Export")
    owner.presses("Export", within=owner.dialog)
    expect(owner.dialog.get_by_role("alert")).to_contain_text("2 payments are read and kept")
    with owner.page.expect_download() as begun:
        owner.presses("Go on", within=owner.dialog)
    assert read(begun.value.path()) == WHOLE
    assert export.asked == [None, "1", "1", "1", "1", "2"]
    export.drop(owner)


def test_a_click_beside_the_dialog_does_not_stop_an_export(owner: Person, live: Live) -> None:
    waiting: list[Route] = []
    owner.page.route("**/api/v1/payments/export*", lambda route: waiting.append(route))
    pay(live)
    owner.opens("/dashboard/transactions")
    owner.presses("Export")
    owner.presses("Export", within=owner.dialog)
    expect(owner.dialog).to_contain_text("payments are read")
    owner.page.mouse.click(5, 5)
    owner.page.keyboard.press("Escape")
    owner.page.wait_for_timeout(300)
    expect(owner.dialog).to_be_visible()
    with owner.page.expect_download():
        waiting[0].fulfill(status=200, body="id\r\npay_1\r\n", content_type="text/csv")


# Deliveries


def test_retrying_all_that_failed_retries_those_of_the_list(owner: Person, live: Live) -> None:
    with receiver() as shop:
        shop.answer = lambda _: 500
        endpoint = live.call("POST", "/api/v1/webhook_endpoints", {"url": shop.url, "description": "Of this test"})
        _, declined = pay(live, vpa="insufficient-funds@magic")
        live.wait_until_all_are("failed", [declined])

        def deliveries(status: str) -> set[str]:
            found = live.query(
                "select event from webhook_logs where endpoint_id = %s and status = %s", endpoint["id"], status
            )
            return {event for (event,) in found}

        live.wait_for(lambda: {"payment.failed", "payment.created"} <= deliveries("failed"), "deliveries were given up")
        shop.answer = lambda _: 200
        owner.opens(f"/dashboard/webhooks?event=payment.failed&endpoint={endpoint['id']}&range=24h&status=success")
        owner.presses("Retry all failed")
        expect(owner.dialog).to_contain_text(
            f"One failed delivery of payment.failed to {shop.url}, made in the last 24 hours."
        )
        owner.presses("Retry 1", within=owner.dialog)
        expect(owner.dialog).to_contain_text("1 of 1 are on their way again")
        live.wait_for(lambda: "payment.failed" in deliveries("success"), "it was delivered")
        assert "payment.created" in deliveries("failed")
        live.call("DELETE", f"/api/v1/webhook_endpoints/{endpoint['id']}")
