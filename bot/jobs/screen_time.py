"""The picture of who is on screen when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.clips import together
from bot.text.formatting import circled, duration, time_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.answers import Answer
    from bot.domain.clips import OnScreen


def screen_time(title: str, length: float, answer: Answer, cast: Sequence[OnScreen]) -> bytes:
    """The screen-time chart of a clip of `length` seconds, as a PNG: everybody of `cast` by who they count as now.

    Those whom nobody could name have one row together.
    """
    from models.drawing.charts import ScreenTime, screen_time_chart

    faces = {face.number: face for _, face in answer.faces}
    seen = [(faces[one.number], one) for one in cast if one.number in faces]
    unknown = [one for face, one in seen if face.is_unknown]
    people = [
        ScreenTime(
            f"{circled(face.number)} {face.name or 'unknown'}", one.spans, duration(one.seconds), face.name is not None
        )
        for face, one in seen
        if not face.is_no_face and not (face.is_unknown and len(unknown) > 1)
    ]
    if len(unknown) > 1:
        spans, seconds = together(one.spans for one in unknown)
        people.append(ScreenTime(f"{len(unknown)} unknown people", spans, duration(seconds), known=False))
    return screen_time_chart(title, length, people, time_code)
