"""Where a file holds several files, one behind the other, libav would read the first alone: it is cut at each joint.

The joints are found in the bytes. Where libav goes on by itself, nothing is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from bot.media.footage import VideoError
from bot.media.matroska_joints import joints_of_matroska
from bot.media.mp4_joints import joints_of_mp4
from bot.media.transport_joints import joints_of_transport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.media.joints import Joint, Span

MOST_PIECES: Final = 200
"""Of one file; each is written and read once more."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A file within a file: `spans` of bytes (from, to) that follow one another in it."""

    spans: tuple[Span, ...]

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
        pieces: list[Piece] = []
        head, begin = (), 0
        for joint in _joints_of(file, size, kind):
            pieces.append(Piece((*head, (begin, joint.at))))
            head, begin = joint.head, joint.at
            if len(pieces) == MOST_PIECES:
                raise VideoError(
                    "this video is joined of more than {most} files; save it once more and post that copy",
                    most=MOST_PIECES,
                )
    return [*pieces, Piece((*head, (begin, size)))]


def _joints_of(file: IO[bytes], size: int, kind: str) -> Iterator[Joint]:
    match kind:
        case "mov":
            return joints_of_mp4(file, size)
        case "matroska":
            return joints_of_matroska(file, size)
        case "mpegts":
            return joints_of_transport(file)
        case _:
            return iter(())
