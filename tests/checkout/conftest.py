"""A real browser for the tests of the checkout, and the files it loads."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.checkout.sites import Sites, sites

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
BUILD_SECONDS = 120


def built(root: Path) -> Path:
    """The checkout's built files; they are built first if nobody did."""
    dist = root / "checkout/dist"
    if not (dist / "checkout.js").is_file():
        done = subprocess.run(
            ["npm", "run", "build"], cwd=root / "checkout", capture_output=True, text=True, timeout=BUILD_SECONDS
        )
        assert done.returncode == 0, f"the checkout could not be built (npm install comes first):\n{done.stderr}"
    return dist


@pytest.fixture(scope="session")
def dist(root: Path) -> Path:
    return built(root)


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


@pytest.fixture
def two_sites(dist: Path) -> Iterator[Sites]:
    """The checkout's site, with a scripted stand-in for its page, and a shop's site at another origin."""
    with sites(dist) as running:
        yield running
