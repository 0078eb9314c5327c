"""Damage of files as values that hypothesis draws and shrinks: flipped bits, cuts, splices, false lengths, repeated parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.support.fuzzing.parts import StoredNumber, parts_of, with_right_sums

LARGEST = 4 << 20
"""Bytes of a damaged file, at most: repeated parts would double it again and again."""

_PLACES = 1 << 24
_FALSE = (0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WORDS = (b"\0", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"%s%n", b"../")


class Damage(Protocol):
    """Changes a file. A place is a share of the file in units of 1/2²⁴, so that it fits a file of any length."""

    def apply(self, data: bytes, other: bytes) -> bytes:
        """The changed file. `other`: another whole file."""
        ...


def _at(place: int, size: int) -> int:
    return place * size // _PLACES


@dataclass(frozen=True)
class FlipBit:
    """One bit is another."""

    place: int
    bit: int

    def apply(self, data: bytes, other: bytes) -> bytes:
        changed = bytearray(data or b"\0")
        changed[_at(self.place, len(changed))] ^= 1 << self.bit
        return bytes(changed)


@dataclass(frozen=True)
class Overwrite:
    """Some bytes are others."""

    place: int
    word: bytes

    def apply(self, data: bytes, other: bytes) -> bytes:
        at = _at(self.place, len(data))
        return data[:at] + self.word + data[at + len(self.word) :]


@dataclass(frozen=True)
class CutOut:
    """The file ends early."""

    place: int

    def apply(self, data: bytes, other: bytes) -> bytes:
        return data[: _at(self.place, len(data))]


@dataclass(frozen=True)
class SpliceIn:
    """From some place on it is another file, from a place of that."""

    place: int
    from_place: int

    def apply(self, data: bytes, other: bytes) -> bytes:
        return data[: _at(self.place, len(data))] + other[_at(self.from_place, len(other)) :]


@dataclass(frozen=True)
class FalseNumber:
    """A number that says how long or how large something is says something else: `value`, or a bit more or less."""

    place: int
    value: int | None
    more: int

    def apply(self, data: bytes, other: bytes) -> bytes:
        numbers = parts_of(data).numbers
        if not numbers:
            return data
        number: StoredNumber = numbers[_at(self.place, len(numbers))]
        order = "big" if number.big else "little"
        true = int.from_bytes(data[number.at : number.at + number.size], order)
        value = ((true if self.value is None else self.value) + self.more) % (1 << 8 * number.size)
        return data[: number.at] + value.to_bytes(number.size, order) + data[number.at + number.size :]


@dataclass(frozen=True)
class RepeatBlock:
    """A part comes several times, or not at all."""

    place: int
    times: int

    def apply(self, data: bytes, other: bytes) -> bytes:
        spans = parts_of(data).spans
        if not spans:
            return data
        begin, end = spans[_at(self.place, len(spans))]
        times = min(self.times, max(1, LARGEST // max(1, end - begin)))
        return data[:begin] + data[begin:end] * times + data[end:]


@dataclass(frozen=True)
class SwapBlocks:
    """Two parts have changed places."""

    place: int
    other_place: int

    def apply(self, data: bytes, other: bytes) -> bytes:
        spans = parts_of(data).spans
        if not spans:
            return data
        (a, b), (c, d) = sorted((spans[_at(self.place, len(spans))], spans[_at(self.other_place, len(spans))]))
        return data if b > c else data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


@dataclass(frozen=True)
class MendSums:
    """The checksums of a PNG fit again, so that its decoder looks at what was damaged before."""

    def apply(self, data: bytes, other: bytes) -> bytes:
        return with_right_sums(data) if data.startswith(b"\x89PNG") else data


def _damages() -> SearchStrategy[Damage]:
    place = st.integers(0, _PLACES - 1)
    value = st.none() | st.sampled_from(_FALSE) | st.integers(0, 0xFFFFFFFF)
    return st.one_of(
        st.builds(FlipBit, place, st.integers(0, 7)),
        st.builds(Overwrite, place, st.sampled_from(_WORDS) | st.binary(min_size=1, max_size=8)),
        st.builds(FalseNumber, place, value, st.integers(-2, 2)),
        st.builds(RepeatBlock, place, st.sampled_from([0, 2, 3, 10, 300])),
        st.builds(SwapBlocks, place, place),
        st.builds(SpliceIn, place, place),
        st.builds(CutOut, place),
        st.just(MendSums()),
    )


def damaged(files: Sequence[bytes]) -> SearchStrategy[bytes]:
    """One of the files with up to eight damages, one after the other; now and then a whole one."""
    return st.builds(_applied, st.sampled_from(files), st.sampled_from(files), st.lists(_damages(), max_size=8))


def _applied(data: bytes, other: bytes, damages: list[Damage]) -> bytes:
    for damage in damages:
        data = damage.apply(data, other)[:LARGEST]
    return data
