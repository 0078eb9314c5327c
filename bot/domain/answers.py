"""A question with its answers, as a card shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.enums import AnnotationMeaning
from models.faces import Box, ConfidenceBand, FaceFlaw, Guess

UNSAVED_ID = 0
"""The id of an answer that the database could not take, and of its faces. No row has it."""

MAX_CANDIDATES = 25
"""Candidates of a face that the database keeps, the likeliest ones."""


@dataclass(frozen=True, slots=True)
class FaceAnnotation:
    """An annotation as cards show it. `name`: the member's name at that time.

    `member`: None for a name without an enrolled member, and after the member's removal.
    """

    id: int
    meaning: AnnotationMeaning
    name: str | None
    author_id: int
    member: int | None = None


@dataclass(frozen=True, slots=True)
class AnsweredFace:
    """A face of an answer. `annotation`: the effective one. `flaws`: the reasons to doubt the guess.

    `drawn`: the name on the card's picture, None for an unknown face.
    """

    id: int
    number: int
    box: Box
    guess: Guess
    annotation: FaceAnnotation | None
    flaws: tuple[FaceFlaw, ...] = ()
    drawn: str | None = None

    @property
    def is_drawing_outdated(self) -> bool:
        """Whether the card's picture shows another name than `name`."""
        return self.drawn != self.name

    @property
    def displayed_guess(self) -> Guess | None:
        """The guess that is drawn: made of the annotation if there is one, else the recogniser's. None for no face."""
        if self.is_no_face:
            return None
        if self.annotation is None:
            return self.guess
        member = self.annotation.member if self.name is not None else None
        return Guess(member, self.name, 1.0, ConfidenceBand.SURE if self.name is not None else ConfidenceBand.UNKNOWN)

    @property
    def named_member(self) -> tuple[int, str] | None:
        """The id and name of the member by the annotation if there is one, else by the guess."""
        member, name = (self.guess if self.annotation is None else self.annotation).member, self.name
        return None if member is None or name is None else (member, name)

    @property
    def name(self) -> str | None:
        """The name by the annotation if there is one, else by the guess; None for nobody."""
        if self.annotation is None:
            return self.guess.name
        return self.annotation.name if self.annotation.meaning is AnnotationMeaning.MEMBER else None

    @property
    def is_unknown(self) -> bool:
        """Whether it has neither a guess nor an annotation."""
        return self.annotation is None and self.guess.name is None

    @property
    def is_no_face(self) -> bool:
        """Whether the annotation says that it is no face."""
        return self.annotation is not None and self.annotation.meaning is AnnotationMeaning.NOT_A_FACE


@dataclass(frozen=True, slots=True)
class AnsweredPicture:
    """A picture of an answer.

    `size`: (width, height) in pixels. `refusal`: the reason why it could not be read; `faces` is empty then. `spoiler`: it is
    shown covered. `left_out`: the number of faces beyond `faces`, smaller than these.
    """

    position: int
    name: str
    size: tuple[int, int] | None
    group_name: str | None
    refusal: str | None
    faces: tuple[AnsweredFace, ...]
    spoiler: bool = False
    left_out: int = 0

    @property
    def file_name(self) -> str:
        """The file name of the tagged picture on the card."""
        return f"who-{self.position + 1}.jpg"


@dataclass(frozen=True, slots=True)
class Answer:
    """A question with its pictures in their order.

    `engine`: the engine's version. `rosters`: the servers whose rosters were searched. `channel_id`, `source_message_id`: of
    the message with the pictures; None for the pictures of a command. `place_id`: the channel, or a thread's parent.
    """

    id: int
    server_id: int | None
    asker_id: int
    engine: str
    threshold: float
    rosters: tuple[int, ...]
    pictures: tuple[AnsweredPicture, ...]
    channel_id: int | None = None
    place_id: int | None = None
    source_message_id: int | None = None

    @property
    def is_saved(self) -> bool:
        """Whether the database has it. Without it, nobody can correct it or see its details."""
        return self.id != UNSAVED_ID

    @property
    def faces(self) -> tuple[tuple[AnsweredPicture, AnsweredFace], ...]:
        """All faces, each with its picture."""
        return tuple((picture, face) for picture in self.pictures for face in picture.faces)

    @property
    def is_drawing_outdated(self) -> bool:
        """Whether a picture of the card shows another name than its face has now."""
        return any(face.is_drawing_outdated for _, face in self.faces)

    def with_current_drawing(self) -> Answer:
        """The same answer after its pictures were drawn with the current names."""
        return replace(
            self,
            pictures=tuple(
                replace(picture, faces=tuple(replace(face, drawn=face.name) for face in picture.faces))
                for picture in self.pictures
            ),
        )


@dataclass(frozen=True, slots=True)
class CardlessQuestion:
    """A question by the message `message_id` in a channel; its card isn't known. `server_id`: None in private."""

    id: int
    server_id: int | None
    channel_id: int
    message_id: int
