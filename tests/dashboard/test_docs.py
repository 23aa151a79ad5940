"""What the docs page shows is run as it stands, with the merchant's own key; and its reference is looked at."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.dashboard.person import Person
from tests.dashboard.test_screens import axe, look
from tests.live_gateway import Live, free_port

__all__ = ["axe"]

SECONDS = 30
FILES = {"curl": "order.sh", "Python": "order.py", "Node": "order.mjs"}
RECEIVERS = {"Python": "receiver.py", "Node": "receiver.mjs"}
PORT = "4001"  # the one in the snippets


def command(file: Path) -> list[str]:
    program = {".sh": "sh", ".py": sys.executable, ".mjs": "node"}[file.suffix]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed; a snippet is written in it")
    return [program, file.name]


def snippet(owner: Person, id: str, language: str) -> str:
    """What a reader copies."""
    block = owner.sees(id)
    block.get_by_role("tab", name=language, exact=True).click()
    return block.locator("pre").inner_text()


def test_each_snippet_that_creates_an_order_creates_it(owner: Person, tmp_path: Path) -> None:
    owner.opens("/dashboard/docs")
    made = set()
    for language, name in FILES.items():
        file = tmp_path / name
        file.write_text(snippet(owner, "code-snippet-create-order", language))
        done = subprocess.run(command(file), cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == 0, (language, done.stderr)
        found = re.search(r"order_\w{16}", done.stdout)
        assert found, (language, done.stdout)
        made.add(found[0])
    assert len(made) == 1, "one receipt is one order, whoever asks"


@contextmanager
def running(file: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command(file), cwd=file.parent, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        for _ in range(SECONDS * 20):
            assert process.poll() is None, process.communicate()[0].decode()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)


def answered(live: Live, port: int) -> Any:
    """What the receiver answers a test event with."""
    live.call("PUT", "/api/v1/merchants/me", {"webhook_url": f"http://127.0.0.1:{port}/webhook"})
    try:
        event = live.call("POST", "/api/v1/webhooks/test", {})["event_id"]
        asked = "select response_code from webhook_logs where event_id = %s and response_code is not null"
        live.wait_for(lambda: live.query(asked, event) != [], "the receiver answered")
        return live.query(asked, event)[0][0]
    finally:
        live.call("PUT", "/api/v1/merchants/me", {"webhook_url": None})


@pytest.mark.parametrize("language", RECEIVERS)
def test_a_receiver_accepts_what_the_gateway_sends_and_nobody_else(
    owner: Person, live: Live, tmp_path: Path, language: str
) -> None:
    owner.opens("/dashboard/docs")
    assert "YOUR_WEBHOOK_SECRET" in snippet(owner, "code-snippet-webhook", language)
    owner.presses("Put my secret in")
    owner.confirms()
    expect(owner.page.get_by_role("button", name="Hide my secret")).to_be_visible()
    text = snippet(owner, "code-snippet-webhook", language)
    assert "YOUR_WEBHOOK_SECRET" not in text
    port, file = free_port(), tmp_path / RECEIVERS[language]
    assert text.count(PORT) == 1
    file.write_text(text.replace(PORT, str(port)))
    with running(file, port, {}):
        assert answered(live, port) == 200
    with running(file, port, {"WEBHOOK_SECRET": "whsec_of_somebody_else"}):
        assert answered(live, port) == 401


def test_the_reference_shows_an_operation_to_everybody_and_asks_nobody_else(
    owner: Person, live: Live, axe: str
) -> None:
    asked: list[str] = []
    owner.page.on("request", lambda request: asked.append(request.url))
    owner.opens("/dashboard/docs")
    owner.page.get_by_label("Search the reference").fill("post refunds")
    expect(owner.page.get_by_role("heading", name="Orders", exact=True)).to_have_count(0)
    found = owner.page.get_by_role("button", name=re.compile("^POST.*Create a refund$"))
    found.click()
    expect(found).to_have_attribute("aria-expanded", "true")
    expect(owner.page.get_by_text('"payment_id":').first).to_be_visible()
    for schema in owner.page.get_by_role("tab", name="Schema").all():
        schema.click()
    look(owner, axe, "docs-reference")
    owner.page.get_by_label("Search the reference").fill("nothing is called this")
    expect(owner.page.get_by_text("Nothing is called that.")).to_be_visible()
    assert [url for url in asked if not url.startswith((live.dashboard_url, "data:"))] == []
