"""What a newcomer sees: an order, a payment, and its webhooks, each within moments."""

from __future__ import annotations

import json
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.live_gateway import OPERATOR_SECRET, Live

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


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
def test_the_first_payment_of_the_readme_goes_as_it_says(live: Live, root: Path, shell: str) -> None:
    if shutil.which(shell) is None or shutil.which("curl") is None:
        pytest.skip(f"{shell} or curl is not installed")
    text = (root / "README.md").read_text().partition("## First payment")[2].partition("\n## ")[0]
    order, pay, wait, capture_and_refund, look, balance = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    merchant = sign_up(live)
    real = {
        "localhost:8000": f"127.0.0.1:{live.port}",
        "key_test_abc123": merchant[0],
        "secret_test_xyz789": merchant[1],
    }
    defined = ""

    def type_in(block: str) -> list[dict[str, Any]]:
        """The answers to a block, in the shell that knows what was defined before; ids as they really are."""
        nonlocal defined
        for written, known in real.items():
            block = block.replace(written, known)
        typed = subprocess.run([shell, "-c", defined + block], capture_output=True, text=True, timeout=40)
        assert (typed.returncode, typed.stderr) == (0, ""), typed
        defined += "".join(re.findall(r"^call\(\) \{\n.*?^\}\n|^[A-Z]+=\w+\n", block, re.MULTILINE | re.DOTALL))
        answers, rest = [], typed.stdout
        while rest.strip():
            answer, end = json.JSONDecoder().raw_decode(rest.lstrip())
            answers.append(answer)
            rest = rest.lstrip()[end:]
        return answers

    def named(prefix: str) -> str:
        return re.findall(rf"={prefix}_(\w{{16}})$", text, re.MULTILINE)[0]

    (made,) = type_in(order)
    real[f"order_{named('order')}"] = made["id"]
    (begun,) = type_in(pay)
    assert begun["status"] == "pending"
    real[f"pay_{named('pay')}"] = begun["id"]
    (known,) = type_in(wait)
    assert (known["status"], known["state"]) == ("success", "authorized")
    captured, refund = type_in(capture_and_refund)
    assert (captured["state"], refund["status"]) == ("captured", "pending")
    real[f"rfnd_{named('rfnd')}"] = refund["id"]
    live.wait_for(lambda: type_in(look)[0]["status"] == "processed", "the refund is processed")
    told = json.loads(re.findall(r"```json\n(.*?)```", text, re.DOTALL)[-1])
    assert type_in(balance) == [told]


def sign_up(live: Live) -> tuple[str, str]:
    """A merchant whose balance is its own."""
    answer = requests.post(
        f"{live.url}/api/v1/merchants",
        json={"name": "Newcomer", "email": f"{uuid4().hex}@example.com"},
        headers={"Authorization": f"Bearer {OPERATOR_SECRET}"},
        timeout=10,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["api_key"], answer.json()["api_secret"]


def test_the_gateway_is_healthy_and_says_what_it_can_do(live: Live) -> None:
    assert live.call("GET", "/health")["status"] == "healthy"
    document = live.call("GET", "/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/payments" in document["paths"]


def test_the_command_that_starts_everything_shows_where_it_is_and_with_which_key(live: Live) -> None:
    shown = "\n".join(live.lines)
    for word in (live.url, "key_test_abc123", "secret_test_xyz789", "whsec_test_abc123"):
        assert word in shown
