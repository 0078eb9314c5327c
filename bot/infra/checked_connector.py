"""A connector that opens sockets only to public addresses, and to those that the operator allows.

The check sits where the socket is opened, so it sees exactly the address of the connection. No spelling of a host, no
redirect, and no name that resolves differently the second time gets past it.
"""

from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import TCPConnector

from bot.domain.addresses import may_reach

if TYPE_CHECKING:
    from typing import Any

    from aiohttp.abc import AbstractResolver

    from bot.domain.addresses import Allowed


class RefusedAddressError(OSError):
    """A connection to a private address, or to another port than 80 and 443, was not opened."""

    def __init__(self) -> None:
        # All addresses share one message: aiohttp passes an error on only if all refusals agree.
        super().__init__("this is not a public address of the web")


def guarded_connector(allowed: Allowed, resolver: AbstractResolver | None = None) -> TCPConnector:
    """A connector of aiohttp that opens sockets to public addresses at ports 80 and 443, and to `allowed` ones.

    A request to another address ends with aiohttp.ClientConnectorError, whose `os_error` is a RefusedAddressError. The
    session must not trust the environment: with a proxy, the connector sees only the proxy's address.
    """
    return TCPConnector(resolver=resolver, socket_factory=partial(_open, allowed))


def _open(allowed: Allowed, target: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
    family, kind, protocol, _, (address, port, *_) = target
    if not may_reach(str(address), int(port), allowed):
        raise RefusedAddressError
    return socket.socket(family, kind, protocol)
