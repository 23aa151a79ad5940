"""Card numbers and CVVs, wherever a customer types them, are nowhere afterwards: stores, queues, logs, webhooks."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext

from tests.checkout.customer import DESKTOP, customer, opened, order
from tests.live_gateway import Live
from tests.receiver import receiver

FIELDS = ("vpa-input", "card-number-input", "expiry-input", "cvv-input", "cardholder-name-input")


def card_number() -> str:
    """A right one, like no other."""
    digits = "4" + "".join(secrets.choice("0123456789") for _ in range(14))
    total = sum(sum(divmod(int(d) * (2 if place % 2 == 0 else 1), 10)) for place, d in enumerate(digits))
    return digits + str(-total % 10)


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    with customer(browser, DESKTOP) as context:
        yield context


def stored(live: Live) -> str:
    """Every row of every table, every value in Redis, every line of every log."""
    tables = live.query(
        """select format('%%I.%%I', schemaname, tablename) from pg_tables
            where schemaname not in ('pg_catalog', 'information_schema')"""
    )
    assert len(tables) > 20
    rows = [json.dumps(live.query(f"select to_jsonb(t)::text from {table} t"), default=str) for (table,) in tables]
    client = live.redis()
    kept: list[Any] = []
    for key in client.scan_iter(count=1000):
        kept.append(key)
        with_type = client.type(key)
        if with_type == b"string":
            kept.append(client.get(key))
        else:
            kept.append(client.dump(key))
    client.close()
    return "\n".join([*rows, *map(repr, kept), *live.lines])


def test_what_a_customer_types_of_a_card_is_nowhere_afterwards(live: Live, desk: BrowserContext) -> None:
    good, wrong_place = card_number(), [card_number() for _ in FIELDS]
    cvv = "8" + "".join(secrets.choice("0123456789") for _ in range(3))  # four digits: three are in many a number
    planted = "Planted " + secrets.token_hex(6)
    with receiver() as inbox:
        me = "/api/v1/merchants/me"
        live.call("PUT", me, {"webhook_url": inbox.url})
        page, checkout = opened(desk, live, order(live))
        # A card in every field where it does not belong, sent as the page sends it.
        for field, number in zip(FIELDS, wrong_place, strict=True):
            checkout.part("method-upi" if field == "vpa-input" else "method-card").click()
            if field != "vpa-input":
                checkout.fill_card(good, cvv="123")
            checkout.part(field).fill(number)
            checkout.press_pay("upi-form" if field == "vpa-input" else "card-form")
            page.wait_for_timeout(300)
            if checkout.part("success-state").is_visible() or checkout.part("processing-state").is_visible():
                page, checkout = opened(desk, live, order(live))
        # And past the page, straight to the API: refused bodies and taken ones, known members and others.
        for body in (
            {"method": "upi", "vpa": f"{good}@upi"},
            {"method": "upi", "vpa": f"{good[:8]}-{good[8:]}.x@upi"},
            {"method": "upi", "vpa": f"{good}{cvv[:3]}@upi"},
            {"method": "upi", "vpa": f"1{good}999@upi"},
            {"method": "upi", "vpa": good},
            {"method": "card", "card": {"number": good + "1", "expiry_month": 12, "expiry_year": 2040, "cvv": cvv}},
            {"method": "card", "card": {"number": good, "expiry_month": good, "expiry_year": 2040, "cvv": cvv}},
            {"method": "card", "card": good, "cvv": cvv, "number": good},
            {
                "method": "card",
                "card": {"number": good, "expiry_month": 12, "expiry_year": 2040, "cvv": "123", "holder_name": "Asha"},
                "number": good,
                "notes": {"card": good, "cvv": cvv},
            },
        ):
            headers = {"Idempotency-Key": secrets.token_hex(8)}
            url = f"{live.checkout_url}/api/v1/payments/public"
            requests.post(url, json={"order_id": order(live)} | body, headers=headers, timeout=10)
        paid = order(live, notes={"control": planted})
        _, checkout = opened(desk, live, paid)
        checkout.pay_by_card(good, cvv="123")
        checkout.has_paid()
        live.wait_for(lambda: len(inbox.received) >= 3, "webhooks")
        live.call("PUT", me, {"webhook_url": None})
        everything = stored(live) + "".join(map(repr, inbox.received))
    assert planted in everything, "the scan does not see what is stored"
    assert good[-4:] in everything, "the last four are kept, and nothing else"
    for number in (good, *wrong_place):
        spelt = re.compile("[ -]?".join(number))
        found = spelt.search(everything)
        assert found is None, everything[max(0, found.start() - 200) : found.end() + 50] if found else ""
    found = re.search(rf"cvv\W{{1,6}}{cvv}|(?<![0-9a-f.:-]){cvv}(?![0-9a-f.:-])", everything)
    assert found is None, everything[max(0, found.start() - 200) : found.end() + 50] if found else ""
