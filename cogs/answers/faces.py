"""A face in words: with markup for cards, without for alt texts and menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.enums import Meaning
from bot.text.formatting import UNKNOWN, circled, guess_text, name_and_confidence
from cogs.common.markup import plain

if TYPE_CHECKING:
    from bot.domain.answers import Answer, AnsweredFace, FaceAnnotation

NOBODY = {Meaning.STRANGER: "not a member", Meaning.NOT_A_FACE: "not a face"}
REMOVED = "a member removed since"
LONGEST_SAID = 300


def face_line(face: AnsweredFace) -> str:
    """`① **Tzuyu** 97%`, `③ someone I don't know`, `① **Momo** ✓`; `attribution` tells once who said all that."""
    number = circled(face.number)
    if face.annotation is not None:
        told = plain(annotation_in_words(face.annotation))
        return f"{number} **{told}** ✓" if face.annotation.meaning is Meaning.MEMBER else f"{number} {told} ✓"
    name, confidence = name_and_confidence(face.guess)
    return f"{number} **{plain(name)}** {confidence}" if name else f"{number} {UNKNOWN}"


def face_in_words(face: AnsweredFace) -> str:
    """`① Tzuyu 97%`, `① Momo`: the face's line without markup or mention."""
    return (
        f"{circled(face.number)} {annotation_in_words(face.annotation) if face.annotation else guess_text(face.guess)}"
    )


def attribution(answer: Answer) -> str | None:
    """`✓ said by @mina`, or `✓ ① said by @mina · ② ③ said by @mod`; None where nobody said anything."""
    faces: dict[int, list[str]] = {}
    for picture, face in answer.faces:
        if face.annotation is not None:
            where = f"picture {picture.position + 1} " if len(answer.pictures) > 1 else ""
            faces.setdefault(face.annotation.author_id, []).append(f"{where}{circled(face.number)}")
    if not faces:
        return None
    if len(faces) == 1:
        return f"✓ said by <@{next(iter(faces))}>"
    parts = [f"{' '.join(numbers)} said by <@{person}>" for person, numbers in faces.items()]
    told = f"✓ {' · '.join(parts)}"
    return told if len(told) <= LONGEST_SAID else f"✓ said by {len(faces)} people"


def face_alt_text(face: AnsweredFace) -> str:
    """The same beside a picture: where that carries another name, it is told that it does."""
    told = face_in_words(face)
    return f"{told}, still drawn as {face.drawn or 'nobody I know'}" if face.is_drawn_otherwise else told


def suggestion_line(annotation: FaceAnnotation) -> str:
    """`Suggested: **Momo**, by @fan`."""
    told = plain(annotation_in_words(annotation))
    return f"Suggested: {f'**{told}**' if annotation.meaning is Meaning.MEMBER else told}, by <@{annotation.author_id}>"


def annotation_in_words(annotation: FaceAnnotation) -> str:
    """The member that an annotation names or denies, or that it names nobody."""
    name = annotation.name or REMOVED
    return {Meaning.MEMBER: name, Meaning.NOT_MEMBER: f"not {name}"}.get(annotation.meaning) or NOBODY[
        annotation.meaning
    ]
