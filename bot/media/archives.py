"""Untrusted zip archives of `group/member/photo`: looked through before anything is unpacked, and read entry by entry.

Nothing is written to disk. What is odd about an entry is told of it alone; the others are read.
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from bot.errors import PersonError
from bot.names import checked_name
from bot.wording import MEBIBYTE, mebibytes

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST: Final = "roster.json"
"""Beside the groups' folders: what their names can't say. `bot.manifests` reads it."""

_ENTRY: Final = b"PK\x01\x02"
"""Begins each entry of a zip's directory, so that entries are counted before zipfile makes objects of them."""

_CHUNK: Final = MEBIBYTE
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_LITTER: Final = {"__macosx", ".ds_store", "thumbs.db", "desktop.ini"}
_PACKED: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""zipfile unpacks these in bounded steps; of bz2 and LZMA it unpacks whatever a step holds."""

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
"""What zipfile raises on hostile bytes; UnicodeDecodeError is a ValueError."""


class ArchiveError(PersonError):
    """An archive, or an entry of one, that isn't read."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What is still read: bytes of the archive, its entries, bytes of each and of all unpacked, how much one may swell."""

    max_bytes: int = 100 * MEBIBYTE
    max_entries: int = 5_000
    max_entry_bytes: int = 25 * MEBIBYTE
    max_total_bytes: int = 2**30
    max_manifest_bytes: int = 2 * MEBIBYTE
    max_ratio: int = 100
    max_path: int = 400


@dataclass(frozen=True, slots=True)
class Entry:
    """A photo in the archive: its path as it stands there, and the folders and the name that it consists of."""

    path: str
    group: str
    member: str
    file: str
    info: zipfile.ZipInfo


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that is not read, and why."""

    path: str
    reason: str


class Archive:
    """A zip archive that was looked through. `entries` are what may be read, in its order; `left_out` what may not."""

    def __init__(self, file: IO[bytes], limits: ArchiveLimits | None = None) -> None:
        """Raises ArchiveError when it is no zip, too large, or holds too many files."""
        self._limits = limits or ArchiveLimits()
        self._read = 0
        _admit(file, self._limits)
        try:
            self._zip = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise ArchiveError("This is not a zip archive, or it is broken.") from error
        # By the name as it stands there: `filename` ends at the first NUL, and `is_dir` fails where it is empty.
        names = [(info, info.orig_filename) for info in self._zip.infolist()]
        infos = [info for info, name in names if not name.endswith("/") and not _is_litter(name)]
        self._root = _common_root(infos)
        self._manifest = next((info for info in infos if self._path(info) == MANIFEST), None)
        self.entries: list[Entry] = []
        self.left_out: list[LeftOut] = []
        for one in self._looked_through(info for info in infos if info is not self._manifest):
            (self.entries if isinstance(one, Entry) else self.left_out).append(one)  # pyright: ignore[reportArgumentType]

    def manifest(self) -> bytes | None:
        """What stands in `roster.json`; None where there is none. Raises ArchiveError when it can't be read."""
        if self._manifest is None:
            return None
        if (reason := _why_unreadable(self._manifest, self._limits.max_manifest_bytes, self._limits)) is not None:
            raise ArchiveError(f"{MANIFEST}: {reason}.")
        return self._unpack(self._manifest, self._limits.max_manifest_bytes)

    def read(self, entry: Entry) -> bytes:
        """The bytes of an entry; raises ArchiveError with what goes after its name."""
        if self._read > self._limits.max_total_bytes:
            raise ArchiveError(f"the archive unpacks to more than {mebibytes(self._limits.max_total_bytes)}")
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

    def _path(self, info: zipfile.ZipInfo) -> str:
        return info.filename.removeprefix(self._root)

    def _looked_through(self, infos: Iterator[zipfile.ZipInfo]) -> Iterator[Entry | LeftOut]:
        there: set[str] = set()
        for info in infos:
            shown = info.orig_filename[: self._limits.max_path]
            key = unicodedata.normalize("NFC", info.filename).casefold()
            try:
                if key in there:
                    raise ArchiveError("its path is there twice")
                there.add(key)
                yield self._entry(info)
            except PersonError as error:
                yield LeftOut(shown, str(error).rstrip("."))

    def _entry(self, info: zipfile.ZipInfo) -> Entry:
        path = self._path(info)
        if len(info.orig_filename) > self._limits.max_path:
            raise ArchiveError("its path is too long")
        if "\0" in info.orig_filename or "\\" in path or path.startswith("/") or _DRIVE.match(path):
            raise ArchiveError("its path leads elsewhere")
        parts = path.split("/")
        if {"", ".", ".."} & set(parts):
            raise ArchiveError("its path leads elsewhere")
        if (reason := _why_unreadable(info, self._limits.max_entry_bytes, self._limits)) is not None:
            raise ArchiveError(reason)
        if len(parts) != 3:
            raise ArchiveError("it is not in a folder of a member in a folder of a group")
        group, member, file = (unicodedata.normalize("NFC", part) for part in parts)
        return Entry(info.filename, checked_name(group), checked_name(member), file, info)


def _admit(file: IO[bytes], limits: ArchiveLimits) -> None:
    """Refuse by size, and by how many entries there can be at most, before zipfile reads the directory."""
    size = file.seek(0, 2)
    if size > limits.max_bytes:
        raise ArchiveError(
            f"This archive is too large ({mebibytes(size)}); I read up to {mebibytes(limits.max_bytes)}."
        )
    file.seek(0)
    entries, tail = 0, b""
    while chunk := file.read(_CHUNK):
        entries += (tail + chunk).count(_ENTRY)
        tail = chunk[-len(_ENTRY) + 1 :]
    file.seek(0)
    if entries > limits.max_entries:
        raise ArchiveError(f"This archive holds more than {limits.max_entries:,} files; make several of it.")


def _why_unreadable(info: zipfile.ZipInfo, most: int, limits: ArchiveLimits) -> str | None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        return "it is a link or a device, not a file"
    if info.flag_bits & 0x1:
        return "it is encrypted"
    if info.compress_type not in _PACKED:
        return "it is packed in a way that I don't read; plain zip works"
    if info.file_size > most:
        return _too_large(most)
    if info.file_size > limits.max_ratio * max(info.compress_size, 1):
        return f"it would swell to more than {limits.max_ratio} times its size"
    return None


def _too_large(most: int) -> str:
    return f"it is too large; I read files of up to {mebibytes(most)}"


def _common_root(infos: list[zipfile.ZipInfo]) -> str:
    """The folder in which all lies, with its slash, where somebody packed a folder rather than what is in it; else ""."""
    roots = {info.filename.split("/", 1)[0] for info in infos}
    deep = [info.filename.count("/") for info in infos if info.filename.rsplit("/", 1)[-1] != MANIFEST]
    return f"{roots.pop()}/" if len(roots) == 1 and deep and min(deep) >= 3 else ""


def _is_litter(path: str) -> bool:
    """Whether the system that packed the archive put it there of its own accord."""
    parts = path.casefold().split("/")
    return bool(_LITTER & set(parts)) or parts[-1].startswith("._")
