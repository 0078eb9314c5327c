"""The segments of a JPEG, and the number of its scans."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SCAN: Final = 0xDA
"""The marker of a scan (ITU-T T.81, table B.1)."""

_END: Final = 0xD9
_ALONE: Final = {0x01, 0xD8}
"""Markers without a segment, besides those of restarts."""

_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""A marker, but for restarts. Decoders skip other bytes between segments, as they do after a scan's data."""


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, begin and end of each segment up to the picture's end, or to the first marker that no decoder knows."""
    at = 2
    while found := _MARKER.search(data, at):
        start = found.start()
        marker = data[start + 1]
        if marker in _ALONE:
            at = start + 2
            continue
        if marker == _END or marker < 0xC0:
            return
        at = start + 2 + max(2, int.from_bytes(data[start + 2 : start + 4], "big"))
        yield marker, start, at


def is_whole(data: bytes) -> bool:
    """Whether a JPEG has its begin and its end: it is one, and no part was cut off. It may be damaged between them."""
    return data.startswith(b"\xff\xd8\xff") and data.endswith(bytes([0xFF, _END]))


def scanned_components(data: bytes) -> int:
    """The components of all scans of a JPEG: 3 for the first scan of most, 1 for most others."""
    return sum(data[start + 4] for marker, start, _ in jpeg_segments(data) if marker == SCAN and start + 4 < len(data))
