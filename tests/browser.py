"""A real browser, for the tests of the checkout and of the dashboard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# No first-run pages, no updates, no traffic of the browser's own.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


# For one file at a time: while it runs, Playwright has an event loop in this thread, and others' tests start their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail(f"these tests need a browser: none of {', '.join(BROWSERS)} is on PATH")
    with sync_playwright() as playwright:
        # Scrollbars that take room, as on most desktops: what locks the page must not move it.
        browser = playwright.chromium.launch(
            executable_path=found, args=FLAGS, ignore_default_args=["--hide-scrollbars"]
        )
        yield browser
        browser.close()
