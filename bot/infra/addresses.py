"""A connector that opens sockets to allowed addresses alone, whatever was written, resolved or redirected to.

The check sits where the socket is opened, so it sees the very address that is connected to. No spelling of a host, no
redirect and no name that resolves differently the second time gets past it.
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
    """A connection to an address that is not public, or to a port that is not the web's, was not opened."""

    def __init__(self) -> None:
        # One sentence for all: where all addresses of a name are refused, aiohttp hands on this error only if they agree.
        super().__init__("this is not a public address of the web")


def guarded_connector(allowed: Allowed, resolver: AbstractResolver | None = None) -> TCPConnector:
    """A connector of aiohttp that opens sockets to public addresses at the web's ports, and to what is `allowed`.

    A request that leads elsewhere ends in aiohttp.ClientConnectorError with a RefusedAddressError as its `os_error`.
    The session must not trust the environment: of a proxy only the proxy's address would be seen.
    """
    return TCPConnector(resolver=resolver, socket_factory=partial(_open, allowed))


def _open(allowed: Allowed, target: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
    family, kind, protocol, _, (numbers, number, *_) = target
    if not may_reach(str(numbers), int(number), allowed):
        raise RefusedAddressError
    return socket.socket(family, kind, protocol)
