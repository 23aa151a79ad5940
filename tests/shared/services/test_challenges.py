"""A bank that wants something of the customer first: whose turn it is, how it ends, and nothing debited before."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from shared.config import BankConfig
from shared.connectors.connector import Answer, Authorization, Unknown
from shared.connectors.magic_values import CHALLENGE_CODE, CHALLENGE_DECLINES
from shared.connectors.simulator import AskedNoMore, NoAnswer, NotAsked, SimulatedBank
from shared.db import payments as stored
from shared.db.database import Database
from shared.domain.card import CardDetails
from shared.domain.payment import Payment, State
from shared.sealing import Sealer
from shared.services import payments, processing, sweeping, test_merchant
from tests import gateway, invariants

OTP, OTP_THEN_DECLINED = "4000000000003220", "4000000000003238"


@pytest.fixture
def bank(database: Database) -> SimulatedBank:
    return SimulatedBank(database, BankConfig())


def challenged(database: Database, bank: SimulatedBank, how: str = OTP) -> str:
    """A payment whose customer is asked, by card number or VPA."""
    card = CardDetails(number=how, expiry_month=12, expiry_year=2040, cvv="123", holder_name="Asha Rao")
    order_id = gateway.order(database)
    with database.statement() as tx:
        payment, _ = payments.create(
            tx,
            bank,
            test_merchant.ID,
            order_id=order_id,
            instrument=how if "@" in how else card,
            exclusive=True,
        )
    gateway.process(database, bank)
    assert shown(database, payment.id).state == State.REQUIRES_ACTION
    return payment.id


def shown(database: Database, payment_id: str) -> Payment:
    with database.statement() as tx:
        return payments.get(tx, test_merchant.ID, payment_id)


def told(database: Database, bank: SimulatedBank, payment_id: str) -> Payment:
    """The payment, after the bank has said that it has news."""
    with database.statement() as tx:
        assert processing.look_at_once(tx, payment_id), "it has no job that waits"
    gateway.process(database, bank)
    return shown(database, payment_id)


def types(observer: psycopg.Connection, payment_id: str) -> list[str]:
    rows = observer.execute("select type from events where payment_id = %s order by sequence", (payment_id,)).fetchall()
    return [type.removeprefix("payment.") for (type,) in rows]


def charges(observer: psycopg.Connection) -> list[tuple[str, bool]]:
    return observer.execute("select reference, approved from bank.charges").fetchall()


def expire(database: Database) -> None:
    with database.statement() as tx:
        tx.execute("update bank.challenges set expires_at = now() - interval '1 second'")


def test_nothing_is_debited_before_the_customer_has_entered_the_code(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = challenged(database, bank)
    waiting = shown(database, payment_id)
    assert waiting.next_action is not None and waiting.next_action.type == "otp"
    assert payment_id in waiting.next_action.url
    asked = bank.challenge(payment_id)
    assert (asked.amount, asked.currency, asked.attempts_left, asked.status) == (50000, "INR", 3, "open")
    assert abs((asked.expires_at - waiting.next_action.expires_at).total_seconds()) < 2
    assert charges(observer) == []

    assert bank.meet_challenge(payment_id, "submit_code", CHALLENGE_CODE).status == "approved"
    paid = told(database, bank, payment_id)
    assert (paid.state, paid.next_action, paid.status) == (State.AUTHORIZED, None, "success")
    assert types(observer, payment_id) == ["created", "pending", "requires_action", "pending", "success"]
    assert charges(observer) == [(payment_id, True)]
    assert invariants.violations(observer) == []


def test_a_wrong_code_is_counted_and_the_third_ends_it(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = challenged(database, bank)
    for left in (2, 1):
        assert bank.meet_challenge(payment_id, "submit_code", "000000").attempts_left == left
        assert bank.challenge(payment_id).status == "open"
    last = bank.meet_challenge(payment_id, "submit_code", None)
    assert (last.status, last.attempts_left) == ("declined", 0)
    with pytest.raises(AskedNoMore):
        bank.meet_challenge(payment_id, "submit_code", CHALLENGE_CODE)
    failed = told(database, bank, payment_id)
    assert (failed.state, failed.error_reason, failed.next_action) == (State.FAILED, "authentication_failed", None)
    assert failed.error_description == CHALLENGE_DECLINES["authentication_failed"]
    assert charges(observer) == []
    assert invariants.violations(observer) == []


@pytest.mark.parametrize(
    ("how", "action", "reason"),
    [
        (OTP, "cancel", "authentication_cancelled"),
        (OTP, "decline", "authentication_failed"),
        ("app@magic", "decline", "declined_in_app"),
        ("app@magic", "cancel", "authentication_cancelled"),
        (OTP, None, "authentication_expired"),
        ("app@magic", None, "expired_in_app"),
    ],
)
def test_a_customer_who_does_not_want_to_or_comes_too_late_is_not_charged(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank, how: str, action: str | None, reason: str
) -> None:
    payment_id = challenged(database, bank, how)
    if action is None:
        expire(database)
        with pytest.raises(AskedNoMore):
            bank.meet_challenge(payment_id, "submit_code", CHALLENGE_CODE)
    else:
        bank.meet_challenge(payment_id, action, None)  # type: ignore[arg-type]
    failed = told(database, bank, payment_id)
    assert (failed.state, failed.error_reason) == (State.FAILED, reason)
    assert failed.error_description == CHALLENGE_DECLINES[reason]
    assert charges(observer) == []
    assert invariants.violations(observer) == []


def test_a_upi_payment_is_approved_in_the_app_and_can_be_refunded(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = challenged(database, bank, "app@magic")
    with pytest.raises(NoAnswer, match="no answer to upi_app"):
        bank.meet_challenge(payment_id, "submit_code", CHALLENGE_CODE)
    bank.meet_challenge(payment_id, "approve", None)
    assert told(database, bank, payment_id).status == "success"
    gateway.refund(database, payment_id)
    gateway.process_refunds(database, bank)
    gateway.make_due(database)
    assert invariants.violations(observer) == []


def test_the_bank_may_decline_after_the_right_code(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = challenged(database, bank, OTP_THEN_DECLINED)
    assert bank.meet_challenge(payment_id, "submit_code", CHALLENGE_CODE).status == "approved"
    assert told(database, bank, payment_id).error_reason == "insufficient_funds"
    assert charges(observer) == [(payment_id, False)]


def test_a_bank_that_takes_its_time_after_the_code_is_waited_for(
    database: Database, observer: psycopg.Connection
) -> None:
    bank = SimulatedBank(database, BankConfig(test_mode=True, test_processing_delay_ms=60_000))
    payment_id = challenged(database, bank)
    bank.meet_challenge(payment_id, "submit_code", CHALLENGE_CODE)
    assert told(database, bank, payment_id).state == State.PROCESSING
    with database.statement() as tx:
        tx.execute("update bank.charges set answer_at = now()")
    gateway.make_due(database)
    gateway.process(database, bank)
    assert shown(database, payment_id).status == "success"
    assert invariants.violations(observer) == []


def test_a_challenge_that_nobody_tells_of_is_asked_after_and_found_again_when_its_job_is_lost(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank
) -> None:
    payment_id = challenged(database, bank)
    row = observer.execute("select run_at <= now() + interval '10 seconds' from jobs where kind = 'process_payment'")
    assert row.fetchone() == (True,)
    bank.meet_challenge(payment_id, "submit_code", CHALLENGE_CODE)
    with database.statement() as tx:
        tx.execute("delete from jobs")
        tx.execute("alter table payments disable trigger payments_check_move")
        tx.execute("update payments set updated_at = now() - interval '2 minutes'")
        tx.execute("alter table payments enable trigger payments_check_move")
    assert sweeping.inquire(database, gateway.Told()) == 1
    gateway.process(database, bank)
    assert shown(database, payment_id).status == "success"


def test_a_challenge_whose_announcement_got_lost_is_found_by_inquiry(
    database: Database, observer: psycopg.Connection
) -> None:
    class Lossy(SimulatedBank):
        def authorize(self, operations: Sequence[Authorization]) -> dict[str, Answer]:
            super().authorize(operations)
            return {operation.reference: Unknown("lost") for operation in operations}

    bank = Lossy(database, BankConfig())
    payment_id = gateway.pay(database, bank, "app@magic")
    gateway.process(database, bank)
    assert shown(database, payment_id).state == State.OUTCOME_UNKNOWN
    gateway.make_due(database)
    gateway.process(database, bank)
    assert shown(database, payment_id).state == State.REQUIRES_ACTION
    bank.meet_challenge(payment_id, "approve", None)
    assert told(database, bank, payment_id).status == "success"
    assert types(observer, payment_id) == [
        *("created", "pending", "outcome_unknown", "requires_action", "pending", "success")
    ]
    assert invariants.violations(observer) == []


@pytest.mark.parametrize("round", range(5))
def test_of_all_that_a_customer_does_at_once_one_thing_counts(
    database: Database, observer: psycopg.Connection, bank: SimulatedBank, round: int
) -> None:
    payment_id = challenged(database, bank, "app@magic")
    together = threading.Barrier(12)

    def act(number: int) -> str:
        together.wait()
        try:
            return bank.meet_challenge(payment_id, ("approve", "decline", "cancel")[number % 3], None).status  # type: ignore[arg-type]
        except AskedNoMore:
            return "closed"

    def look(_: int) -> None:
        together.wait()
        with database.statement() as tx:
            tx.execute("update bank.challenges set expires_at = now() where reference = %s", (payment_id,))
        bank.inquire([payment_id])

    with ThreadPoolExecutor(12) as people:
        acts = [people.submit(act, number) for number in range(9)]
        looks = [people.submit(look, number) for number in range(3)]
        done = [one.result() for one in acts]
        for one in looks:
            one.result()
    counted = [status for status in done if status != "closed"]
    assert len(counted) <= 1
    ended = told(database, bank, payment_id)
    assert (ended.status == "success") == (counted == ["approved"]) == bool(charges(observer))
    assert invariants.violations(observer) == []


def test_a_success_is_signed_with_the_merchants_webhook_secret_and_nothing_else_is(
    database: Database, bank: SimulatedBank, sealer: Sealer
) -> None:
    failed, pending = challenged(database, bank), challenged(database, bank)
    bank.meet_challenge(failed, "cancel", None)
    told(database, bank, failed)
    paid = gateway.pay(database, bank, "approve@magic")
    gateway.process(database, bank)
    with database.statement() as tx:
        for payment_id in (failed, pending):
            assert payments.signatures_of_success(tx, sealer, payments.get(tx, test_merchant.ID, payment_id)) == []
        payment = payments.get(tx, test_merchant.ID, paid)
        [signature] = payments.signatures_of_success(tx, sealer, payment)
    signed = f"{payment.order_id}|{payment.id}".encode()
    assert signature == hmac.new(test_merchant.WEBHOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()


def test_who_is_asked_nothing_has_no_challenge(database: Database, bank: SimulatedBank) -> None:
    payment_id = gateway.pay(database, bank, "approve@magic")
    for asking in (lambda: bank.challenge(payment_id), lambda: bank.meet_challenge(payment_id, "approve", None)):
        with pytest.raises(NotAsked):
            asking()


def test_a_bank_without_magic_values_challenges_nobody(database: Database) -> None:
    bank = SimulatedBank(database, BankConfig(magic_values=False, processing_delay_min_ms=0, processing_delay_max_ms=0))
    payment_id = gateway.pay(database, bank, "app@magic")
    gateway.process(database, bank)
    with database.statement() as tx:
        assert stored.find(tx, payment_id, merchant_id=test_merchant.ID).state != State.REQUIRES_ACTION  # type: ignore[union-attr]
