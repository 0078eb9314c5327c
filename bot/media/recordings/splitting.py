"""Joined files cut into their recordings.

libav reads the first recording of a joined file alone. The joints are found in the bytes. Where libav reads on across a joint,
nothing is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from bot.media.recordings.matroska_joints import joints_of_matroska
from bot.media.recordings.mp4_joints import joints_of_mp4
from bot.media.recordings.transport_joints import joints_of_transport
from bot.media.videos.footage import VideoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.media.recordings.joints import RecordingJoint, Span

MAX_RECORDINGS: Final = 200
"""The most recordings of one file; each is copied and probed."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file within a file: its `spans` of bytes, in order."""

    spans: tuple[Span, ...]

    def write(self, source: Path, out: Path) -> None:
        """Copy the recording of `source` into a file of its own."""
        with source.open("rb") as whole, out.open("wb") as part:
            for begin, end in self.spans:
                whole.seek(begin)
                while begin < end and (data := whole.read(min(end - begin, 1 << 20))):
                    part.write(data)
                    begin += len(data)


def recordings_of(path: Path, kind: str) -> list[Recording]:
    """The recordings of a file, in order; one for a file that isn't joined.

    `kind`: the file's demuxer. Raises VideoError for more than `MAX_RECORDINGS`.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        recordings: list[Recording] = []
        head, begin = (), 0
        for joint in _joints_of(file, size, kind):
            recordings.append(Recording((*head, (begin, joint.at))))
            head, begin = joint.head, joint.at
            if len(recordings) == MAX_RECORDINGS:
                raise VideoError(
                    "this video is joined of more than {most} files; save it once more and post that copy",
                    most=MAX_RECORDINGS,
                )
    return [*recordings, Recording((*head, (begin, size)))]


def _joints_of(file: IO[bytes], size: int, kind: str) -> Iterator[RecordingJoint]:
    match kind:
        case "mov":
            return joints_of_mp4(file, size)
        case "matroska":
            return joints_of_matroska(file, size)
        case "mpegts":
            return joints_of_transport(file)
        case _:
            return iter(())
