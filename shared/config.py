"""The settings, read once from the environment; a bad one stops the process with a sentence that names it."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from typing import TypeVar

from shared.addresses import Reach

ENCRYPTION_KEY_BYTES = 32  # AES-256
JWT_SECRET_CHARACTERS_MIN = 32
METRICS_TOKEN_CHARACTERS_MIN = 16
PER_SECOND_MAX = 1_000_000
WEBHOOK_RETRY_SECONDS = (0, 60, 300, 1800, 7200)
WEBHOOK_RETRY_SECONDS_TEST = (0, 5, 10, 15, 20)
WEBHOOK_ATTEMPTS_MAX = 20
DELAY_SECONDS_MAX = 7 * 24 * 3600
OPERATOR_SECRET_CHARACTERS_MIN = 32
PAYMENT_WAIT_SECONDS_MAX = 25  # API Gateway gives up after 29
ORDER_EXPIRY_SECONDS = 7 * 24 * 3600
WEBHOOK_DISABLE_SECONDS = 5 * 24 * 3600
SECONDS_MAX = 366 * 24 * 3600
# What gives away a secret that was typed, or copied from an example: few different characters, few different steps from
# one to the next, a part that comes again, one of these words. Chance does none of it once in a million secrets.
DISTINCT_MIN = 8
WORDS_OF_EXAMPLES = ("change", "default", "evaluation", "example", "insecure", "password", "secret")
PROCESSING_DELAY_MS_MAX = 24 * 3600 * 1000

T = TypeVar("T")


class ConfigError(Exception):
    """A missing or malformed variable. The message names it and says what would do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BankConfig:
    """How the simulated bank answers."""

    test_mode: bool = False
    test_payment_success: bool = True
    test_processing_delay_ms: int = 1000
    upi_success_rate: float = 0.90
    card_success_rate: float = 0.95
    processing_delay_min_ms: int = 5000
    processing_delay_max_ms: int = 10000
    magic_values: bool = True
    seed: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    host: str
    port: int
    jwt_secret: str = field(repr=False)
    encryption_key: bytes = field(repr=False)
    production: bool
    orders_paid_once: bool
    order_expiry_seconds: int
    payment_wait_seconds_max: int
    webhook_retry_seconds: tuple[int, ...]
    webhook_disable_seconds: int
    operator_secret: str | None = field(repr=False)
    checkout_url: str | None  # where payers go; None: nobody has said
    dashboard_url: str | None  # where people sign in, if a proxy hides that from us
    cors_origins: tuple[str, ...]
    outbound_allowed_networks: tuple[IPv4Network | IPv6Network, ...]
    queue_url_prefix: str
    rate_limit_per_second: int  # 0 switches a limit off
    rate_limit_concurrent: int
    checkout_rate_limit_per_second: int
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    metrics_token: str = field(repr=False)  # empty: there is none
    log_format: str
    log_requests: bool
    request_log: str  # of which calls merchants are shown a note: all, writes and refusals, refusals, none
    bank: BankConfig

    @property
    def reach(self) -> Reach:
        """Where webhooks may go."""
        return Reach(https_only=self.production, allowed_networks=self.outbound_allowed_networks)


