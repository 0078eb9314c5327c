"""Draw the screen-time chart of a clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.clips import common_screen_time
from bot.text.formatting import circled, duration, time_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.answers import Answer
    from bot.domain.clips import PersonScreenTime


def screen_time_chart(title: str, length: float, answer: Answer, cast: Sequence[PersonScreenTime]) -> bytes:
    """The screen-time chart of a clip of `length` seconds, as a PNG: each person of `cast` by the name in `answer`.

    Two or more unknown people share one row.
    """
    from models.drawing import charts
    from models.drawing.charts import ScreenTime

    faces = {face.number: face for _, face in answer.faces}
    seen = [(faces[person.number], person) for person in cast if person.number in faces]
    unknown = [person for face, person in seen if face.is_unknown]
    rows = [
        ScreenTime(
            f"{circled(face.number)} {face.name or 'unknown'}",
            person.spans,
            duration(person.seconds),
            face.name is not None,
        )
        for face, person in seen
        if not face.is_no_face and not (face.is_unknown and len(unknown) > 1)
    ]
    if len(unknown) > 1:
        spans, seconds = common_screen_time(person.spans for person in unknown)
        rows.append(ScreenTime(f"{len(unknown)} unknown people", spans, duration(seconds), known=False))
    return charts.screen_time_chart(title, length, rows, time_code)
