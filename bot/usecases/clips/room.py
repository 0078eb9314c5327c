"""The room on the disk that clips take: made before a video comes and before a clip is made, and swept."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bot.database.clips import ClipRepository
from bot.infra.clip_room import BytesWanted
from bot.links.fetching import bytes_of_download, max_bytes_within
from bot.media.videos.footage import VideoLimits
from bot.text.formatting import MEBIBYTE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from bot.app import App
    from bot.database.tables.clips import ClipJob
    from bot.infra.clip_files import CachedVideo, IncomingFolder

TRACK_BYTES = 32 * MEBIBYTE
"""Bytes of face tracks, captions and progress of a clip, at most."""

MIN_DOWNLOAD = 8 * MEBIBYTE
"""Bytes of a video for which a download is worth its begin."""


def incoming(app: App, server_id: int | None, size: int | None) -> AbstractAsyncContextManager[IncomingFolder]:
    """A folder for a posted video of `size` bytes, None where that is unknown. Raises PersonError where there is no room."""
    most = app.settings.clip_bytes
    wanted = BytesWanted(min_bytes=1, max_bytes=most) if size is None else BytesWanted(min_bytes=size, max_bytes=size)
    return app.videos.incoming_folder(server_id, wanted, partial(_in_use, app))


@asynccontextmanager
async def downloading(app: App, server_id: int | None) -> AsyncGenerator[tuple[Path, int]]:
    """A folder for a linked video, and the bytes that it may have. Raises PersonError where there is no room.

    The size is unknown before the download, and the merging of pictures and sound takes the room twice.
    """
    most = bytes_of_download(app.settings.clip_bytes)
    wanted = BytesWanted(min_bytes=min(most, bytes_of_download(MIN_DOWNLOAD)), max_bytes=most, patience=most)
    async with app.videos.incoming_folder(server_id, wanted, partial(_in_use, app)) as folder:
        yield folder.path, max_bytes_within(folder.bytes)


@asynccontextmanager
async def making(app: App, job: ClipJob, video: CachedVideo) -> AsyncGenerator[CachedVideo]:
    """The video of a job, with room for its tracks, its corrected copies and the clip. Raises PersonError without room."""
    # A drawing that turns out too large has twice the bytes of a clip before it is drawn again.
    least = 2 * job.max_bytes + TRACK_BYTES
    size = video.path.stat().st_size
    most = least + VideoLimits.max_copies(size, app.settings.clip_bytes)
    wanted = BytesWanted(least, most, patience=least)
    async with app.videos.room(video.folder.name, job.server_id, wanted, partial(_in_use, app)) as granted:
        yield replace(video, copy_bytes=granted - least)


async def sweep(app: App) -> None:
    """Forget the videos that were not used for long, and the least recently used ones where all are too large together."""
    await app.videos.sweep(partial(_in_use, app), app.age_clock.now())


async def make_room(app: App) -> None:
    """Forget the least recently used half of the videos, since the disk is full."""
    await app.videos.sweep(partial(_in_use, app), app.age_clock.now(), share=0.5)


async def forget_unneeded(app: App, videos: set[str]) -> None:
    """Forget these videos and everything made of them, unless an unfinished job needs them."""
    for video in videos - await _in_use(app):
        await app.videos.forget(video)


async def _in_use(app: App) -> set[str]:
    """The videos that unfinished jobs need."""
    async with app.database.reading() as session:
        return await ClipRepository(session).videos_in_use()
