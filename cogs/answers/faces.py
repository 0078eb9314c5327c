"""The text for a face: with markup for cards, without for alt texts and menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.enums import Meaning
from bot.text.faces import UNKNOWN, guess_text, name_and_confidence
from bot.text.formatting import circled
from cogs.common.markup import plain

if TYPE_CHECKING:
    from bot.domain.answers import Answer, AnsweredFace, FaceAnnotation

NOBODY = {Meaning.STRANGER: "not a member", Meaning.NOT_A_FACE: "not a face"}
REMOVED = "a member removed since"
LONGEST_ATTRIBUTION = 300
"""Characters. A longer attribution gives the number of people instead of their mentions."""


def face_line(face: AnsweredFace) -> str:
    """`① **Tzuyu** 97%`, `③ someone I don't know`, `① **Momo** ✓`. `attribution` names the people behind the ✓."""
    number = circled(face.number)
    if face.annotation is not None:
        label = plain(annotation_text(face.annotation))
        return f"{number} **{label}** ✓" if face.annotation.meaning is Meaning.MEMBER else f"{number} {label} ✓"
    name, confidence = name_and_confidence(face.guess)
    return f"{number} **{plain(name)}** {confidence}" if name else f"{number} {UNKNOWN}"


def face_text(face: AnsweredFace) -> str:
    """`① Tzuyu 97%`, `① Momo`: the face's line without markup or mention."""
    return f"{circled(face.number)} {annotation_text(face.annotation) if face.annotation else guess_text(face.guess)}"


def attribution(answer: Answer) -> str | None:
    """`✓ said by @mina`, or `✓ ① said by @mina · ② ③ said by @mod`; None without annotations."""
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
    text = f"✓ {' · '.join(parts)}"
    return text if len(text) <= LONGEST_ATTRIBUTION else f"✓ said by {len(faces)} people"


def face_alt_text(face: AnsweredFace) -> str:
    """`face_text`, and the name in the picture where that is another: `① Momo, still drawn as Sana`."""
    text = face_text(face)
    return f"{text}, still drawn as {face.drawn or 'nobody I know'}" if face.is_drawing_outdated else text


def suggestion_line(annotation: FaceAnnotation) -> str:
    """`Suggested: **Momo**, by @fan`."""
    label = plain(annotation_text(annotation))
    return (
        f"Suggested: {f'**{label}**' if annotation.meaning is Meaning.MEMBER else label}, by <@{annotation.author_id}>"
    )


def annotation_text(annotation: FaceAnnotation) -> str:
    """`Momo`, `not Momo`, `not a member`, `not a face`."""
    name = annotation.name or REMOVED
    return {Meaning.MEMBER: name, Meaning.NOT_MEMBER: f"not {name}"}.get(annotation.meaning) or NOBODY[
        annotation.meaning
    ]
