"""Cards and VPAs that make the simulated bank behave in a known way. Outside production only; listed in the README."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MAGIC_VPA_BANK = "magic"  # `approve@magic`
SLOW_MS = 20_000
LATE_SECONDS = 5  # after which a late answer comes, and a refund comes back
CHALLENGE_SECONDS = 300
CHALLENGE_SECONDS_SHORT = 5
CHALLENGE_CODE = "123456"
CHALLENGE_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """`None` leaves it to the configured rates and delays; `lost` says where the first answer gets lost."""

    approved: bool | None = None
    decline_reason: str | None = None
    delay_ms: int | None = None
    lost: Literal["before_debit", "after_debit", "garbled", "late"] | None = None
    twice: bool = False  # the answer comes again, as a notice
    refund: Literal["declined", "lost", "returned"] | None = None  # what happens to refunds of it
    challenge: Literal["otp", "upi_app"] | None = None  # what the customer must do first
    challenge_seconds: float = CHALLENGE_SECONDS


DECLINES = {
    "do_not_honour": "The bank declined the payment without giving a reason.",
    "insufficient_funds": "There is not enough money in the account.",
    "lost_card": "The card was reported lost.",
    "stolen_card": "The card was reported stolen.",
    "expired_card": "The bank says that the card has expired.",
    "incorrect_cvv": "The security code is not the card's.",
    "limit_exceeded": "The amount is above the customer's limit.",
    "processing_error": "The bank could not process the payment.",
}
CHALLENGE_DECLINES = {
    "authentication_failed": "The code was wrong too often.",
    "authentication_cancelled": "The customer cancelled the bank's check.",
    "authentication_expired": "The code was not entered in time.",
    "declined_in_app": "The payment was declined in the UPI app.",
    "expired_in_app": "The payment was not approved in the UPI app in time.",
}
REFUND_DECLINES = {
    "refund_declined": "The customer's bank does not take the refund.",
    "refund_returned": "The customer's bank sent the refund back.",
    "charge_not_found": "The bank knows no such charge.",
    "refund_exceeds_charge": "The bank has not debited that much.",
}

ORDINARY = Behaviour()
BEHAVIOURS: dict[str, Behaviour] = {
    "approve": Behaviour(approved=True, delay_ms=0),
    **{reason.replace("_", "-"): Behaviour(approved=False, decline_reason=reason, delay_ms=0) for reason in DECLINES},
    "slow": Behaviour(approved=True, delay_ms=SLOW_MS),
    "timeout-before-debit": Behaviour(approved=True, delay_ms=0, lost="before_debit"),
    "timeout-after-debit": Behaviour(approved=True, delay_ms=0, lost="after_debit"),
    "garbled-answer": Behaviour(approved=True, delay_ms=0, lost="garbled"),
    "late-answer": Behaviour(approved=True, delay_ms=0, lost="late"),
    "double-answer": Behaviour(approved=True, delay_ms=0, twice=True),
    "otp": Behaviour(approved=True, delay_ms=0, challenge="otp"),
    "otp-then-declined": Behaviour(approved=False, decline_reason="insufficient_funds", delay_ms=0, challenge="otp"),
    "otp-expires": Behaviour(approved=True, delay_ms=0, challenge="otp", challenge_seconds=CHALLENGE_SECONDS_SHORT),
    "app": Behaviour(approved=True, delay_ms=0, challenge="upi_app"),
    "app-expires": Behaviour(approved=True, delay_ms=0, challenge="upi_app", challenge_seconds=CHALLENGE_SECONDS_SHORT),
    "refund-declined": Behaviour(approved=True, delay_ms=0, refund="declined"),
    "refund-timeout": Behaviour(approved=True, delay_ms=0, refund="lost"),
    "refund-returned": Behaviour(approved=True, delay_ms=0, refund="returned"),
}

CARDS = {
    "4242424242424242": "approve",
    "5555555555554444": "approve",
    "4000000000000002": "do-not-honour",
    "4000000000009995": "insufficient-funds",
    "4000000000009987": "lost-card",
    "4000000000009979": "stolen-card",
    "4000000000000069": "expired-card",
    "4000000000000127": "incorrect-cvv",
    "4000000000006975": "limit-exceeded",
    "4000000000000119": "processing-error",
    "4000000000000259": "slow",
    "4000000000000341": "timeout-before-debit",
    "4000000000000325": "timeout-after-debit",
    "4000000000000358": "garbled-answer",
    "4000000000000366": "late-answer",
    "4000000000000374": "double-answer",
    "4000000000003220": "otp",
    "4000000000003238": "otp-then-declined",
    "4000000000003246": "otp-expires",
    "4000000000005126": "refund-declined",
    "4000000000007726": "refund-timeout",
    "4000000000003063": "refund-returned",
}


def of_vpa(vpa: str) -> str | None:
    """The behaviour that a VPA names, if it is a magic one."""
    name, _, bank = vpa.lower().partition("@")
    return name if bank == MAGIC_VPA_BANK and name in BEHAVIOURS else None
