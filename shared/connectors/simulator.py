"""The simulated bank: an acquirer that keeps its own books, in its own schema and its own transactions.

The gateway never reads those books; they are the witness that nobody was charged twice. The bank answers at once
with an outcome or with the time at which it will have one, so nobody ever waits inside a call.
"""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg

from shared import ids
from shared.config import BankConfig
from shared.connectors import magic_values
from shared.connectors.connector import (
    ActionRequired,
    Answer,
    Approved,
    Authorization,
    Declined,
    NotFound,
    Notice,
    Pending,
    RefundOrder,
    Unknown,
)
from shared.connectors.magic_values import (
    BEHAVIOURS,
    CHALLENGE_ATTEMPTS,
    CHALLENGE_CODE,
    CHALLENGE_DECLINES,
    DECLINES,
    ORDINARY,
    REFUND_DECLINES,
    Behaviour,
)
from shared.db.database import Database, Tx
from shared.domain.card import Card

_TOKEN_PREFIX = "sim_"  # noqa: S105 (says whose tokens these are)
_ORDINARY_TOKEN = "ordinary"  # noqa: S105
_ORDINARY_DECLINE = "do_not_honour"

REFUND_DELAY_MIN_MS = 3000
REFUND_DELAY_MAX_MS = 5000
log = logging.getLogger(__name__)

NO_ANSWER = "no answer in time"
GARBLED_ANSWER = "an answer that cannot be read"
DOWN = "the bank cannot be reached"

CHALLENGE_URL = "/bank?payment_id={reference}"  # a page of the checkout's, outside production
# What became of a challenge that was not approved, by its kind.
_CHALLENGE_REASONS = {
    ("otp", "declined"): "authentication_failed",
    ("otp", "cancelled"): "authentication_cancelled",
    ("otp", "expired"): "authentication_expired",
    ("upi_app", "declined"): "declined_in_app",
    ("upi_app", "cancelled"): "authentication_cancelled",
    ("upi_app", "expired"): "expired_in_app",
}

Action = Literal["submit_code", "approve", "decline", "cancel"]


class NotAsked(Exception):
    """The bank wants nothing of this payment's customer."""


class AskedNoMore(Exception):
    """The customer has answered, or it is too late."""


