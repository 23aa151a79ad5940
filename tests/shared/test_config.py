"""Every variable has the contract's default, is read as it should be, and is named when it is wrong."""

from __future__ import annotations

import base64
import json
import secrets
from ipaddress import ip_network

import pytest

from shared.config import Config, ConfigError, from_environment

DAY_MS = 24 * 3600 * 1000
# Its base64 has both of the characters that differ between the alphabets.
KEY = base64.b64decode("7pWv0cE5nQm2zT8rXk1sYb4uHj6gLd9fAo3iVtNw+/M=")
NEEDED = {
    "DATABASE_URL": "postgresql://gateway_user@localhost/payment_gateway",
    "JWT_SECRET": "qLz0T3vX9bWm4yRk7sNc1hJd8fPe2gAu",
    "ENCRYPTION_KEY": base64.b64encode(KEY).decode(),
}


def read(**variables: str) -> Config:
    return from_environment(NEEDED | variables)


def refusal(**variables: str) -> str:
    with pytest.raises(ConfigError) as error:
        read(**variables)
    return str(error.value)


def test_the_defaults_are_the_contracts() -> None:
    config = read()
    assert config.port == 8000
    assert not config.production
    assert config.orders_paid_once
    assert config.webhook_retry_seconds == (0, 60, 300, 1800, 7200)
    assert config.cors_origins == ()
    assert (config.rate_limit_per_second, config.rate_limit_concurrent) == (2000, 256)
    assert config.checkout_rate_limit_per_second == 50
    assert config.trusted_proxies == () and config.metrics_token == ""
    assert config.log_format == "json" and not config.log_requests
    bank = config.bank
    assert (bank.test_mode, bank.test_payment_success, bank.test_processing_delay_ms) == (False, True, 1000)
    assert (bank.upi_success_rate, bank.card_success_rate) == (0.90, 0.95)
    assert (bank.processing_delay_min_ms, bank.processing_delay_max_ms) == (5000, 10000)
    assert bank.magic_values, "test cards and VPAs work outside production"


def test_what_is_set_is_what_is_read() -> None:
    config = read(
        REDIS_URL="redis://localhost:6379/0",
        PORT="8080",
        TEST_MODE="true",
        TEST_PAYMENT_SUCCESS="false",
        TEST_PROCESSING_DELAY="0",
        UPI_SUCCESS_RATE="0.5",
        CARD_SUCCESS_RATE="1",
        PROCESSING_DELAY_MIN="10",
        PROCESSING_DELAY_MAX="10",
        ORDERS_PAID_ONCE="false",
        CORS_ORIGINS="http://localhost:3000, http://localhost:3001",
    )
    assert config.database_url == NEEDED["DATABASE_URL"]
    assert config.jwt_secret == NEEDED["JWT_SECRET"]
    assert config.encryption_key == KEY
    assert config.redis_url == "redis://localhost:6379/0"
    assert config.port == 8080
    assert not config.orders_paid_once
    assert config.cors_origins == ("http://localhost:3000", "http://localhost:3001")
    bank = config.bank
    assert (bank.test_mode, bank.test_payment_success, bank.test_processing_delay_ms) == (True, False, 0)
    assert (bank.upi_success_rate, bank.card_success_rate) == (0.5, 1.0)
    assert (bank.processing_delay_min_ms, bank.processing_delay_max_ms) == (10, 10)


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_a_missing_variable_is_named(name: str) -> None:
    for variables in ({key: value for key, value in NEEDED.items() if key != name}, NEEDED | {name: ""}):
        with pytest.raises(ConfigError, match=rf"^{name} is not set\."):
            from_environment(variables)


@pytest.mark.parametrize(
    "name", ["PORT", "TEST_PROCESSING_DELAY", "PROCESSING_DELAY_MIN", "PROCESSING_DELAY_MAX", "BANK_SEED"]
)
@pytest.mark.parametrize("value", ["eighty", "-1", "1.5", "1e3", "0x10", " ", "99999999999999999999", "9" * 5000])
def test_a_number_that_is_none_is_named(name: str, value: str) -> None:
    assert refusal(**{name: value}).startswith(f"{name} must be a whole number from ")


