"""The places in a Matroska file where another file begins (RFC 9559) that libav can't read on into.

It reads the tracks of the first file alone, and takes time stamps that go back by less than a second for out of order.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from bot.media.recordings.joints import RecordingJoint, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE, _SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_SCALE, _DURATION, _TIMESTAMP = 0x2AD7B1, 0x4489, 0xE7
_TRACK, _TRACK_TYPE = 0xAE, 0x83
_DECODED: Final = {0xD7, _TRACK_TYPE, 0x86, 0x63A2, 0xE0, 0xE1}
"""Elements of a track that its decoder needs: number, type, codec, its configuration, and those of pictures and sound."""

_SHOWN_OR_HEARD: Final = {b"\1", b"\2"}
_MAX_ELEMENTS: Final = 4_000_000
_MAX_HEADER: Final = 16 << 20
_LONG_ENOUGH: Final = 1.5
"""Seconds of a file after which time stamps that start again are noticed (`bot.media.videos.timestamp_breaks`)."""

_Signature = frozenset[tuple[tuple[int, bytes], ...]]
"""Of each track, the elements that its decoder needs."""


@dataclass
class _File:
    """One of the files: its beginning, its tracks, and its length as far as it is known."""

    begin: int
    tracks: _Signature = frozenset()
    scale: int = 1_000_000
    """Nanoseconds of a tick."""
    ticks: float = 0.0

    @property
    def seconds(self) -> float:
        return self.ticks * self.scale / 1e9


def joints_of_matroska(file: IO[bytes], size: int) -> Iterator[RecordingJoint]:
    """The joints at which tracks are coded otherwise than before, or behind a file that is short."""
    before: _File | None = None
    for found in _files(file, size):
        if before is not None and (before.tracks != found.tracks or before.seconds < _LONG_ENOUGH):
            yield RecordingJoint(found.begin)
        before = found


def _files(file: IO[bytes], size: int) -> Iterator[_File]:
    found: _File | None = None
    for kind, start, begin, end in _elements(file, size):
        if kind == _FILE:
            if found is not None and found.tracks:
                yield found
            found = _File(start)
        elif found is not None and kind == _TRACKS:
            found.tracks = _signature(read_bytes(file, begin, min(end, begin + _MAX_HEADER)))
        elif found is not None and kind == _INFO:
            info = dict(_inner(read_bytes(file, begin, min(end, begin + _MAX_HEADER))))
            found.scale = int.from_bytes(info.get(_SCALE, b""), "big") or found.scale
            found.ticks = max(found.ticks, _real(info.get(_DURATION, b"")))
        elif found is not None and kind == _TIMESTAMP:
            found.ticks = max(found.ticks, int.from_bytes(read_bytes(file, begin, min(end, begin + 8)), "big"))
    if found is not None and found.tracks:
        yield found


def _elements(file: IO[bytes], size: int) -> Iterator[tuple[int, int, int, int]]:
    """The kind of each element but blocks, where it begins, and where its body begins and ends."""
    at = 0
    for _ in range(_MAX_ELEMENTS):
        head = read_bytes(file, at, min(at + 12, size))
        element = _head(head)
        if element is None:
            return
        kind, length, taken = element
        begin = at + taken
        if kind in {_SEGMENT, _CLUSTER}:
            # Their elements are read one by one; a cluster's first one is its time stamp.
            at = begin
            if kind == _CLUSTER and length is not None:
                inner = _head(read_bytes(file, begin, min(begin + 12, size)))
                if inner is not None and inner[0] == _TIMESTAMP and inner[1] is not None:
                    yield _TIMESTAMP, begin, begin + inner[2], begin + inner[2] + inner[1]
                at = begin + length
            continue
        if length is None:
            return
        yield kind, at, begin, begin + length
        at = begin + length


def _head(data: bytes) -> tuple[int, int | None, int] | None:
    """Kind and length of the element at the begin of `data`, and the bytes of these two (RFC 8794); a length may be unknown."""
    if not data or not data[0] & 0xF0:
        return None
    first = 9 - data[0].bit_length()
    if len(data) <= first or not data[first]:
        return None
    second = 9 - data[first].bit_length()
    if len(data) < first + second:
        return None
    length = int.from_bytes(data[first : first + second], "big") & (1 << 7 * second) - 1
    known = length != (1 << 7 * second) - 1
    return int.from_bytes(data[:first], "big"), length if known else None, first + second


def _inner(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and body of the elements of a body."""
    at = 0
    while (element := _head(data[at : at + 12])) is not None:
        kind, length, taken = element
        if length is None:
            return
        yield kind, data[at + taken : at + taken + length]
        at += taken + length


def _signature(data: bytes) -> _Signature:
    tracks = [dict(_inner(body)) for kind, body in _inner(data) if kind == _TRACK]
    return frozenset(
        tuple(sorted((kind, body) for kind, body in track.items() if kind in _DECODED))
        for track in tracks
        if track.get(_TRACK_TYPE) in _SHOWN_OR_HEARD
    )


def _real(data: bytes) -> float:
    return struct.unpack(">f" if len(data) == 4 else ">d", data)[0] if len(data) in {4, 8} else 0.0
