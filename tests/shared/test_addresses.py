"""Only public addresses may be reached: each range is closed from its first address to its last, and not beyond."""

from __future__ import annotations

import ipaddress

import pytest

from shared.addresses import is_host, may_be_reached

# Below, first, last and above of each closed range; `below` and `above` are public, or None if another range is there.
RANGES: list[tuple[str | None, str, str, str | None]] = [
    (None, "0.0.0.0", "0.255.255.255", "1.0.0.0"),  # noqa: S104
    ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
    ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
    ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
    ("168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"),
    ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
    ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
    ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
    ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
    ("192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0"),
    ("192.52.192.255", "192.52.193.0", "192.52.193.255", "192.52.194.0"),
    ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"),
    ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
    ("192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0"),
    ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
    ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"),
    ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"),
    ("223.255.255.255", "224.0.0.0", "239.255.255.255", None),
    (None, "240.0.0.0", "255.255.255.255", None),
    (None, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"),
    ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"),
    ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"),
    ("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"),
    (
        "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
        "2620:4f:8000::",
        "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
        "2620:4f:8001::",
    ),
    ("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"),
    ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None),
]

PRIVATE = {
    "192.0.0.9": "port control, anycast",
    "192.0.0.170": "discovery of NAT64",
    "192.0.0.192": "Oracle's metadata",
    "169.254.169.254": "a cloud's metadata",
    "100.100.100.200": "Alibaba's metadata",
    "224.0.0.1": "all hosts",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "compatible",
    "::8.8.8.8": "compatible, public inside",
    "::ffff:127.0.0.1": "mapped",
    "::ffff:169.254.169.254": "mapped",
    "::ffff:0.0.0.0": "mapped",
    "::ffff:0:127.0.0.1": "translated",
    "64:ff9b::127.0.0.1": "NAT64",
    "64:ff9b::8.8.8.8": "NAT64, public inside",
    "64:ff9b::ffff:ffff": "NAT64, its last",
    "64:ff9b:1::": "local NAT64, its first",
    "64:ff9b:1:ffff:ffff:ffff:ffff:ffff": "local NAT64, its last",
    "100::1": "discard",
    "2001::1": "Teredo",
    "2001:0:ffff:ffff:ffff:ffff:80ff:fffe": "Teredo, loopback inside",
    "2001:2::1": "benchmarks",
    "2001:10::1": "ORCHID",
    "2001:20::1": "ORCHIDv2",
    "2002:7f00:1::": "6to4",
    "2002:808:808::": "6to4, public inside",
    "2606:4700::5efe:7f00:1": "ISATAP",
    "2606:4700::200:5efe:7f00:1": "ISATAP of a global address",
    "5f00::1": "segment routing",
    "fc00::1": "unique local",
    "fd00:ec2::254": "Amazon's metadata",
    "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "unique local",
    "fe80::1": "this link",
    "fe80::1%eth0": "this link, with a zone",
    "febf:ffff::1": "this link",
    "fec0::1": "this site",
    "ff02::1": "all hosts",
    "ff0e::1": "multicast to everyone",
}
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "52.95.110.1", "203.0.114.10", "::ffff:8.8.8.8"),
    *("2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450:4001::1", "2606:4700::5eff:7f00:1"),
]


def reached(address: str, *allowed: str) -> bool:
    return may_be_reached(ipaddress.ip_address(address), [ipaddress.ip_network(network) for network in allowed])


@pytest.mark.parametrize(("below", "first", "last", "above"), RANGES)
def test_a_closed_range_is_closed_to_its_edges_and_not_beyond(
    below: str | None, first: str, last: str, above: str | None
) -> None:
    assert not reached(first), f"{first} is the first of a range that is not public"
    assert not reached(last), f"{last} is the last of a range that is not public"
    for neighbour in (below, above):
        assert neighbour is None or reached(neighbour), f"{neighbour} is public"


def test_the_ranges_of_the_table_are_next_to_what_it_says() -> None:
    for below, first, last, above in RANGES:
        assert below is None or ipaddress.ip_address(below) + 1 == ipaddress.ip_address(first)
        assert above is None or ipaddress.ip_address(last) + 1 == ipaddress.ip_address(above)


@pytest.mark.parametrize("address", PRIVATE, ids=[f"{address} {what}" for address, what in PRIVATE.items()])
def test_what_is_not_public_is_not_reached(address: str) -> None:
    assert not reached(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_reached(address: str) -> None:
    assert reached(address)


def test_what_python_calls_private_is_never_reached() -> None:
    ours = [*PUBLIC, *(edge for below, _, _, above in RANGES for edge in (below, above) if edge)]
    for address in map(ipaddress.ip_address, ours):
        inside = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        assert (inside or address).is_global, f"{address} is not even global to Python"


# What is opened


def test_an_allowed_network_opens_what_is_in_it_and_nothing_else() -> None:
    assert reached("10.1.2.3", "10.1.0.0/16")
    assert not reached("10.2.0.0", "10.1.0.0/16")
    assert not reached("127.0.0.1", "10.1.0.0/16", "::1/128")
    assert reached("127.0.0.1", "10.1.0.0/16", "127.0.0.0/8")
    assert reached("fd00::1", "fc00::/7")
    assert not reached("::1", "fc00::/7", "127.0.0.0/8")
    assert reached("8.8.8.8", "10.0.0.0/8"), "public addresses stay open"


def test_an_address_inside_another_is_opened_only_as_itself() -> None:
    assert reached("::ffff:127.0.0.1", "127.0.0.0/8"), "connecting there connects to 127.0.0.1"
    assert not reached("::ffff:127.0.0.1", "::/0"), "a network of version 6 does not open version 4"
    for disguised in ("::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::", "2606:4700::5efe:7f00:1"):
        assert not reached(disguised, "127.0.0.0/8")


# How a URL may name a host

HOSTS = [
    *("shop.example", "SHOP.Example", "a", "localhost", "merchant", "host.docker.internal", "xn--bcher-kva.example"),
    *("3com.example", "1.example", "a_b", "shop.example.", "a--b.example", "0xyz", "f00", f"{'a' * 63}.example"),
    *("127.0.0.1", "8.8.8.8", "255.255.255.255", "[::1]", "[::]", "[2606:4700::1111]", "[::ffff:127.0.0.1]"),
    ".".join(["a" * 63] * 3 + ["a" * 61]),
]
NO_HOSTS = [
    *("", ".", "..", "a..b", ".a", "a..", "-a", "a-", "a-.b", "a b", "a\n", "a\x00"),
    *("a%2eb", "a/b", "a@b", "a:1", "a\\b", "shop.1", "shop.0x1", "0x", "1.2.3.4.5", "256.1.1.1"),
    *(
        "2130706433",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "0x7f.1",
        "0x7f000001",
        "127.0.0.0x1",
        "127.0.0.01",
        "127.0.0.1.",
    ),
    *("１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "\u017fhop.example", "\u212a.example"),
    *("[::1", "::1", "[]", "[::1%lo]", "[fe80::1%25eth0]", "[127.0.0.1]", "[::1]]", "[[::1]]", "[1::2::3]", "[v1.a]"),
    *(f"{'a' * 64}.example", ".".join(["a" * 63] * 3 + ["a" * 62]), "bücher.example"),
]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_may_be_named_plainly(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize("host", NO_HOSTS)
def test_a_host_may_not_be_named_in_a_way_that_programs_read_differently(host: str) -> None:
    assert not is_host(host)
