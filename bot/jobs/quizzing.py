"""The quiz: crops as large as they are shown, and what somebody knows as a picture."""

from __future__ import annotations

from dataclasses import astuple
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.quiz import KnownMember

SHOWN_SIDE = 640
"""Pixels a side at which a crop is shown, whatever it was cut out at, so that its size says nothing."""


def enlarge(crops: Sequence[bytes]) -> list[bytes | None]:
    """Crops (JPEG) at `SHOWN_SIDE`, written anew, so that nothing but their pixels is shown; None for what is no picture."""
    return [_enlarged(crop) for crop in crops]


def quiz_stats_chart(title: str, members: Sequence[KnownMember], mixed_up: Sequence[tuple[str, str, int]]) -> bytes:
    """What somebody knows, as a PNG. `mixed_up`: the names of two members, and how often they were taken for each other."""
    from models.drawing.quiz_stats import ConfusedPair, MemberKnowledge
    from models.drawing.quiz_stats import quiz_stats_chart as draw

    return draw(title, [MemberKnowledge(*astuple(one)) for one in members], [ConfusedPair(*pair) for pair in mixed_up])


def _enlarged(crop: bytes) -> bytes | None:
    import numpy as np
    from PIL import Image

    from models.drawing.annotate import encode_jpeg

    try:
        picture = Image.open(BytesIO(crop)).convert("RGB")
    except (OSError, SyntaxError, ValueError):  # what Pillow raises for files that are broken, or cut off
        return None
    return encode_jpeg(np.asarray(picture.resize((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS)))
