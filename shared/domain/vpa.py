"""A VPA: the address that a UPI payment comes from, `name@bank`."""

from __future__ import annotations

import re

from shared.domain import card
from shared.errors import InvalidVpa

VPA_MAX = 255
_LONG_NUMBER = re.compile(r"[0-9]{13,19}")
_SPACING = re.compile(r"[._-]")
_SHAPE = re.compile(r"[a-zA-Z0-9._-]+@[a-zA-Z0-9]+")


def check(vpa: str) -> str:
    """The VPA as it came, if it could be one. Raises InvalidVpa."""
    if len(vpa) > VPA_MAX or _SHAPE.fullmatch(vpa) is None:
        raise InvalidVpa("vpa must look like name@bank", field="vpa")
    # Somebody took the field for another one, and a VPA is kept: a card number never is.
    if any(card.luhn(digits) for digits in _LONG_NUMBER.findall(_SPACING.sub("", vpa))):
        raise InvalidVpa("vpa holds a card number; it must look like name@bank", field="vpa", reason="card_number")
    return vpa
