"""A card as typed by a customer: checked, named by its network, and dropped.

The number and the CVV live in the memory of the request that carries them and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from shared.errors import ExpiredCard, InvalidCard

NUMBER_DIGITS_MIN = 13
NUMBER_DIGITS_MAX = 19
HOLDER_NAME_MAX = 255
CVV_DIGITS = 3
CVV_DIGITS_AMEX = 4

_SEPARATORS = re.compile(r"[ -]")


@dataclass(frozen=True, kw_only=True, slots=True)
class CardDetails:
    """A card as it was typed, unchecked. Spaces and dashes in the number are welcome; a year has 2 or 4 digits."""

    number: str = field(repr=False)
    expiry_month: str | int
    expiry_year: str | int
    cvv: str = field(repr=False)
    holder_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    number: str = field(repr=False)
    cvv: str = field(repr=False)
    network: str
    expiry_month: int
    expiry_year: int
    holder_name: str

    @property
    def last4(self) -> str:
        return self.number[-4:]


def check(details: CardDetails, *, now: datetime) -> Card:
    """The card, if it could be one. Raises InvalidCard or ExpiredCard, which name the field."""
    digits, cvv, holder_name = _SEPARATORS.sub("", details.number), details.cvv, details.holder_name
    if not _is_digits(digits) or not NUMBER_DIGITS_MIN <= len(digits) <= NUMBER_DIGITS_MAX:
        raise InvalidCard("card number must have 13 to 19 digits", field="card.number")
    if not luhn(digits):
        raise InvalidCard("card number is not valid: check it for a mistyped digit", field="card.number")
    network = network_of(digits)
    wanted = CVV_DIGITS_AMEX if network == "amex" else CVV_DIGITS
    if not _is_digits(cvv) or len(cvv) != wanted:
        raise InvalidCard(f"cvv must have {wanted} digits", field="card.cvv")
    if not holder_name.strip() or len(holder_name) > HOLDER_NAME_MAX:
        raise InvalidCard(f"holder_name must have 1 to {HOLDER_NAME_MAX} characters", field="card.holder_name")
    month, year = _expiry(details.expiry_month, details.expiry_year)
    if (year, month) < (now.year, now.month):
        raise ExpiredCard("card has expired", field="card.expiry_year", reason="card_expired")
    return Card(
        number=digits,
        cvv=cvv,
        network=network,
        expiry_month=month,
        expiry_year=year,
        holder_name=holder_name.strip(),
    )


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: the check digit that catches a mistyped or swapped one."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def network_of(digits: str) -> str:
    """The scheme by its prefix: visa, mastercard, amex, rupay or unknown."""
    two, four = int(digits[:2]), int(digits[:4])
    if digits[0] == "4":
        return "visa"
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return "mastercard"
    if two in (34, 37):
        return "amex"
    if two in (60, 65) or 81 <= two <= 89:
        return "rupay"
    return "unknown"


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _expiry(month: str | int, year: str | int) -> tuple[int, int]:
    """Month 1–12 and the full year; a year of two digits is in this century."""
    month_text, year_text = str(month).strip(), str(year).strip()
    if not _is_digits(month_text) or len(month_text) > 2 or not 1 <= int(month_text) <= 12:
        raise ExpiredCard("expiry_month must be from 1 to 12", field="card.expiry_month")
    if not _is_digits(year_text) or len(year_text) not in (2, 4):
        raise ExpiredCard("expiry_year must have 2 or 4 digits", field="card.expiry_year")
    return int(month_text), int(year_text) + (2000 if len(year_text) == 2 else 0)
