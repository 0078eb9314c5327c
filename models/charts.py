"""Figures as pictures: who was named as whom and what that is worth, and who is on screen when."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from math import isnan, log10
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from models.evaluation import CURVE
from models.lettering import drawable, font, shorten
from models.report import Need

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.evaluation import Evaluation
    from models.report import Report, Standing

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

_NIGHT: Final = (24, 25, 30)
_EMPTY: Final = (38, 40, 47)
_LIGHT: Final = (236, 238, 242)
_DIM: Final = (160, 166, 178)
# Blue and orange, the second lighter: told apart by colour-blind eyes too.
_HIT: Final = (86, 160, 255)
_MISS: Final = (255, 159, 28)
_UNNAMED: Final = (150, 156, 168)
_LONGEST_NAME: Final = 180
_BAR: Final = 150
_SUBTITLE: Final = "photos it had never seen, and the names they got"
_WIDE: Final = 1100
"""Twice the width at which Discord shows a picture."""
_ROW: Final = 52
_READ: Final = 28
_ROWS: Final = 14
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_MOST_TICKS: Final = 8
_NEEDS: Final = {Need.FEW: "needs more", Need.UNRELIABLE: "needs better ones"}


@dataclass(frozen=True, slots=True)
class ScreenTime:
    """When somebody is on screen: (start, end) in seconds on the clip's clock, and `together`, in words. `known`: a member."""

    name: str
    spans: tuple[tuple[float, float], ...]
    together: str
    known: bool


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


