"""The network addresses that requests of the bot may reach: public ones, and those that the operator allows."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Allowed = frozenset[tuple[IPv4Address | IPv6Address, int]]
    """Addresses and ports that may be reached though the address is private, or the port another than 80 and 443."""

WEB_PORTS = frozenset({80, 443})
GLOBAL_UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: on a network without IPv4, each IPv4 site has such an address, whose last 32 bits are the IPv4 address."""

# Networks that `is_global` of Python 3.11 wrongly calls public.
NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # the host of a machine on Azure, which only that machine sees
        "192.0.0.0/24",  # RFC 6890; Oracle's metadata is 192.0.0.192
        "192.88.99.0/24",  # RFC 7526: relays of 6to4
        "224.0.0.0/4",  # RFC 5771: multicast
        "2001::/23",  # RFC 2928: protocols, Teredo among them, which embeds IPv4
        "2002::/16",  # RFC 3056: 6to4 embeds IPv4
        "3fff::/20",  # RFC 9637: documentation
    )
)


def is_public(address: str) -> bool:
    """Whether `address`, in the numeric form of `getaddrinfo`, belongs to the public internet.

    IPv6 addresses that embed an IPv4 address (mapped, compatible, translated, 6to4, Teredo) are not public, except those
    with the NAT64 prefix and a public IPv4 address. Raises ValueError for a malformed address.
    """
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            return False
        if parsed in NAT64:
            parsed = IPv4Address(int(parsed) & 0xFFFF_FFFF)
        elif parsed not in GLOBAL_UNICAST:
            return False
    return parsed.is_global and not any(parsed in network for network in NOT_PUBLIC)


def may_reach(address: str, port: int, allowed: Allowed) -> bool:
    """Whether a socket may be opened to `address`, in the numeric form of `getaddrinfo`.

    That is so for public addresses at ports 80 and 443, and for `allowed` ones. Raises ValueError for a malformed address.
    """
    return (ip_address(address), port) in allowed or (port in WEB_PORTS and is_public(address))


def read_allowed(text: str) -> Allowed:
    """Read addresses and ports such as `10.0.0.5:8888, [fd00::5]:80`.

    Raises ValueError for a part that isn't ADDRESS:PORT. Host names are none, since their addresses may change.
    """
    allowed: set[tuple[IPv4Address | IPv6Address, int]] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        host, colon, port = part.rpartition(":")
        if not colon or not port.isdecimal():
            raise ValueError(f"{part} is not ADDRESS:PORT")
        allowed.add((ip_address(host.removeprefix("[").removesuffix("]")), int(port)))
    return frozenset(allowed)
