"""The events of an ASS file: boxes and labels that follow faces through the frames of a clip.

libass looks through all events for every frame. So frames through which a box moves evenly share an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from bot.media.clips.ass_paths import outline
from bot.media.clips.caption_labels import CaptionLayer, frame_side
from bot.media.clips.label_placement import linear_spans
from models.faces import ConfidenceBand

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from pysubs2 import SSAFile

    from bot.media.clips.caption_labels import CaptionLabel
    from bot.media.clips.label_placement import Rows

FONT: Final = "Noto Sans CJK TC Regular"
"""The family name that libass uses for the font of `models.drawing.fonts`; other libraries use the typographic family."""

_STEADY, _LABEL_STEADY = 1.0, 2.0
"""Pixels at 720p by which an edge of a box, or a label, may lie off its place so that frames share an event."""

_PLATE, _WHITE = (24, 25, 30), (255, 255, 255)
_PLATE_ALPHA: Final = 0x30


@dataclass(frozen=True, slots=True, eq=False)
class FrameClock:
    """When frames are shown: `times` in seconds, (n,), and the n + 1 `borders` between them in hundredths of a second."""

    times: NDArray[np.float64]
    borders: NDArray[np.int64]


def new_file(size: tuple[int, int]) -> SSAFile:
    """An ASS file without events for frames of this size, (width, height)."""
    from pysubs2 import Alignment, Color, SSAFile, SSAStyle

    from models.drawing.markers import COLOURS

    file = SSAFile()
    file.info |= {"PlayResX": str(size[0]), "PlayResY": str(size[1]), "WrapStyle": "2", "YCbCr Matrix": "None"}
    file.styles.clear()
    colours = {**{band.value: COLOURS[band] for band in ConfidenceBand}, "text": _WHITE, "plate": _PLATE}
    for name, colour in colours.items():
        file.styles[name] = SSAStyle(
            fontname=FONT,
            primarycolor=Color(*colour, _PLATE_ALPHA if name == "plate" else 0),
            outline=0.0,
            shadow=0.0,
            alignment=Alignment.TOP_LEFT,
            **dict.fromkeys(("marginl", "marginr", "marginv"), 0),
        )
    return file


def frame_clock(times: NDArray[np.float64]) -> FrameClock:
    """The clock of frames with these times in seconds. Borders lie halfway, since libass rounds down to hundredths."""
    import numpy as np

    middles = np.rint((times[:-1] + times[1:]) / 2 * 100 + 0.05)
    first = max(0, floor(times[0] * 100) - 1)
    return FrameClock(times, np.array([first, *middles, ceil(times[-1] * 100) + 100], np.int64))


def draw_box(
    file: SSAFile, clock: FrameClock, first: int, boxes: Rows, band: ConfidenceBand, size: tuple[int, int]
) -> None:
    """Draw the box of a face through its track.

    `first`: the number of the track's first frame. `boxes`: (n, 4). `size`: (width, height) of the frame.
    """
    import numpy as np

    lengths = np.median(boxes[:, 2:] - boxes[:, :2], 0)
    line = min(max(2, ceil(max(size) / 480)), max(2, round(float(lengths.min()) / 22)))
    steady = _STEADY * max(1.0, frame_side(size) / 960)
    for start, end in linear_spans(boxes, steady):
        width, height = (
            max(2 * line + 4, round(float(length)))
            for length in (boxes[start, 2:] + boxes[end, 2:] - boxes[start, :2] - boxes[end, :2]) / 2
        )
        corners = [(boxes[at, :2] + boxes[at, 2:] - (width, height)) / 2 for at in (start, end)]
        for left, top, path in outline(width, height, line, band):
            drawing = f"{{\\an7\\p1}}{path}"
            _write(
                file, clock, (first + start, first + end), corners, (left, top), CaptionLayer.BOXES, band.value, drawing
            )


def draw_label(
    file: SSAFile, clock: FrameClock, first: int, corners: Rows, label: CaptionLabel, size: tuple[int, int]
) -> None:
    """Draw a label through its track; `corners`: its left and top in each frame, (n, 2)."""
    for start, end in linear_spans(corners, _LABEL_STEADY * max(1.0, frame_side(size) / 960)):
        for part in label.parts:
            _write(
                file,
                clock,
                (first + start, first + end),
                (corners[start], corners[end]),
                (part.left, part.top),
                part.layer,
                part.style,
                part.text,
            )


def _write(
    file: SSAFile,
    clock: FrameClock,
    frames: tuple[int, int],
    corners: Sequence[NDArray[np.float64]],
    offset: tuple[float, float],
    layer: int,
    style: str,
    text: str,
) -> None:
    """Add an event for the frames (first, last) that moves evenly from the first corner to the second."""
    from pysubs2 import SSAEvent

    first, last = frames
    start, end = (10 * int(clock.borders[at]) for at in (first, last + 1))
    (x, y), (to_x, to_y) = (
        (round(float(corner[0]) + offset[0], 1), round(float(corner[1]) + offset[1], 1)) for corner in corners
    )
    where = f"\\pos({x:g},{y:g})"
    if last > first and (x, y) != (to_x, to_y):
        begin, done = (round(1000 * float(clock.times[at])) - start for at in (first, last))
        where = f"\\move({x:g},{y:g},{to_x:g},{to_y:g},{begin},{done})"
    if end > start:
        file.append(SSAEvent(start=start, end=end, layer=layer, style=style, text=f"{{{where}{text[1:]}"))
