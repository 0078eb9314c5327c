"""A stranger on this machine: `python attack_on_dask.py USER FOLDER PORT…` becomes USER, and tries each way at each port.

Prints a line of JSON for each attempt: its port, its way, and the bytes (hexadecimal) or the answer that it got.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from distributed import Client, Security, rpc
from distributed.comm.core import connect

from bot.infra.tls import own_security

SECONDS = 1.0
CLOSED = 9
"""A port at which nobody listens."""


class Unverifying(Security):
    """Credentials of the attacker's own. Whom they reach doesn't matter, so only the other side checks."""

    @classmethod
    def make(cls) -> Unverifying:
        own = own_security()
        return cls(**{name: getattr(own, name) for name in Security.__slots__})

    def get_connection_args(self, role: str) -> dict[str, Any]:
        arguments: dict[str, Any] = super().get_connection_args(role)
        arguments["ssl_context"].verify_mode = ssl.CERT_NONE
        return arguments


def leave_mark(folder: str) -> str:
    """Code that no stranger may run."""
    Path(folder, f"ran-{os.getpid()}").touch()
    return "ran"


def address(port: int, scheme: str) -> str:
    return f"{scheme}://127.0.0.1:{port}"


async def as_client(port: int, scheme: str, security: Security | None, folder: str) -> str:
    """As any program with distributed: connect, and run code at the scheduler and the workers."""
    client: Any = Client(
        address(port, scheme), security=security, timeout=SECONDS, asynchronous=True, set_as_default=False
    )
    try:
        await asyncio.wait_for(client, 3 * SECONDS)
        ran = await asyncio.wait_for(client.run_on_scheduler(leave_mark, folder), 3 * SECONDS)
        return f"{ran} {await asyncio.wait_for(client.run(leave_mark, folder), 3 * SECONDS)}"
    finally:
        await asyncio.wait_for(client.close(timeout=SECONDS), 3 * SECONDS)


async def as_peer(port: int, scheme: str, folder: str) -> str:
    """As a scheduler does it, straight to a worker or a nanny."""
    from distributed.protocol.pickle import dumps

    async with rpc(address(port, scheme), timeout=SECONDS) as peer:
        arguments = {"function": dumps(leave_mark), "args": dumps((folder,)), "wait": True}
        return str(await asyncio.wait_for(peer.run(**arguments), 3 * SECONDS))


async def as_listener(port: int, security: Security) -> str:
    """Connect, send nothing, and read what a new connection is told."""
    arguments: dict[str, Any] = security.get_connection_args("client")
    comm = await connect(address(port, "tls"), timeout=SECONDS, **arguments)
    try:
        return str(await asyncio.wait_for(comm.read(), SECONDS))
    finally:
        comm.abort()


def raw(port: int, sent: bytes) -> str:
    """Bytes in, bytes out, as hexadecimal digits."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(sent)
        return read(connection).hex()


def raw_tls(port: int) -> str:
    """A handshake without a certificate, and what follows it, as hexadecimal digits."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as plain,
        anybody.wrap_socket(plain) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return read(connection).hex()


def read(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1 << 16)
    except (OSError, TimeoutError):
        return b""


def ways(port: int, folder: str, other: Security) -> dict[str, Callable[[], Any]]:
    """Each way in, by its name."""
    return {
        "client tcp": lambda: as_client(port, "tcp", None, folder),
        "client tls": lambda: as_client(port, "tls", None, folder),
        "client other key": lambda: as_client(port, "tls", other, folder),
        "run": lambda: as_peer(port, "tcp", folder),
        "greeting": lambda: as_listener(port, other),
        "raw": lambda: asyncio.to_thread(raw, port, bytes(64)),
        "http": lambda: asyncio.to_thread(raw, port, b"GET /info/main/workers.html HTTP/1.0\r\n\r\n"),
        "tls raw": lambda: asyncio.to_thread(raw_tls, port),
    }


async def main() -> None:
    """Try all ways at all ports; as the other user, after everything is imported that this one may read."""
    user, folder, *ports = sys.argv[1:]
    other = Unverifying.make()
    if int(user) != os.getuid():
        for attempt in ways(CLOSED, folder, other).values():
            with suppress(Exception):
                await attempt()
        os.setgroups([])
        os.setgid(int(user))
        os.setuid(int(user))
    for port in ports:
        for way, attempt in ways(int(port), folder, other).items():
            try:
                got = await attempt()
            except Exception:  # noqa: BLE001
                got = ""
            print(json.dumps({"port": port, "way": way, "got": got}), flush=True)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main())
