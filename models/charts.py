"""An evaluation as a picture: who was named as whom, and right names against strangers named."""

from __future__ import annotations

from io import BytesIO
from math import isnan, log10
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from models.evaluation import CURVE
from models.lettering import drawable, font, shorten

if TYPE_CHECKING:
    from models.evaluation import Evaluation

_TEXT: Final = 18
_TITLE: Final = 24
_CELL: Final = 56
_LABEL: Final = 150
_PLOT: Final = 480
_GAP: Final = 32
_INK: Final = (32, 34, 37)
_PALE: Final = (206, 209, 214)
_PAPER: Final = (255, 255, 255)
_BLUE: Final = (29, 92, 178)
_RED: Final = (190, 48, 40)
_NOBODY: Final = "nobody"
_TICKS: Final = (0.01, 0.05, 0.1, 0.3, 1.0)


def evaluation_chart(group: str, evaluation: Evaluation) -> bytes:
    """A PNG: the confusion matrix at the left, each row in per cent of its photos; TPIR against FPIR at the right."""
    rows, columns = evaluation.confusion.shape
    wide = _LABEL + columns * _CELL
    size = (wide + _PLOT + _LABEL + 4 * _GAP, max(rows * _CELL, _PLOT) + _LABEL + _TITLE + 3 * _GAP)
    image = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(image)
    title = (
        f"{drawable(group)}: {evaluation.photos:.1f} photos a member, {evaluation.trials} trials, {evaluation.version}"
    )
    draw.text((_GAP, _GAP // 2), shorten(title, _TITLE, size[0] - 2 * _GAP), _INK, font(_TITLE))
    _draw_confusion(image, evaluation, (_GAP, 2 * _GAP + _TITLE))
    _draw_curve(draw, evaluation, (wide + 3 * _GAP + 40, 2 * _GAP + _TITLE))
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _draw_confusion(image: Image.Image, evaluation: Evaluation, corner: tuple[int, int]) -> None:
    draw = ImageDraw.Draw(image)
    members = [drawable(member.name) for member in evaluation.roster]
    left, top = corner[0] + _LABEL, corner[1] + _LABEL
    for column, name in enumerate([*members, _NOBODY]):
        # Upright text is drawn aside and turned, so that long names have room.
        label = Image.new("RGB", (_LABEL - 8, _CELL), _PAPER)
        ImageDraw.Draw(label).text((0, _CELL / 2), shorten(name, _TEXT, _LABEL - 8), _INK, font(_TEXT), anchor="lm")
        image.paste(label.rotate(90, expand=True), (left + column * _CELL, corner[1]))
    for row, name in enumerate([*members, *map(drawable, evaluation.sources)]):
        middle = top + (row + 0.5) * _CELL
        draw.text((left - 8, middle), shorten(name, _TEXT, _LABEL - 8), _INK, font(_TEXT), anchor="rm")
        total = max(int(evaluation.confusion[row].sum()), 1)
        for column, count in enumerate(evaluation.confusion[row].tolist()):
            wanted = column == row if row < len(members) else column == len(members)
            x, y = left + column * _CELL, top + row * _CELL
            share = count / total
            hue = _BLUE if wanted else _PALE if column == len(members) else _RED
            # The root lets one wrong name in fifty be seen.
            draw.rectangle((x, y, x + _CELL - 2, y + _CELL - 2), _mixed(hue, share**0.5))
            if count:
                text = f"{100 * share:.0f}" if share >= 0.01 else "<1"
                ink = _PAPER if share > 0.4 and hue != _PALE else _INK
                draw.text((x + _CELL / 2, y + _CELL / 2), text, ink, font(_TEXT), anchor="mm")


def _draw_curve(draw: ImageDraw.ImageDraw, evaluation: Evaluation, corner: tuple[int, int]) -> None:
    left, top = corner
    bottom = top + _PLOT
    first = log10(CURVE[0])

    def across(fpir: float) -> float:
        return left + _PLOT * (1 - log10(fpir) / first)

    for share in range(0, 101, 20):
        y = bottom - _PLOT * share / 100
        draw.line((left, y, left + _PLOT, y), _PALE)
        draw.text((left - 8, y), f"{share}", _INK, font(_TEXT), anchor="rm")
    for fpir in _TICKS:
        draw.line((across(fpir), top, across(fpir), bottom), _PALE)
        draw.text((across(fpir), bottom + 6), f"{100 * fpir:.0f}", _INK, font(_TEXT), anchor="ma")
    if not isnan(evaluation.curve[0]):
        points = [(across(fpir), bottom - _PLOT * tpir) for fpir, tpir in zip(CURVE, evaluation.curve, strict=True)]
        draw.line(points, _BLUE, 3, "curve")
    draw.text((left, top - 8), "right names, %", _INK, font(_TEXT), anchor="lb")
    draw.text((left + _PLOT, bottom + 32), "strangers named, %", _INK, font(_TEXT), anchor="ra")


def _mixed(colour: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 + (part - 255) * min(share, 1.0)) for part in colour)
    return red, green, blue
