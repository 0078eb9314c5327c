"""The stats of a quiz: the stability of each member's face in memory, and confused pairs."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Final

from models.drawing.fonts import drawable, font, shorten
from models.drawing.theme import (
    BACKGROUND_COLOUR,
    BLUE,
    DIM,
    EMPTY,
    GAP,
    LIGHT,
    ORANGE,
    PAGE_WIDTH,
    SMALL_TEXT_SIZE,
    TEXT_SIZE,
    content_top,
    page,
    to_png,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import ImageDraw

ROWS: Final = 20
"""Members in the picture; it counts the others."""

_ROW: Final = 52
_NAME: Final = 250
_BAR: Final = (14, 38)
_COLUMNS: Final = ("stays in mind for", "seen", "right", "next")
_WELL: Final = 365.0
"""Days of a full bar. Bars have a logarithmic scale, so a week, a month and a year are about equal steps."""

_SUBTITLE: Final = "how long each face stays in mind: the chance to name it is still 90% by then"


@dataclass(frozen=True, slots=True)
class MemberKnowledge:
    """A person's knowledge of one member.

    `stability`: days until the probability of the right name falls to 90%, None before the first answer. `seen`: answers.
    `right`: right answers. `lasts`, `due`: the stability and the next date, in words.
    """

    name: str
    stability: float | None
    seen: int
    right: int
    lasts: str
    due: str


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """Two members, and how often one was mistaken for the other."""

    one: str
    other: str
    times: int


def quiz_stats_chart(title: str, members: Sequence[MemberKnowledge], mixed_up: Sequence[ConfusedPair]) -> bytes:
    """A PNG: a row a member, in their order, and confused pairs below.

    It has twenty rows, and a count of the others.
    """
    shown, left_out = members[:ROWS], len(members[ROWS:])
    face, small = font(TEXT_SIZE), font(SMALL_TEXT_SIZE)
    names = [shorten(drawable(member.name), TEXT_SIZE, _NAME) for member in shown]
    words = [
        (f"{member.seen} ×", f"{100 * member.right / member.seen:.0f}%" if member.seen else "—", member.due)
        for member in shown
    ]
    # Each column has the width of its heading or its widest cell.
    widths = [
        round(max([small.getlength(head), *(face.getlength(row[place]) for row in words)])) + GAP
        for place, head in enumerate(_COLUMNS[1:])
    ]
    ends = [PAGE_WIDTH - GAP - sum(widths[place + 1 :]) for place in range(len(widths))]
    left = GAP + round(max(map(face.getlength, names), default=0.0)) + 20
    right = ends[0] - widths[0]
    top = content_top(_SUBTITLE) + SMALL_TEXT_SIZE + GAP // 2
    bottom = top + max(len(shown), 1) * _ROW + (TEXT_SIZE + GAP // 2 if left_out else 0)
    height = bottom + GAP + (3 * GAP // 2 + len(mixed_up) * _ROW if mixed_up else 0)
    image, draw = page(PAGE_WIDTH, height, title, _SUBTITLE)
    draw.text((left, top - 6), _COLUMNS[0], DIM, small, anchor="ls")
    for end, head in zip(ends, _COLUMNS[1:], strict=True):
        draw.text((end, top - 6), head, DIM, small, anchor="rs")
    for row, (member, name, cells) in enumerate(zip(shown, names, words, strict=True)):
        y = top + row * _ROW
        middle = y + _ROW / 2
        ink = LIGHT if member.stability is not None else DIM
        draw.text((left - 20, middle), name, ink, face, anchor="rm")
        _draw_bar(draw, member, (left, right), y)
        for end, cell in zip(ends, cells, strict=True):
            draw.text((end, middle), cell, ink, face, anchor="rm")
    if left_out:
        draw.text((GAP, bottom), f"and {left_out} more", DIM, face, anchor="ls")
    if mixed_up:
        _draw_pairs(draw, mixed_up, bottom + GAP + GAP // 2)
    return to_png(image)


def _draw_bar(draw: ImageDraw.ImageDraw, member: MemberKnowledge, across: tuple[float, float], y: float) -> None:
    """Draw the bar of a member, with the days in words behind its end, or inside where there is no room."""
    left, right = across
    draw.rectangle((left, y + _BAR[0], right, y + _BAR[1]), EMPTY)
    share = 0.0 if member.stability is None else min(log(1 + member.stability) / log(1 + _WELL), 1.0)
    end = left + (right - left) * share
    if share:
        # Four pixels at least, so that a single answer is visible.
        draw.rectangle((left, y + _BAR[0], max(end, left + 4), y + _BAR[1]), BLUE)
    middle = y + (_BAR[0] + _BAR[1]) / 2
    text = shorten(member.lasts, SMALL_TEXT_SIZE, right - left - 20)
    if end + 10 + font(SMALL_TEXT_SIZE).getlength(text) <= right - 6:
        draw.text(
            (end + 10, middle), text, LIGHT if member.stability is not None else DIM, font(SMALL_TEXT_SIZE), anchor="lm"
        )
    else:
        draw.text((end - 10, middle), text, BACKGROUND_COLOUR, font(SMALL_TEXT_SIZE), anchor="rm")


def _draw_pairs(draw: ImageDraw.ImageDraw, pairs: Sequence[ConfusedPair], top: int) -> None:
    """Draw confused pairs, with a bar for their number."""
    face = font(TEXT_SIZE)
    draw.text((GAP, top), "mixed up", DIM, font(SMALL_TEXT_SIZE), anchor="ls")
    names = [
        f"{shorten(drawable(pair.one), TEXT_SIZE, _NAME)} ↔ {shorten(drawable(pair.other), TEXT_SIZE, _NAME)}"
        for pair in pairs
    ]
    left = GAP + round(max(map(face.getlength, names))) + 20
    most = max(pair.times for pair in pairs)
    room = PAGE_WIDTH - GAP - left - face.getlength(f"{most} ×") - 10
    for row, (pair, text) in enumerate(zip(pairs, names, strict=True)):
        y = top + GAP // 4 + row * _ROW
        draw.text((left - 20, y + _ROW / 2), text, LIGHT, face, anchor="rm")
        end = left + room * pair.times / most
        draw.rectangle((left, y + _BAR[0], end, y + _BAR[1]), ORANGE)
        draw.text((end + 10, y + _ROW / 2), f"{pair.times} ×", LIGHT, face, anchor="lm")
