"""The rules of refunds, one by one, without a database: what is reserved, told and booked by each step."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import payment as payments
from shared.domain import refund
from shared.domain.ledger import Account, Kind
from shared.domain.order import OrderStatus, OrderToPay
from shared.domain.payment import Payment, State
from shared.domain.refund import INSUFFICIENT, RefundStatus, Step
from shared.errors import BadRequest

AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
AMOUNT = 50000
REASON = {"reason": "refund_declined", "description": "The customer's bank does not take the refund."}


def _created() -> Payment:
    order = OrderToPay(
        id="order_0000000000000000",
        merchant_id=UUID(int=1),
        amount=AMOUNT,
        currency="INR",
        capture="manual",
        status=OrderStatus.CREATED,
    )
    return payments.create(order, connector="bank", method="upi", vpa="asha@upi", exclusive=True, at=AT).payment


def _authorized() -> Payment:
    handed = payments.hand_to_bank(_created(), at=AT).payment
    return payments.approve(handed, acquirer_reference="bank_1", at=AT).payment


def _captured(amount: int | None = None) -> Payment:
    return payments.capture(_authorized(), amount, at=AT).payment


def _request(payment: Payment, amount: int | None = None) -> Step:
    """Of that much, or of all that is left."""
    if amount is None:
        taken = payment.amount_captured or payment.amount_authorized
        amount = taken - payment.amount_refunded - payment.amount_refund_pending
    return refund.request(payment, amount, reason=None, notes={}, at=LATER)


def _after(step: Step) -> Payment:
    return step.moves[-1].payment


def _refunded(payment: Payment, amount: int | None = None) -> Step:
    requested = _request(payment, amount)
    return refund.process(_after(requested), requested.refund, acquirer_reference="bank_2", at=LATER)


def _told(step: Step) -> list[str]:
    return [move.event.type for move in step.moves]


def _booked(step: Step) -> list[tuple[str, int, int]]:
    """Of each transaction the kind, what the merchant's account gains by it, and what the reserve for refunds does."""
    return [
        (
            one.kind,
            sum(entry.amount for entry in one.entries if entry.account == Account.AVAILABLE),
            sum(entry.amount for entry in one.entries if entry.account == Account.REFUNDS_PENDING),
        )
        for one in step.booked
    ]


def _assert_in_order(payment: Payment, step: Step) -> None:
    assert [move.event.sequence for move in step.moves] == [
        payment.sequence + 1 + number for number in range(len(step.moves))
    ]
    assert all(sum(entry.amount for entry in one.entries) == 0 for one in step.booked)


# Asking


def test_a_refund_reserves_its_amount_and_leaves_the_state() -> None:
    payment = _captured()
    step = _request(payment, 20000)
    assert step.refund.status == RefundStatus.PENDING
    assert (_after(step).state, _after(step).amount_refund_pending, _after(step).amount_refunded) == (
        State.CAPTURED,
        20000,
        0,
    )
    assert _told(step) == ["refund.created"]
    assert _booked(step) == [(Kind.REFUND, -20000, 20000)]
    _assert_in_order(payment, step)


def test_a_refund_of_an_authorized_payment_captures_all_of_it_first() -> None:
    payment = _authorized()
    step = _request(payment, 100)
    assert (_after(step).state, _after(step).amount_captured) == (State.CAPTURED, AMOUNT)
    assert _told(step) == ["payment.captured", "refund.created"]
    assert _booked(step) == [(Kind.CAPTURE, AMOUNT, 0), (Kind.REFUND, -100, 100)]
    _assert_in_order(payment, step)


def test_a_refund_of_a_partially_captured_payment_captures_nothing_more() -> None:
    step = _request(_captured(20000), 5000)
    assert (_after(step).state, _after(step).amount_captured) == (State.PARTIALLY_CAPTURED, 20000)
    with pytest.raises(BadRequest, match="exceeds"):
        _request(_captured(20000), 20001)


@pytest.mark.parametrize("amount", [0, -1])
def test_less_than_one_is_refused(amount: int) -> None:
    with pytest.raises(BadRequest) as refused:
        _request(_captured(), amount)
    assert refused.value.field == "amount"


def test_more_than_is_left_is_refused_with_what_is_left() -> None:
    pending = _after(_request(_captured(), 20000))
    for payment, left in ((_captured(), AMOUNT), (pending, 30000), (_after(_refunded(_captured(), 20000)), 30000)):
        with pytest.raises(BadRequest) as refused:
            _request(payment, left + 1)
        assert (refused.value.reason, refused.value.more) == (INSUFFICIENT, {"available": left})
        assert _request(payment, left).refund.amount == left


def test_when_nothing_is_left_nothing_is_refunded() -> None:
    with pytest.raises(BadRequest) as refused:
        _request(_after(_refunded(_captured())), 1)
    assert refused.value.reason == INSUFFICIENT


@pytest.mark.parametrize("state", [s for s in State if payments.STATUS[s] in ("pending", "failed")])
def test_what_was_not_paid_cannot_be_refunded(state: State) -> None:
    with pytest.raises(BadRequest) as refused:
        _request(replace(_created(), state=state))
    assert refused.value.reason == "payment_not_refundable"


@pytest.mark.parametrize("state", [State.VOIDED, State.AUTHORIZATION_EXPIRED])
def test_what_was_let_go_of_cannot_be_refunded(state: State) -> None:
    with pytest.raises(BadRequest) as refused:
        _request(replace(_authorized(), state=state, authorization_expires_at=None))
    assert refused.value.reason == "payment_not_refundable"


