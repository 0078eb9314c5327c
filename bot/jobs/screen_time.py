"""The picture of who is on screen when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.wording import circled
from bot.words import Meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.answers import Answer, AnsweredFace
    from bot.clips.standing import OnScreen


def screen_time(title: str, length: float, answer: Answer, cast: Sequence[OnScreen]) -> bytes:
    """The screen-time chart of a clip of `length` seconds, as a PNG: everybody of `cast` by who they count as now."""
    from models.charts import ScreenTime, screen_time_chart

    faces = {face.number: face for _, face in answer.faces}
    people = [
        ScreenTime(
            f"{circled(number)} {_name(faces[number]) or 'unknown'}", one.spans, one.seconds, bool(_name(faces[number]))
        )
        for one in cast
        if (number := one.number) in faces and not _is_no_face(faces[number])
    ]
    return screen_time_chart(title, length, people)


def _name(face: AnsweredFace) -> str | None:
    if face.word is None:
        return face.guess.name
    return face.word.name if face.word.meaning is Meaning.MEMBER else None


def _is_no_face(face: AnsweredFace) -> bool:
    return face.word is not None and face.word.meaning is Meaning.NOT_A_FACE
