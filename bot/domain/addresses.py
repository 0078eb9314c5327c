"""Which network addresses a request of the bot may reach: public ones, and those that the operator allows."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Allowed = frozenset[tuple[IPv4Address | IPv6Address, int]]
    """Addresses and ports that may be reached though they are not public, or not the web's."""

WEB_PORTS = frozenset({80, 443})
GLOBAL_UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: on a network without IPv4, every IPv4 site has such an address; its last 32 bits are the IPv4 address."""

# What `is_global` of Python 3.11 takes for public all the same.
NOT_PUBLIC = tuple(
    ip_network(each)
    for each in (
        "168.63.129.16/32",  # Azure's host, seen from inside alone
        "192.0.0.0/24",  # RFC 6890; Oracle's metadata is 192.0.0.192
        "192.88.99.0/24",  # RFC 7526: relays of 6to4
        "224.0.0.0/4",  # RFC 5771: multicast
        "2001::/23",  # RFC 2928: protocols; Teredo, which embeds IPv4, is among them
        "2002::/16",  # RFC 3056: 6to4 embeds IPv4
        "3fff::/20",  # RFC 9637: documentation
    )
)


def is_public(address: str) -> bool:
    """Whether `address`, numbers as `getaddrinfo` gives them, is one of the public internet.

    An IPv6 address that embeds an IPv4 address (mapped, compatible, translated, 6to4, Teredo) is not; only NAT64's
    well-known prefix is, if what it embeds is. Raises ValueError for what is no address.
    """
    numbers = ip_address(address)
    if isinstance(numbers, IPv6Address):
        if numbers.scope_id is not None:
            return False
        if numbers in NAT64:
            numbers = IPv4Address(int(numbers) & 0xFFFF_FFFF)
        elif numbers not in GLOBAL_UNICAST:
            return False
    return numbers.is_global and not any(numbers in network for network in NOT_PUBLIC)


def may_reach(address: str, port: int, allowed: Allowed) -> bool:
    """Whether a socket may be opened to `address`, numbers as `getaddrinfo` gives them: to a public one at the web's ports,
    and to what is `allowed`. Raises ValueError for what is no address.
    """
    return (ip_address(address), port) in allowed or (port in WEB_PORTS and is_public(address))


def read_allowed(text: str) -> Allowed:
    """`10.0.0.5:8888, [fd00::5]:80` → the addresses and ports that may be reached all the same.

    Raises ValueError for what isn't ADDRESS:PORT: a name would be whatever its resolver says.
    """
    allowed: set[tuple[IPv4Address | IPv6Address, int]] = set()
    for each in filter(None, (part.strip() for part in text.split(","))):
        host, colon, port = each.rpartition(":")
        if not colon or not port.isdecimal():
            raise ValueError(f"{each} is not ADDRESS:PORT")
        allowed.add((ip_address(host.removeprefix("[").removesuffix("]")), int(port)))
    return frozenset(allowed)
