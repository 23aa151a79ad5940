"""The files that the checkout's tests load in a real browser."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import browser
from tests.checkout.sites import Sites, sites

__all__ = ["browser"]

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


@pytest.fixture
def two_sites(dist: Path) -> Iterator[Sites]:
    """The checkout's site, with a scripted stand-in for its page, and a shop's site at another origin."""
    with sites(dist) as running:
        yield running