@pytest.mark.parametrize("value", ["0", "65536"])
def test_a_port_that_cannot_be_is_named(value: str) -> None:
    assert refusal(PORT=value) == f"PORT must be a whole number from 1 to 65535, and is '{value}'."


@pytest.mark.parametrize("name", ["UPI_SUCCESS_RATE", "CARD_SUCCESS_RATE"])
@pytest.mark.parametrize("value", ["often", "-0.1", "1.01", "nan", "inf", "-inf", "95%", "0,9", " "])
def test_a_rate_that_is_none_is_named(name: str, value: str) -> None:
    assert refusal(**{name: value}) == f"{name} must be a number from 0 to 1, and is '{value}'."


FLAGS = ["TEST_MODE", "TEST_PAYMENT_SUCCESS", "ORDERS_PAID_ONCE", "WEBHOOK_RETRY_INTERVALS_TEST"]


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("value", ["yes", "on", "2", "truthy", "wahr", "tru e"])
def test_a_flag_that_is_none_is_named(name: str, value: str) -> None:
    assert refusal(**{name: value}) == f"{name} must be true or false, and is '{value}'."


@pytest.mark.parametrize(
    ("value", "wanted"), [("true", True), ("TRUE", True), ("1", True), ("False", False), ("0", False)]
)
def test_a_flag_may_be_a_word_or_a_digit(value: str, wanted: bool) -> None:
    assert read(TEST_MODE=value).bank.test_mode is wanted
    assert read(TEST_PAYMENT_SUCCESS=value).bank.test_payment_success is wanted


@pytest.mark.parametrize("name", [*FLAGS, "PORT", "UPI_SUCCESS_RATE", "WEBHOOK_RETRY_INTERVALS", "APP_ENV"])
def test_an_empty_variable_counts_as_not_set(name: str) -> None:
    assert read(**{name: ""}) == read()


def test_a_delay_that_ends_before_it_begins_is_refused() -> None:
    assert "PROCESSING_DELAY_MIN" in refusal(PROCESSING_DELAY_MIN="11000")
    assert "PROCESSING_DELAY_MAX" in refusal(PROCESSING_DELAY_MAX="4999")
    assert read(PROCESSING_DELAY_MAX="5000").bank.processing_delay_max_ms == 5000


def test_a_delay_of_more_than_a_day_is_refused() -> None:
    assert read(TEST_PROCESSING_DELAY=str(DAY_MS)).bank.test_processing_delay_ms == DAY_MS
    assert refusal(TEST_PROCESSING_DELAY=str(DAY_MS + 1)).startswith("TEST_PROCESSING_DELAY ")


def test_a_network_that_is_none_is_named() -> None:
    assert read(TRUSTED_PROXIES="10.0.0.0/8, ::1").trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert refusal(TRUSTED_PROXIES="10.0.0.1/8").startswith("TRUSTED_PROXIES must be networks such as 10.0.0.0/8")


@pytest.mark.parametrize("value", ["too short", "sixteen characters, not all of them ASCII: é"])
def test_a_token_that_can_be_guessed_or_not_sent_is_refused_and_not_repeated(value: str) -> None:
    said = refusal(METRICS_TOKEN=value)
    assert said.startswith("METRICS_TOKEN must") and value not in said


def test_a_log_is_json_or_text() -> None:
    assert read(LOG_FORMAT="text").log_format == "text"
    assert refusal(LOG_FORMAT="xml") == "LOG_FORMAT must be json or text, and is 'xml'."


def test_only_two_environments_are_known() -> None:
    assert refusal(APP_ENV="prod") == "APP_ENV must be development or production, and is 'prod'."
    assert not read(APP_ENV="development").production
    assert read(APP_ENV="production").production


