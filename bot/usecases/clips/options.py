"""The options of a clip: the section of the video, the captions, the limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.domain.clips import ClipStage, NamingOptions
from bot.domain.messages import Hint
from bot.errors import PersonError
from bot.media.videos.footage import VideoSection
from bot.text.formatting import time_code

if TYPE_CHECKING:
    from bot.domain.enums import CaptionStyle


@dataclass(frozen=True, slots=True)
class RequestedSection:
    """The requested section of a video, in seconds. `length`: None for the rest of the video. `max_seconds`: the limit."""

    start: float
    length: float | None
    max_seconds: float

    def within(self, seconds: float) -> VideoSection:
        """The section in a video of this length. Raises PersonError where it is empty or too long."""
        if self.start >= seconds:
            raise PersonError("That video ends at {seconds}, before the start you chose.", seconds=time_code(seconds))
        end = seconds if self.length is None else min(seconds, self.start + self.length)
        if end - self.start > self.max_seconds:
            raise PersonError(
                "I annotate {most} at most, and that is {length} long",
                most=time_code(self.max_seconds),
                length=time_code(end - self.start),
                hint=Hint.CHOOSE_PART,
            )
        return VideoSection(self.start, end)


@dataclass(frozen=True, slots=True)
class ClipOptions:
    """The options of a clip.

    `group`: the group's id, None to find the group. `threshold`: the minimum confidence of a sure name. `max_bytes`: of the
    file. `height`: in pixels at most, None for the setting.
    """

    section: RequestedSection
    style: CaptionStyle
    group: int | None
    threshold: float
    max_bytes: int
    height: int | None = None

    @property
    def naming(self) -> NamingOptions:
        """The options of the job that names the tracks."""
        return NamingOptions(self.group, self.threshold, self.style)


class ClipProgressCallback(Protocol):
    """Called with the stage, its share that is done (in [0, 1], None if unknown), and the names of the members seen so far."""

    def __call__(self, stage: ClipStage, share: float | None = None, seen: tuple[str, ...] = ()) -> None: ...
