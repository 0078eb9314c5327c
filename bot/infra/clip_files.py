"""Videos and what was made of them, a folder a video: kept so that the same wish, or a correction, needs no new look.

They are files and not in the storage, since ffmpeg reads and writes files. Workers on other machines need the data folder at
the same path, as they do for engines.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Sequence
    from pathlib import Path

VIDEO = "video"
TITLE = "video.json"
INCOMING = "incoming-"
DAY = 24 * 3600.0
LEFT_BEHIND = DAY
"""Seconds after which a file on its way in was left by a bot that ended."""

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class CachedVideo:
    """A video in its folder, and what its site calls it."""

    folder: Path
    title: str

    @property
    def path(self) -> Path:
        return self.folder / VIDEO


class ClipFiles:
    """The folder of all videos."""

    def __init__(self, folder: Path, most_bytes: int, days: int) -> None:
        self._folder = folder.absolute()
        self._most_bytes = most_bytes
        self._days = days
        self._fetching: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def fetching(self, video: str) -> asyncio.Lock:
        """What is held by whoever brings this video."""
        return self._fetching.setdefault(video, asyncio.Lock())

    @asynccontextmanager
    async def incoming(self) -> AsyncGenerator[Path]:
        """A fresh folder for what is on its way in, gone at the end with what was not taken."""
        folder = self._folder / f"{INCOMING}{uuid4().hex}"
        await asyncio.to_thread(folder.mkdir, parents=True)
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def take(self, path: Path, video: str, title: str) -> CachedVideo:
        """Keep the file `path`, which moves, under `video`."""
        return await asyncio.to_thread(self._take, path, video, title)

    async def find(self, video: str) -> CachedVideo | None:
        """The video, which counts as used now; None where it is not kept, or no longer."""
        return await asyncio.to_thread(self._find, video)

    async def forget(self, video: str) -> None:
        """The video and all that was made of it are gone."""
        await asyncio.to_thread(shutil.rmtree, self._folder / video, ignore_errors=True)

    async def sweep(self, held: Collection[str]) -> None:
        """Forget what was not used for too long, and the least lately used where all is too large; never what is `held`."""
        await asyncio.to_thread(self._sweep, held)

    def _take(self, path: Path, video: str, title: str) -> CachedVideo:
        folder = self._folder / video
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TITLE).write_text(json.dumps({"title": title}))
        path.replace(folder / VIDEO)
        return CachedVideo(folder, title)

    def _find(self, video: str) -> CachedVideo | None:
        folder = self._folder / video
        try:
            title = json.loads((folder / TITLE).read_text())["title"]
            os.utime(folder / VIDEO)
        except (OSError, ValueError, KeyError):
            return None
        return CachedVideo(folder, title)

    def _sweep(self, held: Collection[str]) -> None:
        now, total = time.time(), 0
        with suppress(FileNotFoundError):
            folders = [folder for folder in self._folder.iterdir() if folder.is_dir()]
            for folder in sorted(folders, key=_used, reverse=True):
                arriving = folder.name.startswith(INCOMING)
                keeps = LEFT_BEHIND if arriving or not (folder / VIDEO).exists() else self._days * DAY
                total += 0 if arriving else _size(folder)
                if folder.name not in held and (now - _used(folder) > keeps or total > self._most_bytes):
                    shutil.rmtree(folder, ignore_errors=True)


def _used(folder: Path) -> float:
    """When a folder's video was last used, or the folder changed that has none."""
    for path in (folder / VIDEO, folder):
        with suppress(FileNotFoundError):
            return path.stat().st_mtime
    return 0.0


def _size(folder: Path) -> int:
    """Bytes of all files below; those that go meanwhile are none."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def hash_of_file(path: Path) -> str:
    """What a posted video is kept under: the hash of its bytes. Blocks for as long as reading it takes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:32]


def hashed(*parts: str | float | Sequence[int] | None) -> str:
    """A file's name that tells apart what differs in any of the parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
