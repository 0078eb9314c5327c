"""A joint: the place in a file where another file begins that was written behind the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TypeAlias

Span: TypeAlias = tuple[int, int]
"""Begin and end in a file, in bytes."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Where another piece begins, in bytes, and the spans before that it needs as its `head`."""

    at: int
    head: tuple[Span, ...] = ()


def read_bytes(file: IO[bytes], start: int, end: int) -> bytes:
    """The bytes of a file from `start` to `end`, as far as it goes."""
    file.seek(start)
    return file.read(max(0, end - start))
