"""The card with the confidence of every member for each face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.domain.answers import MOST_CANDIDATES
from bot.text.faces import UNKNOWN
from bot.text.formatting import percent
from cogs.answers.faces import attribution, face_line
from cogs.common.layout import LONGEST_TEXT, Card, Part, bar, framed_card
from cogs.common.markup import plain
from models.faces import Basis

if TYPE_CHECKING:
    from bot.domain.answers import Answer, AnsweredFace

BASIS_SENTENCES = {
    Basis.CONTEXT: "By itself this face is rather nobody's, as below. Only the others beside it speak for {name}.",
    Basis.ELIMINATION: "Everybody else of the group is there, so that {name} is left. By itself the face says what is below.",
}
"""The reason for a name that the face alone does not support."""

MOST_FACES = 30
NEGLIGIBLE = 0.01
"""The confidence below which a name is not listed with a face."""

BAR = 12
"""Characters of a bar that stands for a confidence of 100%."""


def details_card(answer: Answer) -> Card:
    """The confidence of every member for each face, and the engine that answered."""
    several = len(answer.pictures) > 1
    shown = answer.faces[:MOST_FACES]
    parts: list[Part] = []
    for picture, face in shown:
        where = f"Picture {picture.position + 1} · " if several else ""
        parts.append(f"{where}{_detail(face)}"[: LONGEST_TEXT // len(shown)])
    if (credit := attribution(answer)) is not None:
        parts.append(f"-# {credit}")
    return framed_card(None, *parts, discord.ui.Separator(), _notes(answer))


def _notes(answer: Answer) -> str:
    """The engine, the threshold, and the names and faces that are left out."""
    notes = f"-# Answered by `{answer.engine}`; an answer is sure from {percent(answer.threshold)} on."
    negligible_names = ", ".join(_negligible_names(answer))
    if len(answer.faces) > 1:
        notes += f" A name that a face doesn't list has less than {percent(NEGLIGIBLE)} for it."
        notes += f" Less than {percent(NEGLIGIBLE)} for every face: {negligible_names}." if negligible_names else ""
    elif negligible_names:
        notes += f" Less than {percent(NEGLIGIBLE)}: {negligible_names}."
    if any(len(face.guess.candidates) >= MOST_CANDIDATES for _, face in answer.faces[:MOST_FACES]):
        notes += f" Of each face I kept the {MOST_CANDIDATES} likeliest names."
    if len(answer.faces) > MOST_FACES:
        notes += f" The first {MOST_FACES} faces are shown."
    return notes


def _negligible_names(answer: Answer) -> list[str]:
    """The members with a negligible confidence for every face."""
    candidates = [candidate for _, face in answer.faces for candidate in face.guess.candidates]
    possible = {candidate.member for candidate in candidates if candidate.confidence >= NEGLIGIBLE}
    return list(dict.fromkeys(plain(each.name) for each in candidates if each.member not in possible))


def _detail(face: AnsweredFace) -> str:
    """The face's line, the reasons to doubt it, and a bar for each likely member and for a stranger."""
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
