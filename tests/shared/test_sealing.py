"""A sealed secret opens with its key, for its row, unchanged; in every other case it does not open."""

from __future__ import annotations

import os
import uuid

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import sealing
from shared.sealing import Sealer

ROW = "merchants/550e8400-e29b-41d4-a716-446655440000/webhook_secret"
SECRET = "whsec_test_abc123"


@pytest.fixture(scope="module")
def sealer() -> Sealer:
    return Sealer(bytes(range(32)))


@given(secret=st.text(max_size=200), row=st.text(max_size=80))
@settings(deadline=None)
def test_what_was_sealed_opens_unchanged(sealer: Sealer, secret: str, row: str) -> None:
    assert sealer.open(sealer.seal(secret, belongs_to=row), belongs_to=row) == secret


def test_the_same_key_opens_it_in_another_process(sealer: Sealer) -> None:
    assert Sealer(bytes(range(32))).open(sealer.seal(SECRET, belongs_to=ROW), belongs_to=ROW) == SECRET


def test_the_same_secret_never_looks_the_same_twice(sealer: Sealer) -> None:
    sealed = {sealer.seal(SECRET, belongs_to=ROW) for _ in range(100)}
    assert len(sealed) == 100, "a nonce must never be used again"
    assert not any(SECRET.encode() in one for one in sealed)


def test_another_key_does_not_open_it(sealer: Sealer) -> None:
    sealed = sealer.seal(SECRET, belongs_to=ROW)
    for other in (os.urandom(32), bytes(range(31)) + b"!"):
        with pytest.raises(InvalidTag):
            Sealer(other).open(sealed, belongs_to=ROW)


@pytest.mark.parametrize("other", ["", ROW[:-1], ROW + " ", ROW.replace("webhook_secret", "api_secret")])
def test_another_row_or_column_does_not_open_it(sealer: Sealer, other: str) -> None:
    with pytest.raises(InvalidTag):
        sealer.open(sealer.seal(SECRET, belongs_to=ROW), belongs_to=other)


def test_no_bit_of_it_may_change(sealer: Sealer) -> None:
    sealed = sealer.seal(SECRET, belongs_to=ROW)
    for place in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[place] ^= 1 << bit
            with pytest.raises(InvalidTag):
                sealer.open(bytes(changed), belongs_to=ROW)
                pytest.fail(f"it opens although byte {place} of {len(sealed)} was changed")


def test_no_part_of_it_may_be_missing(sealer: Sealer) -> None:
    sealed = sealer.seal(SECRET, belongs_to=ROW)
    for length in range(len(sealed)):
        with pytest.raises(InvalidTag):
            sealer.open(sealed[:length], belongs_to=ROW)
            pytest.fail(f"it opens although only {length} of its {len(sealed)} bytes are there")


def test_a_merchants_webhook_secret_is_bound_to_the_merchant() -> None:
    rows = {sealing.webhook_secret_of(uuid.UUID(int=number)) for number in range(10)}
    assert len(rows) == 10
