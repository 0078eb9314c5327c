"""The places in a transport stream where tables name other tracks than before (ISO/IEC 13818-1, 2.4.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from bot.media.recordings.joints import RecordingJoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bot.media.recordings.joints import Span

_CHUNK_PACKETS: Final = 1 << 16
_SYNC: Final = 0x47
_PACKET: Final = 188
_MAX_PACKETS: Final = 8
"""Of a table, which has at most 1,024 bytes."""

_TRACK_TYPES: Final = {
    *(0x01, 0x02, 0x10, 0x1B, 0x24, 0x33, 0x42, 0xD1, 0xEA),
    *(0x03, 0x04, 0x0F, 0x11, 0x1C, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x87, 0x8A),
}
"""The stream types of pictures and sound (ISO/IEC 13818-1, table 2-34; ATSC and Blu-ray from 0x80)."""

_PRIVATE: Final = 0x06
_SOUND_DESCRIPTORS: Final = {0x05, 0x6A, 0x7A, 0x7B, 0x7C}
"""The descriptors of sound in private data (ETSI EN 300 468, table 12): registered, AC-3, E-AC-3, DTS, AAC."""


@dataclass
class _Tables:
    """The programs of a transport stream, and the tracks of each."""

    programs: dict[int, int] = field(default_factory=dict[int, int])
    tracks: dict[int, frozenset[tuple[int, int]]] = field(default_factory=dict[int, frozenset[tuple[int, int]]])
    head: tuple[Span, ...] = ()

    def know(self, number: int) -> bool:
        """Whether packets of this number hold tables."""
        return number == 0 or number in self.programs.values()

    def take(self, number: int, section: bytes, spans: tuple[Span, ...]) -> RecordingJoint | None:
        """Read a table whose packets lie at `spans`; a joint where it differs from the one before."""
        return self._take_programs(section, spans) if number == 0 else self._take_tracks(number, section, spans)

    def _take_programs(self, section: bytes, spans: tuple[Span, ...]) -> RecordingJoint | None:
        if section[0] != 0:
            return None
        entries = [section[at : at + 4] for at in range(8, len(section) - 3, 4)]
        programs = {int.from_bytes(entry[:2], "big"): int.from_bytes(entry[2:], "big") & 0x1FFF for entry in entries}
        programs.pop(0, None)
        before, self.programs = self.programs, programs
        self.head = spans
        if not before or programs == before:
            return None
        self.tracks = {}
        return RecordingJoint(spans[0][0])

    def _take_tracks(self, number: int, section: bytes, spans: tuple[Span, ...]) -> RecordingJoint | None:
        if section[0] != 2 or len(section) < 12:
            return None
        tracks = frozenset(_tracks(section))
        before = self.tracks.get(number)
        self.tracks[number] = tracks
        return RecordingJoint(spans[0][0], self.head) if before is not None and tracks != before else None


def _tracks(section: bytes) -> Iterator[tuple[int, int]]:
    """Stream type and number of each track of pictures or sound."""
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


def _section(packets: NDArray[np.uint8], at: int) -> tuple[bytes, list[int]] | None:
    """The table that begins in the packet `at`, without its checksum, and the rows of all its packets.

    None where the table is damaged, holds only later, or goes on beyond these packets.
    """
    rows, payload = [at], _payload(packets[at].tobytes())
    section = payload[1 + payload[0] :] if payload else b""
    while len(section) < 3 or len(section) < _section_length(section):
        row = _next_of_track(packets, rows[-1])
        if row is None or len(rows) == _MAX_PACKETS:
            return None
        rows.append(row)
        payload = _payload(packets[row].tobytes())
        if packets[row, 1] & 0x40:
            # The next table begins in this packet: only the bytes before it go on.
            payload = payload[1 : 1 + payload[0]] if payload else b""
        section += payload
    section = section[: _section_length(section)]
    if len(section) < 12 or not section[5] & 1 or _checksum(section):
        return None
    return section[:-4], rows


def _section_length(section: bytes) -> int:
    return 3 + (int.from_bytes(section[1:3], "big") & 0x0FFF)


def _payload(packet: bytes) -> bytes:
    at = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
    return packet[at:] if packet[3] & 0x10 else b""


def _next_of_track(packets: NDArray[np.uint8], at: int) -> int | None:
    """The row of the next packet with the number of the packet `at`."""
    later, packet = packets[at + 1 :], packets[at]
    hits = ((later[:, 1] & 0x1F) == (packet[1] & 0x1F)) & (later[:, 2] == packet[2])
    return at + 1 + int(hits.argmax()) if hits.any() else None


# A table is repeated several times a second.
@lru_cache(maxsize=64)
def _checksum(data: bytes) -> int:
    """CRC-32/MPEG-2 (ISO/IEC 13818-1, annex A): 0 of a whole section."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value


def joints_of_transport(file: IO[bytes]) -> Iterator[RecordingJoint]:
    """The joints of a transport stream, in order."""
    tables = _Tables()
    for packets, start in _packets(file):
        step = packets.shape[1]
        bare = packets[:, step - _PACKET :]
        begins = (bare[:, 1] & 0x40).astype(np.bool_)
        # Most packets that begin something begin a picture or a piece of sound.
        elementary = (bare[:, 3] & 0x30 == 0x10) & (bare[:, 4] == 0) & (bare[:, 5] == 0) & (bare[:, 6] == 1)
        for at in np.flatnonzero(begins & ~elementary).tolist():
            number = int(bare[at, 1] & 0x1F) << 8 | int(bare[at, 2])
            if not tables.know(number) or (found := _section(bare, at)) is None:
                continue
            section, rows = found
            joint = tables.take(number, section, tuple((start + row * step, start + (row + 1) * step) for row in rows))
            if joint:
                yield joint


def _packets(file: IO[bytes]) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Packets in rows of 188 bytes, or of 192 with 4 bytes before each, and the first one's offset. Other bytes are skipped."""
    start, step = 0, 0
    while True:
        file.seek(start)
        data = np.frombuffer(file.read(_CHUNK_PACKETS * 192), np.uint8)
        if len(data) < 3 * 192:
            return
        lost = 0
        if not step or not _in_step(data, step)[0]:
            found = [(int(hits.argmax()), size) for size in (188, 192) if (hits := _in_step(data, size)).any()]
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
    """Whether three packets in a row, of `step` bytes each, begin at each byte."""
    marks = data[step - _PACKET :] == _SYNC
    return marks[: -2 * step] & marks[step:-step] & marks[2 * step :]
