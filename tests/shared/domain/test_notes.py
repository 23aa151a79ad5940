"""Notes that are taken can be stored, sent, and printed again by JavaScript without a changed byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from shared.domain import notes
from shared.errors import BadRequest

EXACT_MAX = 2**53 - 1


def refused(written: dict[str, Any], *, field: str = "notes.a") -> str:
    with pytest.raises(BadRequest) as refusal:
        notes.check(written)
    assert refusal.value.field == field, f"the refusal must name {field}: {refusal.value}"
    return refusal.value.description


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"a": "x", "b": 1, "c": True, "d": None, "e": [], "f": {}},
        {"a": {"b": {"c": {"d": 1}}}},
        {"a": [[[1]]]},
        {"a": [{"b": [1]}]},
        {"a": EXACT_MAX, "b": -EXACT_MAX, "c": 0},
        {"line\tend\r\n": "tab\tline\r\n"},
        {"₹": "₹ 😀 \u2028\u2029 \x7f\x85\xa0\ufeff\ufffd\uffff"},
        {"constructor": 1, "toString": 2, "hasOwnProperty": 3, "__proto": 4, "prototype": 5},
        {"-1": 1, "1.0": 2, "1e3": 3, " 1": 4, "1 ": 5, "0x1": 6, "1a": 7, "²": 8, "٣": 9, "1\n": 10},
        {"b": 1, "007": 2, "00": 3, "-0": 4, "+1": 5, "4294967295": 6, "9007199254740993": 7, "9" * 200: 8},
        {"k" * 255: "x"},
        {"a": "x" * 7000},
    ],
)
def test_what_fits_is_returned_unchanged(written: dict[str, Any]) -> None:
    assert notes.check(written) == written


@pytest.mark.parametrize("number", [1.5, 1.0, 0.0, -0.0, 1e300, float("nan"), float("inf")])
def test_fractions_are_refused(number: float) -> None:
    assert "whole number" in refused({"a": number})


@pytest.mark.parametrize("number", [EXACT_MAX + 1, -EXACT_MAX - 1, 2**63, 2**64, -(2**63), 10**400])
def test_numbers_that_a_double_does_not_hold_are_refused(number: int) -> None:
    assert "2^53" in refused({"a": number})


@pytest.mark.parametrize("key", ["0", "1", "42", "2147483647", "2147483648", "4294967293", "4294967294"])
def test_keys_that_javascript_would_sort_first_are_refused(key: str) -> None:
    assert "prefix it" in refused({"b": 1, key: 1}, field=f"notes.{key}")


def test_a_key_with_a_meaning_of_its_own_is_refused() -> None:
    refused({"__proto__": 1}, field="notes.__proto__")
    refused({"a": {"__proto__": 1}}, field="notes.a.__proto__")


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(key: str) -> None:
    assert "1 to 255 characters" in refused({key: 1}, field="notes")
    assert "1 to 255 characters" in refused({"a": {key: 1}}, field="notes.a")


@pytest.mark.parametrize("letter", ["\x00", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b", "\x1f"])
def test_control_characters_are_refused_in_keys_and_in_values(letter: str) -> None:
    refused({"a": f"x{letter}y"})
    refused({"a": [letter]}, field="notes.a[0]")
    refused({f"x{letter}y": 1}, field="notes")
    refused({"a": {letter: 1}})


@pytest.mark.parametrize("half", ["\ud800", "\udbff", "\udc00", "\udfff", "\ude00\ud83d"])
def test_half_characters_are_refused_in_keys_and_in_values(half: str) -> None:
    for written, field in (({"a": half}, "notes.a"), ({half: 1}, "notes"), ({"a": {half: 1}}, "notes.a")):
        said = refused(written, field=field)
        said.encode()  # the refusal itself must be fit to be sent


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ({"a": {"b": {"c": {"d": {}}}}}, "notes.a.b.c.d"),
        ({"a": {"b": {"c": {"d": {"e": 1}}}}}, "notes.a.b.c.d"),
        ({"a": [[[[]]]]}, "notes.a[0][0][0]"),
        ({"a": [{"b": [[1]]}]}, "notes.a[0].b[0]"),
    ],
)
def test_what_nests_deeper_than_four_levels_is_refused(written: dict[str, Any], field: str) -> None:
    assert "deeper than 4 levels" in refused(written, field=field)


def test_a_bottomless_note_is_refused_and_not_followed() -> None:
    bottomless: dict[str, Any] = {}
    bottomless["a"] = bottomless
    refused(bottomless, field="notes.a.a.a.a")


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ({"a": {"b": [1, {"c": 1.5}]}}, "notes.a.b[1].c"),
        ({"a": 1, "b": [True, None, "x", 2**60]}, "notes.b[3]"),
        ({"a": {"b": {"7": 1}}}, "notes.a.b.7"),
    ],
)
def test_a_refusal_names_the_member_however_deep(written: dict[str, Any], field: str) -> None:
    refused(written, field=field)


def test_notes_have_a_size_that_every_webhook_can_carry() -> None:
    fitting = {"a": "x" * (notes.NOTES_BYTES_MAX - len('{"a":""}'))}
    assert len(msgspec.json.encode(fitting)) == notes.NOTES_BYTES_MAX
    assert notes.check(fitting) == fitting
    refused({"a": fitting["a"] + "x"}, field="notes")
    refused({"a": "₹" * (notes.NOTES_BYTES_MAX // 3)}, field="notes")


# Mostly what is taken, so that much of it is printed; some of what is not, so that a hole in the check is found.
LETTERS = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\t\r\n\x7f\x85"\\/')
ODD = ["</script>", "\u2028\u2029", "\ufeff", "\ufffe\uffff", "😀", "e\u0301", "\x00", "\x08\x0c", "\x1f"]
NAMES = ["a", "b", "-1", "1.5", "1e3", " 1", "٣", "²", "toJSON", "constructor", "length", "Infinity", "__proto__", "7"]
KEYS = st.text(LETTERS, min_size=1, max_size=6) | st.sampled_from(NAMES)
INTEGERS = st.integers(-EXACT_MAX, EXACT_MAX) | st.integers(-1000, 1000) | st.sampled_from([EXACT_MAX, EXACT_MAX + 2])
SCALARS = st.one_of(st.none(), st.booleans(), INTEGERS, st.text(LETTERS, max_size=12), st.sampled_from(ODD))
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


@given(written=st.dictionaries(KEYS, ANYTHING, min_size=1, max_size=3))
@settings(deadline=None, max_examples=300)
def test_notes_that_are_taken_are_a_fixed_point_of_javascript(
    reprint: Callable[[str], str], written: dict[str, Any]
) -> None:
    try:
        notes.check(written)
    except BadRequest:
        event("refused")
        return
    event("taken")
    text = msgspec.json.encode(written).decode()
    assert reprint(text) == text


@pytest.mark.parametrize(
    "text", ['{"a":1.0}', '{"b":1,"1":2}', '{"a": 1}', '{"a":9007199254740993}', '{"a":"\\u20b9"}']
)
def test_javascript_prints_another_form_differently(reprint: Callable[[str], str], text: str) -> None:
    assert reprint(text) != text
