"""A card is checked whole, named by its network, and never shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.card import Card, CardDetails, check, luhn, network_of
from shared.errors import ExpiredCard, GatewayError, InvalidCard

NOW = datetime(2030, 6, 15, 12, 0, tzinfo=UTC)
VISA = "4111111111111111"
AMEX = "378282246310005"
TYPED = CardDetails(number=VISA, expiry_month="12", expiry_year="2031", cvv="987", holder_name="Asha Rao")


def typed(**changes: object) -> Card:
    return check(replace(TYPED, **changes), now=NOW)


def refused(error: type[GatewayError], *, field: str, now: datetime = NOW, **changes: object) -> GatewayError:
    with pytest.raises(GatewayError) as refusal:
        check(replace(TYPED, **changes), now=now)
    assert type(refusal.value) is error, f"{changes} is refused for another reason: {refusal.value}"
    assert refusal.value.field == field, f"the refusal of {changes} must name {field}"
    return refusal.value


def numbered(prefix: str, length: int = 16) -> str:
    """A number with this prefix and a right check digit."""
    body = prefix.ljust(length - 1, "0")
    (digit,) = [digit for digit in "0123456789" if luhn(body + digit)]
    return body + digit


def test_a_good_card_is_what_was_typed_in_one_form() -> None:
    card = typed(number="4111 1111-1111 1111", expiry_month=1, expiry_year="31", holder_name="  Asha Rao ")
    assert card == Card(
        number=VISA, cvv="987", network="visa", expiry_month=1, expiry_year=2031, holder_name="Asha Rao"
    )
    assert card.last4 == "1111"


# The number


@pytest.mark.parametrize(
    ("number", "network"),
    [
        (VISA, "visa"),
        ("4222222222222", "visa"),  # 13 digits
        ("5555555555554444", "mastercard"),
        ("2223003122003222", "mastercard"),
        (AMEX, "amex"),
        ("371449635398431", "amex"),
        ("6011111111111117", "rupay"),
        ("30569309025904", "unknown"),
    ],
)
def test_published_test_cards_are_welcome(number: str, network: str) -> None:
    card = typed(number=number, cvv="1234" if network == "amex" else "123")
    assert (card.number, card.network) == (number, network)


@pytest.mark.parametrize(
    ("prefix", "network"),
    [
        ("39", "unknown"),
        ("40", "visa"),
        ("49", "visa"),
        ("50", "unknown"),
        ("51", "mastercard"),
        ("55", "mastercard"),
        ("56", "unknown"),
        ("2220", "unknown"),
        ("2221", "mastercard"),
        ("2720", "mastercard"),
        ("2721", "unknown"),
        ("33", "unknown"),
        ("34", "amex"),
        ("35", "unknown"),
        ("36", "unknown"),
        ("37", "amex"),
        ("38", "unknown"),
        ("59", "unknown"),
        ("60", "rupay"),
        ("61", "unknown"),
        ("64", "unknown"),
        ("65", "rupay"),
        ("66", "unknown"),
        ("80", "unknown"),
        ("81", "rupay"),
        ("89", "rupay"),
        ("90", "unknown"),
        ("00", "unknown"),
    ],
)
def test_the_network_is_the_prefixs_at_both_ends_of_every_range(prefix: str, network: str) -> None:
    assert network_of(numbered(prefix)) == network
    assert typed(number=numbered(prefix), cvv="1234" if network == "amex" else "123").network == network


@pytest.mark.parametrize("length", range(13, 20))
def test_a_number_has_13_to_19_digits(length: int) -> None:
    assert len(typed(number=numbered("4", length)).number) == length


@pytest.mark.parametrize(
    "number",
    [
        "",
        " ",
        "-",
        numbered("4", 12),
        numbered("4", 20),
        "0" * 10_000,
        VISA + "\n",
        VISA + "\x00",
        "\t" + VISA,
        "4111_1111_1111_1111",
        "4111.1111.1111.1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "4111\u20111111\u20111111\u20111111",
        "４１１１１１１１１１１１１１１１",  # full width
        "٤١١١١١١١١١١١١١١١",  # Arabic
        "४१११११११११११११११",  # Devanagari
        "411111111111111¹",
        "4111x1111y1111z1111",
        "+" + VISA,
        "4e15",
        "visa",
    ],
)
def test_what_is_no_number_of_a_card_is_refused(number: str) -> None:
    assert "13 to 19 digits" in refused(InvalidCard, field="card.number", number=number).description


@pytest.mark.parametrize("number", [f" {VISA} ", "-".join(VISA), " ".join(VISA), f"{VISA}-", "4111 -- 111111111111"])
def test_spaces_and_dashes_anywhere_are_dropped(number: str) -> None:
    assert typed(number=number).number == VISA


@given(place=st.integers(0, 15), added=st.integers(1, 9))
def test_one_mistyped_digit_is_always_noticed(place: int, added: int) -> None:
    digit = (int(VISA[place]) + added) % 10
    assert not luhn(f"{VISA[:place]}{digit}{VISA[place + 1 :]}")


@given(body=st.text("0123456789", min_size=12, max_size=18), place=st.integers(0, 10))
def test_two_swapped_neighbours_are_noticed_unless_they_are_0_and_9(body: str, place: int) -> None:
    number = numbered(body, len(body) + 1)
    first, second = number[place], number[place + 1]
    swapped = number[:place] + second + first + number[place + 2 :]
    assert luhn(swapped) == (first == second or {first, second} == {"0", "9"})


@given(body=st.text("0123456789", min_size=12, max_size=18))
def test_of_ten_last_digits_exactly_one_is_right(body: str) -> None:
    assert sum(luhn(f"{body}{digit}") for digit in range(10)) == 1


def test_a_mistyped_number_is_said_to_be_mistyped() -> None:
    said = refused(InvalidCard, field="card.number", number=VISA[:-1] + "2").description
    assert "mistyped" in said


# The CVV


@pytest.mark.parametrize("cvv", ["", "12", "1234", "12a", "１２３", "٣٣٣", "¹²³", "12\n", " 123", "123 ", "1 3", "-12"])
def test_a_cvv_has_three_digits(cvv: str) -> None:
    assert refused(InvalidCard, field="card.cvv", cvv=cvv).description == "cvv must have 3 digits"


@pytest.mark.parametrize("cvv", ["000", "999", "012"])
def test_every_three_digits_are_a_cvv(cvv: str) -> None:
    assert typed(cvv=cvv).cvv == cvv


def test_the_cvv_of_amex_has_four_digits() -> None:
    assert typed(number=AMEX, cvv="1234").cvv == "1234"
    for cvv in ("123", "12345", ""):
        said = refused(InvalidCard, field="card.cvv", number=AMEX, cvv=cvv).description
        assert said == "cvv must have 4 digits"


# The name


@pytest.mark.parametrize("name", ["", "   ", "\t\n", "x" * 256])
def test_a_holder_has_a_name_of_at_most_255_characters(name: str) -> None:
    refused(InvalidCard, field="card.holder_name", holder_name=name)


@pytest.mark.parametrize("name", ["A", "x" * 255, "आशा राव", "O'Neill-Smith Jr."])
def test_a_holder_may_have_any_name(name: str) -> None:
    assert typed(holder_name=name).holder_name == name


# The expiry


@pytest.mark.parametrize("month", ["6", "06", 6, " 6 "])
@pytest.mark.parametrize("year", ["2030", "30", 2030, 30, " 30"])
def test_an_expiry_may_be_text_or_a_number_with_two_or_four_digits_of_year(month: str | int, year: str | int) -> None:
    card = typed(expiry_month=month, expiry_year=year)
    assert (card.expiry_month, card.expiry_year) == (6, 2030)


@pytest.mark.parametrize(
    ("month", "year", "last_second"),
    [
        (6, 2030, datetime(2030, 6, 30, 23, 59, 59, 999999, tzinfo=UTC)),
        (12, 30, datetime(2030, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        ("02", "28", datetime(2028, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_a_card_is_valid_through_the_end_of_its_month(month: str | int, year: str | int, last_second: datetime) -> None:
    details = replace(TYPED, expiry_month=month, expiry_year=year)
    assert check(details, now=last_second).expiry_month == int(month)
    next_month = datetime(last_second.year + last_second.month // 12, last_second.month % 12 + 1, 1, tzinfo=UTC)
    said = refused(ExpiredCard, field="card.expiry_year", now=next_month, expiry_month=month, expiry_year=year)
    assert said.reason == "card_expired"


@pytest.mark.parametrize(("month", "year"), [(5, 2030), (12, 2029), ("12", "29"), (1, 2000), (12, "0031"), (12, "00")])
def test_a_month_that_has_passed_is_expired(month: str | int, year: str | int) -> None:
    said = refused(ExpiredCard, field="card.expiry_year", expiry_month=month, expiry_year=year)
    assert said.reason == "card_expired"


@pytest.mark.parametrize(
    "month", [0, 13, -1, 100, "0", "00", "13", "006", "", " ", "1.0", "+1", "-1", "June", "٦", "６", "¹", "1\x00"]
)
def test_a_month_that_is_none_is_refused_as_expired(month: str | int) -> None:
    said = refused(ExpiredCard, field="card.expiry_month", expiry_month=month)
    assert said.description == "expiry_month must be from 1 to 12"


@pytest.mark.parametrize(
    "year",
    [0, 3, 203, 20300, -30, "0", "3", "203", "20300", "", " ", "30.0", "+30", "'30", "٣٠", "３０", "²⁰³⁰", "30\x00"],
)
def test_a_year_that_is_none_is_refused_as_expired(year: str | int) -> None:
    said = refused(ExpiredCard, field="card.expiry_year", expiry_year=year)
    assert said.description == "expiry_year must have 2 or 4 digits"


def test_a_very_long_number_is_refused_as_any_other() -> None:
    longest = 10**4300 - 1  # that JSON may hold
    refused(ExpiredCard, field="card.expiry_month", expiry_month=longest)
    refused(ExpiredCard, field="card.expiry_year", expiry_year=longest)


# What is shown


def test_nothing_that_is_printed_shows_the_number_or_the_cvv() -> None:
    card = typed()
    shown = [repr(TYPED), str(TYPED), f"{TYPED}", repr(card), str(card), repr({"card": card})]
    for text in shown:
        assert "Asha Rao" in text, "it is printed, so that the rest of this means something"
        assert VISA not in text
        assert "987" not in text
        assert VISA[:6] not in text


@pytest.mark.parametrize(
    "changes",
    [
        {"number": VISA[:-1] + "2"},
        {"number": VISA + "9999"},
        {"cvv": "98765"},
        {"cvv": "98x"},
        {"expiry_year": 2000},
        {"holder_name": ""},
    ],
)
def test_no_refusal_repeats_the_number_or_the_cvv(changes: dict[str, object]) -> None:
    with pytest.raises(GatewayError) as refusal:
        typed(**changes)
    said = f"{refusal.value!r} {refusal.value} {refusal.value.as_dict()}"
    assert VISA[:12] not in said
    assert "98" not in said
