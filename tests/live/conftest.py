"""What these tests share; the gateway itself is the fixture `live`, which others use too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live_gateway import Live
from tests.receiver import Receiver, receiver


@pytest.fixture
def shop(live: Live) -> Iterator[Receiver]:
    """The test merchant's receiver, registered while the test runs."""
    with receiver() as shop:
        live.call("PUT", "/api/v1/merchants/me", {"webhook_url": shop.url})
        yield shop
        live.call("PUT", "/api/v1/merchants/me", {"webhook_url": None})
