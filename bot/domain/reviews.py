"""A face of the review queue, as a reviewer sees it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.enums import AnnotationMeaning, FaceOrigin
from models.faces import FaceFlaw, flaw_of_example

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.answers import AnsweredFace, FaceAnnotation

WORTH_PROPOSING = 0.1
"""The minimum confidence for proposing the likeliest member for an unknown face in the review."""


class ReviewNote(StrEnum):
    """The result of a press in the review that isn't a correction."""

    SKIPPED = "skipped"
    NOTHING_TO_UNDO = "nothing-to-undo"
    QUESTION_FORGOTTEN = "question-forgotten"
    FACE_FORGOTTEN = "face-forgotten"
    ANSWERED_BY_REVIEWER = "answered-by-reviewer"
    """The reviewer answered it before, in another press or window."""

    ANSWERED_BY_ANOTHER = "answered-by-another"


@dataclass(frozen=True, slots=True)
class FaceInReview:
    """A face as a reviewer sees it.

    `face`: with the effective annotation of its crop. `source`: the page that it was gathered from. `spoiler`: it was posted
    as a spoiler. `suggestions`: the last one of each person since the effective annotation.
    """

    face: AnsweredFace
    crop_key: str
    face_width: int
    sharpness: float | None
    origin: FaceOrigin
    server_id: int
    channel_id: int | None
    source_message_id: int | None
    source: str | None
    asker_id: int
    asked_at: datetime
    rosters: tuple[int, ...]
    group_name: str | None
    suspected: bool
    spoiler: bool
    suggestions: tuple[FaceAnnotation, ...]

    @property
    def flaw(self) -> FaceFlaw | None:
        """The flaw that makes it no good example of its member, if any."""
        return flaw_of_example(self.face_width, self.sharpness)

    @property
    def proposal(self) -> tuple[int, str] | None:
        """The id and name of the proposed member: the one suggested most, else its current one, else the likeliest one."""
        suggested = Counter(
            (annotation.member, annotation.name)
            for annotation in self.suggestions
            if annotation.meaning is AnnotationMeaning.MEMBER
        ).most_common()
        for (member, name), _ in suggested:
            if member is not None and name is not None:
                return member, name
        if self.face.named_member is not None:
            return self.face.named_member
        likeliest = self.face.guess.candidates[:1]
        if likeliest and self.face.annotation is None and likeliest[0].confidence >= WORTH_PROPOSING:
            return likeliest[0].member, likeliest[0].name
        return None
