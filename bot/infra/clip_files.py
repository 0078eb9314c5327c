"""The cache of videos, of their face tracks and of their clips, with a folder for each video.

After an equal request or a correction, nothing has to be downloaded or tracked again. These are local files, not objects of
the storage, since ffmpeg reads and writes files. Workers on other machines need the data folder at the same path, as they
do for engines.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import stat
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from bot.errors import StorageError
from bot.infra.storage_faults import StorageFaults
from bot.infra.temporary import TemporaryFolder, sweep

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

VIDEO = "video"
TITLE = "video.json"
INCOMING = "incoming-"
DAY = 24 * 3600.0
LEFT_BEHIND = DAY
"""Seconds after which a hidden folder, or one without a video, counts as left behind by a process that ended."""

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class CachedVideo:
    """A video in its folder. `title`: its title on its site, or its file name."""

    folder: Path
    title: str

    @property
    def path(self) -> Path:
        return self.folder / VIDEO


class ClipFiles:
    """The folders of all videos. `max_bytes`: their size together. `days`: the time after which an unused video is deleted."""

    def __init__(self, folder: Path, max_bytes: int, days: int, faults: StorageFaults | None = None) -> None:
        """`faults`: gets each fault of the disk."""
        self._folder = folder.absolute()
        self._faults = faults or StorageFaults()
        self._most_bytes = max_bytes
        self._days = days
        self._fetching: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def download_lock(self, video: str) -> asyncio.Lock:
        """The lock that a download of this video holds."""
        return self._fetching.setdefault(video, asyncio.Lock())

    @asynccontextmanager
    async def incoming_folder(self) -> AsyncGenerator[Path]:
        """A new folder for incoming files. It is deleted at the end, with all files that `add` did not move.

        After the death of this process, the next `sweep` deletes it. Raises StorageError where the disk takes no more files.
        """
        with self.reporting_faults():
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
            folder = await asyncio.to_thread(TemporaryFolder, self._folder, INCOMING)
            try:
                yield folder.path
            finally:
                await asyncio.to_thread(folder.close)

    def reporting_faults(self) -> AbstractContextManager[None]:
        """While this context lasts, a fault of the disk is raised as StorageError and reported."""
        return self._faults.reporting(lambda error: StorageError.from_error(error, str(self._folder)))

    async def add(self, path: Path, video: str, title: str) -> CachedVideo:
        """Move the file `path` into the folder of `video`. Raises StorageError."""
        with self.reporting_faults():
            return await asyncio.to_thread(self._take, path, video, title)

    async def find(self, video: str) -> CachedVideo | None:
        """The video, None if the cache doesn't have it. It counts as used now."""
        return await asyncio.to_thread(self._find, video)

    async def forget(self, video: str) -> None:
        """Delete the video's folder."""
        await asyncio.to_thread(shutil.rmtree, self._folder / video, ignore_errors=True)

    async def sweep(self, held: Collection[str], *, share: float = 1.0) -> None:
        """Delete videos that were not used for too long, and the least recently used ones if all are too large together.

        Videos of `held` stay. `share`: at most this share of the bytes that are there may stay.
        """
        await asyncio.to_thread(self._sweep, held, share)

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

    def _sweep(self, held: Collection[str], share: float) -> None:
        now, total = time.time(), 0
        with suppress(FileNotFoundError):
            sweep(self._folder, INCOMING)
            there = (folder for folder in self._folder.iterdir() if not folder.name.startswith(INCOMING))
            folders = [folder for folder in there if folder.is_dir()]
            max_bytes = min(self._most_bytes, share * sum(_size(folder) for folder in folders))
            for folder in sorted(folders, key=_last_use, reverse=True):
                _remove_left_behind(folder, now)
                lifetime = self._days * DAY if (folder / VIDEO).exists() else LEFT_BEHIND
                total += _size(folder)
                if folder.name not in held and (now - _last_use(folder) > lifetime or total > max_bytes):
                    shutil.rmtree(folder, ignore_errors=True)


def _remove_left_behind(folder: Path, now: float) -> None:
    """Delete the hidden folders in a video's folder in which a worker worked that died."""
    for place in folder.glob(".*"):
        with suppress(FileNotFoundError):
            status = place.lstat()
            if stat.S_ISDIR(status.st_mode) and now - status.st_mtime > LEFT_BEHIND:
                shutil.rmtree(place, ignore_errors=True)


def _last_use(folder: Path) -> float:
    """The time of the last use of a folder's video, or of the last change of a folder without a video."""
    for path in (folder / VIDEO, folder):
        with suppress(FileNotFoundError):
            return path.stat().st_mtime
    return 0.0


def _size(folder: Path) -> int:
    """The size in bytes of all files in a folder. Files that disappear meanwhile count as empty."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def hash_of_file(path: Path) -> str:
    """The folder name of a posted video: the hash of its bytes. Blocks while it reads the file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:32]


def hashed_name(*parts: str | float | Sequence[int] | None) -> str:
    """A file name that differs if any of the parts differs."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
