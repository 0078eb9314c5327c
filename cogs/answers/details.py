"""The card that shows how sure the answer is of everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.domain.answers import MOST_CANDIDATES
from bot.text.formatting import UNKNOWN, percent
from cogs.answers.faces import attribution, face_line
from cogs.common.layout import LONGEST_TEXT, Card, bar, container
from cogs.common.markup import plain
from models.faces import Basis

if TYPE_CHECKING:
    from bot.domain.answers import Answer, AnsweredFace

BASIS_SENTENCES = {
    Basis.CONTEXT: "By itself this face is rather nobody's, as below. Only the others beside it speak for {name}.",
    Basis.ELIMINATION: "Everybody else of the group is there, so that {name} is left. By itself the face says what is below.",
}
"""Why a face has a name that it doesn't speak for itself."""

MOST_FACES = 30
NEGLIGIBLE = 0.01
BAR = 12
"""Characters of a bar that stands for certainty."""


def details_card(answer: Answer) -> Card:
    """Every member's confidence for each face, and what answered."""
    card = Card()
    box = container()
    several = len(answer.pictures) > 1
    shown = answer.faces[:MOST_FACES]
    for picture, face in shown:
        where = f"Picture {picture.position + 1} · " if several else ""
        box.add_item(discord.ui.TextDisplay(f"{where}{_detail(face)}"[: LONGEST_TEXT // len(shown)]))
    if (said := attribution(answer)) is not None:
        box.add_item(discord.ui.TextDisplay(f"-# {said}"))
    box.add_item(discord.ui.Separator())
    told = f"-# Answered by `{answer.engine}`; an answer is sure from {percent(answer.threshold)} on."
    negligible_names = ", ".join(_negligible_names(answer))
    if len(answer.faces) > 1:
        told += f" A name that a face doesn't list has less than {percent(NEGLIGIBLE)} for it."
        told += f" Less than {percent(NEGLIGIBLE)} for every face: {negligible_names}." if negligible_names else ""
    elif negligible_names:
        told += f" Less than {percent(NEGLIGIBLE)}: {negligible_names}."
    if any(len(face.guess.candidates) >= MOST_CANDIDATES for _, face in shown):
        told += f" Of each face I kept the {MOST_CANDIDATES} likeliest names."
    if len(answer.faces) > MOST_FACES:
        told += f" The first {MOST_FACES} faces are shown."
    box.add_item(discord.ui.TextDisplay(told))
    card.add_item(box)
    return card


def _negligible_names(answer: Answer) -> list[str]:
    """Who is possible for none of the faces."""
    candidates = [candidate for _, face in answer.faces for candidate in face.guess.candidates]
    possible = {candidate.member for candidate in candidates if candidate.confidence >= NEGLIGIBLE}
    return list(dict.fromkeys(plain(one.name) for one in candidates if one.member not in possible))


def _detail(face: AnsweredFace) -> str:
    """The face's line, why it is doubtful, and a bar for each member who is possible, and for nobody: together they are all."""
    guess = face.guess
    lines = [face_line(face)]
    if face.flaws:
        lines.append(f"-# {' and '.join(face.flaws)}: harder to tell")
    if face.annotation is None and guess.name is not None and guess.basis in BASIS_SENTENCES:
        lines.append(f"-# {BASIS_SENTENCES[guess.basis].format(name=plain(guess.name))}")
    shares = [(plain(c.name), c.confidence) for c in guess.candidates]
    if guess.candidates:
        shares.append((UNKNOWN, guess.nobody))
    lines += [f"{bar(share, BAR)} {percent(share)} {name}" for name, share in shares if share >= NEGLIGIBLE]
    return "\n".join(lines)
