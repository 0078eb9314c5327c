"""Videos and what was made of them, a folder a video: kept so that the same wish, or a correction, needs no new look.

They are files and not in the storage, since ffmpeg reads and writes files. Workers on other machines need the data folder at the
same path, as they do for engines.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

VIDEO = "video"
TITLE = "video.json"
INCOMING = "incoming-"
LEFT_BEHIND = 24 * 3600.0
"""Seconds after which a file on its way in was left by a bot that ended."""

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class KeptVideo:
    """A video in its folder, and what its site calls it."""

    folder: Path
    title: str

    @property
    def path(self) -> Path:
        return self.folder / VIDEO


class Kept:
    """The folder of all videos. Its methods block, for milliseconds unless said."""

    def __init__(self, folder: Path, most_bytes: int, days: int) -> None:
        self._folder = folder.absolute()
        self._most_bytes = most_bytes
        self._days = days

    def incoming(self) -> Path:
        """A fresh folder for what is on its way in."""
        folder = self._folder / f"{INCOMING}{uuid4().hex}"
        folder.mkdir(parents=True)
        return folder

    def take(self, path: Path, video: str, title: str) -> KeptVideo:
        """Keep the file `path`, which moves, under `video`, and what came beside it is gone."""
        folder = self._folder / video
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TITLE).write_text(json.dumps({"title": title}))
        path.replace(folder / VIDEO)
        shutil.rmtree(path.parent, ignore_errors=True)
        return KeptVideo(folder, title)

    def find(self, video: str) -> KeptVideo | None:
        """The video, which counts as used now; None where it is not kept, or no longer."""
        folder = self._folder / video
        try:
            title = json.loads((folder / TITLE).read_text())["title"]
            os.utime(folder / VIDEO)
        except (OSError, ValueError, KeyError):
            return None
        return KeptVideo(folder, title)

    def forget(self, video: str) -> None:
        """The video and all that was made of it are gone."""
        shutil.rmtree(self._folder / video, ignore_errors=True)

    def sweep(self, held: Collection[str]) -> None:
        """Forget what has not been used for too long, and the least lately used where all is too large; never what is `held`."""
        now, total = time.time(), 0
        for folder in self._folder.glob(f"{INCOMING}*"):
            if now - folder.stat().st_mtime > LEFT_BEHIND:
                shutil.rmtree(folder, ignore_errors=True)
        videos = [path.parent for path in self._folder.glob(f"*/{VIDEO}") if not path.parent.name.startswith(INCOMING)]
        for folder in sorted(videos, key=_used, reverse=True):
            total += sum(file.stat().st_size for file in folder.iterdir())
            old = now - _used(folder) > self._days * 86400
            if (old or total > self._most_bytes) and folder.name not in held:
                shutil.rmtree(folder, ignore_errors=True)


def _used(folder: Path) -> float:
    return (folder / VIDEO).stat().st_mtime


def key_of_file(path: Path) -> str:
    """What a posted video is kept under: the hash of its bytes. Blocks for as long as reading it takes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:32]


def key_of(*parts: object) -> str:
    """A file's name that tells apart what differs in any of the parts, which JSON must be able to hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]
