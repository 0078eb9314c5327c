"""The directories of a TIFF: the number of its pages, and its first page alone without metadata."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DRAWN = frozenset(
    {
        *(254, 255, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 280, 281, 284, 292, 293, 317, 318, 319, 320),
        *(322, 323, 324, 325, 332, 334, 336, 338, 339, 340, 341, 347, *range(512, 522), 529, 530, 531, 532),
    }
)
"""Tags of the storage of pixels (TIFF 6.0, sections 8 to 22, and its technical notes 1 and 2)."""

_ORIENTATION, _SHORT = 274, 3


@dataclass(frozen=True, slots=True)
class _Layout:
    """The numbers of one TIFF: the `order` of bytes, and struct's letters for a directory's count and an offset."""

    order: str
    count: str
    offset: str
    header: int
    """The position of the first directory's offset."""
    entry: int
    """Bytes of an entry: tag, type, number of values, and the value or its offset."""

    def read(self, letter: str, data: bytes, at: int) -> int:
        return struct.unpack_from(self.order + letter, data, at)[0]

    def write(self, letter: str, number: int) -> bytes:
        return struct.pack(self.order + letter, number)


def tiff_pages(data: bytes, most: int) -> int:
    """The number of pages of a TIFF, up to `most`. A damaged directory, or a loop, ends the count."""
    layout, seen = _layout_of(data), set[int]()
    for at, _, _ in _directories(data, layout):
        if at in seen or len(seen) == most:
            break
        seen.add(at)
    return max(len(seen), 1)


def first_page(data: bytes) -> bytes:
    """The TIFF with the directory of its first page alone, which has only the tags of the storage of pixels."""
    layout = _layout_of(data)
    found = next(_directories(data, layout), None)
    if found is None:
        return data
    _, start, entries = found
    kept: list[bytes] = []
    for at in range(start, start + entries * layout.entry, layout.entry):
        tag = layout.read("H", data, at)
        if tag in _DRAWN and (tag != _ORIENTATION or _is_orientation(data, layout, at)):
            kept.append(data[at : at + layout.entry])
    padding = bytes(len(data) % 2)
    new = layout.write(layout.offset, len(data) + len(padding))
    last = bytes(len(new))
    directory = [layout.write(layout.count, len(kept)), *kept, last]
    return b"".join([data[: layout.header], new, data[layout.header + len(new) :], padding, *directory])


def _layout_of(data: bytes) -> _Layout:
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in {b"+\0", b"\0+"}
    return _Layout(order, "Q", "Q", 8, 20) if big else _Layout(order, "H", "I", 4, 12)


def _directories(data: bytes, layout: _Layout) -> Iterator[tuple[int, int, int]]:
    """The offset of each whole directory, the offset of its entries, and their number."""
    counted, offset = struct.calcsize("=" + layout.count), struct.calcsize("=" + layout.offset)
    link = layout.header
    while link + offset <= len(data):
        at = layout.read(layout.offset, data, link)
        if at == 0 or at + counted > len(data):
            return
        entries = layout.read(layout.count, data, at)
        start = at + counted
        link = start + entries * layout.entry
        if link > len(data):
            return
        yield at, start, entries


def _is_orientation(data: bytes, layout: _Layout, at: int) -> bool:
    """Whether an entry is one valid orientation: a short from 1 to 8."""
    many = layout.read(layout.offset, data, at + 4)
    value = layout.read("H", data, at + layout.entry - struct.calcsize("=" + layout.offset))
    return layout.read("H", data, at + 2) == _SHORT and many == 1 and 1 <= value <= 8
