"""Charts: the confusion matrix of an evaluation or a report, and the screen time of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, log10
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from models.drawing.fonts import drawable, font, shorten
from models.drawing.theme import (
    BLUE,
    DIM,
    EMPTY,
    GAP,
    GREY,
    LIGHT,
    ORANGE,
    PAGE_WIDTH,
    SMALL_TEXT_SIZE,
    TEXT_SIZE,
    blend,
    content_top,
    draw_vertical_text,
    page,
    text_colour_on,
    to_png,
)
from models.learning.evaluation import CURVE
from models.learning.report import PhotoNeed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.learning.evaluation import Evaluation
    from models.learning.report import GalleryReport, MemberAccuracy

_TEXT: Final = 18
_CELL: Final = 56
_LABEL: Final = 150
_PLOT: Final = 480
_NOBODY: Final = "nobody"
_TICKS: Final = (0.01, 0.05, 0.1, 0.3, 1.0)

_LONGEST_NAME: Final = 180
_BAR: Final = 150
_SUBTITLE: Final = "photos it had never seen, and the names they got"
_ROW: Final = 52
_ROWS: Final = 14
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_MAX_TICKS: Final = 8
_NEEDS: Final = {PhotoNeed.FEW: "needs more", PhotoNeed.UNRELIABLE: "needs better ones"}


@dataclass(frozen=True, slots=True)
class ScreenTime:
    """The screen time of one person. `spans`: (start, end) in seconds of the clip. `together`: their sum, in words. `known`:
    whether the person is a member.
    """

    name: str
    spans: tuple[tuple[float, float], ...]
    together: str
    known: bool


def evaluation_chart(group: str, evaluation: Evaluation) -> bytes:
    """A PNG: on the left the confusion matrix with rows in percent, on the right TPIR against FPIR."""
    rows, columns = evaluation.confusion.shape
    wide = _LABEL + columns * _CELL
    trials = f"{evaluation.trials} trial{'' if evaluation.trials == 1 else 's'}"
    title = f"{group}: {evaluation.photos:.1f} photos a member, {trials}, {evaluation.version}"
    subtitle = "left: whose photos (rows) got which name, in per cent; right: right names as strangers get some too"
    top = content_top(subtitle)
    height = top + _LABEL + max(rows * _CELL, _PLOT) + 2 * GAP
    image, draw = page(wide + _PLOT + _LABEL + 4 * GAP, height, title, subtitle)
    _draw_confusion(image, evaluation, (GAP, top))
    _draw_curve(draw, evaluation, (wide + 3 * GAP + 40, top + _LABEL))
    return to_png(image)


def _draw_confusion(image: Image.Image, evaluation: Evaluation, corner: tuple[int, int]) -> None:
    draw = ImageDraw.Draw(image)
    members = [drawable(member.name) for member in evaluation.members]
    left, top = corner[0] + _LABEL, corner[1] + _LABEL
    for column, name in enumerate([*members, _NOBODY]):
        ink = LIGHT if column < len(members) else DIM
        draw_vertical_text(image, (left + column * _CELL, corner[1]), (_CELL, _LABEL - 8), name, _TEXT, ink)
    for row, name in enumerate([*members, *map(drawable, evaluation.sources)]):
        middle = top + (row + 0.5) * _CELL
        ink = LIGHT if row < len(members) else DIM
        draw.text((left - 8, middle), shorten(name, _TEXT, _LABEL - 8), ink, font(_TEXT), anchor="rm")
        total = max(int(evaluation.confusion[row].sum()), 1)
        for column, count in enumerate(evaluation.confusion[row].tolist()):
            wanted = column == row if row < len(members) else column == len(members)
            x, y = left + column * _CELL, top + row * _CELL
            share = count / total
            hue = BLUE if wanted else GREY if column == len(members) else ORANGE
            # The square root keeps one wrong name in fifty visible.
            colour = blend(EMPTY, hue, share**0.5)
            draw.rectangle((x, y, x + _CELL - 3, y + _CELL - 3), colour)
            if count:
                text = f"{100 * share:.0f}" if share >= 0.01 else "<1"
                middle = x + (_CELL - 3) / 2, y + (_CELL - 3) / 2
                draw.text(middle, text, text_colour_on(colour), font(_TEXT), anchor="mm")


def _draw_curve(draw: ImageDraw.ImageDraw, evaluation: Evaluation, corner: tuple[int, int]) -> None:
    left, top = corner
    bottom = top + _PLOT
    first = log10(CURVE[0])

    def across(fpir: float) -> float:
        return left + _PLOT * (1 - log10(fpir) / first)

    for share in range(0, 101, 20):
        y = bottom - _PLOT * share / 100
        draw.line((left, y, left + _PLOT, y), EMPTY, 2)
        draw.text((left - 8, y), f"{share}", DIM, font(_TEXT), anchor="rm")
    for fpir in _TICKS:
        draw.line((across(fpir), top, across(fpir), bottom), EMPTY, 2)
        draw.text((across(fpir), bottom + 6), f"{100 * fpir:.0f}", DIM, font(_TEXT), anchor="ma")
    if not isnan(evaluation.curve[0]):
        points = [(across(fpir), bottom - _PLOT * tpir) for fpir, tpir in zip(CURVE, evaluation.curve, strict=True)]
        draw.line(points, BLUE, 4, "curve")
    draw.text((left, top - 12), "right names, %", LIGHT, font(_TEXT), anchor="lb")
    draw.text((left + _PLOT, bottom + 32), "strangers named, %", LIGHT, font(_TEXT), anchor="ra")


def report_chart(title: str, report: GalleryReport) -> bytes:
    """A PNG: the confusion matrix of held-out photos, and beside each member the share of right names and the need for
    photos."""
    members = len(report.members)
    cell = 48 if members <= 12 else 38 if members <= 20 else 32
    text = round(cell * 0.44)
    names = [shorten(drawable(accuracy.member.name), text, _LONGEST_NAME) for accuracy in report.members]
    label = round(max(font(text).getlength(name) for name in [*names, _NOBODY])) + 12
    left, top = GAP + label, content_top(_SUBTITLE) + label
    beside = left + (members + 1) * cell + GAP
    texts = [_row_texts(accuracy) for accuracy in report.members]
    # The right edge of each text column; shares are aligned right, the other two left.
    ends = [beside + _BAR]
    for column in range(3):
        widest = max((font(text).getlength(words[column]) for words in texts), default=0.0)
        ends.append(ends[-1] + round(widest) + (text if widest else 0))
    legend = [(BLUE, "right name"), (ORANGE, "another's name"), (GREY, "no name")]
    steps = [round(font(_TEXT).getlength(words)) + 2 * GAP for _, words in legend]
    right = max(ends[-1], left + sum(steps), GAP + round(font(SMALL_TEXT_SIZE).getlength(_SUBTITLE)))
    image, draw = page(right + GAP, top + members * cell + 3 * GAP, title, _SUBTITLE)
    for column, name in enumerate([*names, _NOBODY]):
        ink = DIM if column == members else LIGHT
        draw_vertical_text(image, (left + column * cell, top - label), (cell, label - 8), name, text, ink)
    for row, (name, accuracy) in enumerate(zip(names, report.members, strict=True)):
        y = top + row * cell
        middle = y + (cell - 3) / 2
        draw.text((left - 10, middle), name, LIGHT, font(text), anchor="rm")
        _draw_counts(draw, report.confusion[row].tolist(), row, (left, y), cell)
        draw.rectangle((beside, y + cell // 3, beside + _BAR, y + 2 * cell // 3 - 3), EMPTY)
        if accuracy.share:
            draw.rectangle((beside, y + cell // 3, beside + _BAR * accuracy.share, y + 2 * cell // 3 - 3), BLUE)
        share, photos, need = texts[row]
        draw.text((ends[1], middle), share, LIGHT, font(text), anchor="rm")
        draw.text((ends[1] + text, middle), photos, DIM, font(text), anchor="lm")
        draw.text((ends[2] + text, middle), need, ORANGE, font(text), anchor="lm")
    x, y = left, image.height - 2 * GAP
    for (hue, words), step in zip(legend, steps, strict=True):
        draw.rectangle((x, y, x + _TEXT, y + _TEXT), hue)
        draw.text((x + _TEXT + 8, y + _TEXT / 2), words, DIM, font(_TEXT), anchor="lm")
        x += step
    return to_png(image)


def screen_time_chart(
    title: str, length: float, people: Sequence[ScreenTime], written: Callable[[float], str]
) -> bytes:
    """A PNG: a row a person, in their order, with bars for the times on screen in a clip of `length` seconds.

    It has fourteen rows, and a count of the others. `written`: formats a time below the axis.
    """
    shown, left_out = people[:_ROWS], len(people[_ROWS:])
    names = [shorten(drawable(person.name), TEXT_SIZE, 1.5 * _LONGEST_NAME) for person in shown]
    totals = [person.together for person in shown]
    face = font(TEXT_SIZE)
    left = GAP + round(max(map(face.getlength, names), default=0.0)) + 20
    right = PAGE_WIDTH - GAP - round(max(map(face.getlength, totals), default=0.0)) - 20
    top = content_top()
    bottom = top + max(len(shown), 1) * _ROW
    height = bottom + TEXT_SIZE + GAP + (TEXT_SIZE + GAP // 2 if left_out else 0)
    image, draw = page(PAGE_WIDTH, height, title)

    def across(seconds: float) -> float:
        return left + (right - left) * min(max(seconds / length, 0.0), 1.0) if length > 0 else float(left)

    for seconds in axis_ticks(length):
        draw.line((across(seconds), top, across(seconds), bottom), EMPTY, 2)
        draw.text((across(seconds), bottom + 8), written(seconds), DIM, face, anchor="ma")
    for row, (person, name, total) in enumerate(zip(shown, names, totals, strict=True)):
        y = top + row * _ROW
        middle = y + _ROW / 2
        draw.text((left - 20, middle), name, LIGHT if person.known else DIM, face, anchor="rm")
        draw.line((left, middle, right, middle), EMPTY, 2)
        for start, end in person.spans:
            # Three pixels at least, so that a short span is visible.
            span = (across(start), y + 12, max(across(end), across(start) + 3), y + _ROW - 12)
            draw.rectangle(span, BLUE if person.known else GREY)
        draw.text((PAGE_WIDTH - GAP, middle), total, LIGHT if person.known else DIM, face, anchor="rm")
    if left_out:
        draw.text((GAP, height - GAP // 2), f"and {left_out} more", DIM, face, anchor="ls")
    return to_png(image)


def axis_ticks(length: float) -> range:
    """The labelled seconds of an axis of `length` seconds, from 0 on."""
    step = next((step for step in _STEPS if length / step < _MAX_TICKS), _STEPS[-1])
    return range(0, int(length) + 1, step)


def _draw_counts(draw: ImageDraw.ImageDraw, counts: list[int], row: int, corner: tuple[int, int], cell: int) -> None:
    """One row of the confusion matrix; the last column is for no name."""
    side, size = cell - 3, round(cell * 0.44)
    for column, count in enumerate(counts):
        x, y = corner[0] + column * cell, corner[1]
        hue = BLUE if column == row else GREY if column == len(counts) - 1 else ORANGE
        # The minimum makes a single wrong name among many visible.
        share = 0.35 + 0.65 * count / sum(counts) if count else 0.0
        colour = blend(EMPTY, hue, share)
        draw.rectangle((x, y, x + side, y + side), colour)
        if count:
            ink = text_colour_on(colour)
            draw.text((x + side / 2, y + side / 2), str(count), ink, font(size), anchor="mm")


def _row_texts(accuracy: MemberAccuracy) -> tuple[str, str, str]:
    share = f"{accuracy.right} of {accuracy.asked}" if accuracy.asked else "—"
    photos = f"{accuracy.photos} photo" + ("" if accuracy.photos == 1 else "s")
    return share, photos, _NEEDS[accuracy.need] if accuracy.need else ""