def report_chart(title: str, report: Report) -> bytes:
    """A PNG: whose unseen photos (rows) got which name (columns), in photos; beside it each member's share and photos."""
    members = len(report.members)
    cell = 48 if members <= 12 else 38 if members <= 20 else 32
    text = round(cell * 0.44)
    names = [shorten(drawable(one.member.name), text, _LONGEST_NAME) for one in report.members]
    label = round(max(font(text).getlength(name) for name in [*names, _NOBODY])) + 12
    left, top = _GAP + label, 3 * _GAP + _TITLE + label
    beside = left + (members + 1) * cell + _GAP
    told = [_told(standing) for standing in report.members]
    # Where each column of words ends: shares stand flush right, the other two flush left.
    ends = [beside + _BAR]
    for column in range(3):
        widest = max((font(text).getlength(words[column]) for words in told), default=0.0)
        ends.append(ends[-1] + round(widest) + (text if widest else 0))
    legend = [(_HIT, "right name"), (_MISS, "another's name"), (_UNNAMED, "no name")]
    steps = [round(font(_TEXT).getlength(words)) + 2 * _GAP for _, words in legend]
    right = max(ends[-1], left + sum(steps), _GAP + round(font(_TEXT).getlength(_SUBTITLE)))
    image = Image.new("RGB", (right + _GAP, top + members * cell + 3 * _GAP), _NIGHT)
    draw = ImageDraw.Draw(image)
    draw.text((_GAP, _GAP // 2), shorten(drawable(title), _TITLE, right - _GAP), _LIGHT, font(_TITLE))
    draw.text((_GAP, _GAP + _TITLE), _SUBTITLE, _DIM, font(_TEXT))
    for column, name in enumerate([*names, _NOBODY]):
        turned = Image.new("RGB", (label, cell), _NIGHT)
        ink = _DIM if column == members else _LIGHT
        ImageDraw.Draw(turned).text((8, cell / 2), name, ink, font(text), anchor="lm")
        image.paste(turned.rotate(90, expand=True), (left + column * cell, top - label))
    for row, (name, standing) in enumerate(zip(names, report.members, strict=True)):
        y = top + row * cell
        middle = y + (cell - 3) / 2
        draw.text((left - 10, middle), name, _LIGHT, font(text), anchor="rm")
        _draw_counts(draw, report.confusion[row].tolist(), row, (left, y), cell)
        draw.rectangle((beside, y + cell // 3, beside + _BAR, y + 2 * cell // 3 - 3), _EMPTY)
        if standing.right:
            draw.rectangle((beside, y + cell // 3, beside + _BAR * standing.right, y + 2 * cell // 3 - 3), _HIT)
        share, photos, need = told[row]
        draw.text((ends[1], middle), share, _LIGHT, font(text), anchor="rm")
        draw.text((ends[1] + text, middle), photos, _DIM, font(text), anchor="lm")
        draw.text((ends[2] + text, middle), need, _MISS, font(text), anchor="lm")
    x, y = left, image.height - 2 * _GAP
    for (hue, words), step in zip(legend, steps, strict=True):
        draw.rectangle((x, y, x + _TEXT, y + _TEXT), hue)
        draw.text((x + _TEXT + 8, y + _TEXT / 2), words, _DIM, font(_TEXT), anchor="lm")
        x += step
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def screen_time_chart(
    title: str, length: float, people: Sequence[ScreenTime], written: Callable[[float], str]
) -> bytes:
    """A PNG: a row for each of the people, in their order, with bars where they are on screen in a clip of `length` seconds.

    Beyond fourteen rows the others are counted. `written`: how a time is written below the axis.
    """
    shown, left_out = people[:_ROWS], len(people[_ROWS:])
    names = [shorten(drawable(one.name), _READ, 1.5 * _LONGEST_NAME) for one in shown]
    totals = [one.together for one in shown]
    face = font(_READ)
    left = _GAP + round(max(map(face.getlength, names), default=0.0)) + 20
    right = _WIDE - _GAP - round(max(map(face.getlength, totals), default=0.0)) - 20
    top = 2 * _GAP + _READ
    bottom = top + max(len(shown), 1) * _ROW
    height = bottom + _READ + _GAP + (_READ + _GAP // 2 if left_out else 0)
    image = Image.new("RGB", (_WIDE, height), _NIGHT)
    draw = ImageDraw.Draw(image)
    draw.text((_GAP, _GAP), shorten(drawable(title), _READ, _WIDE - 2 * _GAP), _LIGHT, face)

    def across(seconds: float) -> float:
        return left + (right - left) * min(max(seconds / length, 0.0), 1.0) if length > 0 else float(left)

    for seconds in ticks(length):
        draw.line((across(seconds), top, across(seconds), bottom), _EMPTY, 2)
        draw.text((across(seconds), bottom + 8), written(seconds), _DIM, face, anchor="ma")
    for row, (one, name, total) in enumerate(zip(shown, names, totals, strict=True)):
        y = top + row * _ROW
        middle = y + _ROW / 2
        draw.text((left - 20, middle), name, _LIGHT if one.known else _DIM, face, anchor="rm")
        draw.line((left, middle, right, middle), _EMPTY, 2)
        for start, end in one.spans:
            # A glimpse is seen too.
            span = (across(start), y + 12, max(across(end), across(start) + 3), y + _ROW - 12)
            draw.rectangle(span, _HIT if one.known else _UNNAMED)
        draw.text((_WIDE - _GAP, middle), total, _LIGHT if one.known else _DIM, face, anchor="rm")
    if left_out:
        draw.text((_GAP, height - _GAP // 2), f"and {left_out} more", _DIM, face, anchor="ls")
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def ticks(length: float) -> range:
    """The whole seconds that are written below an axis of `length` seconds, from 0 on."""
    step = next((step for step in _STEPS if length / step < _MOST_TICKS), _STEPS[-1])
    return range(0, int(length) + 1, step)


def _draw_counts(draw: ImageDraw.ImageDraw, counts: list[int], row: int, corner: tuple[int, int], cell: int) -> None:
    """One row of the confusion counts, the last being for nobody."""
    side, size = cell - 3, round(cell * 0.44)
    for column, count in enumerate(counts):
        x, y = corner[0] + column * cell, corner[1]
        hue = _HIT if column == row else _UNNAMED if column == len(counts) - 1 else _MISS
        # A single wrong name among many is what one looks for.
        share = 0.35 + 0.65 * count / sum(counts) if count else 0.0
        draw.rectangle((x, y, x + side, y + side), _between(_EMPTY, hue, share))
        if count:
            ink = _NIGHT if share > 0.6 else _LIGHT
            draw.text((x + side / 2, y + side / 2), str(count), ink, font(size), anchor="mm")


def _told(standing: Standing) -> tuple[str, str, str]:
    share = "—" if standing.right is None else f"{100 * standing.right:.0f} %"
    photos = f"{standing.photos} photo" + ("" if standing.photos == 1 else "s")
    return share, photos, _NEEDS[standing.need] if standing.need else ""


def _mixed(colour: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    return _between(_PAPER, colour, share)


def _between(start: tuple[int, int, int], end: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(a + (b - a) * min(share, 1.0)) for a, b in zip(start, end, strict=True))
    return red, green, blue
