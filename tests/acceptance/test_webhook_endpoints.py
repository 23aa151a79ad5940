"""Webhook endpoints: several receivers, each with its events and a secret that rolls; and sending what was missed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import standardwebhooks

from tests.acceptance.client import Merchant
from tests.receiver import Received, Receiver


@pytest.fixture
def listener(merchant: Merchant, new_receiver: Callable[[], Receiver]) -> Iterator[tuple[Receiver, Any]]:
    """A further endpoint of the merchant, and what it receives."""
    receiver = new_receiver()
    endpoint = merchant.post("/webhook_endpoints", {"url": receiver.url})
    yield receiver, endpoint
    merchant.call("DELETE", f"/webhook_endpoints/{endpoint['id']}")


def _plain(secret: str, raw: bytes) -> str:
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def _verifies(secret: str, got: Received) -> bool:
    """As a receiver with a published verifier does it."""
    try:
        standardwebhooks.Webhook(secret).verify(got.raw, got.headers)
    except standardwebhooks.webhooks.WebhookVerificationError:
        return False
    return True


def _test_event(merchant: Merchant, receiver: Receiver, endpoint: Any) -> Received:
    sent = merchant.post("/webhooks/test", {"webhook_endpoint_id": endpoint["id"]})
    receiver.wait_for(lambda: any(one.body["id"] == sent["event_id"] for one in receiver.received))
    return next(one for one in receiver.received if one.body["id"] == sent["event_id"])


def _quiet(merchant: Merchant) -> None:
    merchant.deployment.until(lambda: not merchant.webhooks(status="pending"), "every delivery is done")


def test_an_endpoint_is_made_read_and_listed(merchant: Merchant) -> None:
    made = merchant.post(
        "/webhook_endpoints",
        {"url": "https://shop.example/a", "events": ["refund.failed", "payment.captured"], "description": "Books ₹"},
    )
    assert made["secret"].startswith("whsec_")
    assert (made["url"], made["description"], made["enabled"]) == ("https://shop.example/a", "Books ₹", True)
    assert set(made["events"]) == {"refund.failed", "payment.captured"}
    assert (made["is_first"], made["failing_since"], made["previous_secret_until"]) == (False, None, None)
    shown = merchant.get(f"/webhook_endpoints/{made['id']}")
    assert shown == {name: value for name, value in made.items() if name != "secret"}, "the secret is shown once"
    assert shown in merchant.get("/webhook_endpoints")["data"]
    assert merchant.delete(f"/webhook_endpoints/{made['id']}") == {"id": made["id"], "deleted": True}


def test_the_webhook_url_is_the_first_endpoint(merchant: Merchant, inbox: Receiver) -> None:
    me = merchant.get("/merchants/me")
    first = merchant.get("/webhook_endpoints")["data"][0]
    assert (first["id"], first["url"], first["is_first"]) == (me["webhook_endpoint_id"], inbox.url, True)
    error = merchant.refused(400, "DELETE", f"/webhook_endpoints/{first['id']}")
    assert error["reason"] == "first_endpoint"
    merchant.put(f"/webhook_endpoints/{first['id']}", {"events": ["payment.failed"]})
    assert merchant.get("/merchants/me")["webhook_events"] == ["payment.failed"]


def test_every_endpoint_gets_the_events_that_it_wants(
    merchant: Merchant, inbox: Receiver, listener: tuple[Receiver, Any]
) -> None:
    receiver, endpoint = listener
    merchant.put(f"/webhook_endpoints/{endpoint['id']}", {"events": ["payment.captured", "payment.failed"]})
    payment = merchant.paid()
    merchant.capture(payment)
    merchant.paid("do-not-honour@magic")
    receiver.wait_for(lambda: len(receiver.received) >= 2)
    inbox.wait_for(lambda: len(inbox.received) >= 6)
    _quiet(merchant)
    assert sorted(receiver.events()) == ["payment.captured", "payment.failed"]
    assert "payment.captured" not in inbox.events()
    assert {one["event"] for one in merchant.webhooks(webhook_endpoint_id=endpoint["id"])} == set(receiver.events())


def test_a_disabled_endpoint_gets_nothing_until_it_is_enabled(
    merchant: Merchant, listener: tuple[Receiver, Any]
) -> None:
    receiver, endpoint = listener
    path = f"/webhook_endpoints/{endpoint['id']}"
    assert merchant.put(path, {"enabled": False})["enabled"] is False
    missed = merchant.paid()
    error = merchant.refused(400, "POST", "/webhooks/test", {"webhook_endpoint_id": endpoint["id"]})
    assert error["reason"] == "webhook_endpoint_disabled"
    assert merchant.put(path, {"enabled": True})["enabled"] is True
    seen = merchant.paid()
    receiver.wait_for(lambda: len(receiver.received) >= 3)
    assert {one.body["data"]["payment"]["id"] for one in receiver.received} == {seen["id"]}
    assert merchant.webhooks(webhook_endpoint_id=endpoint["id"], event_id=merchant.events(missed)[0]["id"]) == []


def test_what_is_left_out_of_an_update_stays(merchant: Merchant, listener: tuple[Receiver, Any]) -> None:
    _, endpoint = listener
    path = f"/webhook_endpoints/{endpoint['id']}"
    before = merchant.get(path)
    after = merchant.put(path, {"description": "new"})
    changing = ("description", "updated_at")
    assert {name: after[name] for name in after if name not in changing} == {
        name: before[name] for name in before if name not in changing
    }
    assert after["description"] == "new"


def test_a_deleted_endpoint_gets_nothing_and_its_log_stays(merchant: Merchant, listener: tuple[Receiver, Any]) -> None:
    receiver, endpoint = listener
    merchant.paid()
    receiver.wait_for(lambda: len(receiver.received) >= 3)
    _quiet(merchant)
    log = merchant.webhooks(webhook_endpoint_id=endpoint["id"])
    merchant.delete(f"/webhook_endpoints/{endpoint['id']}")
    merchant.paid()
    for method in ("GET", "PUT", "DELETE"):
        error = merchant.refused(404, method, f"/webhook_endpoints/{endpoint['id']}", {} if method == "PUT" else None)
        assert (error["code"], error["description"]) == ("NOT_FOUND_ERROR", "Webhook endpoint not found")
    assert merchant.webhooks(webhook_endpoint_id=endpoint["id"]) == log
    assert len(receiver.received) == 3
    error = merchant.refused(400, "POST", f"/webhooks/{log[0]['id']}/retry")
    assert error["reason"] == "webhook_endpoint_deleted"


def test_another_merchants_endpoint_is_not_there(
    merchant: Merchant, stranger: Merchant, listener: tuple[Receiver, Any]
) -> None:
    path = f"/webhook_endpoints/{listener[1]['id']}"
    tries = [("GET", path, None), ("PUT", path, {}), ("DELETE", path, None), ("POST", f"{path}/secret", None)]
    tries += [("POST", f"{path}/replay", {"from": "0"})]
    tries += [("POST", "/webhooks/test", {"webhook_endpoint_id": listener[1]["id"]})]
    for method, at, body in tries:
        assert stranger.refused(404, method, at, body)["description"] == "Webhook endpoint not found"
    assert stranger.get("/webhook_endpoints")["data"] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "nowhere"}, "url"),
        ({"url": "http://shop.example/#part"}, "url"),
        ({"url": None}, "url"),
        ({"events": ["odd"]}, "events"),
        ({"events": "payment.created"}, "events"),
        ({"description": "x" * 256}, "description"),
        ({"enabled": "yes"}, "enabled"),
    ],
)
def test_a_wrong_member_is_refused_by_name(
    merchant: Merchant, listener: tuple[Receiver, Any], wrong: dict[str, Any], field: str
) -> None:
    for method, path in (("POST", "/webhook_endpoints"), ("PUT", f"/webhook_endpoints/{listener[1]['id']}")):
        error = merchant.refused(400, method, path, {"url": "https://shop.example/"} | wrong)
        assert (error["code"], error["field"]) == ("BAD_REQUEST_ERROR", field)


def test_both_signatures_verify_and_a_changed_body_does_not(merchant: Merchant, listener: tuple[Receiver, Any]) -> None:
    receiver, endpoint = listener
    got = _test_event(merchant, receiver, endpoint)
    assert got.headers["x-webhook-signature"] == _plain(endpoint["secret"], got.raw)
    assert _verifies(endpoint["secret"], got)
    assert not _verifies(endpoint["secret"], Received(got.at, got.headers, got.raw.replace(b"test", b"tost")))
    assert "x-webhook-signature-previous" not in got.headers
    assert len(got.headers["webhook-signature"].split()) == 1


@pytest.mark.parametrize("secret", ["a-secret-that-the-merchant-brought", "whsec_" + "QUJD" * 8])
def test_a_secret_may_be_brought(merchant: Merchant, new_receiver: Callable[[], Receiver], secret: str) -> None:
    receiver = new_receiver()
    endpoint = merchant.post("/webhook_endpoints", {"url": receiver.url, "secret": secret})
    got = _test_event(merchant, receiver, endpoint)
    assert got.headers["x-webhook-signature"] == _plain(secret, got.raw)
    assert (
        merchant.refused(400, "POST", "/webhook_endpoints", {"url": receiver.url, "secret": "short"})["field"]
        == "secret"
    )
    merchant.delete(f"/webhook_endpoints/{endpoint['id']}")


def test_while_a_secret_is_being_changed_both_sign(merchant: Merchant, listener: tuple[Receiver, Any]) -> None:
    receiver, endpoint = listener
    changed = merchant.post(f"/webhook_endpoints/{endpoint['id']}/secret")
    old, new = endpoint["secret"], changed["secret"]
    assert old != new
    assert changed["previous_secret_until"] is not None
    got = _test_event(merchant, receiver, endpoint)
    assert got.headers["x-webhook-signature"] == _plain(new, got.raw)
    assert got.headers["x-webhook-signature-previous"] == _plain(old, got.raw)
    assert [one[:3] for one in got.headers["webhook-signature"].split()] == ["v1,", "v1,"]
    assert _verifies(new, got)
    assert _verifies(old, got)


def test_after_the_overlap_the_old_secret_signs_no_more(merchant: Merchant, listener: tuple[Receiver, Any]) -> None:
    receiver, endpoint = listener
    path = f"/webhook_endpoints/{endpoint['id']}"
    changed = merchant.post(f"{path}/secret", {"overlap_seconds": 1})
    merchant.deployment.until(
        lambda: merchant.get(path)["previous_secret_until"] is None, "the overlap is over", seconds=5
    )
    got = _test_event(merchant, receiver, endpoint)
    assert "x-webhook-signature-previous" not in got.headers
    assert _verifies(changed["secret"], got)
    assert not _verifies(endpoint["secret"], got)
    at_once = merchant.post(f"{path}/secret", {"overlap_seconds": 0})
    assert at_once["previous_secret_until"] is None
    assert not _verifies(changed["secret"], _test_event(merchant, receiver, endpoint))


@pytest.mark.parametrize("overlap", [-1, 7 * 24 * 3600 + 1, "1", 1.5])
def test_an_overlap_that_is_none_is_refused(
    merchant: Merchant, listener: tuple[Receiver, Any], overlap: object
) -> None:
    path = f"/webhook_endpoints/{listener[1]['id']}/secret"
    assert merchant.refused(400, "POST", path, {"overlap_seconds": overlap})["field"] == "overlap_seconds"


def test_one_event_is_replayed_to_the_endpoint_that_asks(
    merchant: Merchant, inbox: Receiver, listener: tuple[Receiver, Any]
) -> None:
    receiver, endpoint = listener
    merchant.put(f"/webhook_endpoints/{endpoint['id']}", {"events": ["payment.failed"]})
    event = merchant.events(merchant.paid())[-1]
    inbox.wait_for(lambda: len(inbox.received) == 3)
    _quiet(merchant)
    replay = {"webhook_endpoint_id": endpoint["id"]}
    assert merchant.post(f"/events/{event['id']}/replay", replay) == {"scheduled": 1}
    receiver.wait_for(lambda: receiver.events() == ["payment.success"])
    _quiet(merchant)
    assert receiver.received[0].body == event["body"]
    assert len(inbox.received) == 3
    wrong = {"webhook_endpoint_id": "we_0000000000000000"}
    assert merchant.refused(404, "POST", f"/events/{event['id']}/replay", wrong)["code"] == "NOT_FOUND_ERROR"


def test_what_an_endpoint_missed_while_it_was_disabled_is_replayed(
    merchant: Merchant, listener: tuple[Receiver, Any]
) -> None:
    receiver, endpoint = listener
    path = f"/webhook_endpoints/{endpoint['id']}"
    since = {"from": (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    merchant.put(path, {"enabled": False})
    missed = [merchant.paid(), merchant.paid("do-not-honour@magic")]
    assert merchant.refused(400, "POST", f"{path}/replay", since)["reason"] == "webhook_endpoint_disabled"
    merchant.put(path, {"enabled": True})
    assert merchant.post(f"{path}/replay", since) == {"scheduled": 6, "has_more": False, "next_from": None}
    receiver.wait_for(lambda: len(receiver.received) >= 6)
    _quiet(merchant)
    wanted = {event["id"]: event["body"] for payment in missed for event in merchant.events(payment)}
    assert {one.headers["webhook-id"]: one.body for one in receiver.received} == wanted
    assert merchant.post(f"{path}/replay", since)["scheduled"] == 0, "nothing is missing any more"
    assert merchant.post(f"{path}/replay", since | {"delivered": True})["scheduled"] == 6
    receiver.wait_for(lambda: len(receiver.received) >= 12)
    _quiet(merchant)


def test_a_range_ends_where_it_says(merchant: Merchant, listener: tuple[Receiver, Any]) -> None:
    receiver, endpoint = listener
    path = f"/webhook_endpoints/{endpoint['id']}"
    merchant.paid()
    receiver.wait_for(lambda: len(receiver.received) >= 3)
    _quiet(merchant)
    body = {"from": "2001-01-01T00:00:00Z", "to": "2001-01-02T00:00:00Z", "delivered": True}
    assert merchant.post(f"{path}/replay", body) == {"scheduled": 0, "has_more": False, "next_from": None}
    assert merchant.refused(400, "POST", f"{path}/replay", {"from": "once"})["field"] == "from"
    assert merchant.refused(400, "POST", f"{path}/replay", {"from": "0", "to": "now"})["field"] == "to"


def test_without_a_gap_a_replay_must_say_from_when(merchant: Merchant, listener: tuple[Receiver, Any]) -> None:
    error = merchant.refused(400, "POST", f"/webhook_endpoints/{listener[1]['id']}/replay")
    assert (error["code"], error["field"], error["reason"]) == ("BAD_REQUEST_ERROR", "from", "no_gap")
