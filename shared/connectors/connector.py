"""What the gateway asks of an acquirer, and what it may answer.

A connector takes operations in batches, under our references, and never raises for a party that fails to answer: no
answer is an answer, Unknown. Asking twice under one reference must charge once; that is the acquirer's promise, and
the reason why a reference belongs to the payment and not to the try.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.domain.card import Card


@dataclass(frozen=True, kw_only=True, slots=True)
class Authorization:
    """One payment to ask the bank for. `instrument` is a VPA or the token of a card."""

    reference: str
    amount: int
    currency: str
    method: str
    instrument: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundOrder:
    """One refund to ask the bank for. `charge` is the reference of the payment that it gives back from."""

    reference: str
    charge: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Approved:
    acquirer_reference: str


@dataclass(frozen=True, slots=True)
class Declined:
    reason: str
    description: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The bank has it and will know in about this many seconds."""

    ready_in_seconds: float


@dataclass(frozen=True, slots=True)
class ActionRequired:
    """The bank wants something of the customer first, at `url` (relative ones are the checkout's), for so long."""

    type: str  # otp, upi_app
    url: str
    expires_in_seconds: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, or none that can be read. The money may have moved."""

    why: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """The bank has never heard of the reference."""


Answer = Approved | Declined | Pending | ActionRequired | Unknown | NotFound


@dataclass(frozen=True, slots=True)
class Notice:
    """What the bank says without being asked, until it is acknowledged: an answer that comes late or again, or a
    refund that it calls Declined after having approved it, because the money came back."""

    id: int
    reference: str
    answer: Approved | Declined


class Connector(Protocol):
    name: str

    def tokenise(self, card: Card) -> str:
        """A stand-in for the card at this acquirer, made in memory: a request waits for it."""

    def authorize(self, operations: Sequence[Authorization]) -> dict[str, Answer]:
        """Asks for each; the answers by reference. An operation without an answer is Unknown."""

    def inquire(self, references: Sequence[str]) -> dict[str, Answer]:
        """What became of each."""

    def refund(self, operations: Sequence[RefundOrder]) -> dict[str, Answer]:
        """Asks for each, under a reference of its own; Approved means that the money is on its way back."""

    def inquire_refunds(self, references: Sequence[str]) -> dict[str, Answer]:
        """What became of each."""

    def notices(self, *, limit: int) -> list[Notice]:
        """What the bank has to say, oldest first; empty too when it cannot be reached."""

    def acknowledge(self, notices: Sequence[Notice]) -> None:
        """These were stored: the bank need not say them again."""

    def close(self) -> None:
        """Ends the connections that nobody uses."""
