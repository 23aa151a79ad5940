"""Public ids: a prefix that says what it is, and sixteen characters nobody can guess."""

from __future__ import annotations

import os
import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIXES = ("order", "pay", "rfnd", "evt", "txn", "we")
LENGTH = 16  # 62^16 is 95 bits: no id is ever guessed, and none is ever drawn twice

# A random byte below 248 = 4 × 62 becomes a letter, each letter equally likely; a byte above is dropped.
_LETTERS = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
_DROPPED = bytes(range(4 * len(ALPHABET), 256))
_DRAWN = 32  # bytes: that fewer than 16 of them are kept happens less than once in 10^17 ids, and is drawn again


def new(prefix: str) -> str:
    """A fresh id such as `pay_9fGh2LmNqR4sTuVw`, from the system's secure random source."""
    letters = b""
    while len(letters) < LENGTH:
        letters = os.urandom(_DRAWN).translate(_LETTERS, _DROPPED)
    return f"{prefix}_{letters[:LENGTH].decode()}"


def order_id() -> str:
    return new("order")


def payment_id() -> str:
    return new("pay")


def refund_id() -> str:
    return new("rfnd")


def event_id() -> str:
    return new("evt")


def ledger_transaction_id() -> str:
    return new("txn")


def webhook_endpoint_id() -> str:
    return new("we")


_SHAPES = {prefix: re.compile(rf"{prefix}_[0-9A-Za-z]{{{LENGTH}}}") for prefix in PREFIXES}


def is_id(prefix: str, text: object) -> bool:
    """Whether `text` is, as a whole, an id of this kind. Checked before an id comes near the database."""
    return isinstance(text, str) and _SHAPES[prefix].fullmatch(text) is not None
