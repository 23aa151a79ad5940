"""What a newcomer sees: an order, a payment, and its webhooks, each within moments."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live_gateway import Live

CARD = {"number": "4242424242424242", "expiry_month": 12, "expiry_year": 2040, "cvv": "123", "holder_name": "Asha Rao"}


@pytest.fixture
def node_receiver(live: Live) -> Iterator[queue.Queue[dict[str, object]]]:
    """Webhooks as a receiver written in Node verified them."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed; the receiver of this test is written in it")
    script = Path(__file__).parent / "verify.mjs"
    process = subprocess.Popen(["node", script, "whsec_test_abc123"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    got: queue.Queue[dict[str, object]] = queue.Queue()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            got.put(json.loads(line))

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    live.call("PUT", "/api/v1/merchants/me", {"webhook_url": f"http://127.0.0.1:{port}/webhook"})
    yield got
    live.call("PUT", "/api/v1/merchants/me", {"webhook_url": None})
    process.terminate()
    process.wait(5)
    listener.join(5)
    process.stdout.close()


@pytest.mark.parametrize("instrument", [{"method": "upi", "vpa": "approve@magic"}, {"method": "card", "card": CARD}])
def test_a_payment_succeeds_and_a_receiver_in_node_verifies_its_three_events(
    live: Live, node_receiver: queue.Queue[dict[str, object]], instrument: dict[str, object]
) -> None:
    order = live.call("POST", "/api/v1/orders", {"amount": 50000, "notes": {"cart": "₹ é 漢 🧾"}})
    payment = live.call("POST", "/api/v1/payments", {"order_id": order["id"]} | instrument)
    assert payment["status"] == "pending"
    live.wait_until_all_are("success", [payment["id"]])
    got = [node_receiver.get(timeout=10) for _ in range(3)]
    assert {one["event"] for one in got} == {"payment.created", "payment.pending", "payment.success"}
    assert all(one == {"event": one["event"], "payment": payment["id"], "verified": True} for one in got)


def test_the_gateway_is_healthy_and_says_what_it_can_do(live: Live) -> None:
    assert live.call("GET", "/health")["status"] == "healthy"
    document = live.call("GET", "/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/payments" in document["paths"]


def test_the_command_that_starts_everything_shows_where_it_is_and_with_which_key(live: Live) -> None:
    shown = "\n".join(live.lines)
    for word in (live.url, "key_test_abc123", "secret_test_xyz789", "whsec_test_abc123"):
        assert word in shown
