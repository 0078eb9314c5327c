"""The folders of kept videos on the disk: a video, its description, and all that is made of it. Every function blocks."""

from __future__ import annotations

import json
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from pathlib import Path

VIDEO = "video"
DESCRIPTION = "video.json"
INCOMING = "incoming-"
DAY = 24 * 3600.0
LEFT_BEHIND = DAY
"""Seconds after which a hidden folder, or one without a video, counts as left behind by a process that ended."""

Server = int | None
"""The id of a server that asked for a video; None for people who asked outside servers."""


@dataclass(frozen=True, slots=True)
class VideoDescription:
    """`title`: the video's title on its site, or its file name. `servers`: those that asked for it."""

    title: str
    servers: frozenset[Server]

    @classmethod
    def read(cls, folder: Path) -> VideoDescription:
        """The description in a folder. Raises OSError, ValueError or KeyError without one."""
        found = json.loads((folder / DESCRIPTION).read_text())
        return cls(found["title"], frozenset(found.get("servers", ())))

    def write(self, folder: Path) -> None:
        """Write the description as a whole."""
        part = folder / f".{uuid4().hex}"
        try:
            part.write_text(json.dumps({"title": self.title, "servers": list(self.servers)}))
            part.replace(folder / DESCRIPTION)
        finally:
            part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class VideoFolder:
    """The folder of a video. `bytes`: of all files in it. `last_use`: in seconds since 1970."""

    path: Path
    bytes: int
    last_use: float
    servers: frozenset[Server]

    @property
    def name(self) -> str:
        return self.path.name

    def release(self, server: Server) -> None:
        """Forget that a server asked for the video."""
        with suppress(OSError, ValueError, KeyError):
            found = VideoDescription.read(self.path)
            replace(found, servers=found.servers - {server}).write(self.path)

    def delete(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path, ignore_errors=True)


def video_folders(parent: Path) -> list[VideoFolder]:
    """The folders of all videos, the most recently used one first. Those that disappear meanwhile are left out."""
    try:
        with os.scandir(parent) as entries:
            paths = [parent / entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(INCOMING)]
    except FileNotFoundError:
        return []
    folders = [VideoFolder(path, size_of(path), last_use(path), servers_of(path)) for path in paths]
    return sorted(folders, key=lambda folder: folder.last_use, reverse=True)


def size_of(folder: Path) -> int:
    """The size in bytes of all files in a folder. What disappears meanwhile counts as empty."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118  # a tenth of the time of a Path
    return total


def last_use(folder: Path) -> float:
    """The time of the last use of a folder's video, or of the last change of a folder without a video."""
    for path in (folder / VIDEO, folder):
        with suppress(FileNotFoundError):
            return path.stat().st_mtime
    return 0.0


def remove_left_behind(folder: Path, now: float) -> None:
    """Delete the hidden folders in a video's folder in which a worker worked that died."""
    for place in folder.glob(".*"):
        with suppress(FileNotFoundError):
            status = place.lstat()
            if stat.S_ISDIR(status.st_mode) and now - status.st_mtime > LEFT_BEHIND:
                shutil.rmtree(place, ignore_errors=True)


def servers_of(folder: Path) -> frozenset[Server]:
    """The servers that asked for a folder's video; none where the folder has no description."""
    try:
        return VideoDescription.read(folder).servers
    except (OSError, ValueError, KeyError):
        return frozenset()
