"""Webhooks: every delivery is in the log with its attempts, is tried again when it fails, and again when asked."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.acceptance.client import Merchant, card
from tests.receiver import Received, Receiver

DEFAULT = [
    "payment.created",
    "payment.pending",
    "payment.success",
    "payment.failed",
    "refund.created",
    "refund.processed",
]
KEPT_BYTES_MAX = 4096
CALL_SECONDS_MAX = 5
WAIT_SECONDS_MAX = 30  # before one attempt: a deployment that waits longer is not waited for


def _about(merchant: Merchant, payment: Any, event: str) -> Any:
    """The delivery of that event of the payment."""
    found = next(one for one in merchant.events(payment) if one["type"] == event)
    return merchant.get("/webhooks", event_id=found["id"])["data"][0]


def _failed(merchant: Merchant, webhook: Any) -> Any:
    """The delivery when every attempt has failed."""
    tried = merchant.deployment.until(
        lambda: (found := merchant.get(f"/webhooks/{webhook['id']}"))["attempts"] and found, "one attempt"
    )
    if tried["next_retry_at"] is not None:
        wait = datetime.fromisoformat(tried["next_retry_at"]) - datetime.now(UTC)
        if wait.total_seconds() > WAIT_SECONDS_MAX:
            pytest.skip(f"this deployment tries again in {wait}: set WEBHOOK_RETRY_INTERVALS_TEST")
    return merchant.webhook_is("failed", webhook, seconds=5 * WAIT_SECONDS_MAX)


def test_the_list_has_the_shape_that_clients_know(merchant: Merchant, inbox: Receiver) -> None:
    payments = [merchant.paid() for _ in range(4)]
    inbox.wait_for(lambda: len(inbox.received) >= 12)
    merchant.deployment.until(lambda: not merchant.webhooks(status="pending"), "every delivery is done")
    page = merchant.get("/webhooks")
    assert (page["total"], page["limit"], page["offset"]) == (12, 10, 0)
    assert len(page["data"]) == 10
    for one in page["data"]:
        assert uuid.UUID(one["id"])
        assert one["event"] in DEFAULT
        assert (one["status"], one["attempts"], one["response_code"]) == ("success", 1, 200)
        assert one["created_at"] <= one["last_attempt_at"]
        assert one["next_retry_at"] is None
    times = [one["created_at"] for one in page["data"]]
    assert times == sorted(times, reverse=True)
    assert page["data"][0]["event"] == "payment.success"
    assert page["data"][0] == _about(merchant, payments[-1], "payment.success")
    rest = merchant.get("/webhooks", limit=5, offset=10)
    assert (len(rest["data"]), rest["total"], rest["limit"], rest["offset"]) == (2, 12, 5, 10)
    by_cursor = merchant.get("/webhooks", starting_after=page["data"][-1]["id"])
    assert by_cursor["data"] == rest["data"]
    assert "total" not in by_cursor
    uncounted = merchant.get("/webhooks", total="false")
    assert uncounted["data"] == page["data"] and "total" not in uncounted


def test_deliveries_are_found(merchant: Merchant, inbox: Receiver) -> None:
    merchant.paid()
    inbox.wait_for(lambda: len(inbox.received) >= 3)
    merchant.deployment.until(lambda: not merchant.webhooks(status="pending"), "every delivery is done")
    me = merchant.get("/merchants/me")
    everything = merchant.webhooks()
    assert [one["event"] for one in merchant.webhooks(event="payment.pending")] == ["payment.pending"]
    assert merchant.webhooks(webhook_endpoint_id=me["webhook_endpoint_id"]) == everything
    assert merchant.webhooks(webhook_endpoint_id="we_0000000000000000") == []
    assert merchant.webhooks(event_id=everything[0]["event_id"]) == everything[:1]
    assert merchant.webhooks(status="success") == everything
    assert merchant.webhooks(status="failed") == []
    assert merchant.webhooks(created_lte="0") == []
    assert merchant.refused(400, "GET", "/webhooks", status="odd")["field"] == "status"
    assert merchant.refused(400, "GET", "/webhooks", limit="101")["field"] == "limit"
    assert merchant.refused(400, "GET", "/webhooks", starting_after="odd")["reason"] == "unknown_cursor"


def test_a_delivery_shows_what_was_sent_and_what_came_back(merchant: Merchant, inbox: Receiver) -> None:
    inbox.answer = lambda _: (202, "Danke ₹".encode())
    payment = merchant.paid()
    webhook = merchant.webhook_is("success", _about(merchant, payment, "payment.success"))
    inbox.wait_for(lambda: "payment.success" in inbox.events())
    got = next(one for one in inbox.received if one.body["event"] == "payment.success")
    assert (webhook["attempts"], webhook["response_code"], webhook["response_body"]) == (1, 202, "Danke ₹")
    assert webhook["request_body"] == got.body
    [attempt] = webhook["attempt_log"]
    assert (attempt["attempt"], attempt["response_code"], attempt["response_body"]) == (1, 202, "Danke ₹")
    assert 0 <= attempt["duration_ms"] < CALL_SECONDS_MAX * 1000
    assert attempt["error"] is None
    sent = {name.lower(): value for name, value in attempt["request_headers"].items()}
    for name in ("x-webhook-signature", "webhook-id", "webhook-timestamp", "webhook-signature", "content-type"):
        assert sent[name] == got.headers[name]
    assert sent["webhook-id"] == webhook["event_id"] == got.body["id"]


@pytest.mark.parametrize(
    "body", [b"x" * 10_000, "₹".encode() * 5_000, b"\xff\xfe\x00" * 3_000], ids=["x", "₹", "bytes"]
)
def test_no_more_than_four_kilobytes_of_an_answer_are_kept(merchant: Merchant, inbox: Receiver, body: bytes) -> None:
    inbox.answer = lambda _: (200, body)
    webhook = merchant.webhook_is("success", _about(merchant, merchant.paid(), "payment.success"))
    for kept in (webhook["response_body"], webhook["attempt_log"][0]["response_body"]):
        assert kept
        assert len(kept.encode()) <= KEPT_BYTES_MAX


def test_a_receiver_that_fails_is_tried_again_until_it_is_failed_and_delivers_when_asked(
    merchant: Merchant, inbox: Receiver
) -> None:
    inbox.answer = lambda _: (500, b"down")
    payment = merchant.paid()
    webhook = _failed(merchant, _about(merchant, payment, "payment.success"))
    attempts = webhook["attempts"]
    assert attempts > 1
    assert webhook["next_retry_at"] is None
    assert webhook["response_code"] == 500
    assert [one["attempt"] for one in webhook["attempt_log"]] == list(range(attempts, 0, -1))
    assert {(one["response_code"], one["response_body"]) for one in webhook["attempt_log"]} == {(500, "down")}
    mine = [one for one in inbox.received if one.body["id"] == webhook["event_id"]]
    assert len(mine) == attempts
    assert len({one.raw for one in mine}) == 1, "the same body each time"
    assert webhook["id"] in [one["id"] for one in merchant.webhooks(status="failed")]

    inbox.answer = lambda _: 200
    scheduled = merchant.post(f"/webhooks/{webhook['id']}/retry")
    assert scheduled == {"id": webhook["id"], "status": "pending", "message": "Webhook retry scheduled"}
    delivered = merchant.webhook_is("success", webhook)
    assert (delivered["attempts"], delivered["response_code"]) == (1, 200), "counted from the beginning"
    assert len(delivered["attempt_log"]) == attempts + 1, "and nothing is forgotten"
    assert [one for one in inbox.received if one.body["id"] == webhook["event_id"]][-1].raw == mine[0].raw


def test_a_delivery_that_arrived_may_be_sent_again(merchant: Merchant, inbox: Receiver) -> None:
    webhook = merchant.webhook_is("success", _about(merchant, merchant.paid(), "payment.success"))
    merchant.post(f"/webhooks/{webhook['id']}/retry")
    inbox.wait_for(lambda: inbox.events().count("payment.success") == 2)
    again = merchant.webhook_is("success", webhook)
    assert (again["attempts"], len(again["attempt_log"])) == (1, 2)


def test_while_a_delivery_waits_the_log_says_until_when(merchant: Merchant, inbox: Receiver) -> None:
    inbox.answer = lambda _: 503
    webhook = _about(merchant, merchant.paid(), "payment.success")
    waiting = merchant.deployment.until(
        lambda: (found := merchant.get(f"/webhooks/{webhook['id']}"))["attempts"] and found, "one attempt"
    )
    if waiting["status"] == "pending":  # else a schedule so short was over
        assert waiting["next_retry_at"] >= waiting["last_attempt_at"]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410])
def test_whatever_is_no_success_is_a_failure(merchant: Merchant, inbox: Receiver, status: int) -> None:
    inbox.answer = lambda _: status
    webhook = _about(merchant, merchant.paid(), "payment.success")
    tried = merchant.deployment.until(
        lambda: (found := merchant.get(f"/webhooks/{webhook['id']}"))["attempts"] and found, "one attempt"
    )
    assert (tried["status"] in ("pending", "failed"), tried["response_code"]) == (True, status)


def test_a_receiver_that_hangs_is_hung_up_on(merchant: Merchant, inbox: Receiver) -> None:
    def hang(_: Received) -> int:
        time.sleep(CALL_SECONDS_MAX + 3)
        return 200

    inbox.answer = hang
    merchant.post("/webhooks/test")
    webhook = merchant.deployment.until(lambda: merchant.webhooks(), "a delivery")[0]
    tried = merchant.deployment.until(
        lambda: (found := merchant.get(f"/webhooks/{webhook['id']}"))["attempts"] and found, "one attempt"
    )
    attempt = tried["attempt_log"][-1]
    assert attempt["response_code"] is None
    assert attempt["error"]
    assert (CALL_SECONDS_MAX - 0.5) * 1000 <= attempt["duration_ms"] <= (CALL_SECONDS_MAX + 1) * 1000
    merchant.put("/merchants/me", {"webhook_url": None})


def test_without_a_webhook_url_there_is_no_log_and_the_payment_goes_on(stranger: Merchant) -> None:
    assert stranger.get("/merchants/me")["webhook_url"] is None
    assert stranger.paid()["status"] == "success"
    assert stranger.get("/webhooks")["data"] == []
    assert stranger.refused(400, "POST", "/webhooks/test")["reason"] == "webhook_url_missing"


def test_the_six_events_that_receivers_expect_are_sent_unless_others_are_asked_for(
    merchant: Merchant, inbox: Receiver
) -> None:
    assert merchant.get("/merchants/me")["webhook_events"] == DEFAULT
    payment = merchant.paid(card())
    merchant.refund_is("processed", merchant.refund(payment))
    inbox.wait_for(lambda: len(inbox.received) >= 5)
    assert sorted(inbox.events()) == sorted({*DEFAULT} - {"payment.failed"})
    for one in inbox.received:
        merchant.deployment.check_event(one.body)
        assert one.body["data"]["payment"]["id"] == payment["id"]

    chosen = merchant.put("/merchants/me", {"webhook_events": ["payment.captured"]})
    assert chosen["webhook_events"] == ["payment.captured"]
    other = merchant.paid()
    merchant.capture(other)
    inbox.wait_for(lambda: "payment.captured" in inbox.events())
    told = [one.body["event"] for one in inbox.received if one.body["data"]["payment"]["id"] == other["id"]]
    assert told == ["payment.captured"]


def test_a_test_event_is_sent_when_asked_for(merchant: Merchant, inbox: Receiver) -> None:
    sent = merchant.post("/webhooks/test")
    assert sent["message"]
    inbox.wait_for(lambda: inbox.events() == ["webhook.test"])
    got = inbox.received[0]
    assert got.body["id"] == got.headers["webhook-id"] == sent["event_id"]
    assert got.body["data"]["payment"]["id"].startswith("pay_")
    merchant.deployment.check_event(got.body)
    [webhook] = merchant.webhooks(event_id=sent["event_id"])
    assert webhook["event"] == "webhook.test"
    assert merchant.get(f"/events/{sent['event_id']}")["payment_id"] is None
    assert merchant.refused(404, "GET", f"/payments/{got.body['data']['payment']['id']}"), "it never was"


def test_an_event_is_sent_again_with_the_same_id_and_body(merchant: Merchant, inbox: Receiver) -> None:
    payment = merchant.paid()
    inbox.wait_for(lambda: "payment.success" in inbox.events())
    event = merchant.events(payment)[-1]
    merchant.deployment.until(lambda: not merchant.webhooks(status="pending"), "every delivery is done")
    assert merchant.post(f"/events/{event['id']}/replay") == {"scheduled": 1}
    inbox.wait_for(lambda: inbox.events().count("payment.success") == 2)
    first, again = (one for one in inbox.received if one.body["event"] == "payment.success")
    assert (again.raw, again.headers["webhook-id"]) == (first.raw, event["id"])
    assert len(merchant.webhooks(event_id=event["id"])) == 1, "one delivery, with one more attempt"


def test_an_event_that_nobody_wants_is_replayed_to_nobody(stranger: Merchant) -> None:
    event = stranger.events(stranger.paid())[-1]
    error = stranger.refused(400, "POST", f"/events/{event['id']}/replay")
    assert (error["code"], error["reason"]) == ("BAD_REQUEST_ERROR", "no_webhook_endpoint")


def test_a_webhook_that_is_not_there_is_not_found(merchant: Merchant, stranger: Merchant, inbox: Receiver) -> None:
    merchant.post("/webhooks/test")
    webhook = merchant.deployment.until(lambda: merchant.webhooks(), "a delivery")[0]
    inbox.wait_for(lambda: len(inbox.received) == 1)
    for caller, webhook_id in ((merchant, str(uuid.uuid4())), (merchant, "one"), (stranger, webhook["id"])):
        for method, path in (("GET", f"/webhooks/{webhook_id}"), ("POST", f"/webhooks/{webhook_id}/retry")):
            error = caller.refused(404, method, path)
            assert (error["code"], error["description"]) == ("NOT_FOUND_ERROR", "Webhook not found")


@pytest.mark.parametrize(
    "url", ["", "shop", "ftp://shop.example/", "http://", "http://a:b@shop.example/", "http://x y/", 7]
)
def test_a_webhook_url_that_is_none_is_refused(merchant: Merchant, url: Any) -> None:
    assert merchant.refused(400, "PUT", "/merchants/me", {"webhook_url": url})["field"] == "webhook_url"


def test_an_event_that_does_not_exist_cannot_be_asked_for(merchant: Merchant) -> None:
    error = merchant.refused(400, "PUT", "/merchants/me", {"webhook_events": ["payment.exploded"]})
    assert error["field"] == "webhook_events"
