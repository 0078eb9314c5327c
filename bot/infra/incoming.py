"""Submitted files on their way to the workers: fetched one by one in their turn, and never kept in memory."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from bot.domain.files import Content, SubmittedFile
    from bot.infra.storage_faults import StorageFaults
    from bot.infra.turns import TurnQueue

HEAD_BYTES = 4096


class IncomingFiles:
    """Files in a private folder, each for one job.

    `turns`: of the files. `max_bytes`: the size of a file that tells none. `shared`: the workers read the folder too;
    otherwise files travel to them. `faults`: gets those of the folder's disk.
    """

    def __init__(self, folder: Path, turns: TurnQueue, max_bytes: int, *, shared: bool, faults: StorageFaults) -> None:
        self._folder = folder
        self._turns = turns
        self._most_bytes = max_bytes
        self._shared = shared
        self._faults = faults

    @asynccontextmanager
    async def receive(self, file: SubmittedFile) -> AsyncGenerator[Content]:
        """A file from its turn, in which it is fetched, to the end of the context. Raises PersonError where it can't be."""
        size = self._most_bytes if file.size is None else file.size
        async with self._turns.turn(size=size) as turn, self.scratch_file() as path:
            with self._faults.reporting():
                await fetch_to(file, path)
            self._turns.stop_charging(turn)
            self._turns.shrink(turn, path.stat().st_size)
            yield await self.content_of(path)

    async def content_of(self, path: Path) -> Content:
        """A private file as the workers read it: the file itself, or its bytes where they can't reach it."""
        return path if self._shared else await asyncio.to_thread(path.read_bytes)

    @asynccontextmanager
    async def scratch_file(self) -> AsyncGenerator[Path]:
        """A place for a private file, which is deleted at the end of the context."""
        path = self._folder / f"file-{uuid4().hex}"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    @asynccontextmanager
    async def scratch_folder(self) -> AsyncGenerator[Path]:
        """A private folder, which is deleted with its files at the end of the context. Raises StorageError."""
        path = self._folder / f"files-{uuid4().hex}"
        with self._faults.reporting():
            path.mkdir(mode=0o700)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def read_head(content: Content) -> bytes:
    """The first bytes of a file, which show its kind. Blocks."""
    if isinstance(content, bytes):
        return content
    with content.open("rb") as file:
        return file.read(HEAD_BYTES)


def sha256_of(content: Content) -> str:
    """The SHA-256 of a file, as hexadecimal digits. Blocks."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def fetch_to(file: SubmittedFile, path: Path) -> None:
    """Write a submitted file to `path`. Raises PersonError where it can't be fetched."""
    if isinstance(file.content, bytes):
        await asyncio.to_thread(path.write_bytes, file.content)
    else:
        await file.content(path)
