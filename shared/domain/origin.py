"""An origin: scheme, host and port of a page, as a browser names it and as a Content-Security-Policy lists it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address

from shared.errors import BadRequest

ORIGINS_MAX = 20
HOST_CHARACTERS_MAX = 253  # RFC 1035
PORT_MAX = 65535

# Nothing that has a meaning in a header or a policy gets through: no space, comma, semicolon, quote, wildcard or
# control character, no letter beyond ASCII. No IPv6 address either, which a policy cannot name (CSP 3, 2.3.1).
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN = re.compile(rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*)(?::(?P<port>[1-9][0-9]{{0,4}}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def check_all(texts: Sequence[str], *, field: str) -> tuple[str, ...]:
    """The origins as browsers write them, each once. Raises BadRequest."""
    if len(texts) > ORIGINS_MAX:
        raise BadRequest(f"{field} must have at most {ORIGINS_MAX} origins", field=field, reason="invalid_value")
    return tuple(dict.fromkeys(_check(text, place, field=field) for place, text in enumerate(texts)))


def _check(text: str, place: int, *, field: str) -> str:
    found = _ORIGIN.fullmatch(text.lower()) if text.isascii() else None
    if found is None or len(found["host"]) > HOST_CHARACTERS_MAX or int(found["port"] or 1) > PORT_MAX:
        raise BadRequest(
            f"{field}[{place}] must be an origin such as https://shop.example or https://shop.example:8443, and"
            " nothing behind it; other letters than a to z as browsers send them (xn--…)",
            field=field,
            reason="invalid_value",
        )
    scheme, host, port = found.group("scheme", "host", "port")
    if scheme == "http" and not _is_loopback(host):
        raise BadRequest(
            f"{field}[{place}] must begin with https://; http:// is for localhost only",
            field=field,
            reason="invalid_value",
        )
    return f"{scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS[scheme] else "")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return IPv4Address(host).is_loopback
    except ValueError:
        return False