class NoAnswer(Exception):
    """What the customer did is no answer to what was asked. The message says so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """What the bank asks of a customer."""

    reference: str
    type: str  # otp, upi_app
    amount: int
    currency: str
    status: str  # open, approved, declined, cancelled, expired
    attempts_left: int
    expires_at: datetime


class SimulatedBank:
    name = "simulator"

    def __init__(self, database: Database, config: BankConfig) -> None:
        self._database = database
        self._config = config
        # Drawn from the system's source unless a seed asks for the same draws again.
        self._random: random.Random = secrets.SystemRandom() if config.seed is None else random.Random(config.seed)

    def tokenise(self, card: Card) -> str:
        behaviour = magic_values.CARDS.get(card.number) if self._config.magic_values else None
        return f"{_TOKEN_PREFIX}{behaviour or _ORDINARY_TOKEN}_{secrets.token_hex(8)}"

    def authorize(self, operations: Sequence[Authorization]) -> dict[str, Answer]:
        names = {operation.reference: self._behaviour(operation) for operation in operations}
        behaviours = {reference: BEHAVIOURS.get(name or "", ORDINARY) for reference, name in names.items()}
        answers: dict[str, Answer] = {}
        try:
            for operation in operations:
                if behaviours[operation.reference].challenge is not None:
                    answers[operation.reference] = self._challenge(operation, names[operation.reference] or "")
            lost = self._lose([ref for ref, behaviour in behaviours.items() if behaviour.lost == "before_debit"])
            charges = self._charge(
                [op for op in operations if op.reference not in lost and op.reference not in answers], names
            )
        except psycopg.Error as error:
            return {operation.reference: _down(error) for operation in operations}
        answers |= {ref: Unknown(NO_ANSWER) for ref in lost}
        for charge in charges:
            how = behaviours[charge["reference"]].lost
            if charge["asked"] == 1 and how in ("after_debit", "garbled"):
                answers[charge["reference"]] = Unknown(NO_ANSWER if how == "after_debit" else GARBLED_ANSWER)
            else:
                answers[charge["reference"]] = _answer(charge)
        return answers

    def inquire(self, references: Sequence[str]) -> dict[str, Answer]:
        answers = self._inquire(_INQUIRE, references)
        unheard = [reference for reference, answer in answers.items() if isinstance(answer, NotFound)]
        if not unheard:
            return answers
        try:
            with self._database.statement() as tx:
                rows = tx.execute(_INQUIRE_CHALLENGES, {"references": unheard}).fetchall()
        except psycopg.Error as error:
            return answers | {reference: _down(error) for reference in unheard}
        return answers | {row["reference"]: _challenge_answer(row) for row in rows}

    def challenge(self, reference: str) -> Challenge:
        """What the bank asks of the customer of this payment. Raises NotAsked."""
        with self._database.statement() as tx:
            rows = tx.execute(_INQUIRE_CHALLENGES, {"references": [reference]}).fetchall()
        if not rows:
            raise NotAsked
        return _challenge(rows[0])

    def meet_challenge(self, reference: str, action: Action, code: str | None) -> Challenge:
        """What the customer does about it; an approval is charged at once. Raises NotAsked, AskedNoMore, NoAnswer."""
        with self._database.transaction() as tx:
            row = tx.execute(_LOCK_CHALLENGE, (reference,)).fetchone()
            if row is None:
                raise NotAsked
            if row["status"] != "open" or row["late"]:
                raise AskedNoMore
            status, attempts_left = _met(row, action, code)
            row |= {"status": status, "attempts_left": attempts_left}
            tx.execute(_MEET_CHALLENGE, (status, attempts_left, reference))
            if status == "approved":
                self._charge_in(tx, [_operation(row)], {reference: row["behaviour"]})
        return _challenge(row)

    def refund(self, operations: Sequence[RefundOrder]) -> dict[str, Answer]:
        answers: dict[str, Answer] = {}
        try:
            for operation in operations:
                answers[operation.reference] = self._refund(operation)
        except psycopg.Error as error:
            return {op.reference: _down(error) for op in operations} | answers
        return answers

    def inquire_refunds(self, references: Sequence[str]) -> dict[str, Answer]:
        return self._inquire(_INQUIRE_REFUNDS, references)

    def notices(self, *, limit: int) -> list[Notice]:
        try:
            with self._database.statement() as tx:
                rows = tx.execute(_NOTICES, (limit,)).fetchall()
        except psycopg.Error:
            return []
        found = []
        for row in rows:
            answer = _answer(row | {"wait": 0, "silent": False})
            assert isinstance(answer, Approved | Declined), "it is ready"
            found.append(Notice(row["id"], row["reference"], answer))
        return found

    def acknowledge(self, notices: Sequence[Notice]) -> None:
        with self._database.statement() as tx:
            tx.execute("delete from bank.notices where id = any(%s)", ([notice.id for notice in notices],))

    def _inquire(self, statement: str, references: Sequence[str]) -> dict[str, Answer]:
        try:
            with self._database.statement() as tx:
                rows = tx.execute(statement, (list(references),)).fetchall()
        except psycopg.Error as error:
            return {reference: _down(error) for reference in references}
        return {reference: NotFound() for reference in references} | {r["reference"]: _answer(r) for r in rows}

    def close(self) -> None:
        self._database.close()

    def _behaviour(self, operation: Authorization) -> str | None:
        """The name of the behaviour that a magic value asks for."""
        if not self._config.magic_values:
            return None
        if operation.method == "upi":
            return magic_values.of_vpa(operation.instrument)
        return operation.instrument.removeprefix(_TOKEN_PREFIX).rpartition("_")[0]

    def _lose(self, references: Sequence[str]) -> set[str]:
        """Loses each request once, before it is booked: the second try arrives."""
        if not references:
            return set()
        with self._database.statement() as tx:
            rows = tx.execute(_LOSE, (list(references),)).fetchall()
        return {row["reference"] for row in rows}

    def _challenge(self, operation: Authorization, name: str) -> Answer:
        """Asks the customer once, however often the gateway asks for the payment."""
        asked = {
            "reference": operation.reference,
            "type": BEHAVIOURS[name].challenge,
            "amount": operation.amount,
            "currency": operation.currency,
            "method": operation.method,
            "behaviour": name,
            "attempts": CHALLENGE_ATTEMPTS,
            "seconds": BEHAVIOURS[name].challenge_seconds,
        }
        with self._database.statement() as tx:
            tx.execute(_ASK_CUSTOMER, asked)
        return self.inquire([operation.reference])[operation.reference]

    def _charge(self, operations: Sequence[Authorization], names: dict[str, str | None]) -> list[dict[str, Any]]:
        if not operations:
            return []
        with self._database.statement() as tx:
            return self._charge_in(tx, operations, names)

    def _charge_in(
        self, tx: Tx, operations: Sequence[Authorization], names: dict[str, str | None]
    ) -> list[dict[str, Any]]:
        behaviours = [BEHAVIOURS.get(names[op.reference] or "", ORDINARY) for op in operations]
        outcomes = [self._outcome(op, behaviour) for op, behaviour in zip(operations, behaviours, strict=True)]
        return tx.execute(
            _CHARGE,
            (
                [op.reference for op in operations],
                [ids.new("bank") for _ in operations],
                [op.amount for op in operations],
                [op.currency for op in operations],
                [reason is None for reason, _ in outcomes],
                [reason for reason, _ in outcomes],
                [delay_ms / 1000 for _, delay_ms in outcomes],
                [names[op.reference] for op in operations],
                [behaviour.lost == "late" for behaviour in behaviours],
                [behaviour.twice for behaviour in behaviours],
            ),
        ).fetchall()

    def _refund(self, operation: RefundOrder) -> Answer:
        """Books one refund, never more of a charge than was debited, and once however often it is asked."""
        with self._database.transaction() as tx:
            charge = tx.execute(_LOCK_CHARGE, (operation.charge,)).fetchone()
            if charge is None:
                return Declined("charge_not_found", REFUND_DECLINES["charge_not_found"])
            name = charge["behaviour"] if self._config.magic_values else None
            behaviour = BEHAVIOURS.get(name or "", ORDINARY)
            declined = "refund_declined" if behaviour.refund == "declined" else None
            refunded = tx.execute(_REFUNDED, (operation.charge,)).fetchone()
            assert refunded is not None, "a sum is a row"
            if refunded["amount"] + operation.amount > charge["amount"]:
                declined = "refund_exceeds_charge"
            refund = tx.execute(
                _REFUND,
                {
                    "reference": operation.reference,
                    "charge": operation.charge,
                    "acquirer_reference": ids.new("bank"),
                    "amount": operation.amount,
                    "currency": operation.currency,
                    "declined": declined,
                    "delay": self._refund_delay_ms(behaviour) / 1000,
                    "returned": declined is None and behaviour.refund == "returned",
                    "late": magic_values.LATE_SECONDS,
                },
            ).fetchone()
        assert refund is not None, "an upsert returns its row"
        if refund["asked"] == 1 and behaviour.refund == "lost":
            return Unknown(NO_ANSWER)
        return _answer(refund)

    def _refund_delay_ms(self, behaviour: Behaviour) -> int:
        if self._config.test_mode:
            return self._config.test_processing_delay_ms
        if behaviour.delay_ms is not None:
            return behaviour.delay_ms
        return self._random.randint(REFUND_DELAY_MIN_MS, REFUND_DELAY_MAX_MS)

    def _outcome(self, operation: Authorization, behaviour: Behaviour) -> tuple[str | None, int]:
        """The reason for a decline, or None, and the milliseconds that the bank takes to know."""
        config = self._config
        if config.test_mode:
            delay_ms = config.test_processing_delay_ms
        elif behaviour.delay_ms is not None:
            delay_ms = behaviour.delay_ms
        else:
            delay_ms = self._random.randint(config.processing_delay_min_ms, config.processing_delay_max_ms)
        if behaviour.approved is False:
            return behaviour.decline_reason, delay_ms
        if config.test_mode:
            approved = config.test_payment_success
        elif behaviour.approved is not None:
            approved = behaviour.approved
        else:
            rate = config.upi_success_rate if operation.method == "upi" else config.card_success_rate
            approved = self._random.random() < rate
        return (None if approved else _ORDINARY_DECLINE), delay_ms


def _down(error: psycopg.Error) -> Unknown:
    """Merchants are told that, and no more: what went wrong is for the log."""
    log.warning("the bank is down: %s", " ".join(str(error).split()))
    return Unknown(DOWN)


def _met(row: dict[str, Any], action: Action, code: str | None) -> tuple[str, int]:
    """The challenge's status, and how many tries are left, after what the customer did."""
    left: int = row["attempts_left"]
    if action in ("decline", "cancel"):
        return ("declined" if action == "decline" else "cancelled"), left
    if action != {"otp": "submit_code", "upi_app": "approve"}[row["type"]]:
        raise NoAnswer(f"{action} is no answer to {row['type']}")
    if action == "approve" or code == CHALLENGE_CODE:
        return "approved", left
    return ("open" if left > 1 else "declined"), left - 1


