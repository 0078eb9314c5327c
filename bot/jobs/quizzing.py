"""The quiz: crops as large as they are shown, and what somebody knows as a picture."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN_SIDE = 640
"""Pixels a side at which a crop is shown, whatever it was cut out at, so that its size says nothing."""


@dataclass(frozen=True, slots=True)
class KnownMember:
    """How well a member is known, as `models.known.Known` has it."""

    name: str
    stability: float | None
    seen: int
    right: int
    lasts: str
    due: str


def enlarge(crops: Sequence[bytes]) -> list[bytes]:
    """Crops (JPEG) at `SHOWN_SIDE`, written anew, so that nothing but their pixels is shown."""
    import numpy as np
    from PIL import Image

    from models.drawing import encode_jpeg

    size = (SHOWN_SIDE, SHOWN_SIDE)
    opened = [Image.open(BytesIO(crop)).convert("RGB").resize(size, Image.Resampling.LANCZOS) for crop in crops]
    return [encode_jpeg(np.asarray(crop)) for crop in opened]


def known_chart(title: str, members: Sequence[KnownMember], mixed_up: Sequence[tuple[str, str, int]]) -> bytes:
    """What somebody knows, as a PNG. `mixed_up`: the names of two members, and how often they were taken for each other."""
    from models.known import Known, MixedUp
    from models.known import known_chart as draw

    return draw(title, [Known(*astuple(one)) for one in members], [MixedUp(*pair) for pair in mixed_up])
