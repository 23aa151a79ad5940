"""The simulated bank: an acquirer that keeps its own books, in its own schema and its own transactions.

The gateway never reads those books; they are the witness that nobody was charged twice. The bank answers at once
with an outcome or with the time at which it will have one, so nobody ever waits inside a call.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from typing import Any

import psycopg

from shared import ids
from shared.config import BankConfig
from shared.connectors import magic_values
from shared.connectors.connector import (
    Answer,
    Approved,
    Authorization,
    Declined,
    NotFound,
    Pending,
    Unknown,
)
from shared.connectors.magic_values import BEHAVIOURS, DECLINES, ORDINARY, Behaviour
from shared.db.database import Database
from shared.domain.card import Card

_TOKEN_PREFIX = "sim_"  # noqa: S105 (says whose tokens these are)
_ORDINARY_TOKEN = "ordinary"  # noqa: S105
_ORDINARY_DECLINE = "do_not_honour"


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
        behaviours = {operation.reference: self._behaviour(operation) for operation in operations}
        try:
            lost = self._lose([ref for ref, behaviour in behaviours.items() if behaviour.lost == "before_debit"])
            charges = self._charge([op for op in operations if op.reference not in lost], behaviours)
        except psycopg.Error as error:
            return {operation.reference: Unknown(f"the bank is down: {error}") for operation in operations}
        answers: dict[str, Answer] = {ref: Unknown("no answer in time") for ref in lost}
        for charge in charges:
            if behaviours[charge["reference"]].lost == "after_debit" and charge["asked"] == 1:
                answers[charge["reference"]] = Unknown("no answer in time")
            else:
                answers[charge["reference"]] = _answer(charge)
        return answers

    def inquire(self, references: Sequence[str]) -> dict[str, Answer]:
        try:
            with self._database.statement() as tx:
                rows = tx.execute(_INQUIRE, (list(references),)).fetchall()
        except psycopg.Error as error:
            return {reference: Unknown(f"the bank is down: {error}") for reference in references}
        return {reference: NotFound() for reference in references} | {r["reference"]: _answer(r) for r in rows}

    def close(self) -> None:
        self._database.close()

    def _behaviour(self, operation: Authorization) -> Behaviour:
        if not self._config.magic_values:
            return ORDINARY
        if operation.method == "upi":
            name = magic_values.of_vpa(operation.instrument)
        else:
            name = operation.instrument.removeprefix(_TOKEN_PREFIX).rpartition("_")[0]
        return BEHAVIOURS.get(name or "", ORDINARY)

    def _lose(self, references: Sequence[str]) -> set[str]:
        """Loses each request once, before it is booked: the second try arrives."""
        if not references:
            return set()
        with self._database.statement() as tx:
            rows = tx.execute(_LOSE, (list(references),)).fetchall()
        return {row["reference"] for row in rows}

    def _charge(self, operations: Sequence[Authorization], behaviours: dict[str, Behaviour]) -> list[dict[str, Any]]:
        if not operations:
            return []
        outcomes = [self._outcome(op, behaviours[op.reference]) for op in operations]
        with self._database.statement() as tx:
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
                ),
            ).fetchall()

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


def _answer(charge: dict[str, Any]) -> Answer:
    if charge["wait"] > 0:
        return Pending(float(charge["wait"]))
    if charge["approved"]:
        return Approved(charge["acquirer_reference"])
    reason = charge["decline_reason"]
    return Declined(reason, DECLINES[reason])


_ANSWER_COLUMNS = """
    reference, acquirer_reference, approved, decline_reason, asked,
    extract(epoch from answer_at - now())::float8 as wait
"""

_CHARGE = f"""
    insert into bank.charges as c (reference, acquirer_reference, amount, currency, approved, decline_reason, answer_at)
    select reference, acquirer_reference, amount, currency, approved, decline_reason,
           now() + make_interval(secs => delay)
      from unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::bool[], %s::text[], %s::float8[])
           as o (reference, acquirer_reference, amount, currency, approved, decline_reason, delay)
        on conflict (reference) do update set asked = c.asked + 1
 returning {_ANSWER_COLUMNS}
"""

_INQUIRE = f"select {_ANSWER_COLUMNS} from bank.charges where reference = any(%s)"

_LOSE = """
    insert into bank.lost_requests (reference) select unnest(%s::text[])
        on conflict do nothing returning reference
"""
