"""A VPA: the address that a UPI payment comes from, `name@bank`."""

from __future__ import annotations

import re

from shared.domain import card
from shared.errors import InvalidVpa

VPA_MAX = 255
CARD_DIGITS, AMEX_DIGITS = 16, 15
_LONG_NUMBER = re.compile(r"[0-9]{13,}")
_SPACING = re.compile(r"[._-]")
_SHAPE = re.compile(r"[a-zA-Z0-9._-]+@[a-zA-Z0-9]+")


def check(vpa: str) -> str:
    """The VPA as it came, if it could be one. Raises InvalidVpa."""
    if len(vpa) > VPA_MAX or _SHAPE.fullmatch(vpa) is None:
        raise InvalidVpa("vpa must look like name@bank", field="vpa")
    # Somebody took the field for another one, and a VPA is kept: a card number never is.
    if any(map(_holds_card_number, _LONG_NUMBER.findall(_SPACING.sub("", vpa)))):
        raise InvalidVpa("vpa holds a card number; it must look like name@bank", field="vpa", reason="card_number")
    return vpa


def _holds_card_number(digits: str) -> bool:
    """Whether a number of a known network is all of it, or stands in it with more before or behind, such as its CVV."""
    if len(digits) <= CARD_DIGITS:
        return card.network_of(digits) != "unknown" and card.luhn(digits)
    parts = [
        digits[at : at + length] for length in (CARD_DIGITS, AMEX_DIGITS) for at in range(len(digits) - length + 1)
    ]
    known = {CARD_DIGITS: ("visa", "mastercard", "rupay"), AMEX_DIGITS: ("amex",)}
    return any(card.network_of(part) in known[len(part)] and card.luhn(part) for part in parts)