def _operation(row: dict[str, Any]) -> Authorization:
    """What was asked for when the customer was challenged. The instrument was read then: its behaviour is known."""
    return Authorization(
        reference=row["reference"], amount=row["amount"], currency=row["currency"], method=row["method"], instrument=""
    )


def _challenge(row: dict[str, Any]) -> Challenge:
    return Challenge(**{name: row[name] for name in Challenge.__slots__})


def _challenge_answer(row: dict[str, Any]) -> Answer:
    """An approved challenge has a charge, which is looked for first."""
    if row["status"] in ("open", "approved"):
        url = CHALLENGE_URL.format(reference=row["reference"])
        return ActionRequired(row["type"], url, max(float(row["seconds_left"]), 0.0))
    reason = _CHALLENGE_REASONS[row["type"], row["status"]]
    return Declined(reason, CHALLENGE_DECLINES[reason])


def _answer(row: dict[str, Any]) -> Answer:
    """The answer that a row of the books gives now."""
    if row["silent"]:
        return Unknown(NO_ANSWER)
    if row["wait"] > 0:
        return Pending(float(row["wait"]))
    if row["approved"]:
        return Approved(row["acquirer_reference"])
    reason = row["decline_reason"]
    return Declined(reason, (DECLINES | REFUND_DECLINES)[reason])