def from_environment(env: Mapping[str, str] = os.environ) -> Config:
    """Reads and checks every setting. Raises ConfigError with one sentence."""
    production = _choice(env, "APP_ENV", ("development", "production"), "development") == "production"
    bank = BankConfig(
        test_mode=_flag(env, "TEST_MODE", False),
        test_payment_success=_flag(env, "TEST_PAYMENT_SUCCESS", True),
        test_processing_delay_ms=_integer(env, "TEST_PROCESSING_DELAY", 1000, 0, PROCESSING_DELAY_MS_MAX),
        upi_success_rate=_rate(env, "UPI_SUCCESS_RATE", 0.90),
        card_success_rate=_rate(env, "CARD_SUCCESS_RATE", 0.95),
        processing_delay_min_ms=_integer(env, "PROCESSING_DELAY_MIN", 5000, 0, PROCESSING_DELAY_MS_MAX),
        processing_delay_max_ms=_integer(env, "PROCESSING_DELAY_MAX", 10000, 0, PROCESSING_DELAY_MS_MAX),
        magic_values=not production,
        seed=_integer(env, "BANK_SEED", 0, 0, 2**63) if env.get("BANK_SEED") else None,
    )
    if bank.processing_delay_min_ms > bank.processing_delay_max_ms:
        raise ConfigError("PROCESSING_DELAY_MIN must not be greater than PROCESSING_DELAY_MAX.")
    orders_paid_once = _flag(env, "ORDERS_PAID_ONCE", True)
    if production and not orders_paid_once:
        raise ConfigError("ORDERS_PAID_ONCE=false is for test rigs only: APP_ENV=production refuses it.")
    if production and bank.test_mode:
        raise ConfigError("TEST_MODE=true forces every outcome: APP_ENV=production refuses it.")
    return Config(
        database_url=_url("DATABASE_URL", _required(env, "DATABASE_URL"), ("postgresql", "postgres")),
        redis_url=_url("REDIS_URL", env.get("REDIS_URL", ""), ("redis", "rediss", "unix")),
        host=env.get("API_HOST") or "127.0.0.1",
        port=_integer(env, "PORT", 8000, 1, 65535),
        jwt_secret=_jwt_secret(env, production=production),
        encryption_key=_encryption_key(env, production=production),
        production=production,
        orders_paid_once=orders_paid_once,
        order_expiry_seconds=_integer(env, "ORDER_EXPIRY_SECONDS", ORDER_EXPIRY_SECONDS, 60, SECONDS_MAX),
        payment_wait_seconds_max=_integer(env, "PAYMENT_WAIT_SECONDS_MAX", 20, 0, PAYMENT_WAIT_SECONDS_MAX),
        webhook_retry_seconds=_retry_seconds(env),
        webhook_disable_seconds=_integer(env, "WEBHOOK_DISABLE_SECONDS", WEBHOOK_DISABLE_SECONDS, 1, SECONDS_MAX),
        operator_secret=_operator_secret(env, production=production),
        checkout_url=_public_url(env, "CHECKOUT_PUBLIC_URL"),
        dashboard_url=_public_url(env, "DASHBOARD_PUBLIC_URL"),
        cors_origins=tuple(part for part in env.get("CORS_ORIGINS", "").replace(",", " ").split() if part),
        outbound_allowed_networks=_allowed_networks(env, production=production),
        queue_url_prefix=env.get("QUEUE_URL_PREFIX", ""),
        rate_limit_per_second=_integer(env, "RATE_LIMIT_PER_SECOND", 2000, 0, PER_SECOND_MAX),
        rate_limit_concurrent=_integer(env, "RATE_LIMIT_CONCURRENT", 256, 0, PER_SECOND_MAX),
        checkout_rate_limit_per_second=_integer(env, "CHECKOUT_RATE_LIMIT_PER_SECOND", 50, 0, PER_SECOND_MAX),
        trusted_proxies=_networks(env, "TRUSTED_PROXIES"),
        metrics_token=_metrics_token(env),
        log_format=_choice(env, "LOG_FORMAT", ("json", "text"), "json"),
        log_requests=_flag(env, "LOG_REQUESTS", False),
        request_log=_choice(env, "REQUEST_LOG", ("all", "writes", "errors", "off"), "all"),
        bank=bank,
    )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set. `make up` sets it for you; elsewhere see .env.example.")
    return value


def _public_url(env: Mapping[str, str], name: str) -> str | None:
    return _url(name, env.get(name, ""), ("https", "http")).rstrip("/") or None


