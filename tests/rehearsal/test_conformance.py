"""One code, two runtimes, equal: what judges the gateway on one machine judges what was deployed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from local.aws.rehearsal import Rehearsal
from tests.acceptance.client import Caller, Deployment, Merchant, unique
from tests.live_gateway import OPERATOR_SECRET, Live
from tests.rehearsal.conftest import PATIENCE_SECONDS

SUITE_SECONDS_MAX = 900
# What differs from run to run: ids and times, and how often the bank was asked until it knew.
OWN = ("id", "order_id", "merchant_id", "payment_id", "timestamp", "inquiries", "last_answer")
STORIES = {
    "approve@magic": "refunded in part",
    "do-not-honour@magic": "",
    "insufficient-funds@magic": "",
    "timeout-before-debit@magic": "captured in parts",
    "timeout-after-debit@magic": "captured and refunded",
    "garbled-answer@magic": "voided",
    "double-answer@magic": "captured",
    "refund-declined@magic": "refund fails",
    "refund-timeout@magic": "captured and refunded",
}


def test_the_acceptance_suite_passes(rehearsal: Rehearsal, root: Path) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    told = {
        "ACCEPTANCE_URL": rehearsal.url,
        "ACCEPTANCE_OPERATOR_SECRET": rehearsal.operator_secret,
        "ACCEPTANCE_PATIENCE": str(PATIENCE_SECONDS),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/acceptance", "-p", "no:cacheprovider"],
        cwd=root,
        env=kept | told,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SUITE_SECONDS_MAX,
        check=False,
    )
    print(ended.stdout.splitlines()[-1])
    assert ended.returncode == 0, ended.stdout[-20_000:]


def test_the_same_stories_leave_the_same_events_on_one_machine_and_on_lambda(merchant: Merchant, live: Live) -> None:
    here = Deployment(live.url, patience_seconds=PATIENCE_SECONDS)
    operator = Caller(here, {"Authorization": f"Bearer {OPERATOR_SECRET}"})
    made = operator.post("/merchants", {"name": "Rehearsal", "email": f"{unique('rehearsal')}@example.com"})
    neighbour = Merchant.of(here, made["api_key"], made["api_secret"], id=made["id"])
    for vpa, story in STORIES.items():
        there, locally = (_events(one, vpa, story) for one in (merchant, neighbour))
        assert len(locally) >= 3, "there must be events to compare"
        assert there == locally, f"{vpa}, {story}"
    here.session.close()


def _events(merchant: Merchant, vpa: str, story: str) -> list[Any]:
    payment = merchant.paid(vpa)
    if story == "voided":
        merchant.post(f"/payments/{payment['id']}/void")
    if story == "captured in parts":
        merchant.capture(payment, 20000)
        merchant.capture(payment)
    elif story.startswith("captured"):
        merchant.capture(payment)
    if "refund" in story:
        refund = merchant.refund(payment, 10000 if "part" in story else None)
        merchant.refund_is("failed" if "fails" in story else "processed", refund)
    return [_without_own(event["body"]) for event in merchant.events(payment)]


def _without_own(body: Any) -> Any:
    if isinstance(body, dict):
        return {
            name: value is None if name in OWN or name.endswith("_at") else _without_own(value)
            for name, value in body.items()
        }
    return [_without_own(part) for part in body] if isinstance(body, list) else body
