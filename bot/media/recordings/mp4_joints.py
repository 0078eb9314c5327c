"""The places in an MP4 where another file begins: another `moov`, or fragments whose times go back."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from bot.media.recordings.joints import RecordingJoint, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_BOXES: Final = 1_000_000
_MAX_HEADER: Final = 64 << 20
"""Bytes of a `moov` that are compared."""


def joints_of_mp4(file: IO[bytes], size: int) -> Iterator[RecordingJoint]:
    """The joints of an MP4, in order. A `moov` that equals the first and precedes further fragments is no joint."""
    header: tuple[bytes, int, int] | None = None
    begun: int | None = 0
    media = -1
    times: dict[int, int] = {}
    for kind, start, end in _boxes(file, 0, size):
        if kind == b"ftyp":
            begun = start
        elif kind == b"moov":
            begun = start if begun is None else begun
            moov = read_bytes(file, start, min(end, start + _MAX_HEADER))
            if header is None:
                header = (moov, begun, end)
            elif media > header[1] and (moov != header[0] or b"mvex" not in moov):
                yield RecordingJoint(begun)
                header, times = (moov, begun, end), {}
            if not times:
                begun = None
        elif kind == b"mdat":
            media = start
        elif kind == b"moof" and header is not None:
            fragment = dict(_decode_times(file, start, end))
            if any(time < times.get(track, 0) for track, time in fragment.items()):
                yield RecordingJoint(start, (header[1:],)) if begun is None else RecordingJoint(begun)
                times = {}
            times |= fragment
            begun = None


def _boxes(file: IO[bytes], start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of each box (ISO/IEC 14496-12, 4.2) until the first malformed one."""
    for _ in range(_MAX_BOXES):
        head = read_bytes(file, start, min(start + 16, end))
        if len(head) < 8:
            return
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:
            length = end - start
        if length < 8:
            return
        yield head[4:8], start, min(start + length, end)
        start += length


def _decode_times(file: IO[bytes], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The tracks of a fragment, and the begin of each, in the track's ticks."""
    for kind, begin, stop in _boxes(file, start + 8, end):
        if kind != b"traf":
            continue
        track = None
        for inner, at, until in _boxes(file, begin + 8, stop):
            data = read_bytes(file, at + 8, min(until, at + 20))
            if inner == b"tfhd":
                track = int.from_bytes(data[4:8], "big")
            elif inner == b"tfdt" and track is not None:
                yield track, int.from_bytes(data[4:12] if data[:1] == b"\1" else data[4:8], "big")
