"""The picture of who is on screen when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.wording import circled, duration, time_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.answers import Answer
    from bot.clips.standing import OnScreen


def screen_time(title: str, length: float, answer: Answer, cast: Sequence[OnScreen]) -> bytes:
    """The screen-time chart of a clip of `length` seconds, as a PNG: everybody of `cast` by who they count as now."""
    from models.charts import ScreenTime, screen_time_chart

    faces = {face.number: face for _, face in answer.faces}
    people = [
        ScreenTime(
            f"{circled(face.number)} {face.name or 'unknown'}", one.spans, duration(one.seconds), face.name is not None
        )
        for one in cast
        if (face := faces.get(one.number)) is not None and not face.is_no_face
    ]
    return screen_time_chart(title, length, people, time_code)
