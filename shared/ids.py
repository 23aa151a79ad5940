"""Public ids: a prefix that says what it is, and sixteen characters nobody can guess."""

from __future__ import annotations

import re
import secrets

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 16  # 62^16 is 95 bits: no id is ever guessed, and none is ever drawn twice
_BITS = 96
_COUNT = len(ALPHABET) ** LENGTH


def new(prefix: str) -> str:
    """A fresh id such as `pay_9fGh2LmNqR4sTuVw`, from the system's secure random source."""
    number = secrets.randbits(_BITS)
    while number >= _COUNT:  # drawn again, so that every id is equally likely
        number = secrets.randbits(_BITS)
    letters = []
    for _ in range(LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[digit])
    return prefix + "_" + "".join(letters)


def order_id() -> str:
    return new("order")


def payment_id() -> str:
    return new("pay")


def event_id() -> str:
    return new("evt")


_SHAPES = {prefix: re.compile(rf"{prefix}_[0-9A-Za-z]{{{LENGTH}}}") for prefix in ("order", "pay", "rfnd", "evt")}


def is_id(prefix: str, text: object) -> bool:
    """Whether `text` is, as a whole, an id of this kind. Checked before an id comes near the database."""
    return isinstance(text, str) and _SHAPES[prefix].fullmatch(text) is not None
