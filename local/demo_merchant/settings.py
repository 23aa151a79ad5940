"""What the shop reads from the environment: the only place that does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

# Nothing in it can end the directive of the Content-Security-Policy that it is written into.
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)


class BadSetting(Exception):
    """A variable has a value the shop cannot work with. The message names it and says what to write."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    host: str
    port: int
    api_url: str
    api_key: str
    api_secret: str
    webhook_secret: str
    public_url: str
    checkout_url: str  # its origin, as a browser finds it

    @property
    def webhook_url(self) -> str:
        return f"{self.public_url}/webhook"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read every variable, an empty one counting as absent. Raises `BadSetting`."""

    def value(name: str, default: str) -> str:
        return environ.get(name, "").strip() or default

    port = _port("MERCHANT_PORT", value("MERCHANT_PORT", "4000"))
    return Settings(
        host=value("MERCHANT_HOST", "127.0.0.1"),
        port=port,
        api_url=_url("API_URL", value("API_URL", "http://127.0.0.1:8000")),
        api_key=_header("API_KEY", value("API_KEY", "key_test_abc123")),
        api_secret=_header("API_SECRET", value("API_SECRET", "secret_test_xyz789")),
        webhook_secret=value("WEBHOOK_SECRET", "whsec_test_abc123"),
        public_url=_url("MERCHANT_PUBLIC_URL", value("MERCHANT_PUBLIC_URL", f"http://127.0.0.1:{port}")),
        checkout_url=_origin("CHECKOUT_PUBLIC_URL", value("CHECKOUT_PUBLIC_URL", "http://localhost:3001")),
    )


def _port(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise BadSetting(f"{name} must be a port number from 1 to 65535, not {text!r}.")
    return int(text)


def _url(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        good = good and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:
        good = False
    if not good:
        raise BadSetting(f"{name} must be an address such as http://127.0.0.1:8000, not {text!r}.")
    return text.rstrip("/")


def _origin(name: str, text: str) -> str:
    origin = text.rstrip("/")
    if not ORIGIN.fullmatch(origin):
        raise BadSetting(f"{name} must be an origin such as http://localhost:3001, without a path, not {text!r}.")
    return _url(name, origin)


def _header(name: str, text: str) -> str:
    # The value is not repeated: it may be a secret with one stray character.
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise BadSetting(f"{name} must be printable ASCII without spaces: it is sent as an HTTP header.")
    return text
