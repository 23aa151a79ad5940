"""A VPA is matched whole: name@bank, in ASCII, and nothing around it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import vpa
from shared.errors import InvalidVpa


@pytest.mark.parametrize(
    "address", ["asha@upi", "a@b", "ASHA.rao_1-2@okhdfcbank", "1@1", "...@x", "-@upi", "_@UPI", "a" * 251 + "@upi"]
)
def test_a_name_at_a_bank_is_welcome_and_unchanged(address: str) -> None:
    assert vpa.check(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "asha",
        "asha@",
        "@upi",
        "asha@@upi",
        "asha@upi@upi",
        "asha@ok.bank",
        "asha@ok-bank",
        "asha@ok_bank",
        "asha@upi\n",
        "\nasha@upi",
        "asha@upi\r\n",
        "asha\n@upi",
        " asha@upi",
        "asha@upi ",
        "as ha@upi",
        "asha@upi\x00",
        "as\x00ha@upi",
        "asha+rao@upi",
        "asha,rao@upi",
        "'or'1'='1@upi",
        "<asha>@upi",
        "äsha@upi",
        "asha@ÜPI",
        "आशा@upi",
        "asha٣@upi",
        "asha@upi３",
        "ſ@upi",
        "asha＠upi",
        "a" * 252 + "@upi",
        "a" * 1_000_000,
    ],
)
def test_anything_else_is_refused_by_name(address: str) -> None:
    with pytest.raises(InvalidVpa) as refusal:
        vpa.check(address)
    assert refusal.value.field == "vpa"
    assert refusal.value.code == "INVALID_VPA"


@given(st.text(st.sampled_from("aZ09._-@ \n\x00é٣"), max_size=12))
def test_it_is_exactly_the_contracts_pattern(address: str) -> None:
    wanted = re.match(r"\A[a-zA-Z0-9._-]+@[a-zA-Z0-9]+\Z", address) is not None
    try:
        accepted = vpa.check(address) == address
    except InvalidVpa:
        accepted = False
    assert accepted == wanted


@pytest.mark.parametrize(
    "address",
    [
        "4242424242424242@upi",
        "4242-4242.4242_4242@upi",
        "4242424242424242123@upi",  # with its CVV
        "14242424242424242@upi",
        "x4242424242424242x@upi",
        "asha@4242424242424242",
        "378282246310005@upi",
        "3782822463100051234@upi",
        "6521111111111110@upi",
    ],
)
def test_a_card_number_is_not_kept_as_a_vpa(address: str) -> None:
    with pytest.raises(InvalidVpa) as refusal:
        vpa.check(address)
    assert refusal.value.reason == "card_number"
    assert "4242" not in refusal.value.description


@pytest.mark.parametrize(
    "address", ["9876543210@upi", "919876543210@upi", "4242424242424241@upi", "1234567890123452@upi"]
)
def test_a_telephone_or_account_number_is_a_vpa(address: str) -> None:
    assert vpa.check(address) == address