_LATE_SECONDS = f"make_interval(secs => {magic_values.LATE_SECONDS})"

_ANSWER_COLUMNS = f"""
    reference, acquirer_reference, approved, decline_reason, asked,
    extract(epoch from answer_at - now())::float8 as wait,
    coalesce(behaviour = 'late-answer' and now() < created_at + {_LATE_SECONDS}, false) as silent
"""

_CHARGE = f"""
    with asked as (
        select * from unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::bool[], %s::text[], %s::float8[],
                             %s::text[], %s::bool[], %s::bool[])
               as o (reference, acquirer_reference, amount, currency, approved, decline_reason, delay, behaviour,
                     late, twice)
    ),
    charged as (
        insert into bank.charges as c (reference, acquirer_reference, amount, currency, approved, decline_reason,
                                       answer_at, behaviour)
        select reference, acquirer_reference, amount, currency, approved, decline_reason,
               now() + make_interval(secs => delay), behaviour
          from asked
            on conflict (reference) do update set asked = c.asked + 1
     returning {_ANSWER_COLUMNS}, answer_at
    ),
    announced as (
        insert into bank.notices (reference, ready_at)
        select c.reference, case when a.late then greatest(answer_at, now() + {_LATE_SECONDS}) else answer_at end
          from charged c join asked a using (reference)
         where c.asked = 1 and (a.late or a.twice)
    )
    select * from charged
"""

