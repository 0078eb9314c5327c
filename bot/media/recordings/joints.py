"""Joints: the places in a joined file where another recording begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TypeAlias

Span: TypeAlias = tuple[int, int]
"""Begin and end in a file, in bytes."""


@dataclass(frozen=True, slots=True)
class RecordingJoint:
    """The byte `at` which another recording begins, and the earlier spans that the recording needs as its `head`."""

    at: int
    head: tuple[Span, ...] = ()


def read_bytes(file: IO[bytes], start: int, end: int) -> bytes:
    """The bytes of a file from `start` to `end`, as far as it goes. `start` may lie at any distance behind `end`."""
    if start >= end:
        # A hostile length leads behind the largest place that the system takes.
        return b""
    file.seek(start)
    return file.read(end - start)
