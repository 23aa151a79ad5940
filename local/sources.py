"""Where a request comes from, when proxies stand in between: what a stranger writes into a header changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

IPV6_PREFIX = 64  # what one customer of a network gets, and may take any address of

Network = IPv4Network | IPv6Network


def source(peer: str, forwarded: Iterable[str], trusted: tuple[Network, ...]) -> str:
    """The address of the last hop that is not a trusted proxy; `forwarded` are the X-Forwarded-For headers in order.

    Each proxy appends whom it heard from, so the list is believed from its end, and only as far as proxies are ours.
    """
    if not trusted or not _is_trusted(peer, trusted):
        return peer
    for hop in reversed(",".join(forwarded).split(",")):
        address = _address(hop.strip())
        if address is None:
            break  # our proxy would not have written this: whoever did hides behind the hop before
        peer = str(address)
        if not _is_trusted(peer, trusted):
            break
    return peer


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """What counts as one source: an IPv4 address, or the network of an IPv6 address."""
    parsed = _address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, IPV6_PREFIX), strict=False))
    return address if parsed is None else str(parsed)


def is_loopback(address: str) -> bool:
    parsed = _address(address)
    return parsed is not None and parsed.is_loopback


def _is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    parsed = _address(address)
    return parsed is not None and any(parsed in proxies for proxies in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
