"""The pictures of the quiz: enlarged crops, and the chart of a player's knowledge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.jobs.pictures import open_crop
from bot.text.quiz import next_question_time, retention_time, stats_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.quiz import QuizMemberStats

SHOWN_SIDE = 640
"""The side of a crop in the quiz, in pixels. All have the same size, so that the size gives nothing away."""


def enlarge_crops(crops: Sequence[bytes]) -> list[bytes | None]:
    """Crops at `SHOWN_SIDE` as new JPEGs, which carry only pixels; None for a crop that can't be read."""
    return [_enlarged(crop) for crop in crops]


def quiz_stats_chart(
    group: str | None, members: Sequence[QuizMemberStats], mixed_up: Sequence[tuple[str, str, int]]
) -> bytes:
    """The chart of a player's knowledge of a group, as a PNG. `group`: None for all groups.

    `mixed_up`: the names of two members, and the number of times that they were taken for each other.
    """
    from models.drawing.quiz_stats import ConfusedPair, MemberKnowledge
    from models.drawing.quiz_stats import quiz_stats_chart as draw

    knowledge = [
        MemberKnowledge(
            known.name, known.stability, known.seen, known.right, retention_time(known), next_question_time(known)
        )
        for known in members
    ]
    return draw(stats_title(group), knowledge, [ConfusedPair(*pair) for pair in mixed_up])


def _enlarged(crop: bytes) -> bytes | None:
    import numpy as np
    from PIL import Image

    from models.drawing.annotate import encode_jpeg

    face = open_crop(crop)
    if face is None:
        return None
    enlarged = Image.fromarray(face).resize((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS)
    return encode_jpeg(np.asarray(enlarged))
