"""How a clip stands on its way, what it ends as, and the reporter through which people hear of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from bot.domain.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bot.domain.answers import Answer
    from bot.domain.clip_requests import ReplyTarget
    from bot.domain.enums import CaptionStyle
    from bot.domain.faces import FaceCrop
    from models.faces import Box, Flaw, Guess


class ClipStage(StrEnum):
    """The stage that the work on a clip is at."""

    WAITING = "waiting"
    DOWNLOAD = "download"
    LOOK = "look"
    NAME = "name"
    DRAW = "draw"
    UPLOAD = "upload"


class UploadRefusedError(Exception):
    """Discord takes no file of that size here. `most_bytes`: what it may take instead."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(most_bytes)
        self.most_bytes = most_bytes


@dataclass(frozen=True, slots=True)
class ReportedClip:
    """A clip that a reporter reports on: the ids of its job, and where the reply goes.

    `question_message_id`: the message that asked, or that the question is about; None for a command. `answer_id`: the message
    with the clip; None until there is one.
    """

    job_id: int
    asker_id: int
    server_id: int | None
    question_message_id: int | None
    answer_id: int | None
    target: ReplyTarget


@dataclass(frozen=True, slots=True)
class ClipProgress:
    """How far it is. `share`: done of this stage, in [0, 1]; `left`: seconds until it is done; None: not known.

    `place`: 1 for the next in the queue, None once it is in work. `seen`: names of the members seen so far.
    """

    clip: ReportedClip
    title: str
    stage: ClipStage
    share: float | None = None
    left: float | None = None
    place: int | None = None
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OnScreen:
    """When somebody of a clip is on screen.

    `number`: of their face in the clip's answer. `tracks`: places in its look's tracks. `spans`: (start, end) in seconds on
    the clip's clock, apart from each other; `seconds`: together.
    """

    number: int
    tracks: tuple[int, ...]
    spans: tuple[tuple[float, float], ...]
    seconds: float

    def as_json(self) -> list[Any]:
        """As it is kept in the database."""
        return [self.number, list(self.tracks), [list(span) for span in self.spans], self.seconds]

    @classmethod
    def of_json(cls, row: list[Any]) -> OnScreen:
        """What `as_json` gave."""
        number, tracks, spans, seconds = row
        return cls(number, tuple(tracks), tuple((start, end) for start, end in spans), seconds)


def merged(spans: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Spans of time in their order, those that touch as one."""
    apart: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((start, end))
    return tuple(apart)


def together(several: Iterable[Sequence[tuple[float, float]]]) -> tuple[tuple[tuple[float, float], ...], float]:
    """When one or more of several people are on screen, by the spans of each, and for how many seconds in all."""
    spans = merged(span for one in several for span in one)
    return spans, sum(end - start for start, end in spans)


@dataclass(frozen=True, slots=True)
class MissingFootage:
    """The footage of a video that can't be read, so that a clip does without it.

    `parts`: the number of recordings that the file joins. `unread`: the numbers, from 1, of the recordings that are left out.
    `silent`: the numbers of the recordings whose sound is left out. `seconds`: how long the pictures would last that can't be
    decoded.
    """

    parts: int = 1
    unread: tuple[int, ...] = ()
    silent: tuple[int, ...] = ()
    seconds: float = 0.0

    def as_json(self) -> list[Any]:
        """The row that the database keeps; empty where nothing is missing."""
        return [self.parts, list(self.unread), list(self.silent), self.seconds] if self != NOTHING_MISSING else []

    @classmethod
    def of_json(cls, row: list[Any]) -> MissingFootage:
        """The value whose `as_json` is `row`."""
        if not row:
            return NOTHING_MISSING
        parts, unread, silent, seconds = row
        return cls(parts, tuple(unread), tuple(silent), seconds)


NOTHING_MISSING: Final = MissingFootage()


@dataclass(frozen=True, slots=True)
class FinishedClip:
    """A clip as it is told of. `answer`: the question with a face a person; its one picture is the clip.

    `link` and `start` (seconds): where it is from. `seconds`: its length.
    `stale`: names were corrected since it was drawn. `in_review`: so many faces that nobody could name wait in the review.
    `unheard`: the codec of the video's sound where that can't be read, so that the clip is silent. `missing`: the footage
    that the clip does without.
    """

    job_id: int
    title: str
    link: str | None
    start: float
    seconds: float
    answer: Answer
    cast: tuple[OnScreen, ...]
    stale: bool = False
    in_review: int = 0
    unheard: str | None = None
    missing: MissingFootage = NOTHING_MISSING


@dataclass(frozen=True, slots=True)
class ClipAttachments:
    """The files of a finished clip: an MP4, and the screen-time chart as a PNG."""

    clip: Path
    chart: bytes


class ClipReporter(Protocol):
    """How the queue reaches people. What Discord refuses is the reporter's to log; only the raises named here come out."""

    async def show(self, progress: ClipProgress) -> None:
        """Show how far it is, in place of what was shown before. Called every three seconds at most."""
        ...

    async def answer(self, clip: ReportedClip, finished: FinishedClip, attachments: ClipAttachments) -> int:
        """Post the clip; the message's id. In the card's place while it can be edited, else as a reply with a mention.

        Doing it twice posts it once. Raises UploadRefusedError.
        """
        ...

    async def answered(self, clip: ReportedClip) -> int | None:
        """The id of the message with the clip, if `answer` got as far as posting it before the bot ended."""
        ...

    async def explain(self, clip: ReportedClip, message: Message) -> None:
        """Say in the card's place that there will be no clip, and why."""
        ...


@dataclass(frozen=True, slots=True)
class NamingOptions:
    """How a clip is to be named: the group's id, or None to find it; from which confidence a name is sure; what is drawn."""

    group: int | None
    threshold: float
    style: CaptionStyle


@dataclass(frozen=True, slots=True)
class TrackName:
    """Who some tracks are by now: as the recogniser named them, or as people said."""

    number: int
    tracks: tuple[int, ...]
    guess: Guess


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """Somebody of a clip.

    `tracks`: places in the look's tracks. `spans`: when they are on screen, (from, to) in seconds from the section's start, and
    `seconds` how long in all. `crop`: the best sighting; `box` is in the middle of that track; `vector` its encoding as float32
    bytes; `flaws` why it is doubtful.
    """

    number: int
    guess: Guess
    tracks: tuple[int, ...]
    spans: tuple[tuple[float, float], ...]
    seconds: float
    crop: FaceCrop
    box: Box
    vector: bytes
    flaws: tuple[Flaw, ...]


@dataclass(frozen=True, slots=True)
class NamedClip:
    """A named clip. `script`: what is drawn, as ASS. `size`: (width, height) of its frames. `seconds`: how long it is."""

    group_name: str | None
    people: tuple[NamedPerson, ...]
    script: str
    size: tuple[int, int]
    seconds: float
