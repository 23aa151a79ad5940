"""What a dashboard shows: figures, changes, what needs attention, searches, timelines, exports, calls of the API."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.client import CARD, Caller, Merchant, unique
from tests.receiver import Receiver


def _totals(merchant: Merchant) -> dict[str, Any]:
    totals: dict[str, Any] = merchant.get("/stats")["totals"]
    return totals


def test_a_payment_just_made_is_in_the_figures(merchant: Merchant) -> None:
    before = _totals(merchant)
    payment = merchant.captured(amount=70000)
    merchant.paid("insufficient-funds@magic")
    refund = merchant.refund(payment, 20000)
    merchant.refund_is("processed", refund)
    now = _totals(merchant)
    changed = {name: now[name] - before[name] for name in ("payments", "succeeded", "failed", "amount_succeeded",
                                                           "refunds", "amount_refunded")}  # fmt: skip
    assert changed == {"payments": 2, "succeeded": 1, "failed": 1, "amount_succeeded": 70000, "refunds": 1,
                       "amount_refunded": 20000}  # fmt: skip
    assert now["payments"] == now["succeeded"] + now["failed"] + now["pending"]
    assert now["p50_seconds"] > 0


def test_a_period_has_its_series_and_the_period_before(merchant: Merchant) -> None:
    merchant.paid()
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    shown = merchant.get("/stats", **{"from": f"{tomorrow - timedelta(days=7):%Y-%m-%d}", "to": f"{tomorrow:%Y-%m-%d}"})
    assert len(shown["series"]) == 7
    assert sum(point["payments"] for point in shown["series"]) == shown["totals"]["payments"] >= 1
    assert shown["series"][-1]["payments"] >= 1
    assert shown["previous"] is not None


def test_a_merchant_to_whom_nothing_happened_has_figures_of_nothing(stranger: Merchant) -> None:
    shown = stranger.get("/stats")
    assert shown["totals"]["payments"] == 0 and shown["totals"]["success_rate"] is None
    assert (shown["by_method"], shown["failures"]) == ([], [])
    assert [point["payments"] for point in shown["series"]] == [0], "today, so far"
    assert stranger.get("/attention") == {
        "failing_endpoints": [], "unknown_outcomes": 0, "failed_webhooks": 0, "dead_jobs": None,
    }  # fmt: skip
    assert stranger.get("/search", q="asha@upi") == {"data": []}


def test_who_waits_for_changes_is_told_of_a_payment_and_of_nothing_else(stranger: Merchant) -> None:
    first = stranger.call("GET", "/changes")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert stranger.call("GET", "/changes", headers=tag).status == 304
    stranger.paid()
    changed = stranger.call("GET", "/changes", headers=tag)
    assert changed.status == 200 and changed.body["cursor"] != first.body["cursor"]


def test_a_payment_is_found_by_id_receipt_and_vpa_and_by_nobody_else(merchant: Merchant, stranger: Merchant) -> None:
    receipt = unique("receipt")
    payment = merchant.paid(receipt=receipt)
    for text in (payment["id"], payment["id"][:-4], receipt, "Approve@Magic"):
        found = {one["id"] for one in merchant.get("/search", q=text)["data"]}
        assert payment["id"] in found, text
        assert stranger.get("/search", q=text)["data"] == [], text
    assert [one["id"] for one in merchant.get("/payments", receipt=receipt)["data"]] == [payment["id"]]


def test_a_timeline_tells_of_the_payment_its_deliveries_and_its_refund(merchant: Merchant, inbox: Receiver) -> None:
    payment = merchant.captured()
    refund = merchant.refund(payment, 10000)
    merchant.refund_is("processed", refund)

    def told() -> Any:
        entries = merchant.get(f"/payments/{payment['id']}/timeline")["data"]
        kinds = {one["kind"] for one in entries}
        return entries if {"event", "bank", "refund", "ledger", "webhook"} <= kinds else None

    entries = merchant.deployment.until(told, "the timeline has everything")
    assert [one["at"] for one in entries] == sorted(one["at"] for one in entries)
    titles = [one["title"] for one in entries]
    assert titles.index("payment.created") < titles.index("payment.success") < titles.index("Refund processed")


def test_an_export_has_the_payments_of_its_filter_and_no_formula(merchant: Merchant) -> None:
    receipt = f"=cmd|{unique('x')}"
    payment = merchant.paid(receipt=receipt)
    answer = merchant.call("GET", "/payments/export", receipt=receipt)
    (row,) = csv.DictReader(io.StringIO(answer.body, newline=""))
    assert (row["id"], row["receipt"], row["amount"]) == (payment["id"], f"'{receipt}", "50000")


def test_a_refused_call_is_in_the_request_log_without_the_card(merchant: Merchant) -> None:
    order = merchant.order()
    body = {"order_id": order["id"], "method": "card", "card": CARD | {"expiry_year": 2001}}
    refused = merchant.call("POST", "/payments", body)
    assert refused.status == 400

    def noted() -> Any:
        calls = merchant.get("/requests", status="4xx", method="POST", path="/api/v1/payments")["data"]
        return next((one for one in calls if one["request_id"] == refused.headers["X-Request-Id"]), None)

    call = merchant.deployment.until(noted, "the call is in the log")
    assert order["id"] in call["body"] and call["status"] == 400
    assert CARD["number"] not in call["body"] and '"cvv":"123"' not in call["body"]


def test_operations_are_the_operators(operator: Caller, merchant: Merchant) -> None:
    shown = operator.get("/operations")
    assert {one["kind"] for one in shown["queues"]} == {"process_payment", "process_refund", "deliver_webhook"}
    assert {one["worker"] for one in shown["queues"]} == {"running"}
    assert isinstance(operator.get("/operations/dead_jobs")["data"], list)
    operator.refused(404, "POST", "/operations/dead_jobs/1/retry")
    for path in ("/operations", "/operations/dead_jobs"):
        merchant.refused(401, "GET", path)


@pytest.mark.slow
def test_schedules_say_when_they_were_run(operator: Caller) -> None:
    def ran() -> Any:
        return "figures" in {one["name"] for one in operator.get("/operations")["schedules"]}

    operator.deployment.until(ran, "the schedule has been run", seconds=90)
