"""The parts of a file, and the numbers in it that say how long something is, read as far as the file makes sense."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

BLOCK = 64
"""Bytes of a part of a file whose format isn't known."""

BOXES_OF_BOXES = {
    b"moov",
    b"trak",
    b"mdia",
    b"minf",
    b"stbl",
    b"edts",
    b"moof",
    b"traf",
    b"iprp",
    b"ipco",
    b"dinf",
    b"mvex",
}
"""Boxes of ISO/IEC 14496-12 that hold nothing but boxes."""

ELEMENTS_OF_ELEMENTS = {
    b"\x18\x53\x80\x67",
    b"\x1f\x43\xb6\x75",
    b"\x16\x54\xae\x6b",
    b"\xae",
    b"\xe0",
    b"\xe1",
    b"\xa0",
}
"""Matroska's segment, cluster, tracks, track, video, audio and block group."""


@dataclass(frozen=True)
class StoredNumber:
    """A number in a file: its place, its bytes, and their order."""

    at: int
    size: int
    big: bool = True


@dataclass
class FileParts:
    """The parts of a file, each with its begin and end, and its numbers."""

    spans: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    numbers: list[StoredNumber] = field(default_factory=list[StoredNumber])

    def add(self, at: int, end: int, *numbers: StoredNumber) -> None:
        self.spans.append((at, end))
        self.numbers += numbers


@lru_cache(maxsize=256)
def parts_of(data: bytes) -> FileParts:
    """The parts and numbers of a file by its first bytes; blocks of `BLOCK` bytes for another format."""
    found = FileParts()
    if data.startswith(b"\x89PNG"):
        _png(data, found)
    elif data.startswith(b"\xff\xd8"):
        _jpeg(data, found)
    elif data[:4] == b"RIFF":
        _riff(data, found)
    elif data[4:8] == b"ftyp":
        _boxes(data, found, 0, len(data))
    elif data.startswith(b"\x1a\x45\xdf\xa3"):
        _elements(data, found, 0, len(data))
    elif data[:4] in (b"II*\0", b"MM\0*"):
        _tiff(data, found)
    elif data.startswith(b"PK"):
        _zip(data, found)
    elif data[257:262] == b"ustar":
        _blocks(data, found, 512)
    elif data[:1] == b"G" and data[188:189] == b"G":
        _blocks(data, found, 188)
    if not found.spans:
        _blocks(data, found, BLOCK)
    return found


def _blocks(data: bytes, found: FileParts, size: int) -> None:
    for at in range(0, len(data), size):
        found.add(at, min(at + size, len(data)), StoredNumber(at, 2), StoredNumber(at + 2, 4, big=False))


def _png(data: bytes, found: FileParts) -> None:
    at = 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        inside = [StoredNumber(place, 4) for place in range(at + 8, min(end - 4, at + 24), 4)]
        found.add(at, end, StoredNumber(at, 4), *inside)
        at = end


def _jpeg(data: bytes, found: FileParts) -> None:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        found.add(
            at, end, StoredNumber(at + 2, 2), StoredNumber(at + 5, 2), StoredNumber(at + 7, 2), StoredNumber(at + 9, 1)
        )
        at = end
    for marker in re.finditer(rb"\xff[\xc0-\xcf\xd0-\xdf]", data[at:]):
        found.add(
            at + marker.start(), min(len(data), at + marker.start() + BLOCK), StoredNumber(at + marker.start() + 2, 2)
        )


def _riff(data: bytes, found: FileParts) -> None:
    found.numbers.append(StoredNumber(4, 4, big=False))
    at = 12
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        found.add(at, end + end % 2, StoredNumber(at + 4, 4, big=False), StoredNumber(at + 12, 3, big=False))
        at = end + end % 2


def _boxes(data: bytes, found: FileParts, at: int, end: int) -> None:
    while at + 8 <= end:
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8 or at + size > end:
            return
        inside = [StoredNumber(place, 4) for place in range(at + 8, min(at + size, at + 40), 4)]
        found.add(at, at + size, StoredNumber(at, 4), *inside)
        kind = data[at + 4 : at + 8]
        if kind in BOXES_OF_BOXES or kind == b"meta":
            _boxes(data, found, at + (12 if kind == b"meta" else 8), at + size)
        at += size


def _elements(data: bytes, found: FileParts, at: int, end: int) -> None:
    while at < end and data[at]:
        name = 9 - data[at].bit_length()
        if at + name >= end or not data[at + name]:
            return
        width = 9 - data[at + name].bit_length()
        body = at + name + width
        size = int.from_bytes(data[at + name : body], "big") & ((1 << 7 * width) - 1)
        stop = end if size == (1 << 7 * width) - 1 else min(body + size, end)
        found.add(at, stop, StoredNumber(at + name, width), StoredNumber(body, min(4, max(1, stop - body))))
        if data[at : at + name] in ELEMENTS_OF_ELEMENTS:
            _elements(data, found, body, stop)
        at = max(stop, body)


def _tiff(data: bytes, found: FileParts) -> None:
    big = data[:1] == b"M"
    first = int.from_bytes(data[4:8], "big" if big else "little")
    entries = int.from_bytes(data[first : first + 2], "big" if big else "little")
    found.numbers += [StoredNumber(4, 4, big), StoredNumber(first, 2, big)]
    for at in range(first + 2, min(first + 2 + 12 * entries, len(data) - 11), 12):
        found.add(
            at,
            at + 12,
            StoredNumber(at, 2, big),
            StoredNumber(at + 2, 2, big),
            StoredNumber(at + 4, 4, big),
            StoredNumber(at + 8, 4, big),
        )


def _zip(data: bytes, found: FileParts) -> None:
    """Headers of entries, entries of the directory, its end. The fields are those of APPNOTE 4.3."""
    fields = {
        b"PK\3\4": ((6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)),
        b"PK\1\2": ((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (38, 4), (42, 4)),
        b"PK\5\6": ((4, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)),
    }
    for start, end in _between(data, rb"PK(\x03\x04|\x01\x02|\x05\x06)"):
        numbers = [StoredNumber(start + at, size, big=False) for at, size in fields[data[start : start + 4]]]
        found.add(start, end, *numbers)


def _between(data: bytes, pattern: bytes) -> Iterator[tuple[int, int]]:
    starts = [match.start() for match in re.finditer(pattern, data, re.DOTALL)]
    yield from pairwise([*starts, len(data)])


def with_right_sums(png: bytes) -> bytes:
    """A PNG whose chunks have right checksums, so that a decoder looks at their contents."""
    import zlib

    out, at = bytearray(png[:8]), 8
    while at + 12 <= len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        if end > len(png):
            break
        out += png[at : end - 4] + struct.pack(">I", zlib.crc32(png[at + 4 : end - 4]))
        at = end
    return bytes(out + png[at:])
