"""Clips: the progress of a job, its result, and the interface of the reporter."""

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
    from models.faces import Box, FaceFlaw, Guess


class ClipStage(StrEnum):
    """The stage that the work on a clip is at."""

    WAITING = "waiting"
    STOPPED = "stopped"
    """The bot stops; its next start goes on with the clip."""

    DELAYED = "delayed"
    """A passing error ended an attempt; the next one follows by itself."""

    DOWNLOAD = "download"
    TRACK = "look"
    """Its value is a key of the output of `nugu annotate --json`."""

    NAME = "name"
    DRAW = "draw"
    UPLOAD = "upload"


class UploadRefusedError(Exception):
    """Discord refused a file for its size. `max_bytes`: the size that it may take instead."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self.max_bytes = max_bytes


@dataclass(frozen=True, slots=True)
class ReportedClip:
    """The job that a reporter reports on, and the target of the reply.

    `question_message_id`: the message with the request, or with the video; None for a command. `answer_id`: the message with
    the clip, None before it is posted.
    """

    job_id: int
    asker_id: int
    server_id: int | None
    question_message_id: int | None
    answer_id: int | None
    target: ReplyTarget


@dataclass(frozen=True, slots=True)
class ClipProgress:
    """The progress of a job.

    `share`: the share of the stage that is done, in [0, 1], None if unknown. `left`: the seconds until the clip is done, None
    if unknown. `place`: 1 for the next job in the queue, None for a job at work. `seen`: the members that were seen so far.
    """

    clip: ReportedClip
    title: str
    stage: ClipStage
    share: float | None = None
    left: float | None = None
    place: int | None = None
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonScreenTime:
    """The screen time of a person in a clip.

    `number`: the number of the person's face in the clip's answer. `tracks`: positions in `FaceTracks.tracks`. `spans`:
    disjoint (start, end) in seconds from the clip's start. `seconds`: the length of all spans.
    """

    number: int
    tracks: tuple[int, ...]
    spans: tuple[tuple[float, float], ...]
    seconds: float

    def to_json(self) -> list[Any]:
        """The row that the database keeps."""
        return [self.number, list(self.tracks), [list(span) for span in self.spans], self.seconds]

    @classmethod
    def from_json(cls, row: list[Any]) -> PersonScreenTime:
        """The value whose `to_json` is `row`."""
        number, tracks, spans, seconds = row
        return cls(number, tuple(tracks), tuple((start, end) for start, end in spans), seconds)


def merge_spans(spans: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The spans, (start, end), in order of time. Overlapping and adjacent ones are merged."""
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)


def common_screen_time(
    people: Iterable[Sequence[tuple[float, float]]],
) -> tuple[tuple[tuple[float, float], ...], float]:
    """The merged spans of several people, given the spans of each, and their length in seconds."""
    spans = merge_spans(span for person in people for span in person)
    return spans, sum(end - start for start, end in spans)


@dataclass(frozen=True, slots=True)
class MissingFootage:
    """The footage of a video that can't be read, and that a clip lacks; and the faces that nobody looked for.

    `recordings`: the number of recordings that the file joins. `unread`: the numbers, from 1, of the recordings without
    readable pictures. `silent`: the numbers of the recordings without readable sound. `seconds`: the length of the pictures
    that can't be decoded. `shots`: the number of shots that were not searched for faces, since they change too fast. `faces`:
    the number of faces that are not followed, since they are too many.
    """

    recordings: int = 1
    unread: tuple[int, ...] = ()
    silent: tuple[int, ...] = ()
    seconds: float = 0.0
    shots: int = 0
    faces: int = 0

    def to_json(self) -> list[Any]:
        """The row that the database keeps; empty where nothing is missing."""
        row = [self.recordings, list(self.unread), list(self.silent), self.seconds, self.shots, self.faces]
        return row if self != NOTHING_MISSING else []

    @classmethod
    def from_json(cls, row: list[Any]) -> MissingFootage:
        """The value whose `to_json` is `row`."""
        if not row:
            return NOTHING_MISSING
        recordings, unread, silent, seconds, *counts = row
        return cls(recordings, tuple(unread), tuple(silent), seconds, *counts)


NOTHING_MISSING: Final = MissingFootage()


@dataclass(frozen=True, slots=True)
class FinishedClip:
    """A finished clip, as a reporter shows it.

    `link`, `start`: the linked video, None for a posted one, and the clip's start in it in seconds. `seconds`: the clip's
    length. `answer`: the question with a face for each person; its only picture is the clip. `stale`: names were corrected
    after the drawing. `in_review`: the number of unknown faces in the review. `unheard`: the codec of the video's sound if
    that can't be read, which makes the clip silent. `missing`: the footage that the clip lacks.
    """

    job_id: int
    title: str
    link: str | None
    start: float
    seconds: float
    answer: Answer
    cast: tuple[PersonScreenTime, ...]
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
    """The queue's interface to people. It logs Discord's refusals, and raises only the errors named here."""

    async def show(self, progress: ClipProgress) -> None:
        """Replace the progress card. Called once in three seconds at most."""
        ...

    async def answer(self, clip: ReportedClip, finished: FinishedClip, attachments: ClipAttachments) -> int:
        """Post the clip, and return the message's id. A second call posts it only if the first call did not.

        The clip replaces the card while that can be edited. Otherwise it is a reply with a mention. Raises
        UploadRefusedError, and ConnectionError where Discord gives no answer.
        """
        ...

    async def answered(self, clip: ReportedClip) -> int | None:
        """The id of the message with the clip, if `answer` posted it. Raises ConnectionError where nobody can tell."""
        ...

    async def posted_card(self, clip: ReportedClip) -> int | None:
        """The id of the card of a clip by message, if it was posted. Raises ConnectionError where nobody can tell."""
        ...

    async def explain(self, clip: ReportedClip, message: Message) -> None:
        """Replace the card by the reason why there is no clip."""
        ...


@dataclass(frozen=True, slots=True)
class NamingOptions:
    """The options for naming a clip.

    `group`: the group's id, None to find the group. `threshold`: the minimum confidence of a sure guess. `style`: the
    style of the captions.
    """

    group: int | None
    threshold: float
    style: CaptionStyle


@dataclass(frozen=True, slots=True)
class TrackName:
    """The name of the tracks of one person, by the recogniser or by an annotation."""

    number: int
    tracks: tuple[int, ...]
    guess: Guess


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """A person of a clip.

    `number`, `tracks`, `spans`, `seconds`: as in `PersonScreenTime`. `crop`: the person's best face, with its encoding `vector`
    as float32 bytes and its `flaws`. `box`: the box in the middle of that face's track.
    """

    number: int
    guess: Guess
    tracks: tuple[int, ...]
    spans: tuple[tuple[float, float], ...]
    seconds: float
    crop: FaceCrop
    box: Box
    vector: bytes
    flaws: tuple[FaceFlaw, ...]


@dataclass(frozen=True, slots=True)
class NamedClip:
    """A clip with names. `script`: the captions as ASS. `size`: (width, height) of its frames. `seconds`: its length."""

    group_name: str | None
    people: tuple[NamedPerson, ...]
    script: str
    size: tuple[int, int]
    seconds: float
