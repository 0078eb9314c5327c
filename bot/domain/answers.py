"""An answered question as a card shows it, fresh or read again a year later."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.enums import Meaning
from models.faces import Band, Box, Flaw, Guess

MOST_CANDIDATES = 25
"""So many candidates of a face are kept with an answer, the likeliest."""


@dataclass(frozen=True, slots=True)
class FaceAnnotation:
    """An annotation as cards show it: its author and its meaning. `name`: the member's name at the time.

    `member` is None for a name that nobody enrolled has, and when the member was removed.
    """

    id: int
    meaning: Meaning
    name: str | None
    author_id: int
    member: int | None = None


@dataclass(frozen=True, slots=True)
class AnsweredFace:
    """A face of an answer; `annotation`: the effective one, if there is one. `flaws`: why it is doubtful.

    `drawn`: the name that the card's picture carries, None for nobody.
    """

    id: int
    number: int
    box: Box
    guess: Guess
    annotation: FaceAnnotation | None
    flaws: tuple[Flaw, ...] = ()
    drawn: str | None = None

    @property
    def is_drawn_otherwise(self) -> bool:
        """Whether the card's picture carries another name than it goes by now."""
        return self.drawn != self.name

    @property
    def guess_now(self) -> Guess | None:
        """Whom it is drawn as: as people said, without a confidence then, else as it was guessed. None: it is no face."""
        if self.is_no_face:
            return None
        if self.annotation is None:
            return self.guess
        member = self.annotation.member if self.name is not None else None
        return Guess(member, self.name, 1.0, Band.SURE if self.name is not None else Band.UNKNOWN)

    @property
    def called(self) -> tuple[int, str] | None:
        """Id and name of the member that it is taken for now, if it is for any: by a person, else by the guess."""
        member, name = (self.guess if self.annotation is None else self.annotation).member, self.name
        return None if member is None or name is None else (member, name)

    @property
    def name(self) -> str | None:
        """The name it goes by now: by an annotation, else by the guess; None for nobody."""
        if self.annotation is None:
            return self.guess.name
        return self.annotation.name if self.annotation.meaning is Meaning.MEMBER else None

    @property
    def is_unknown(self) -> bool:
        """Whether nobody could name it, and nobody said anything of it."""
        return self.annotation is None and self.guess.name is None

    @property
    def is_no_face(self) -> bool:
        """Whether somebody said that it is none."""
        return self.annotation is not None and self.annotation.meaning is Meaning.NOT_A_FACE


@dataclass(frozen=True, slots=True)
class AnsweredPicture:
    """A picture of an answer.

    `refusal` says why it could not be read; `faces` is empty then. `spoiler`: it is shown covered.
    """

    position: int
    name: str
    size: tuple[int, int] | None
    group_name: str | None
    refusal: str | None
    faces: tuple[AnsweredFace, ...]
    spoiler: bool = False

    @property
    def file_name(self) -> str:
        """What the tagged picture is called in the card."""
        return f"who-{self.position + 1}.jpg"


@dataclass(frozen=True, slots=True)
class Answer:
    """A question with its pictures in the order in which they were asked about.

    `rosters` are the servers whose rosters were searched. `channel_id`, `source_message_id`: of the message that shows the
    pictures, None where there is none, as of a command.
    """

    id: int
    server_id: int | None
    asker_id: int
    engine: str
    threshold: float
    rosters: tuple[int, ...]
    pictures: tuple[AnsweredPicture, ...]
    channel_id: int | None = None
    source_message_id: int | None = None

    @property
    def faces(self) -> tuple[tuple[AnsweredPicture, AnsweredFace], ...]:
        """All faces of all pictures."""
        return tuple((picture, face) for picture in self.pictures for face in picture.faces)

    @property
    def is_drawn_otherwise(self) -> bool:
        """Whether a picture of the card carries another name than a face goes by now."""
        return any(face.is_drawn_otherwise for _, face in self.faces)

    def as_drawn(self) -> Answer:
        """The same, with pictures that carry the names of now."""
        return replace(
            self,
            pictures=tuple(
                replace(picture, faces=tuple(replace(face, drawn=face.name) for face in picture.faces))
                for picture in self.pictures
            ),
        )