# Secrets


@pytest.mark.parametrize(
    "value",
    [
        "short",
        NEEDED["ENCRYPTION_KEY"][:-1],
        base64.b64encode(KEY[:31]).decode(),
        base64.b64encode(KEY + b"!").decode(),
        base64.b64encode(KEY[:16]).decode(),
        KEY.hex(),
        NEEDED["ENCRYPTION_KEY"].replace("A", "!", 1) + "!",
        "ü" * 44,
    ],
)
def test_an_encryption_key_that_is_not_32_bytes_in_base64_is_refused_and_not_repeated(value: str) -> None:
    said = refusal(ENCRYPTION_KEY=value)
    assert said.startswith("ENCRYPTION_KEY must be 32 random bytes in base64")
    assert value not in said, "a secret must not end up in a log, not even a wrong one"


def test_an_encryption_key_may_be_written_in_either_alphabet_of_base64() -> None:
    assert NEEDED["ENCRYPTION_KEY"] != base64.urlsafe_b64encode(KEY).decode()
    assert read(ENCRYPTION_KEY=base64.urlsafe_b64encode(KEY).decode()).encryption_key == KEY


def test_a_jwt_secret_of_fewer_than_32_characters_is_refused_and_not_repeated() -> None:
    value = NEEDED["JWT_SECRET"][:-1]
    said = refusal(JWT_SECRET=value)
    assert said.startswith("JWT_SECRET must have at least 32 characters")
    assert value not in said


def test_the_settings_do_not_print_what_is_secret() -> None:
    shown = repr(read(DATABASE_URL="postgresql://u:open-sesame@h/d", REDIS_URL="redis://:open-sesame@h"))
    assert "port=8000" in shown
    for secret in ("open-sesame", NEEDED["JWT_SECRET"], repr(KEY)):
        assert secret not in shown


# The webhook schedule


def test_the_schedule_for_tests_is_the_contracts() -> None:
    assert read(WEBHOOK_RETRY_INTERVALS_TEST="true").webhook_retry_seconds == (0, 5, 10, 15, 20)
    assert read(WEBHOOK_RETRY_INTERVALS_TEST="false").webhook_retry_seconds == read().webhook_retry_seconds


@pytest.mark.parametrize("name", ["WEBHOOK_RETRY_INTERVALS", "webhook_retry_intervals"])
@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("[0, 1, 2]", (0, 1, 2)),
        ("[0]", (0,)),
        (" [0,604800]\n", (0, 604800)),
        ("[0,30,10]", (0, 30, 10)),
        (json.dumps([0] * 20), (0,) * 20),
    ],
)
def test_a_schedule_is_a_json_array_under_either_name(name: str, value: str, wanted: tuple[int, ...]) -> None:
    assert read(**{name: value}).webhook_retry_seconds == wanted
    assert read(**{name: value}, WEBHOOK_RETRY_INTERVALS_TEST="true").webhook_retry_seconds == wanted


def test_the_first_attempt_is_made_at_once_even_if_the_schedule_does_not_say_so() -> None:
    assert read(WEBHOOK_RETRY_INTERVALS="[60, 300]").webhook_retry_seconds == (0, 60, 300)


def test_a_schedule_never_has_more_attempts_than_its_bound() -> None:
    said = refusal(WEBHOOK_RETRY_INTERVALS=json.dumps([1] * 20))
    assert said.startswith("WEBHOOK_RETRY_INTERVALS ")


def test_the_upper_case_name_wins() -> None:
    config = read(WEBHOOK_RETRY_INTERVALS="[0,1]", webhook_retry_intervals="[0,2]")
    assert config.webhook_retry_seconds == (0, 1)


