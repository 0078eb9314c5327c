"""The archive of a backup: a tar of plain files whose last file has the sha256 sums of the others.

`tar` and `sha256sum --check` read it too. Nothing in it is packed, and only plain headers are read, so it never unpacks to
more bytes than it has, and reading it takes the same memory whatever it holds.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from bot.clock import unix_time
from bot.errors import OperatorError
from bot.text.formatting import MEBIBYTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORMAT: Final = "nugu-backup"
"""The first file of each archive. Its content is `VERSION`."""

VERSION: Final = b"1\n"
SUMS: Final = "SHA256SUMS"
LONGEST_NAME: Final = 100
"""Bytes of a name in a plain header."""

BLOCK: Final = 512
"""Headers and files fill blocks of so many bytes."""

CHUNK: Final = MEBIBYTE
_LARGEST_IN_MEMORY: Final = 512 * MEBIBYTE
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([^\n]+)\n")


class Readable(Protocol):
    """A file that is read from beginning to end."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...


class NotABackupError(OperatorError):
    """The file is not a backup."""

    def __init__(self) -> None:
        super().__init__("This is no backup of nugu.")


class DamagedBackupError(OperatorError):
    """A backup is cut short, or was changed."""

    def __init__(self) -> None:
        super().__init__("This backup is cut short or was changed, so I leave it alone.")


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file of an archive. `chunks`: its bytes, which are read before the next file."""

    name: str
    size: int
    chunks: Iterator[bytes]

    def in_memory(self) -> bytes:
        """All its bytes. Raises DamagedBackupError if these are too many."""
        if self.size > _LARGEST_IN_MEMORY:
            raise DamagedBackupError
        return b"".join(self.chunks)


class ArchiveWriter:
    """Writes an archive from beginning to end, through the function `write`."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._sums: dict[str, str] = {}
        self.add(FORMAT, VERSION)

    def add(self, name: str, data: bytes) -> None:
        """Add a file with these bytes."""
        self._add(name, len(data), iter([data]))

    def add_file(self, name: str, path: Path) -> None:
        """Add a copy of a file, which nobody changes meanwhile."""
        with path.open("rb") as file:
            size = path.stat().st_size
            self._add(name, size, chunks_of(file, size))

    def end(self) -> None:
        """Write the sums, and the end of the archive."""
        self.add(SUMS, "".join(f"{digest}  {name}\n" for name, digest in self._sums.items()).encode())
        self._write(bytes(2 * BLOCK))

    def _add(self, name: str, size: int, chunks: Iterator[bytes]) -> None:
        digest = hashlib.sha256()
        self._write(header(name, size))
        for chunk in _watched(chunks, digest.update):
            self._write(chunk)
        self._write(padding(size))
        self._sums[name] = digest.hexdigest()


def files_in(file: Readable) -> Iterator[ArchivedFile]:
    """The files of an archive, without the first one and the sums, which it checks at the end.

    Raises NotABackupError, DamagedBackupError, or OperatorError for an archive of a newer nugu. Until the last file is read,
    all earlier ones may be damaged.
    """
    sums: dict[str, str] = {}
    listed: dict[str, str] | None = None
    for entry in entries(file):
        if listed is not None or entry.name in sums:
            raise DamagedBackupError
        digest = hashlib.sha256()
        found = ArchivedFile(entry.name, entry.size, _watched(entry.chunks, digest.update))
        if not sums:
            _require_version(found)
        elif entry.name == SUMS:
            listed = {name: digest for digest, name in _LINE.findall(found.in_memory().decode("utf-8", "replace"))}
            continue
        else:
            yield found
        _read_out(found.chunks)
        sums[entry.name] = digest.hexdigest()
    if listed != sums:
        raise DamagedBackupError


def header(name: str, size: int) -> bytes:
    """The header of a plain file: 512 bytes."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(unix_time())
    return info.tobuf(tarfile.GNU_FORMAT)


def padding(size: int) -> bytes:
    """The bytes between a file of this size and the next header."""
    return bytes(-size % BLOCK)


def entries(file: Readable) -> Iterator[ArchivedFile]:
    """All files of a tar as they come. Only plain headers are read: no links, no sparse files, no long names.

    Raises NotABackupError for a file that begins otherwise, DamagedBackupError for a fault further on.
    """
    block = file.read(BLOCK)
    if _plain(block) is None:
        raise NotABackupError
    while block != bytes(BLOCK):
        if (info := _plain(block)) is None:
            raise DamagedBackupError
        chunks = chunks_of(file, info.size)
        yield ArchivedFile(info.name, info.size, chunks)
        _read_out(chunks)
        if any(_exactly(file, -info.size % BLOCK)):
            raise DamagedBackupError
        block = _exactly(file, BLOCK)
    if any(_exactly(file, BLOCK)) or file.read(1):
        raise DamagedBackupError


def _require_version(first: ArchivedFile) -> None:
    if first.name != FORMAT or first.size > BLOCK:
        raise NotABackupError
    if (version := first.in_memory()) != VERSION:
        raise OperatorError(
            "This backup has the format {version}, which I don't know. A newer nugu wrote it: update me first.",
            version=version.decode("ascii", "replace").strip(),
        )


def chunks_of(file: Readable, size: int) -> Iterator[bytes]:
    """The next `size` bytes. Raises DamagedBackupError if the file ends before."""
    while size:
        chunk = file.read(min(size, CHUNK))
        if not chunk:
            raise DamagedBackupError
        size -= len(chunk)
        yield chunk


def _exactly(file: Readable, size: int) -> bytes:
    """The next `size` bytes, also of a pipe, which returns fewer at a time."""
    return b"".join(chunks_of(file, size))


def _plain(block: bytes) -> tarfile.TarInfo | None:
    """The header of a plain file; None for anything else."""
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError):
        return None
    return info if info.type == tarfile.REGTYPE and info.size >= 0 else None


def _watched(chunks: Iterator[bytes], see: Callable[[bytes], None]) -> Iterator[bytes]:
    for chunk in chunks:
        see(chunk)
        yield chunk


def _read_out(chunks: Iterator[bytes]) -> None:
    for _ in chunks:
        pass
