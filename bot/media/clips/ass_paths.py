"""Paths in the drawing commands of ASS: rounded plates, and the boxes around faces. All lengths are pixels of the frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from models.faces import ConfidenceBand

_CURVE: Final = 0.5523
"""The length of the handles of a quarter circle, in radii."""


def rounded(width: float, height: float, radius: float) -> str:
    """The path of a rounded rectangle."""
    far = radius * (1 - _CURVE)
    corners = (
        ((0, radius), (0, far), (far, 0), (radius, 0)),
        ((width - radius, 0), (width - far, 0), (width, far), (width, radius)),
        ((width, height - radius), (width, height - far), (width - far, height), (width - radius, height)),
        ((radius, height), (far, height), (0, height - far), (0, height - radius)),
    )
    return "m " + " l ".join(
        f"{_point(start)} b {_point(one)} {_point(other)} {_point(end)}" for start, one, other, end in corners
    )


def outline(width: int, height: int, line: int, band: ConfidenceBand) -> list[tuple[int, int, str]]:
    """A box as up to four paths, each with its left and top: solid, dashed or corners alone by band, as on pictures.

    For a single path, libass would blend all pixels of the face.
    """
    from models.drawing.markers import edge_strokes

    short = min(width, height)
    radius = min(max(line + 1, min(round(short * 0.14), 7 * line)), short // 2 - 1)
    along, down = edge_strokes(radius, width - radius, line, band), edge_strokes(radius, height - radius, line, band)
    parts: list[tuple[int, int, str]] = []
    for low, edge in ((False, 0), (True, radius - line)):
        path = [_corner(width, radius, line, right=right, low=low) for right in (False, True)]
        path += [_bar(start, edge, end, edge + line) for start, end in along]
        parts.append((0, height - radius if low else 0, " ".join(path)))
    if down:
        top = down[0][0]
        path = " ".join(_bar(0, start - top, line, end - top) for start, end in down)
        parts += [(0, top, path), (width - line, top, path)]
    return parts


def _corner(width: int, radius: int, line: int, *, right: bool, low: bool) -> str:
    """A quarter of a ring, in a stripe as high as its radius."""

    def at(x: float, y: float) -> str:
        return _point((width - x if right else x, radius - y if low else y))

    far, inner = radius * (1 - _CURVE), line + (radius - line) * (1 - _CURVE)
    return (
        f"m {at(0, radius)} b {at(0, far)} {at(far, 0)} {at(radius, 0)} l {at(radius, line)} "
        f"b {at(inner, line)} {at(line, inner)} {at(line, radius)}"
    )


def _bar(left: float, top: float, right: float, bottom: float) -> str:
    return f"m {_point((left, top))} l {_point((right, top))} {_point((right, bottom))} {_point((left, bottom))}"


def _point(point: tuple[float, float]) -> str:
    return f"{round(point[0], 1):g} {round(point[1], 1):g}"
