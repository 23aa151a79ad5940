"""Amounts have bounds that JavaScript reads exactly; a currency is a code that acquirers settle in."""

from __future__ import annotations

import re

import pytest

from shared import money


def test_the_bounds_are_the_contracts_and_exact_in_javascript() -> None:
    assert money.AMOUNT_MIN == 100
    assert money.AMOUNT_MAX == 10**10
    assert float(money.AMOUNT_MAX + 1) - 1 == money.AMOUNT_MAX < 2**53


@pytest.mark.parametrize(("code", "exponent"), [("INR", 2), ("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_a_currency_says_how_many_minor_units_make_one(code: str, exponent: int) -> None:
    assert money.EXPONENTS[code] == exponent
    assert money.is_currency(code)


def test_every_currency_is_a_code_of_three_capitals_with_an_exponent_of_iso_4217() -> None:
    assert all(re.fullmatch("[A-Z]{3}", code) for code in money.EXPONENTS)
    assert set(money.EXPONENTS.values()) == {0, 2, 3}


@pytest.mark.parametrize("other", ["inr", "Inr", "INR ", " INR", "INR\n", "XXX", "XAU", "₹", "IN", "RUPEES", ""])
def test_what_is_not_such_a_code_is_no_currency(other: str) -> None:
    assert not money.is_currency(other)
