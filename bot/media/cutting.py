"""Where a file holds several files, one behind the other, of which libav would read the first alone.

An MP4 begins anew with another `moov`, or with fragments whose times go back; a transport stream with tables that name other
tracks. Both are found in the bytes. Where libav goes on by itself, nothing is cut.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from bot.media.footage import VideoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

MOST_PIECES: Final = 200
"""Of one file; each is written and read once more."""

_MOST_BOXES: Final = 1_000_000
_MOST_HEADER: Final = 64 << 20
_CHUNK_PACKETS: Final = 1 << 16
_SYNC: Final = 0x47
_PACKET: Final = 188

_TRACK_TYPES: Final = {
    *(0x01, 0x02, 0x10, 0x1B, 0x24, 0x33, 0x42, 0xD1, 0xEA),
    *(0x03, 0x04, 0x0F, 0x11, 0x1C, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x87, 0x8A),
}
"""Stream types of pictures and of sound (ISO/IEC 13818-1, table 2-34; ATSC and Blu-ray beyond 0x80)."""

_PRIVATE: Final = 0x06
_SOUND_DESCRIPTORS: Final = {0x05, 0x6A, 0x7A, 0x7B, 0x7C}
"""Descriptors by which private data is sound (ETSI EN 300 468, table 12): registered, AC-3, E-AC-3, DTS, AAC."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A file within a file: `spans` of bytes (from, to) that follow one another in it."""

    spans: tuple[tuple[int, int], ...]

    def write(self, source: Path, out: Path) -> None:
        """Copy the piece of `source` into a file of its own."""
        with source.open("rb") as whole, out.open("wb") as part:
            for begin, end in self.spans:
                whole.seek(begin)
                while begin < end and (data := whole.read(min(end - begin, 1 << 20))):
                    part.write(data)
                    begin += len(data)


def pieces_of(path: Path, kind: str) -> list[Piece]:
    """The pieces of a file that the demuxer `kind` reads, in order. Raises VideoError where there are too many."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        cuts = _cuts_of_mp4(file, size) if kind == "mov" else _cuts_of_transport(file) if kind == "mpegts" else iter(())
        pieces: list[Piece] = []
        head, begin = (), 0
        for cut in cuts:
            pieces.append(Piece((*head, (begin, cut.at))))
            head, begin = cut.head, cut.at
            if len(pieces) == MOST_PIECES:
                raise VideoError(
                    "this video is joined of more than {most} files; save it once more and post that copy",
                    most=MOST_PIECES,
                )
    return [*pieces, Piece((*head, (begin, size)))]


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where another piece begins, and the spans before that it needs as its `head`."""

    at: int
    head: tuple[tuple[int, int], ...] = ()


def _cuts_of_mp4(file: IO[bytes], size: int) -> Iterator[_Cut]:
    """Another `moov` begins a file, unless it says the same of fragments that go on; so do fragments whose times go back."""
    header: tuple[bytes, int, int] | None = None
    begun: int | None = 0
    media = -1
    times: dict[int, int] = {}
    for kind, start, end in _boxes(file, 0, size):
        if kind == b"ftyp":
            begun = start
        elif kind == b"moov":
            begun = start if begun is None else begun
            moov = _read(file, start, min(end, start + _MOST_HEADER))
            if header is None:
                header = (moov, begun, end)
            elif media > header[1] and (moov != header[0] or b"mvex" not in moov):
                yield _Cut(begun)
                header, times = (moov, begun, end), {}
            if not times:
                begun = None
        elif kind == b"mdat":
            media = start
        elif kind == b"moof" and header is not None:
            fragment = dict(_decode_times(file, start, end))
            if any(time < times.get(track, 0) for track, time in fragment.items()):
                yield _Cut(start, (header[1:],)) if begun is None else _Cut(begun)
                times = {}
            times |= fragment
            begun = None


