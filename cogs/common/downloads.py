"""Files from Discord, straight onto the disk: none is ever in memory as a whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import discord

from bot.text.formatting import MEBIBYTE

if TYPE_CHECKING:
    from pathlib import Path

    from bot.client import Nugu

UNREADABLE = (discord.HTTPException, aiohttp.ClientError, TimeoutError)
"""Errors that reading a file from Discord raises."""

CHUNK_BYTES = MEBIBYTE
OK, NOT_FOUND = 200, 404
SECONDS_WITHOUT_A_BYTE = 30.0
SLOWEST = 256 * 1024
"""Bytes a second below which a download is given up."""


class LargeFileError(Exception):
    """A file is larger than it may be. `size`: its bytes, as far as they are known."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


async def save(client: Nugu, url: str, path: Path, limit: int) -> None:
    """Write the file at Discord's address `url` to `path`. Raises LargeFileError above `limit` bytes, and `UNREADABLE`."""
    if client.downloads is None:
        # The files of a simulated Discord are in the memory of this process.
        await asyncio.to_thread(path.write_bytes, await client.http.get_from_cdn(url))
    else:
        async with asyncio.timeout(SECONDS_WITHOUT_A_BYTE + limit / SLOWEST):
            await stream(client.downloads, url, path, limit)


async def stream(session: aiohttp.ClientSession, url: str, path: Path, limit: int) -> None:
    """As `save`, from a server that may take its time."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=SECONDS_WITHOUT_A_BYTE, sock_read=SECONDS_WITHOUT_A_BYTE)
    async with session.get(url, allow_redirects=False, timeout=timeout) as response:
        if response.status != OK:
            refused = discord.NotFound if response.status == NOT_FOUND else discord.HTTPException
            raise refused(response, None)
        if (response.content_length or 0) > limit:
            raise LargeFileError(response.content_length or 0)
        size = 0
        with path.open("wb") as file:
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                size += len(chunk)
                if size > limit:
                    raise LargeFileError(size)
                await asyncio.to_thread(file.write, chunk)