def test_a_hold_that_ran_out_cannot_be_captured_by_a_refund() -> None:
    payment = replace(_authorized(), authorization_expires_at=LATER)
    with pytest.raises(BadRequest) as refused:
        _request(payment)
    assert refused.value.reason == "payment_not_capturable"


# What the bank answers


def test_a_processed_refund_takes_what_was_reserved() -> None:
    requested = _request(_captured(), 20000)
    step = refund.process(_after(requested), requested.refund, acquirer_reference="bank_2", at=LATER)
    after = _after(step)
    assert (step.refund.status, step.refund.processed_at, step.refund.acquirer_reference) == (
        RefundStatus.PROCESSED,
        LATER,
        "bank_2",
    )
    assert (after.state, after.amount_refund_pending, after.amount_refunded) == (State.PARTIALLY_REFUNDED, 0, 20000)
    assert sorted(_told(step)) == ["payment.partially_refunded", "refund.processed"]
    assert _booked(step) == [(Kind.REFUND_PROCESSED, 0, -20000)]
    _assert_in_order(_after(requested), step)


def test_the_last_refund_makes_it_refunded() -> None:
    part = _after(_refunded(_captured(), 20000))
    step = _refunded(part)
    assert _after(step).state == State.REFUNDED
    assert sorted(_told(step)) == ["payment.refunded", "refund.processed"]


def test_a_processed_refund_of_a_partially_captured_payment_closes_the_hold() -> None:
    after = _after(_refunded(_captured(20000), 5000))
    assert (after.state, after.authorization_expires_at) == (State.PARTIALLY_REFUNDED, None)
    with pytest.raises(BadRequest):
        payments.capture(after, 1, at=LATER)
    assert _after(_refunded(_captured(20000))).state == State.REFUNDED, "what was captured is all there is to give back"


def test_a_declined_refund_sets_free_what_was_reserved() -> None:
    requested = _request(_captured(), 20000)
    step = refund.fail(_after(requested), requested.refund, **REASON, at=LATER)
    after = _after(step)
    assert (step.refund.status, step.refund.error_reason) == (RefundStatus.FAILED, "refund_declined")
    assert (after.state, after.amount_refund_pending, after.amount_refunded) == (State.CAPTURED, 0, 0)
    assert _told(step) == ["refund.failed"]
    assert _booked(step) == [(Kind.REFUND_FAILED, 20000, -20000)]
    _assert_in_order(_after(requested), step)


def test_a_refund_that_comes_back_takes_the_state_back() -> None:
    processed = _refunded(_captured(), 20000)
    step = refund.take_back(_after(processed), processed.refund, **REASON, at=LATER)
    after = _after(step)
    assert (step.refund.status, step.refund.processed_at) == (RefundStatus.FAILED, LATER), "it was processed once"
    assert (after.state, after.amount_refunded) == (State.CAPTURED, 0)
    assert sorted(_told(step)) == ["payment.refund_returned", "refund.failed"]
    assert _booked(step) == [(Kind.REFUND_RETURNED, 20000, 0)]
    _assert_in_order(_after(processed), step)


def test_of_several_refunds_one_that_comes_back_leaves_the_others() -> None:
    first = _refunded(_captured(), 20000)
    last = _refunded(_after(first))
    assert _after(last).state == State.REFUNDED
    step = refund.take_back(_after(last), last.refund, **REASON, at=LATER)
    assert (_after(step).state, _after(step).amount_refunded) == (State.PARTIALLY_REFUNDED, 20000)


def test_money_that_comes_back_is_never_told_as_another_refund() -> None:
    first = _refunded(_captured(), 20000)
    second = _refunded(_after(first), 10000)
    step = refund.take_back(_after(second), second.refund, **REASON, at=LATER)
    assert (_after(step).state, _after(step).amount_refunded) == (State.PARTIALLY_REFUNDED, 20000)
    assert _told(step) == ["payment.refund_returned", "refund.failed"]


# Whatever happens


@given(
    st.one_of(st.none(), st.integers(1, AMOUNT)),
    st.lists(st.tuples(st.one_of(st.none(), st.integers(-1, AMOUNT + 1)), st.integers(0, 3)), max_size=12),
)
def test_no_sequence_of_refunds_gives_back_more_than_was_captured(
    captured: int | None, steps: list[tuple[int | None, int]]
) -> None:
    payment = _captured(captured)
    held = {Account.AVAILABLE: payment.amount_captured, Account.REFUNDS_PENDING: 0}
    waiting: list[refund.Refund] = []
    for amount, fate in steps:
        try:
            done = [_request(payment, amount)]
        except BadRequest:
            continue
        payment = _after(done[0])
        waiting.append(done[0].refund)
        if fate != 3:  # the answer to the one that waits longest
            oldest = waiting.pop(0)
            if fate == 0:
                done.append(refund.fail(payment, oldest, **REASON, at=LATER))
            else:
                done.append(refund.process(payment, oldest, acquirer_reference="bank_2", at=LATER))
                if fate == 2:
                    done.append(refund.take_back(_after(done[-1]), done[-1].refund, **REASON, at=LATER))
            payment = _after(done[-1])
        for step in done:
            for entry in (entry for one in step.booked for entry in one.entries):
                if entry.account in held:
                    held[Account(entry.account)] += entry.amount
        assert payment.amount_refunded + payment.amount_refund_pending <= payment.amount_captured
        assert payment.amount_refund_pending == sum(one.amount for one in waiting) == held[Account.REFUNDS_PENDING]
        assert held[Account.AVAILABLE] == (
            payment.amount_captured - payment.amount_refunded - payment.amount_refund_pending
        )