@pytest.mark.parametrize("name", ["WEBHOOK_RETRY_INTERVALS", "webhook_retry_intervals"])
@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "60",
        "60,300",
        '"[60]"',
        "{}",
        "null",
        "[]",
        "[-1]",
        "[1.5]",
        '["60"]',
        "[null]",
        "[true]",
        "[[60]]",
        "[NaN]",
        "[604801]",
        "[0,60",
        json.dumps([0] * 21),
        pytest.param("[" * 100_000, id="nested too deep to parse"),
    ],
)
def test_a_schedule_that_is_none_is_named(name: str, value: str) -> None:
    assert refusal(**{name: value}).startswith(f"{name} must be a JSON array of 1 to 20 whole seconds")


# Production


@pytest.mark.parametrize(
    ("name", "value"),
    [("TEST_MODE", "true"), ("ORDERS_PAID_ONCE", "false"), ("OUTBOUND_ALLOWED_NETWORKS", "10.0.0.0/8")],
)
def test_production_refuses_what_is_for_tests_only(name: str, value: str) -> None:
    said = refusal(APP_ENV="production", **{name: value})
    assert said.startswith(f"{name}={value} ")
    assert "production" in said
    assert read(**{name: value}) != read(), "outside production it is welcome"


@pytest.mark.parametrize("name", ["JWT_SECRET", "OPERATOR_SECRET"])
@pytest.mark.parametrize(
    "value",
    [
        "x" * 40,
        "0123456789abcdef0123456789abcdef",
        "abcdefghijklmnopqrstuvwxyzABCDEF",
        "correct-horse-battery-correct-horse-battery-",
        "Change-Me-1f9b7Qz0T3vX9bWm4yRk7sNc1hJd8fPe2gAu",
        "evaluation-only-never-in-production",
        "a secret of tests, long enough to be one",
        "your-256-bit-key-your-256-bit-key-",
    ],
)
def test_production_refuses_a_secret_that_is_easy_to_guess_and_does_not_repeat_it(name: str, value: str) -> None:
    said = refusal(APP_ENV="production", **{name: value})
    assert said.startswith(f"{name} is easy to guess: APP_ENV=production refuses it.")
    assert value not in said
    assert read(**{name: value}), "outside production it will do"


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(bytes(32), id="zeros"),
        pytest.param(b"\xff" * 32, id="ones"),
        pytest.param(bytes(range(200, 232)), id="a row"),
        pytest.param(KEY[:16] * 2, id="half of one, twice"),
        pytest.param(b"evaluation-only-not-a-secret-key", id="published"),
        pytest.param(b"Qz0T3vX9bWm4yRk7sNc1hJd8fPe2gAuK", id="text"),
    ],
)
def test_production_refuses_an_encryption_key_that_is_easy_to_guess_and_does_not_repeat_it(key: bytes) -> None:
    value = base64.b64encode(key).decode()
    said = refusal(APP_ENV="production", ENCRYPTION_KEY=value)
    assert said.startswith("ENCRYPTION_KEY is easy to guess: APP_ENV=production refuses it.")
    assert value not in said
    assert read(ENCRYPTION_KEY=value).encryption_key == key, "outside production it will do"


@pytest.mark.parametrize("name", ["JWT_SECRET", "ENCRYPTION_KEY"])
@pytest.mark.parametrize(("value", "said"), [("", "is not set."), ("short", "must ")])
def test_production_refuses_a_secret_that_is_missing_or_short(name: str, value: str, said: str) -> None:
    assert refusal(APP_ENV="production", **{name: value}).startswith(f"{name} {said}")


def test_production_takes_what_was_drawn_at_random() -> None:
    for _ in range(2000):
        made = {
            "JWT_SECRET": secrets.choice((secrets.token_hex(16), secrets.token_urlsafe(24), secrets.token_urlsafe(48))),
            "ENCRYPTION_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        assert read(APP_ENV="production", **made).production


def test_production_has_no_magic_values() -> None:
    assert not read(APP_ENV="production").bank.magic_values


def test_production_has_the_contracts_schedule_and_rates() -> None:
    config = read(APP_ENV="production")
    assert config.webhook_retry_seconds == (0, 60, 300, 1800, 7200)
    assert config.orders_paid_once
