"""An event's body is what receivers sign: the contract's members, in bytes that JavaScript prints again unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from shared import ids, money
from shared.domain import event, views
from shared.domain.payment import STATUS

AT = datetime(2024, 1, 15, 10, 31, 0, 999_999, tzinfo=UTC)


def payment(**changes: object) -> views.Payment:
    shown: dict[str, object] = {
        "id": "pay_H8sK3jD9s2L1pQr7",
        "order_id": "order_NXhj67fGH2jk9mPq",
        "amount": 50000,
        "currency": "INR",
        "method": "upi",
        "vpa": "asha@upi",
        "status": "success",
        "state": "authorized",
        "captured": False,
        "amount_captured": 0,
        "amount_refunded": 0,
        "amount_refund_pending": 0,
        "notes": {},
        "error_code": None,
        "error_reason": None,
        "error_description": None,
        "inquiries": 0,
        "next_inquiry_at": None,
        "last_answer": None,
        "next_action": None,
        "authorization_expires_at": None,
        "created_at": "2024-01-15T10:31:00Z",
        "updated_at": "2024-01-15T10:31:00Z",
    }
    return views.Payment(**(shown | changes))


def body(shown: views.Payment, *, at: datetime = AT, type: str = "payment.success", sequence: int = 3) -> str:
    return event.body(id="evt_0123456789abcXYZ", type=type, at=at, sequence=sequence, payment=shown)


def test_the_contracts_members_come_first_and_others_after() -> None:
    told = json.loads(body(payment()))
    assert list(told) == ["event", "timestamp", "data", "id", "sequence"]
    assert told["event"] == "payment.success"
    assert told["timestamp"] == 1705314660, "in whole unix seconds"
    assert (told["id"], told["sequence"]) == ("evt_0123456789abcXYZ", 3)
    assert list(told["data"]) == ["payment"]
    for name in ("id", "order_id", "amount", "currency", "method", "vpa", "status"):
        assert told["data"]["payment"][name] == getattr(payment(), name), f"receivers read {name}"


def test_the_time_is_the_moment_in_whatever_zone_it_is_given() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    assert body(payment(), at=AT.astimezone(india)) == body(payment())


def test_a_card_payment_shows_network_and_last_four_and_no_vpa() -> None:
    shown = json.loads(body(payment(method="card", vpa=UNSET, card_network="visa", card_last4="1111")))
    told = shown["data"]["payment"]
    assert (told["card_network"], told["card_last4"]) == ("visa", "1111")
    assert "vpa" not in told


def test_the_body_is_compact_and_its_letters_are_themselves() -> None:
    text = body(payment(error_description="₹ 500 / नहीं 😀"))
    assert "₹ 500 / नहीं 😀" in text
    assert '": ' not in text
    assert '", "' not in text


TEXT = st.one_of(st.none(), st.text(max_size=40), st.sampled_from(["\u2028", "\x7f", "</script>", '"\\/', "\t\r\n"]))
PAYMENTS = st.builds(
    payment,
    id=st.builds(ids.payment_id),
    order_id=st.builds(ids.order_id),
    amount=st.integers(money.AMOUNT_MIN, money.AMOUNT_MAX),
    currency=st.sampled_from(sorted(money.EXPONENTS)),
    method=st.sampled_from(["upi", "card"]),
    vpa=st.just(UNSET) | st.from_regex(r"\A[a-zA-Z0-9._-]{1,20}@[a-zA-Z0-9]{1,10}\Z"),
    card_network=st.just(UNSET) | st.sampled_from(["visa", "mastercard", "amex", "rupay", "unknown"]),
    card_last4=st.just(UNSET) | st.from_regex(r"\A[0-9]{4}\Z"),
    status=st.sampled_from(sorted(set(STATUS.values()))),
    state=st.sampled_from([str(state) for state in STATUS]),
    captured=st.booleans(),
    amount_captured=st.integers(0, money.AMOUNT_MAX),
    amount_refunded=st.integers(0, money.AMOUNT_MAX),
    error_code=TEXT,
    error_reason=TEXT,
    error_description=TEXT,
    inquiries=st.integers(0, 1000),
    next_inquiry_at=st.none() | st.datetimes(timezones=st.just(UTC)).map(views.timestamp),
)


@given(
    shown=PAYMENTS,
    type=st.sampled_from(event.EVENT_TYPES),
    at=st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9000, 1, 1), timezones=st.just(UTC)),
    sequence=st.integers(1, 10_000),
)
@settings(deadline=None, max_examples=300)
def test_every_body_is_a_fixed_point_of_javascript(
    reprint: Callable[[str], str], shown: views.Payment, type: str, at: datetime, sequence: int
) -> None:
    text = body(shown, at=at, type=type, sequence=sequence)
    assert reprint(text) == text


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (AT, "2024-01-15T10:31:00Z"),
        (AT.astimezone(timezone(timedelta(hours=-8))), "2024-01-15T10:31:00Z"),
        (datetime(2024, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-1))), "2025-01-01T00:30:00Z"),
    ],
)
def test_a_time_is_shown_in_utc_to_the_second(at: datetime, wanted: str) -> None:
    assert views.timestamp(at) == wanted
