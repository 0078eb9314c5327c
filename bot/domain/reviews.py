"""A face that waits for a name, as a reviewer sees it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.enums import Meaning, Origin
from models.faces import Flaw, flaw_of_example

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.answers import AnsweredFace, FaceAnnotation

WORTH_PROPOSING = 0.1
"""Confidence from which the likeliest member is asked for though the face is probably nobody."""


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
    """A face as a reviewer sees it. `annotation` of `face`: the effective one of its crop. `source`: its page if gathered.

    `spoiler`: it was posted as one. `suggestions`: the last of each untrusted person since an annotation counted.
    """

    face: AnsweredFace
    crop_key: str
    face_width: int
    sharpness: float | None
    origin: Origin
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
    def flaw(self) -> Flaw | None:
        """What makes it no good example, if anything does."""
        return flaw_of_example(self.face_width, self.sharpness)

    @property
    def proposal(self) -> tuple[int, str] | None:
        """Id and name of the member that is asked for: suggested, else what it is called, else the likeliest."""
        suggested = Counter(
            (annotation.member, annotation.name)
            for annotation in self.suggestions
            if annotation.meaning is Meaning.MEMBER
        ).most_common()
        for (member, name), _ in suggested:
            if member is not None and name is not None:
                return member, name
        if self.face.called is not None:
            return self.face.called
        likeliest = self.face.guess.candidates[:1]
        if likeliest and self.face.annotation is None and likeliest[0].confidence >= WORTH_PROPOSING:
            return likeliest[0].member, likeliest[0].name
        return None