def _url(name: str, url: str, schemes: tuple[str, ...]) -> str:
    """The URL; what it says is not repeated in the refusal, since it may hold a password."""
    if url and url.partition("://")[0] not in schemes:
        raise ConfigError(f"{name} must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
    return url


def _parsed(env: Mapping[str, str], name: str, parse: Callable[[str], T], wanted: str) -> T:
    try:
        return parse(env[name].strip())
    except (ValueError, RecursionError):
        raise ConfigError(f"{name} must be {wanted}, and is {env[name]!r}.") from None


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    if not env.get(name):
        return default
    number = _parsed(env, name, int, f"a whole number from {low} to {high}")
    if not low <= number <= high:
        raise ConfigError(f"{name} must be a whole number from {low} to {high}, and is {env[name]!r}.")
    return number


def _rate(env: Mapping[str, str], name: str, default: float) -> float:
    if not env.get(name):
        return default
    rate = _parsed(env, name, float, "a number from 0 to 1")
    if not 0 <= rate <= 1:
        raise ConfigError(f"{name} must be a number from 0 to 1, and is {env[name]!r}.")
    return rate


def _choice(env: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    value = env.get(name) or default
    if value not in choices:
        raise ConfigError(f"{name} must be {' or '.join(choices)}, and is {value!r}.")
    return value


def _flag(env: Mapping[str, str], name: str, default: bool) -> bool:
    value = env.get(name, "").strip().lower()
    if not value:
        return default
    if value not in ("true", "false", "1", "0"):
        raise ConfigError(f"{name} must be true or false, and is {env[name]!r}.")
    return value in ("true", "1")


def _jwt_secret(env: Mapping[str, str], *, production: bool) -> str:
    secret = _required(env, "JWT_SECRET")
    if len(secret) < JWT_SECRET_CHARACTERS_MIN:
        raise ConfigError(f"JWT_SECRET must have at least {JWT_SECRET_CHARACTERS_MIN} characters.")
    if production and _easy_to_guess(secret.encode(errors="surrogateescape")):
        raise ConfigError("JWT_SECRET is easy to guess: APP_ENV=production refuses it. openssl rand -base64 48")
    return secret


def _operator_secret(env: Mapping[str, str], *, production: bool) -> str | None:
    secret = env.get("OPERATOR_SECRET") or None
    if secret is not None and len(secret) < OPERATOR_SECRET_CHARACTERS_MIN:
        raise ConfigError(f"OPERATOR_SECRET must have at least {OPERATOR_SECRET_CHARACTERS_MIN} characters.")
    if secret is not None and production and _easy_to_guess(secret.encode(errors="surrogateescape")):
        raise ConfigError("OPERATOR_SECRET is easy to guess: APP_ENV=production refuses it. openssl rand -base64 48")
    return secret


def _metrics_token(env: Mapping[str, str]) -> str:
    token = env.get("METRICS_TOKEN", "").strip()
    if token and not (len(token) >= METRICS_TOKEN_CHARACTERS_MIN and token.isascii()):
        raise ConfigError(f"METRICS_TOKEN must have at least {METRICS_TOKEN_CHARACTERS_MIN} characters, all of ASCII.")
    return token


def _encryption_key(env: Mapping[str, str], *, production: bool) -> bytes:
    wanted = ConfigError(
        f"ENCRYPTION_KEY must be {ENCRYPTION_KEY_BYTES} random bytes in base64 "
        '(python3 -c "import base64,os;print(base64.urlsafe_b64encode(os.urandom(32)).decode())").'
    )
    text = _required(env, "ENCRYPTION_KEY")
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, binascii.Error):
        raise wanted from None
    if len(key) != ENCRYPTION_KEY_BYTES:
        raise wanted
    if production and (_easy_to_guess(key) or key.isascii()):  # 32 random bytes are no text
        raise ConfigError("ENCRYPTION_KEY is easy to guess: APP_ENV=production refuses it. openssl rand -base64 32")
    return key


def _easy_to_guess(secret: bytes) -> bool:
    steps = {after - before for before, after in pairwise(secret)}
    repeats = secret in (secret + secret)[1:-1]
    worded = any(word in secret.lower() for word in map(str.encode, WORDS_OF_EXAMPLES))
    return len(set(secret)) < DISTINCT_MIN or len(steps) < DISTINCT_MIN or repeats or worded


def _retry_seconds(env: Mapping[str, str]) -> tuple[int, ...]:
    """The waits before each attempt, in seconds. The first is always made at once."""
    name = next((n for n in ("WEBHOOK_RETRY_INTERVALS", "webhook_retry_intervals") if env.get(n)), None)
    if name is not None:
        wanted = f"a JSON array of 1 to {WEBHOOK_ATTEMPTS_MAX} whole seconds such as [0,60,300,1800,7200]"
        waits = _parsed(env, name, json.loads, wanted)
        if (
            not isinstance(waits, list)
            or not 1 <= len(waits) + (waits[:1] != [0]) <= WEBHOOK_ATTEMPTS_MAX
            or not waits
            or not all(type(wait) is int and 0 <= wait <= DELAY_SECONDS_MAX for wait in waits)
        ):
            raise ConfigError(f"{name} must be {wanted}, and is {env[name]!r}.")
        return tuple(waits) if waits[0] == 0 else (0, *waits)
    if _flag(env, "WEBHOOK_RETRY_INTERVALS_TEST", False):
        return WEBHOOK_RETRY_SECONDS_TEST
    return WEBHOOK_RETRY_SECONDS


def _networks(env: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    if not env.get(name, "").strip():
        return ()
    wanted = "networks such as 10.0.0.0/8 or fc00::/7, separated by spaces"
    return _parsed(env, name, lambda text: tuple(map(ip_network, text.replace(",", " ").split())), wanted)


def _allowed_networks(env: Mapping[str, str], *, production: bool) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks that webhooks may reach although they are not public."""
    name = "OUTBOUND_ALLOWED_NETWORKS"
    networks = _networks(env, name)
    if networks and production:
        raise ConfigError(f"{name}={env[name]} opens private addresses: APP_ENV=production refuses it.")
    return networks
