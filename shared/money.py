"""Amounts are integers in minor units; a currency says how many of them make one."""

from __future__ import annotations

AMOUNT_MIN = 100
AMOUNT_MAX = 10_000_000_000  # 10^10: ₹100 million; well inside the 2^53 that JavaScript reads exactly

# ISO 4217, the currencies acquirers settle in, with their exponent: 1000 minor units of INR are ₹10.00.
EXPONENTS = {
    "AED": 2, "AUD": 2, "BDT": 2, "BHD": 3, "BRL": 2, "CAD": 2, "CHF": 2, "CNY": 2, "CZK": 2, "DKK": 2,
    "EUR": 2, "GBP": 2, "HKD": 2, "HUF": 2, "IDR": 2, "ILS": 2, "INR": 2, "ISK": 0, "JOD": 3, "JPY": 0,
    "KES": 2, "KRW": 0, "KWD": 3, "LKR": 2, "MXN": 2, "MYR": 2, "NGN": 2, "NOK": 2, "NPR": 2, "NZD": 2,
    "OMR": 3, "PHP": 2, "PKR": 2, "PLN": 2, "QAR": 2, "RON": 2, "RUB": 2, "SAR": 2, "SEK": 2, "SGD": 2,
    "THB": 2, "TND": 3, "TRY": 2, "TWD": 2, "UAH": 2, "USD": 2, "VND": 0, "ZAR": 2,
}  # fmt: skip


def is_currency(code: str) -> bool:
    return code in EXPONENTS


def in_words(amount: int, currency: str) -> str:
    """`INR 500.00`, for a person to read."""
    exponent = EXPONENTS.get(currency, 2)
    whole, rest = divmod(amount, 10**exponent)
    return f"{currency} {whole:,}" + (f".{rest:0{exponent}}" if exponent else "")
