"""What others wrote is shown as text wherever it comes to a screen: nothing runs, the browser has no complaint."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.dashboard.person import DESKTOP, Person, added, signed_in
from tests.live_gateway import TEST_MERCHANT, Live
from tests.receiver import receiver

DOES = "window.hit=1"
HANDLERS = [
    "onerror",
    "onload",
    "onfocus",
    "onmouseover",
    "onclick",
    "onanimationstart",
    "ontoggle",
    "onpointerenter",
    "onbegin",
    "onwheel",
]
TAGS = ["img", "svg", "body", "iframe", "video", "audio", "input", "details", "object", "marquee"]
HOSTILE = [
    f"<script>{DOES}</script>",
    f"<SCRIPT >{DOES}</SCRIPT >",
    f"</script><script>{DOES}</script>",
    f"</title><script>{DOES}</script>",
    f"</textarea><script>{DOES}</script>",
    f"<scr<script>ipt>{DOES}</scr</script>ipt>",
    '<script src="//hit.example/x.js"></script>',
    "<script src=data:,window.hit=1></script>",
    f'"><script>{DOES}</script>',
    f"'><script>{DOES}</script>",
    f"--><script>{DOES}</script>",
    f"]]><script>{DOES}</script>",
    f"javascript:{DOES}",
    f"JaVaScRiPt:{DOES}//https://shop.example",
    f"data:text/html,<script>{DOES}</script>",
    f'<a href="javascript:{DOES}">x</a>',
    f'<iframe srcdoc="<script>parent.{DOES}</script>"></iframe>',
    f'<iframe src="javascript:parent.{DOES}"></iframe>',
    '<object data="//hit.example"></object>',
    '<embed src="//hit.example">',
    '<link rel=stylesheet href="//hit.example/x.css">',
    "<style>*{background:url(//hit.example)}</style>",
    '<base href="//hit.example/">',
    '<meta http-equiv="refresh" content="0;url=//hit.example">',
    '<form action="//hit.example"><button>x</button></form>',
    f"<math><mtext></mtext><script>{DOES}</script></math>",
    f"<noscript><p title='</noscript><img src=hit onerror={DOES}>'>",
    f"<template><img src=hit onerror={DOES}></template>",
    f"${{{DOES}}}",
    f"{{{{constructor.constructor('{DOES}')()}}}}",
    f"<%= {DOES} %>",
    f"`-{DOES}-`",
    f"';{DOES};//",
    f'";{DOES};//',
    f"\\u003cscript\\u003e{DOES}\\u003c/script\\u003e",
    f"&lt;script&gt;{DOES}&lt;/script&gt;",
    f"%3Cscript%3E{DOES}%3C/script%3E",
    f"&#60;img src=hit onerror={DOES}&#62;",
    "__proto__[innerHTML]=<img src=hit>",
    '{"dangerouslySetInnerHTML":{"__html":"<img src=hit>"}}',
    *(f"<{tag} src=hit {HANDLERS[0]}={DOES}>" for tag in TAGS),
    *(f'" autofocus tabindex=1 {handler}="{DOES}' for handler in HANDLERS),
]
LONGEST = 240  # characters of text that a field takes


def together(each: int = LONGEST) -> list[str]:
    """All of them in as few texts as hold them."""
    texts = [HOSTILE[0]]
    for one in HOSTILE[1:]:
        if len(texts[-1]) + 1 + len(one) <= each:
            texts[-1] += f" {one}"
        else:
            texts.append(one)
    return texts


@pytest.fixture
def reader(browser: Browser, live: Live) -> Iterator[Person]:
    with signed_in(browser, live, DESKTOP) as somebody:
        yield somebody
        unharmed(somebody)


def unharmed(somebody: Person) -> None:
    assert somebody.page.evaluate("window.hit") is None
    made = "[src*=hit], [href*=hit], [data*=hit], [action*=hit], [href^='javascript:' i], [onerror], [onload]"
    assert somebody.page.locator(made).count() == 0
    assert somebody.broken_policies() == []


def shows(somebody: Person, texts: list[str], *, where: str = "body") -> None:
    """Each of the texts, as it was written."""
    for one in texts:
        expect(somebody.page.locator(where)).to_contain_text(one)
    unharmed(somebody)


def test_there_are_sixty() -> None:
    assert len(set(HOSTILE)) == 60


def test_what_did_run_would_be_noticed(browser: Browser, live: Live) -> None:
    with signed_in(browser, live, DESKTOP) as somebody:
        somebody.opens("/dashboard")
        somebody.sees("dashboard")
        somebody.page.evaluate("text => document.body.insertAdjacentHTML('beforeend', text)", " ".join(HOSTILE[40:42]))
        somebody.page.wait_for_function("() => broken.length > 0")
        assert any("script-src" in one for one in somebody.broken_policies())
        with pytest.raises(AssertionError):
            unharmed(somebody)
        somebody.page.close()
        somebody.complaints.clear()


def test_receipts_notes_and_reasons(reader: Person, live: Live) -> None:
    texts = together()
    orders = [live.call("POST", "/api/v1/orders", {"amount": 50000, "receipt": text})["id"] for text in texts]
    notes = {one: one for one in HOSTILE}
    body = {"amount": 50000, "capture": "automatic", "receipt": texts[0], "notes": dict(list(notes.items())[:15])}
    order = live.call("POST", "/api/v1/orders", body)["id"]
    payment = live.call("POST", "/api/v1/payments", {"order_id": order, "method": "upi", "vpa": "asha@upi"})["id"]
    live.wait_until_all_are("success", [payment])
    for text in texts:
        live.call("POST", f"/api/v1/payments/{payment}/refunds", {"amount": 100, "reason": text})

    reader.opens("/dashboard/orders")
    shows(reader, texts, where="main")
    reader.opens(f"/dashboard/orders/{order}")
    shows(reader, [texts[0], *HOSTILE[:15]], where="main")
    reader.opens(f"/dashboard/orders/{orders[-1]}")
    shows(reader, texts[-1:], where="main")
    reader.opens("/dashboard/refunds")
    shows(reader, texts, where="main")
    reader.opens(f"/dashboard/transactions/{payment}")
    shows(reader, texts, where="main")


def test_notes_of_any_kind(reader: Person, live: Live) -> None:
    for start in range(0, len(HOSTILE), 15):
        some = HOSTILE[start : start + 15]
        order = live.call("POST", "/api/v1/orders", {"amount": 50000, "notes": {one: one for one in some}})["id"]
        reader.opens(f"/dashboard/orders/{order}")
        for one in some:
            expect(reader.page.locator("main").get_by_text(one, exact=True)).to_have_count(2)
        unharmed(reader)


def test_names_and_descriptions(reader: Person, live: Live) -> None:
    texts = together()
    for text in texts:
        added(live, "read_only", name=text)
    reader.opens("/dashboard/team")
    shows(reader, texts, where="main")
    made = []
    for start in range(0, len(texts), 8):
        for text in texts[start : start + 8]:
            body = {"url": "http://127.0.0.1:9/webhook", "description": text, "events": ["refund.failed"]}
            made.append(live.call("POST", "/api/v1/webhook_endpoints", body)["id"])
        reader.opens("/dashboard/webhooks")
        shows(reader, texts[start : start + 8], where="main")
        reader.opens(f"/dashboard/webhooks/endpoints/{made[-1]}")
        shows(reader, [texts[min(start + 8, len(texts)) - 1]], where="main")
        for endpoint in made:
            live.call("DELETE", f"/api/v1/webhook_endpoints/{endpoint}")
        made.clear()


def test_what_a_receiver_answers(reader: Person, live: Live) -> None:
    texts = together(900)
    with receiver() as shop:
        live.call("PUT", "/api/v1/merchants/me", {"webhook_url": shop.url})
        for text in texts:
            shop.received.clear()
            shop.answer = lambda _, text=text: (200, text.encode())  # type: ignore[misc]
            event = live.call("POST", "/api/v1/webhooks/test", {})["event_id"]
            found = "select id::text from webhook_logs where event_id::text = %s and status = 'success'"
            live.wait_for(
                lambda event=event, found=found: live.query(found, event) != [], "the test event is delivered"
            )
            reader.opens(f"/dashboard/webhooks/{live.query(found, event)[0][0]}")
            shows(reader, [text], where="main")
        live.call("PUT", "/api/v1/merchants/me", {"webhook_url": None})


def test_what_callers_say_of_themselves(reader: Person, live: Live) -> None:
    texts = [f"tea {text}" for text in together()]  # what is all JSON, but broken, is not kept
    key, secret = TEST_MERCHANT

    def unnoted() -> list[str]:
        found = live.query("select user_agent from api_requests where user_agent = any(%s)", texts)
        return [text for text in texts if (text,) not in found]

    # On a busy machine the log lets calls go by: those are made again.
    for _ in range(10):
        for text in unnoted():
            path = f"/api/v1/payments/{quote(text.replace('/', '|'), safe='')}"
            headers = {"X-Api-Key": key, "X-Api-Secret": secret, "User-Agent": text}
            assert requests.get(live.url + path, headers=headers, timeout=10).status_code == 404
        if not unnoted():
            break
        time.sleep(2)
    assert unnoted() == []

    reader.opens("/dashboard/developers/requests?status=4xx&q=payments")
    rows = reader.page.get_by_role("button", name="Details of GET /api/v1/payments/")
    expect(rows.nth(len(texts) - 1)).to_be_visible()
    for text in texts:
        path = text.replace("/", "|")  # with a slash it is the path of nothing, and nobody's
        reader.page.get_by_role("button", name=f"Details of GET /api/v1/payments/{path}", exact=True).first.click()
        expect(reader.dialog).to_contain_text(text)
        unharmed(reader)
        reader.page.keyboard.press("Escape")
        expect(reader.dialog).to_have_count(0)
