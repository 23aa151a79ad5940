"""Which passwords are refused because everybody tries them first."""

from __future__ import annotations

import pytest

from shared.domain.guessing import is_guessable

OWN = ("asha.menon@stores.example", "Asha Menon")


@pytest.mark.parametrize(
    "password",
    ["password", "PASSWORD123!", "Passw0rd1", "P@ssw0rd1", "Password!1", "Test@1234", "Welcome@123", "Admin@123",
     "12345679", "trustno11", "TrustNo1!", "p.a.s.s.w.o.r.d", "$ecret123", "!!letmein!!", "monkeymonkey", "Summer2026!",
     "payment-gateway", "Gateway#2026", "qwertyuiop",
     "1q2w3e4r5t", "1qaz2wsx", "abcd1234", "zyxwvuts", "aaaaaaaaaaaaaaaa", "ababababab",
     "kx9#kx9#kx9#", "19871224", "9876543210", "aaaaaaaaaaab1", "asha.menon@stores.example", "Asha.Menon", "ashamenon1",
     "Menon2026!", "@sha1990", "stores12"],
)  # fmt: skip
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert is_guessable(password, own=OWN)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "kx9#Tq2!vLm4", "ü" * 7 + "éa", "🧾🪙🏦💳🔑🚪🪟🧵", "Wq" + "x-9" * 42, "  eight  ",
     "to be changed at once", "asha likes green tea", "480163975528", "monkeywrench-sidecar", "Wf7vN2xKqPz4cRt8"],
)  # fmt: skip
def test_what_takes_a_while_is_taken(password: str) -> None:
    assert not is_guessable(password, own=OWN)


def test_an_empty_name_makes_nothing_guessable() -> None:
    assert not is_guessable("kx9#Tq2!vLm4", own=("", ""))
