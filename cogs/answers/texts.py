"""The sentences of an answer, its faces and its details: with markup for cards, without for alt texts and menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.answers import MAX_CANDIDATES
from bot.domain.enums import AnnotationMeaning
from bot.text.faces import UNKNOWN, faces_left_out, guess_text, name_and_confidence
from bot.text.formatting import circled, percent
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.layout import bar
from cogs.common.markup import code, plain
from models.faces import GuessBasis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.answers import Answer, AnsweredFace, AnsweredPicture, FaceAnnotation
    from models.faces import FaceFlaw

ALL_RIGHT, FIX_A_FACE, DETAILS, HIDE, UNDO = "All right", "Fix a face", "Details", "Hide", "Undo"
"""The labels of the buttons under an answer."""

NO_FACE = "I see no face in it. A larger or clearer picture helps."
NOT_KEPT = "-# I could not keep this answer, so nobody can correct it later."
DRAWING_OUTDATED = "-# The picture still carries the names from before."
NOBODY = {AnnotationMeaning.STRANGER: "not a member", AnnotationMeaning.NOT_A_FACE: "not a face"}
REMOVED = "a member removed since"
LONGEST_ATTRIBUTION = 300
"""Characters. A longer attribution gives the number of people instead of their mentions."""

BASIS_SENTENCES = {
    GuessBasis.CONTEXT: "By itself this face is rather nobody's, as below. Only the others beside it speak for {name}.",
    GuessBasis.ELIMINATION: (
        "The other faces have the other names of the group, so that {name} is left. By itself the face says what is below."
    ),
}
"""The reason for a name that the face alone does not support."""

BAR = 12
"""Characters of a bar that stands for a confidence of 100%."""


def refusal_line(picture: AnsweredPicture) -> str:
    """The reason why a picture could not be read."""
    return f"⚠️ **{plain(picture.name)}**: {plain(picture.refusal or '')}."


def picture_heading(picture: AnsweredPicture, *, several: bool) -> str | None:
    """`Picture 2 · TWICE` in small print: the number if there are several, and the group; None without both."""
    heading = [picture_number(picture)] if several else []
    heading += [plain(picture.group_name)] if picture.group_name else []
    return f"-# {' · '.join(heading)}" if heading else None


def left_out_line(picture: AnsweredPicture) -> str:
    """The number of faces that are not named."""
    return f"-# {faces_left_out(len(picture.faces), picture.left_out)}"


def picture_number(picture: AnsweredPicture) -> str:
    """`Picture 2`."""
    return f"Picture {picture.position + 1}"


def picture_alt_text(picture: AnsweredPicture) -> str:
    """The description of a picture for people who can't see it."""
    if not picture.faces:
        return "A picture in which I found no face"
    faces = ", ".join(face_alt_text(face) for face in picture.faces)
    return f"Faces, row by row: {faces}"[:LONGEST_ALT]


def face_line(face: AnsweredFace) -> str:
    """`① **Tzuyu** 97%`, `③ someone I don't know`, `① **Momo** ✓`. `attribution` names the people behind the ✓."""
    number = circled(face.number)
    if face.annotation is not None:
        label = plain(annotation_text(face.annotation))
        return (
            f"{number} **{label}** ✓" if face.annotation.meaning is AnnotationMeaning.MEMBER else f"{number} {label} ✓"
        )
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
    if annotation.meaning is AnnotationMeaning.MEMBER:
        label = f"**{label}**"
    return f"Suggested: {label}, by <@{annotation.author_id}>"


def annotation_text(annotation: FaceAnnotation) -> str:
    """`Momo`, `not Momo`, `not a member`, `not a face`."""
    name = annotation.name or REMOVED
    return {AnnotationMeaning.MEMBER: name, AnnotationMeaning.NOT_MEMBER: f"not {name}"}.get(
        annotation.meaning
    ) or NOBODY[annotation.meaning]


def flaws_line(flaws: Sequence[FaceFlaw]) -> str:
    """The reasons to doubt a guess."""
    return f"-# {' and '.join(flaws)}: harder to tell"


def basis_line(basis: GuessBasis, name: str) -> str | None:
    """The reason for a name that the face alone does not support; None for one that it supports."""
    sentence = BASIS_SENTENCES.get(basis)
    return f"-# {sentence.format(name=plain(name))}" if sentence is not None else None


def share_line(share: float, name: str | None) -> str:
    """A bar, and the confidence of a member's name; None: of a stranger."""
    return f"{bar(share, BAR)} {percent(share)} {UNKNOWN if name is None else plain(name)}"


def details_notes(answer: Answer, negligible_names: Sequence[str], *, negligible: float, max_faces: int) -> str:
    """The engine, the threshold, and the names and faces that are left out.

    `negligible`: the confidence below which a name is not listed. `negligible_names`: those below it for every face.
    """
    notes = f"-# Answered by {code(answer.engine)}; an answer is sure from {percent(answer.threshold)} on."
    names = ", ".join(plain(name) for name in negligible_names)
    if len(answer.faces) > 1:
        notes += f" A name that a face doesn't list has less than {percent(negligible)} for it."
        notes += f" Less than {percent(negligible)} for every face: {names}." if names else ""
    elif names:
        notes += f" Less than {percent(negligible)}: {names}."
    if any(len(face.guess.candidates) >= MAX_CANDIDATES for _, face in answer.faces[:max_faces]):
        notes += f" Of each face I kept the {MAX_CANDIDATES} likeliest names."
    if len(answer.faces) > max_faces:
        notes += f" The first {max_faces} faces are shown."
    return notes
