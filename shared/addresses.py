"""Which addresses the gateway may call: public ones, and those in networks that were opened on purpose.

Whoever chooses a webhook's URL chooses where we connect, from inside our network. `ipaddress.is_global` does not
answer this: it lets through multicast and most of the ways to write one address inside another, so the ranges are
listed here, from the special-purpose registries of IANA.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

HOST_CHARACTERS_MAX = 253
HTTPS_PORT = 443
PORT_MAX = 65535

NO_URL = "the URL is not of the form https://shop.example/webhook"
NOT_HTTPS = "the URL must begin with https://"
NOT_PUBLIC = "the host's address is private or reserved, and only public ones are reached"

# What every program reads alike: no user name, no fragment, nothing that is escaped in the host.
_URL = re.compile(
    r"(https?)://([^/?#@\\:\[\]]+|\[[^\]]*\])(?::([0-9]{1,5}))?(?:[/?][\w.~:/?@!$&'()*+,;=%\[\]-]*)?", re.A | re.I
)

_CLOSED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network; 0.0.0.0 is this machine
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # behind a provider's NAT
            "127.0.0.0/8",  # this machine
            "168.63.129.16/32",  # what Azure tells its machines, their secrets among it
            "169.254.0.0/16",  # this link; 169.254.169.254 is where a cloud tells a machine its secrets
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112, answers for nobody
            "192.52.193.0/24",  # multicast tunnels
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)

# All that is public in version 6 is in here. Outside are ::1, unique-local, link-local, site-local and multicast
# addresses, and most of those that hold one of version 4: ::a.b.c.d, ::ffff:0:a.b.c.d and both forms of NAT64.
_PUBLIC_V6 = IPv6Network("2000::/3")

_CLOSED_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID and ORCHIDv2
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: an address of version 4 inside
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)

# ISATAP writes an address of version 4 into the second half of any other: 0:5efe:a.b.c.d or 200:5efe:a.b.c.d.
_ISATAP = (0x00005EFE, 0x02005EFE)

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)*({_LABEL})\.?", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII | re.IGNORECASE)


def may_be_reached(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether we may connect to this address: it is in an `allowed` network, or public. ::ffff:a.b.c.d is a.b.c.d."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in allowed):
        return True
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    return (
        address in _PUBLIC_V6
        and not any(address in network for network in _CLOSED_V6)
        and (int(address) >> 32) & 0xFFFFFFFF not in _ISATAP
    )


def is_host(text: str) -> bool:
    """Whether a URL may name its host so: a.b.c.d, [an address of version 6] or a name, as every program reads it.

    Not 127.1, 0x7f.1 or 2130706433, which only some take for addresses; nor a zone as in [fe80::1%eth0].
    """
    try:
        if text.startswith("[") and text.endswith("]") and "%" not in text:
            IPv6Address(text[1:-1])
            return True
        name = _NAME.fullmatch(text)
        if name is None or len(text) > HOST_CHARACTERS_MAX:
            return False
        if _NUMBER.fullmatch(name[1]):
            IPv4Address(text)
        return True
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """Where webhooks may go: to public addresses, and to those in `allowed_networks`."""

    https_only: bool = False
    allowed_networks: Sequence[Network] = ()

    def refusal(self, url: str) -> str | None:
        """Why nothing may be sent to this URL, as far as it tells by itself: a name's addresses are known later."""
        parts = _URL.fullmatch(url)
        if parts is None or not is_host(parts[2]) or not 1 <= int(parts[3] or HTTPS_PORT) <= PORT_MAX:
            return NO_URL
        if self.https_only and parts[1].lower() != "https":
            return NOT_HTTPS
        try:
            address = ip_address(parts[2].strip("[]"))
        except ValueError:
            return None
        return None if may_be_reached(address, self.allowed_networks) else NOT_PUBLIC
