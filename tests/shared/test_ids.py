"""Ids are shaped as the contract says, drawn evenly, never twice, and recognised as a whole or not at all."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable

import pytest

from shared import ids

PREFIXES = ("order", "pay", "rfnd", "evt")
LETTERS = string.digits + string.ascii_letters
SIXTEEN = "0123456789abcXYZ"


@pytest.mark.parametrize(("draw", "prefix"), [(ids.order_id, "order"), (ids.payment_id, "pay"), (ids.event_id, "evt")])
def test_an_id_is_its_prefix_and_sixteen_letters_or_digits(draw: Callable[[], str], prefix: str) -> None:
    for _ in range(100):
        drawn = draw()
        assert re.fullmatch(f"{prefix}_[A-Za-z0-9]{{16}}", drawn), f"{drawn} has another shape"
        assert ids.is_id(prefix, drawn), f"{drawn} is not recognised as what it is"


def test_ids_are_never_drawn_twice() -> None:
    assert len({ids.payment_id() for _ in range(20_000)}) == 20_000


def test_every_place_of_an_id_may_hold_every_letter_equally_often() -> None:
    drawn = [ids.payment_id().removeprefix("pay_") for _ in range(20_000)]
    expected = len(drawn) / len(LETTERS)
    for place in range(ids.LENGTH):
        counts = Counter(id[place] for id in drawn)
        assert set(counts) == set(LETTERS), f"place {place} never holds some letter"
        # Eight standard deviations: by chance about once in 10^12 runs.
        assert all(abs(count - expected) < 8 * expected**0.5 for count in counts.values()), f"place {place} is uneven"


def test_random_bytes_that_would_favour_some_letters_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    favouring = bytes(range(248, 256)) * 4  # 62 letters fit into 256 bytes four times, and these are left over
    draws = iter([favouring, favouring[:17] + bytes(15), favouring[:16] + bytes([247] * 16)])
    monkeypatch.setattr(ids.os, "urandom", lambda count: next(draws))
    assert ids.new("pay") == "pay_" + "z" * 16, "only a draw with sixteen good bytes makes an id"


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("letters", [SIXTEEN, "0" * 16, "Z" * 16])
def test_an_id_of_its_kind_is_recognised(prefix: str, letters: str) -> None:
    assert ids.is_id(prefix, f"{prefix}_{letters}")


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    "wrong",
    [
        "{prefix}_" + SIXTEEN + "\n",
        "\n{prefix}_" + SIXTEEN,
        " {prefix}_" + SIXTEEN,
        "{prefix}_" + SIXTEEN + " ",
        "{prefix}_" + SIXTEEN + "\x00",
        "{prefix}_" + SIXTEEN[:-1],
        "{prefix}_" + SIXTEEN + "0",
        "{prefix}-" + SIXTEEN,
        "{prefix}" + SIXTEEN,
        "_" + SIXTEEN,
        SIXTEEN,
        "other_" + SIXTEEN,
        "x{prefix}_" + SIXTEEN,
        "{prefix}_" + SIXTEEN[:-1] + "_",
        "{prefix}_" + SIXTEEN[:-1] + "-",
        "{prefix}_" + SIXTEEN[:-1] + "٣",  # a digit, but not ours
        "{prefix}_" + SIXTEEN[:-1] + "３",  # full width
        "{prefix}_" + SIXTEEN[:-1] + "é",
        "{prefix}_" + SIXTEEN[:-1] + "ſ",  # lower-cases to s
        "{prefix}_",
        "",
    ],
)
def test_what_only_resembles_an_id_is_refused(prefix: str, wrong: str) -> None:
    assert not ids.is_id(prefix, wrong.format(prefix=prefix))


def test_an_id_of_another_kind_is_refused() -> None:
    for prefix in PREFIXES:
        for other in PREFIXES:
            assert ids.is_id(prefix, f"{other}_{SIXTEEN}") == (prefix == other), f"{other}_… as an id of {prefix}"
            assert not ids.is_id(prefix, f"{other.upper()}_{SIXTEEN}"), "prefixes are lower case"


@pytest.mark.parametrize("other", [None, 7, True, b"pay_" + SIXTEEN.encode(), ["pay_" + SIXTEEN], {}])
def test_what_is_not_text_is_no_id(other: object) -> None:
    assert not ids.is_id("pay", other)
