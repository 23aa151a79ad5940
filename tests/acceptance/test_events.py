"""Events: every step of a payment is told, numbered without a gap, and never before it is there to be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.client import Merchant
from tests.receiver import Received, Receiver

ALL = [
    "payment.created",
    "payment.pending",
    "payment.success",
    "payment.failed",
    "payment.outcome_unknown",
    "payment.captured",
    "payment.voided",
    "payment.partially_refunded",
    "payment.refunded",
    "refund.created",
    "refund.processed",
    "refund.failed",
]


def test_the_events_of_a_payment_count_up_without_a_gap(merchant: Merchant) -> None:
    payment = merchant.paid()
    merchant.capture(payment, 20000)
    merchant.capture(payment)
    merchant.refund_is("processed", merchant.refund(payment, 10000))
    merchant.refund_is("processed", merchant.refund(payment))
    events = merchant.events(payment)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert [event["type"] for event in events] == [
        "payment.created",
        "payment.pending",
        "payment.success",
        "payment.captured",
        "payment.captured",
        *("refund.created", "payment.partially_refunded", "refund.processed"),
        *("refund.created", "payment.refunded", "refund.processed"),
    ]


def test_an_event_is_what_receivers_get(merchant: Merchant, inbox: Receiver) -> None:
    payment = merchant.paid()
    inbox.wait_for(lambda: "payment.success" in inbox.events())
    got = next(one for one in inbox.received if one.body["event"] == "payment.success")
    event = merchant.get(f"/events/{got.headers['webhook-id']}")
    assert event["body"] == got.body
    assert (event["id"], event["type"], event["payment_id"]) == (got.body["id"], "payment.success", payment["id"])
    assert got.body["data"]["payment"] == payment
    assert isinstance(got.body["timestamp"], int)


def test_a_refunds_events_show_the_refund_and_its_payment(merchant: Merchant) -> None:
    payment = merchant.captured()
    refund = merchant.refund_is("processed", merchant.refund(payment, 20000))
    created, _, processed = (event["body"]["data"] for event in merchant.events(payment)[3:])
    assert (created["refund"]["id"], created["refund"]["status"]) == (refund["id"], "pending")
    assert created["payment"]["amount_refund_pending"] == 20000
    assert processed["refund"] == refund
    assert processed["payment"] == merchant.payment(payment)


def test_an_event_never_arrives_before_the_state_that_it_tells_of(merchant: Merchant, inbox: Receiver) -> None:
    merchant.put("/merchants/me", {"webhook_events": ALL})
    early: list[str] = []

    def look(got: Received) -> int:
        try:
            told = got.body["data"]["payment"]
            seen = merchant.payment(told)
            events = {event["id"]: event for event in merchant.all("/events", payment_id=told["id"])}
            if got.body["id"] not in events or len(events) < got.body["sequence"]:
                early.append(f"{got.body['event']} is not among {len(events)} events")
            if len(events) == got.body["sequence"] and seen != told:
                # Nothing has been told since: the payment must be as it was told, unless it has just moved on.
                newer = merchant.all("/events", payment_id=told["id"])
                if len(newer) == len(events):
                    early.append(f"{got.body['event']}: {told} was told, {seen} is shown")
            if seen["updated_at"] < told["updated_at"]:
                early.append(f"{got.body['event']}: {told['updated_at']} was told, {seen['updated_at']} is shown")
            refund = got.body["data"].get("refund")
            if refund is not None and merchant.get(f"/refunds/{refund['id']}")["updated_at"] < refund["updated_at"]:
                early.append(f"{got.body['event']}: {refund}")
        except Exception as error:  # in the receiver's thread it would be lost
            early.append(repr(error))
        return 200

    inbox.answer = look
    payments = [merchant.paid() for _ in range(3)] + [merchant.paid("do-not-honour@magic")]
    for payment in payments[:2]:
        merchant.refund_is("processed", merchant.refund(payment, 20000))
    merchant.post(f"/payments/{payments[2]['id']}/void")
    wanted = sorted(event["id"] for payment in payments for event in merchant.events(payment))
    inbox.wait_for(lambda: sorted({one.body["id"] for one in inbox.received}) == wanted)
    merchant.deployment.until(
        lambda: not merchant.webhooks(status="pending"), "every answer of the receiver has arrived"
    )
    assert early == []


def test_events_are_listed_newest_first_and_found(merchant: Merchant) -> None:
    payment = merchant.paid()
    listed = merchant.get("/events", payment_id=payment["id"])
    assert [event["type"] for event in listed["data"]] == ["payment.success", "payment.pending", "payment.created"]
    assert listed["has_more"] is False
    assert merchant.get("/events", payment_id=payment["id"], type="payment.pending")["data"] == listed["data"][1:2]
    newest = listed["data"][0]
    assert merchant.get("/events", payment_id=payment["id"], starting_after=newest["id"])["data"] == listed["data"][1:]
    page = merchant.get("/events", payment_id=payment["id"], limit=2, offset=1)
    assert (page["data"], page["total"], page["limit"], page["offset"]) == (listed["data"][1:], 3, 2, 1)
    assert merchant.get("/events", payment_id=payment["id"], created_lte="0")["data"] == []


@pytest.mark.parametrize("begin", [Merchant.paid, Merchant.captured], ids=["captured by its refund", "captured before"])
def test_the_list_of_a_payments_events_is_in_their_order(merchant: Merchant, begin: Callable[..., Any]) -> None:
    """Several of them are told in one transaction, at the same moment."""
    payment = begin(merchant)
    for _ in range(5):
        merchant.refund_is("processed", merchant.refund(payment, 10000))
    listed = [event["sequence"] for event in merchant.get("/events", payment_id=payment["id"])["data"]]
    assert listed == sorted(listed, reverse=True)


def test_an_event_that_is_not_there_is_not_found(merchant: Merchant, stranger: Merchant) -> None:
    event = merchant.events(merchant.paid())[0]
    for caller, event_id in ((merchant, "evt_0000000000000000"), (merchant, "evt"), (stranger, event["id"])):
        for method, path in (("GET", f"/events/{event_id}"), ("POST", f"/events/{event_id}/replay")):
            error = caller.refused(404, method, path)
            assert (error["code"], error["description"]) == ("NOT_FOUND_ERROR", "Event not found")
    assert stranger.get("/events", payment_id=event["payment_id"])["data"] == []
