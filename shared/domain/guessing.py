"""Which passwords are guessed first: those that everybody has, in any of the ways in which people dress them up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from shared.domain.common_passwords import COMMON

DIGITS_MIN = 12  # of one that is nothing but digits: shorter ones are dates and telephone numbers
SURPRISES_MIN = 3  # characters that do not follow from those before them
UNIT_MIN = 5  # of what is said again and again
OWN_MIN = 3  # of a part of somebody's name

_ROWS = (
    "abcdefghijklmnopqrstuvwxyz", "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "147258369", "789456123",
    "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik", "9ol", "0p",
)  # fmt: skip
_NEXT = {pair for row in _ROWS for pair in pairwise(row)}
_NEAR = _NEXT | {(after, before) for before, after in _NEXT}
_LEET = str.maketrans("@4$530!7+|1", "aasseoittti"), str.maketrans("@4$530!7+|1", "aasseoilttl")
_BETWEEN = re.compile(r"[\W_]+")
_REPEATED = re.compile(r"(.+?)\1+", re.DOTALL)


def is_guessable(password: str, *, own: Iterable[str] = ()) -> bool:
    """`own` is what is known of the person: a name, an email."""
    plain = password.casefold()
    if plain.isdigit() and len(plain) < DIGITS_MIN:
        return True
    if _surprises(plain) < SURPRISES_MIN:
        return True
    repeated = _REPEATED.fullmatch(plain)
    if repeated is not None and len(repeated[1]) < UNIT_MIN:
        return True
    known = {word for text in own for word in _words(text.casefold())}
    return any(core in COMMON or core in known for core in _cores(repeated[1] if repeated else plain))


def _surprises(text: str) -> int:
    """How many characters are neither one of the two before them, nor beside one on a keyboard or in the alphabet."""
    return sum(
        not any(before == one or (before, one) in _NEAR for before in text[max(0, place - 2) : place])
        for place, one in enumerate(text)
    )


def _cores(plain: str) -> Iterator[str]:
    """What is left without ornaments at the ends and signs for letters."""
    for text in {plain, _BETWEEN.sub("", plain)}:
        for core in {text, text.lstrip("".join({one for one in text if not one.isalpha()}))}:
            while core:
                yield core
                for letters in _LEET:
                    yield core.translate(letters)
                if core[-1].isalpha():
                    break
                core = core[:-1]


def _words(text: str) -> Iterator[str]:
    yield text
    parts = [part for part in _BETWEEN.split(text) if len(part) >= OWN_MIN]
    yield from parts
    yield _BETWEEN.sub("", text)
    yield _BETWEEN.sub("", text.partition("@")[0])
