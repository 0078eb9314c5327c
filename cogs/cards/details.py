"""The card that shows how sure the answer is of everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.answers import MOST_CANDIDATES
from bot.wording import percent, plain
from cogs.cards.faces import face_line
from cogs.cards.layout import LONGEST_TEXT, Layout, bar, container

if TYPE_CHECKING:
    from bot.answers import Answer, AnsweredFace

MOST_DETAILS = 30
HARDLY = 0.01
BAR = 12
"""Characters of a bar that stands for certainty."""


def details_card(answer: Answer) -> Layout:
    """Every member's confidence for each face, and what answered."""
    card = Layout()
    box = container()
    several = len(answer.pictures) > 1
    shown = answer.faces[:MOST_DETAILS]
    for picture, face in shown:
        where = f"Picture {picture.position + 1} · " if several else ""
        box.add_item(discord.ui.TextDisplay(f"{where}{_detail(face)}"[: LONGEST_TEXT // len(shown)]))
    box.add_item(discord.ui.Separator())
    told = f"-# Answered by `{answer.engine}`; an answer is sure from {percent(answer.threshold)} on."
    if any(len(face.guess.candidates) >= MOST_CANDIDATES for _, face in shown):
        told += f" Of each face I kept the {MOST_CANDIDATES} likeliest names."
    if len(answer.faces) > MOST_DETAILS:
        told += f" The first {MOST_DETAILS} faces are shown."
    box.add_item(discord.ui.TextDisplay(told))
    card.add_item(box)
    return card


def _detail(face: AnsweredFace) -> str:
    """The face's line, why it is doubtful, a bar for each member who is possible, and the names of those who hardly are."""
    lines = [face_line(face)]
    if face.flaws:
        lines.append(f"-# {' and '.join(face.flaws)}: harder to tell")
    possible = [c for c in face.guess.candidates if c.confidence >= HARDLY]
    hardly = [plain(c.name) for c in face.guess.candidates if c.confidence < HARDLY]
    lines += [f"{bar(c.confidence, BAR)} {percent(c.confidence)} {plain(c.name)}" for c in possible]
    if hardly:
        lines.append(f"-# under {percent(HARDLY)}: {', '.join(hardly)}")
    return "\n".join(lines)
