"""Where photos lie: GROUP/MEMBER/photo, in an archive and in a folder alike; and what lies there that nobody put there."""

from __future__ import annotations

import mimetypes
import os
import unicodedata
from collections import Counter
from itertools import takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PathParts = tuple[str, ...]
"""A path as folders and the file."""

MISPLACED: Final = "it is not in a folder of a member in a folder of a group"

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
"""What systems leave in folders of their own accord: macOS, Windows, Synology, QNAP, Linux. Casefolded."""


_COVERS: Final = {"cover", "folder", "front", "poster", "albumart", "albumartsmall", "thumb", "logo"}
"""What media players call the picture of a whole folder."""


def is_litter(parts: Iterable[str]) -> bool:
    """Whether a system put it there of its own accord, or hides it: by its own name, or that of a folder around it."""
    return any(part.casefold() in _LITTER or (part.startswith(".") and part.strip(".") != "") for part in parts)


def common_root(files: Iterable[PathParts]) -> PathParts:
    """The folders around all photos that somebody packed with them: what is below is GROUP/MEMBER for as many folders as can
    be. Of two roots as good for folders and photos the shorter one.

    Files that show nobody by their names don't count: covers, and what is no picture. They lie anywhere.
    """
    folders = Counter(parts[:-1] for parts in files if len(parts) > 2 and _may_show_somebody(parts[-1]))
    levels = takewhile(lambda level: len(set(level)) == 1, zip(*folders, strict=False))
    common = tuple(level[0] for level in levels)

    def fit(depth: int) -> tuple[int, int, int]:
        photos = [count for folder, count in folders.items() if len(folder) == depth + 2]
        return len(photos), sum(photos), -depth

    return common[: max(range(len(common) + 1), key=fit)]


def files_below(folder: Path) -> Iterator[tuple[PathParts, Path]]:
    """Every file below `folder` but litter, in order: its path from there on, composed (NFC), and as it lies there."""
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
