"""The cache of videos, of their face tracks and of their clips, with a folder for each video.

After an equal request or a correction, nothing has to be downloaded or tracked again. These are local files, not objects of
the storage, since ffmpeg reads and writes files. Workers on other machines need the data folder at the same path, as they
do for engines.

Room is made before a file is written (`bot.infra.clip_room`), so the cache never exceeds its bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

from bot.domain.quotas import Quota, QuotaUsage
from bot.errors import PersonError, StorageError
from bot.infra.clip_folders import (
    DAY,
    INCOMING,
    LEFT_BEHIND,
    VIDEO,
    VideoDescription,
    remove_left_behind,
    servers_of,
    video_folders,
)
from bot.infra.clip_room import ClipRoom, OccupiedError
from bot.infra.storage_faults import StorageFaults
from bot.infra.temporary import TemporaryFolder, sweep

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path
    from types import EllipsisType
    from typing import Any

    from bot.infra.clip_folders import Server
    from bot.infra.clip_room import BytesWanted, Reservation

    VideosInUse = Callable[[], Awaitable[Collection[str]]]
    """Names the videos that unfinished requests need, at each call as they are then."""

T = TypeVar("T")

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class CachedVideo:
    """A video in its folder. `title`: its title on its site, or its file name.

    `copy_bytes`: the bytes that corrected copies of it may take together; None for no limit.
    """

    folder: Path
    title: str
    copy_bytes: int | None = None

    @property
    def path(self) -> Path:
        return self.folder / VIDEO


@dataclass(frozen=True, slots=True)
class IncomingFolder:
    """A new folder for incoming files. `bytes`: they may take so many together."""

    path: Path
    bytes: int


class ClipFiles:
    """The folders of all videos.

    `max_bytes`: their size together. `max_server_bytes`: that of one server's. `days`: the time after which an unused video is
    deleted.
    """

    def __init__(
        self, folder: Path, max_bytes: int, max_server_bytes: int, days: int, faults: StorageFaults | None = None
    ) -> None:
        """`faults`: gets each fault of the disk."""
        self._folder = folder.absolute()
        self._faults = faults or StorageFaults()
        self._room = ClipRoom(max_bytes, max_server_bytes)
        self._days = days
        self._fetching: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._changing = asyncio.Lock()
        """Held while folders come or go."""
        self._given_back = asyncio.Event()
        """Set, and replaced, when a reservation ends."""
        self._arriving: dict[Path, str] = {}
        """Videos by the incoming folder that they came from, which no request in the database may need yet."""

    def download_lock(self, video: str) -> asyncio.Lock:
        """The lock that a download of this video holds."""
        return self._fetching.setdefault(video, asyncio.Lock())

    @asynccontextmanager
    async def incoming_folder(
        self, server: Server, wanted: BytesWanted, in_use: VideosInUse
    ) -> AsyncGenerator[IncomingFolder]:
        """A new folder for incoming files, with room for them. It is deleted at the end, with all files that `add` left.

        A video that `add` moved stays at least until this context ends. After the death of this process, the next `sweep`
        deletes the folder. Raises PersonError where there is no room, StorageError where the disk takes no more files.
        """
        with self.reporting_faults():
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
            async with (
                self._new_folder() as folder,
                self._reserved(folder.path.name, server, wanted, in_use) as reservation,
            ):
                try:
                    yield IncomingFolder(folder.path, reservation.bytes)
                finally:
                    await _ended(asyncio.to_thread(folder.close))

    @asynccontextmanager
    async def _new_folder(self) -> AsyncGenerator[TemporaryFolder]:
        """A new folder, which is gone at the end, even where its creation is cancelled."""
        creation = asyncio.create_task(asyncio.to_thread(TemporaryFolder, self._folder, INCOMING))
        try:
            yield await asyncio.shield(creation)
        finally:
            await asyncio.wait([creation])
            if creation.exception() is None:
                folder = creation.result()
                self._arriving.pop(folder.path, None)
                await _ended(asyncio.to_thread(folder.close))

    @asynccontextmanager
    async def room(self, video: str, server: Server, wanted: BytesWanted, in_use: VideosInUse) -> AsyncGenerator[int]:
        """Room for files in the folder of `video`: the bytes that they may take together. Raises as `incoming_folder` does."""
        async with self._reserved(video, server, wanted, in_use) as reservation:
            yield reservation.bytes

    def reporting_faults(self) -> AbstractContextManager[None]:
        """While this context lasts, a fault of the disk is raised as StorageError and reported."""
        return self._faults.reporting(lambda error: StorageError.from_error(error, str(self._folder)))

    async def add(self, path: Path, video: str, title: str, server: Server) -> CachedVideo:
        """Move the file `path` of an incoming folder into the folder of `video`. Raises StorageError."""
        with self.reporting_faults():
            async with self._changing:
                self._arriving[path.parent] = video
                return await _ended(asyncio.to_thread(self._take, path, video, title, server))

    async def find(self, video: str, server: Server | EllipsisType = ...) -> CachedVideo | None:
        """The video, None if the cache doesn't have it. It counts as used now, and as the server's if one is given."""
        return await asyncio.to_thread(self._find, video, server)

    async def forget(self, video: str) -> None:
        """Delete the video's folder."""
        await asyncio.to_thread(shutil.rmtree, self._folder / video, ignore_errors=True)

    async def usage(self, server: Server) -> QuotaUsage:
        """The bytes that the videos of a server take, and may take."""
        folders = await asyncio.to_thread(video_folders, self._folder)
        return QuotaUsage(Quota.CLIP_BYTES, self._room.used_by(server, folders), self._room.max_server_bytes)

    async def sweep(self, in_use: VideosInUse, now: datetime, *, share: float = 1.0) -> None:
        """Delete videos that were not used for too long, and the least recently used ones if all are too large together.

        Videos in use stay. `now`: the time that ages are counted to. `share`: at most this share of the bytes that are there
        may stay.
        """
        async with self._changing:
            held = await self._held(in_use)
            await _ended(asyncio.to_thread(self._sweep, held, now.timestamp(), share))

    @asynccontextmanager
    async def _reserved(
        self, name: str, server: Server, wanted: BytesWanted, in_use: VideosInUse
    ) -> AsyncGenerator[Reservation]:
        """Bytes in the folder `name`, made room for. Raises PersonError."""
        while True:
            given_back = self._given_back
            try:
                reservation = await self._reserve(name, server, wanted, in_use)
                break
            except OccupiedError:
                await given_back.wait()
            except PersonError:
                # Perhaps there is room now: another order ended after this one looked.
                if not given_back.is_set():
                    raise
        try:
            yield reservation
        finally:
            self._give_back(reservation)

    async def _reserve(self, name: str, server: Server, wanted: BytesWanted, in_use: VideosInUse) -> Reservation:
        async with self._changing:
            held = await self._held(in_use)
            folders = await asyncio.to_thread(video_folders, self._folder)
            plan = self._room.plan(folders, name, server, wanted, held)
            self._room.reserved.append(plan.reservation)
            try:
                await _ended(asyncio.to_thread(plan.make_room))
            except BaseException:
                self._give_back(plan.reservation)
                raise
        return plan.reservation

    def _give_back(self, reservation: Reservation) -> None:
        self._room.reserved.remove(reservation)
        self._given_back.set()
        self._given_back = asyncio.Event()

    async def _held(self, in_use: VideosInUse) -> set[str]:
        """The videos that must stay."""
        # In this order: a video that arrives now is in the database before it has arrived.
        arriving = set(self._arriving.values())
        return arriving | set(await in_use()) | {reservation.name for reservation in self._room.reserved}

    def _take(self, path: Path, video: str, title: str, server: Server) -> CachedVideo:
        folder = self._folder / video
        folder.mkdir(parents=True, exist_ok=True)
        VideoDescription(title, servers_of(folder) | {server}).write(folder)
        path.replace(folder / VIDEO)
        return CachedVideo(folder, title)

    def _find(self, video: str, server: Server | EllipsisType) -> CachedVideo | None:
        folder = self._folder / video
        try:
            found = VideoDescription.read(folder)
            os.utime(folder / VIDEO)
            if server is not ... and server not in found.servers:
                replace(found, servers=found.servers | {server}).write(folder)
        except (OSError, ValueError, KeyError):
            return None
        return CachedVideo(folder, found.title)

    def _sweep(self, held: Collection[str], now: float, share: float) -> None:
        with suppress(FileNotFoundError):
            sweep(self._folder, INCOMING)
        folders = video_folders(self._folder)
        max_bytes = min(self._room.max_bytes, share * self._room.used(folders))
        total = self._room.used([])
        for folder in folders:
            remove_left_behind(folder.path, now)
            lifetime = self._days * DAY if (folder.path / VIDEO).exists() else LEFT_BEHIND
            total += folder.bytes
            if folder.name not in held and (now - folder.last_use > lifetime or total > max_bytes):
                folder.delete()


async def _ended(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that is awaited to its end, even where the awaiting task is cancelled."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    finally:
        await asyncio.wait([task])


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