_INQUIRE = f"select {_ANSWER_COLUMNS} from bank.charges where reference = any(%s)"

_CHALLENGE_COLUMNS = """
    reference, type, amount, currency, method, behaviour, status, attempts_left, expires_at,
    extract(epoch from expires_at - now())::float8 as seconds_left
"""

_ASK_CUSTOMER = """
    insert into bank.challenges (reference, type, amount, currency, method, behaviour, attempts_left, expires_at)
    values (%(reference)s, %(type)s, %(amount)s, %(currency)s, %(method)s, %(behaviour)s, %(attempts)s,
            now() + make_interval(secs => %(seconds)s))
        on conflict do nothing
"""

# What is too late is ended by writing so: a customer who approves at that moment waits for the row, and is told.
_INQUIRE_CHALLENGES = f"""
    with expired as (
        update bank.challenges set status = 'expired'
         where reference = any(%(references)s) and status = 'open' and expires_at <= now()
     returning {_CHALLENGE_COLUMNS}
    )
    select * from expired
     union all
    select {_CHALLENGE_COLUMNS} from bank.challenges
     where reference = any(%(references)s) and reference not in (select reference from expired)
"""

_LOCK_CHALLENGE = f"""
    select {_CHALLENGE_COLUMNS}, expires_at <= clock_timestamp() as late
      from bank.challenges where reference = %s for no key update
"""

_MEET_CHALLENGE = "update bank.challenges set status = %s, attempts_left = %s where reference = %s"

_LOCK_CHARGE = "select amount, behaviour from bank.charges where reference = %s and approved for no key update"

# A statement of its own, so that it sees what was committed while the lock was waited for.
_REFUNDED = """
    select coalesce(sum(amount), 0)::bigint as amount
      from bank.refunds where charge_reference = %s and approved and returned_at is null
"""

_REFUND_COLUMNS = """
    reference, acquirer_reference, approved, decline_reason, asked,
    extract(epoch from answer_at - now())::float8 as wait, false as silent
"""

_REFUND = f"""
    with refunded as (
        insert into bank.refunds as r (reference, charge_reference, acquirer_reference, amount, currency, approved,
                                       decline_reason, answer_at, returned_at)
        values (%(reference)s, %(charge)s, %(acquirer_reference)s, %(amount)s, %(currency)s,
                %(declined)s::text is null, %(declined)s, now() + make_interval(secs => %(delay)s),
                case when %(returned)s then now() + make_interval(secs => %(delay)s + %(late)s) end)
            on conflict (reference) do update set asked = r.asked + 1
     returning {_REFUND_COLUMNS}, returned_at
    ),
    announced as (
        insert into bank.notices (reference, ready_at)
        select reference, returned_at from refunded where asked = 1 and returned_at is not null
    )
    select * from refunded
"""

_INQUIRE_REFUNDS = f"select {_REFUND_COLUMNS} from bank.refunds where reference = any(%s)"

_NOTICES = """
    select n.id, n.reference, coalesce(c.acquirer_reference, r.acquirer_reference) as acquirer_reference,
           coalesce(c.approved, r.returned_at is null and r.approved) as approved,
           case when r.returned_at is not null then 'refund_returned'
                else coalesce(c.decline_reason, r.decline_reason) end as decline_reason
      from bank.notices n
      left join bank.charges c on c.reference = n.reference
      left join bank.refunds r on r.reference = n.reference
     where n.ready_at <= now()
     order by n.id limit %s
"""

_LOSE = """
    insert into bank.lost_requests (reference) select unnest(%s::text[])
        on conflict do nothing returning reference
"""
