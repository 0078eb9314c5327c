"""The layout of photos, GROUP/MEMBER/photo, in archives and folders; and the litter that systems leave in them."""

from __future__ import annotations

import mimetypes
import os
import unicodedata
from collections import Counter
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from bot.domain.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PathParts = tuple[str, ...]
"""A path as folders and the file."""

MISPLACED: Final = Message("it is not in a folder of a member in a folder of a group")

_LITTER: Final = {
    "__macosx",
    "thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "picasa.ini",
    "icon\r",
    "@eadir",
    "#recycle",
    "@recycle",
    "$recycle.bin",
    "recycler",
    "system volume information",
    "lost+found",
    "network trash folder",
    "temporary items",
}
"""Files and folders that macOS, Windows, Synology, QNAP and Linux create by themselves. Casefolded."""

_COVERS: Final = {"cover", "folder", "front", "poster", "albumart", "albumartsmall", "thumb", "logo"}
"""File names that media players use for the picture of a folder."""


def is_litter(parts: Iterable[str]) -> bool:
    """Whether the path is litter or hidden, by its own name or by a folder around it."""
    return any(part.casefold() in _LITTER or (part.startswith(".") and part.strip(".") != "") for part in parts)


def common_root(files: Iterable[PathParts]) -> PathParts:
    """The common folders around GROUP/MEMBER/photo that make the most folders fit that layout.

    Among equals, the one that makes the most photos fit; then the shortest. Covers and files that are no pictures don't count.
    """
    folders = Counter(parts[:-1] for parts in files if len(parts) > 2 and _may_show_somebody(parts[-1]))
    levels = takewhile(lambda level: len(set(level)) == 1, zip(*folders, strict=False))
    common = tuple(level[0] for level in levels)

    def fit(depth: int) -> tuple[int, int, int]:
        photos = [count for folder, count in folders.items() if len(folder) == depth + 2]
        return len(photos), sum(photos), -depth

    return common[: max(range(len(common) + 1), key=fit)]


def files_below(folder: Path) -> Iterator[tuple[PathParts, Path]]:
    """Every file below `folder` but litter, in order: its path below `folder`, composed (NFC), and its path on the disk."""
    return _files_below(folder, (), {os.path.realpath(folder)})


def _files_below(folder: Path, parts: PathParts, around: set[str]) -> Iterator[tuple[PathParts, Path]]:
    for path in sorted(folder.iterdir()):
        own = (*parts, unicodedata.normalize("NFC", path.name))
        if is_litter(own[-1:]):
            continue
        if path.is_file():
            yield own, path
        # A link to a folder around it would never end.
        elif path.is_dir() and (real := os.path.realpath(path)) not in around:
            yield from _files_below(path, own, around | {real})


def _may_show_somebody(name: str) -> bool:
    kind, _ = mimetypes.guess_type(name)
    return name.partition(".")[0].casefold() not in _COVERS and (kind is None or kind.startswith("image/"))
