"""Untrusted zip archives of `group/member/photo`: checked before anything is unpacked, and read entry by entry.

Nothing is written to disk. A faulty entry is reported, and the others are read.
"""

from __future__ import annotations

import re
import stat
import struct
import threading
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Final

from bot.domain.messages import Message
from bot.errors import PersonError
from bot.media.archives.entry_names import decode_names
from bot.media.archives.photo_folders import MISPLACED, PathParts, common_root, is_litter
from bot.text.formatting import MEBIBYTE, mebibytes
from bot.text.names import checked_name

MANIFEST: Final = "roster.json"
"""The file beside the groups' folders with what their names can't express; `bot.usecases.roster.manifests` reads it."""

_ENTRY: Final = b"PK\x01\x02"
"""The signature of an entry in a zip's directory, used to count entries before zipfile makes objects of them."""

_CHUNK: Final = MEBIBYTE
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_PACKED: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""The methods that zipfile unpacks in bounded steps; bz2 and LZMA are unbounded."""

_BROKEN: Final = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
    struct.error,
    zlib.error,
)
"""The exceptions of zipfile on hostile bytes; UnicodeDecodeError is a ValueError."""


class ArchiveError(PersonError):
    """An archive, or one of its entries, can't be read."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """The limits of an archive: bytes, entries, unpacked bytes of one entry and of all, packing ratio, length of a path."""

    max_bytes: int = 100 * MEBIBYTE
    max_entries: int = 5_000
    max_entry_bytes: int = 25 * MEBIBYTE
    max_total_bytes: int = 2**30
    max_manifest_bytes: int = 2 * MEBIBYTE
    max_ratio: int = 100
    max_path: int = 400


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """A photo in the archive: its `path` there, and the path's folders and file name."""

    path: str
    group: str
    member: str
    file: str
    info: zipfile.ZipInfo


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the archive: its path as text, and the parts of the path without `.`."""

    info: zipfile.ZipInfo
    path: str
    parts: PathParts


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """An entry that isn't read, and the reason."""

    path: str
    reason: Message