def _boxes(file: IO[bytes], start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of each box (ISO/IEC 14496-12, 4.2), as far as they are whole."""
    for _ in range(_MOST_BOXES):
        head = _read(file, start, min(start + 16, end))
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
    """The tracks of a fragment, and when each begins in it, in the track's ticks."""
    for kind, begin, stop in _boxes(file, start + 8, end):
        if kind != b"traf":
            continue
        track = None
        for inner, at, until in _boxes(file, begin + 8, stop):
            data = _read(file, at + 8, min(until, at + 20))
            if inner == b"tfhd":
                track = int.from_bytes(data[4:8], "big")
            elif inner == b"tfdt" and track is not None:
                yield track, int.from_bytes(data[4:12] if data[:1] == b"\1" else data[4:8], "big")


def _read(file: IO[bytes], start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(max(0, end - start))


@dataclass
class _Tables:
    """What a transport stream says of its programs (ISO/IEC 13818-1, 2.4.4)."""

    programs: dict[int, int] = field(default_factory=dict[int, int])
    tracks: dict[int, frozenset[tuple[int, int]]] = field(default_factory=dict[int, frozenset[tuple[int, int]]])
    head: tuple[tuple[int, int], ...] = ()

    def take(self, packet: bytes, start: int, end: int) -> _Cut | None:
        """Read the table that begins in a packet from `start` to `end`; a cut where it says other than before."""
        number = (packet[1] & 0x1F) << 8 | packet[2]
        if number != 0 and number not in self.programs.values():
            return None
        section = _section(packet)
        if section is None:
            return None
        return self._programs_are(section, start, end) if number == 0 else self._tracks_are(number, section, start)

    def _programs_are(self, section: bytes, start: int, end: int) -> _Cut | None:
        if section[0] != 0:
            return None
        entries = [section[at : at + 4] for at in range(8, len(section) - 3, 4)]
        told = {int.from_bytes(one[:2], "big"): int.from_bytes(one[2:], "big") & 0x1FFF for one in entries}
        told.pop(0, None)
        before, self.programs = self.programs, told
        self.head = ((start, end),)
        if not before or told == before:
            return None
        self.tracks = {}
        return _Cut(start)

    def _tracks_are(self, number: int, section: bytes, start: int) -> _Cut | None:
        if section[0] != 2 or len(section) < 12:
            return None
        told = frozenset(_tracks(section))
        before = self.tracks.get(number)
        self.tracks[number] = told
        return _Cut(start, self.head) if before is not None and told != before else None


def _tracks(section: bytes) -> Iterator[tuple[int, int]]:
    """Stream type and number of each track of pictures or sound, as far as the section is there."""
    at = 12 + (int.from_bytes(section[10:12], "big") & 0x0FFF)
    while at + 5 <= len(section):
        kind, number = section[at], int.from_bytes(section[at + 1 : at + 3], "big") & 0x1FFF
        begin = at + 5
        at = begin + (int.from_bytes(section[at + 3 : at + 5], "big") & 0x0FFF)
        if kind in _TRACK_TYPES or (kind == _PRIVATE and _SOUND_DESCRIPTORS & set(_descriptors(section[begin:at]))):
            yield kind, number


def _descriptors(data: bytes) -> Iterator[int]:
    at = 0
    while at + 2 <= len(data):
        yield data[at]
        at += 2 + data[at + 1]


def _section(packet: bytes) -> bytes | None:
    """The table that begins in a packet, as far as that holds it, without its checksum; None where none holds by now."""
    at = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
    if not packet[3] & 0x10 or at >= _PACKET:
        return None
    at += 1 + packet[at]
    if at + 8 > _PACKET or not packet[at + 5] & 1:
        return None
    end = at + 3 + (int.from_bytes(packet[at + 1 : at + 3], "big") & 0x0FFF)
    if end > _PACKET:
        return packet[at:]
    return packet[at : end - 4] if end - at >= 12 and not _checksum(packet[at:end]) else None


# A table is said several times a second, and mostly the same.
@lru_cache(maxsize=64)
def _checksum(data: bytes) -> int:
    """CRC-32/MPEG-2 (ISO/IEC 13818-1, annex A): 0 of a whole section."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value


def _cuts_of_transport(file: IO[bytes]) -> Iterator[_Cut]:
    tables = _Tables()
    for packets, start in _packets(file):
        step = packets.shape[1]
        bare = packets[:, step - _PACKET :]
        begins = (bare[:, 1] & 0x40).astype(np.bool_)
        # Of those that begin something, most begin a picture or a piece of sound.
        elementary = (bare[:, 3] & 0x30 == 0x10) & (bare[:, 4] == 0) & (bare[:, 5] == 0) & (bare[:, 6] == 1)
        for at in np.flatnonzero(begins & ~elementary).tolist():
            cut = tables.take(bare[at].tobytes(), start + at * step, start + (at + 1) * step)
            if cut:
                yield cut


def _packets(file: IO[bytes]) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Packets in rows, each of 188 bytes or 4 more before, and where in the file they begin; between may be what is none."""
    start, step = 0, 0
    while True:
        file.seek(start)
        data = np.frombuffer(file.read(_CHUNK_PACKETS * 192), np.uint8)
        if len(data) < 3 * 192:
            return
        lost = 0
        if not step or not _in_step(data, step)[0]:
            found = [(int(hits.argmax()), one) for one in (188, 192) if (hits := _in_step(data, one)).any()]
            if not found:
                start += len(data) - 2 * 192
                continue
            lost, step = min(found)
        rows = data[lost : lost + (len(data) - lost) // step * step].reshape(-1, step)
        synced = rows[:, step - _PACKET] == _SYNC
        count = len(rows) if synced.all() else int(synced.argmin())
        yield rows[:count], start + lost
        start += lost + max(count, 1) * step


def _in_step(data: NDArray[np.uint8], step: int) -> NDArray[np.bool_]:
    """Whether three packets of `step` bytes begin at each byte."""
    marks = data[step - _PACKET :] == _SYNC
    return marks[: -2 * step] & marks[step:-step] & marks[2 * step :]
