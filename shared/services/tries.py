"""What may be tried only so often in a while: passwords above all.

A try is counted before what is tried, so that many at once are no more than the limit allows.
"""

from __future__ import annotations

import hashlib
import ipaddress

from shared.db import sessions
from shared.db.database import Tx
from shared.errors import TooManyRequests

WINDOW_SECONDS = 15 * 60
IPV6_PREFIX = 64  # what one customer of a network gets, and may take any address of


def count(tx: Tx, kind: str, key: bytes, most: int) -> None:
    """Raises TooManyRequests with `retry_after` for one more than `most` in this window."""
    tried, seconds = sessions.count_try(tx, kind, key, window_seconds=WINDOW_SECONDS)
    if tried > most:
        raise TooManyRequests("Too many tries: wait before the next one", reason="too_many_tries", retry_after=seconds)


def key(*parts: str) -> bytes:
    """Under which it is counted. `parts` end with an address, if there is one among them."""
    told = [*parts[:-1], network(parts[-1])]
    return hashlib.sha256("\x00".join(told).encode("utf-8", "surrogatepass")).digest()


def network(address: str) -> str:
    """What counts as one source: an IPv4 address, or the network of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.IPv6Network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)