class Archive:
    """A checked zip archive. `entries`: the readable photos, in its order; `left_out`: the other entries."""

    def __init__(self, file: IO[bytes], limits: ArchiveLimits | None = None) -> None:
        """Raises ArchiveError if the file is no zip, is too large, or holds too many files."""
        self._limits = limits or ArchiveLimits()
        self._read = 0
        self._lock = threading.Lock()
        _admit(file, self._limits)
        try:
            self._zip = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise ArchiveError("This is not a zip archive, or it is broken.") from error
        self.entries: list[ArchiveEntry] = []
        self.left_out: list[SkippedEntry] = []
        files = self._files()
        root = common_root(file.parts for file in files if _is_sound(file.parts) and file.parts[-1] != MANIFEST)
        self._manifest = next((file.info for file in files if file.parts == (*root, MANIFEST)), None)
        there: set[PathParts] = set()
        for named in files:
            if named.info is self._manifest:
                continue
            key = tuple(part.casefold() for part in named.parts)
            try:
                if key in there:
                    raise ArchiveError("its path is there twice")
                there.add(key)
                self.entries.append(self._entry(named, root))
            except PersonError as error:
                self.left_out.append(SkippedEntry(named.path[: self._limits.max_path], error.message))

    def manifest(self) -> bytes | None:
        """The bytes of `roster.json`; None if there is none. Raises ArchiveError if it can't be read."""
        if self._manifest is None:
            return None
        if (reason := _why_unreadable(self._manifest, self._limits.max_manifest_bytes, self._limits)) is not None:
            raise ArchiveError("{manifest}: {reason}.", manifest=MANIFEST, reason=reason)
        return self._unpack(self._manifest, self._limits.max_manifest_bytes)

    def read(self, entry: ArchiveEntry) -> bytes:
        """The bytes of an entry. Raises ArchiveError, whose sentence goes after the entry's name."""
        # Threads read entries at the same time; their bytes count together.
        with self._lock:
            if self._read > self._limits.max_total_bytes:
                raise ArchiveError(
                    "the archive unpacks to more than {most}",
                    most=mebibytes(self._limits.max_total_bytes),
                )
            return self._unpack(entry.info, self._limits.max_entry_bytes)

    def _unpack(self, info: zipfile.ZipInfo, most: int) -> bytes:
        try:
            with self._zip.open(info) as packed:
                data = packed.read(most + 1)
        except _BROKEN as error:
            raise ArchiveError("it is broken, or cut short") from error
        self._read += len(data)
        if len(data) > most:
            raise ArchiveError(_too_large(most))
        return data

    def _files(self) -> list[_File]:
        """All files but litter and files whose name can't be read."""
        # `orig_filename`, since zipfile's `filename` ends at the first NUL.
        infos = self._zip.infolist()
        named: list[tuple[zipfile.ZipInfo, str]] = []
        for info, path in zip(infos, decode_names(infos), strict=True):
            if path is None:
                self.left_out.append(
                    SkippedEntry(info.orig_filename[: self._limits.max_path], Message("its name can't be read"))
                )
            else:
                named.append((info, path))
        # Some programs of Windows write backslashes in all paths. Beside slashes, a backslash is an ordinary letter.
        separator = "/" if any("/" in path for _, path in named) else "\\"
        files = [
            _File(info, path, tuple(part for part in path.split(separator) if part != "."))
            for info, path in named
            if not path.endswith(separator)
        ]
        return [file for file in files if file.parts and not is_litter(file.parts)]

    def _entry(self, file: _File, root: PathParts) -> ArchiveEntry:
        info, parts = file.info, file.parts
        if len(file.path) > self._limits.max_path:
            raise ArchiveError("its path is too long")
        if not _is_sound(parts):
            raise ArchiveError("its path leads elsewhere")
        if (reason := _why_unreadable(info, self._limits.max_entry_bytes, self._limits)) is not None:
            raise ArchiveError(reason)
        below = parts[len(root) :]
        if parts[: len(root)] != root or len(below) != 3:
            raise ArchiveError(MISPLACED)
        group, member, name = below
        return ArchiveEntry(file.path, checked_name(group), checked_name(member), name, info)


def _is_sound(parts: PathParts) -> bool:
    """Whether a path stays in the folder where it is unpacked, on every system."""
    odd = any("\0" in part or "\\" in part or part in {"", ".."} for part in parts)
    return bool(parts) and not odd and not _DRIVE.match(parts[0])


def _admit(file: IO[bytes], limits: ArchiveLimits) -> None:
    """Refuse a file by its size and by its greatest possible number of entries, before zipfile reads the directory."""
    size = file.seek(0, 2)
    if size > limits.max_bytes:
        raise ArchiveError(
            "This archive is too large ({size}); I read up to {most}.",
            size=mebibytes(size),
            most=mebibytes(limits.max_bytes),
        )
    file.seek(0)
    entries, tail = 0, b""
    while chunk := file.read(_CHUNK):
        entries += (tail + chunk).count(_ENTRY)
        tail = chunk[-len(_ENTRY) + 1 :]
    file.seek(0)
    if entries > limits.max_entries:
        raise ArchiveError("This archive holds more than {most:,} files; make several of it.", most=limits.max_entries)


def _why_unreadable(info: zipfile.ZipInfo, most: int, limits: ArchiveLimits) -> Message | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        return Message("it is a link or a device, not a file")
    if info.flag_bits & 0x1:
        return Message("it is encrypted")
    if info.compress_type not in _PACKED:
        return Message("it is packed in a way that I don't read; plain zip works")
    if info.file_size > most:
        return _too_large(most)
    if info.file_size > limits.max_ratio * max(info.compress_size, 1):
        return Message("it would swell to more than {ratio} times its size", ratio=limits.max_ratio)
    return None


def _too_large(most: int) -> Message:
    return Message("it is too large; I read files of up to {most}", most=mebibytes(most))
