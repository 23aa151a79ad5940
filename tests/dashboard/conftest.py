"""A real browser, and a dashboard for it that was built."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import browser
from tests.checkout.conftest import built
from tests.dashboard.person import DESKTOP, Person, signed_in
from tests.live_gateway import Live

__all__ = ["browser"]

BUILD_SECONDS = 240


@pytest.fixture(scope="session", autouse=True)
def pages(root: Path) -> None:
    """The built files of both sites, before `live` starts and reads them; they are built first if nobody did."""
    built(root)
    if not (root / "dashboard/dist/index.html").is_file():
        done = subprocess.run(
            ["npm", "run", "build"], cwd=root / "dashboard", capture_output=True, text=True, timeout=BUILD_SECONDS
        )
        assert done.returncode == 0, f"the dashboard could not be built (npm install comes first):\n{done.stderr}"


@pytest.fixture
def owner(browser: Browser, live: Live) -> Iterator[Person]:
    """Who is seeded, signed in at a desktop. Whatever their browser complains of fails the test."""
    with signed_in(browser, live, DESKTOP) as somebody:
        yield somebody
