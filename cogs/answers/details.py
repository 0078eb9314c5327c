"""The card with the confidence of every member for each face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from cogs.answers import texts
from cogs.common.layout import LONGEST_TEXT, Card, Part, framed_card

if TYPE_CHECKING:
    from bot.domain.answers import Answer, AnsweredFace

MAX_FACES = 30
NEGLIGIBLE = 0.01
"""The confidence below which a name is not listed with a face."""


def details_card(answer: Answer) -> Card:
    """The confidence of every member for each face, and the engine that answered."""
    several = len(answer.pictures) > 1
    shown = answer.faces[:MAX_FACES]
    parts: list[Part] = []
    for picture, face in shown:
        where = f"{texts.picture_number(picture)} · " if several else ""
        parts.append(f"{where}{_detail(face)}"[: LONGEST_TEXT // len(shown)])
    if (credit := texts.attribution(answer)) is not None:
        parts.append(f"-# {credit}")
    notes = texts.details_notes(answer, _negligible_names(answer), negligible=NEGLIGIBLE, max_faces=MAX_FACES)
    return framed_card(None, *parts, discord.ui.Separator(), notes)


def _negligible_names(answer: Answer) -> list[str]:
    """The members with a negligible confidence for every face."""
    candidates = [candidate for _, face in answer.faces for candidate in face.guess.candidates]
    possible = {candidate.member for candidate in candidates if candidate.confidence >= NEGLIGIBLE}
    return list(dict.fromkeys(each.name for each in candidates if each.member not in possible))


def _detail(face: AnsweredFace) -> str:
    """The face's line, the reasons to doubt it, and a bar for each likely member and for a stranger."""
    guess = face.guess
    lines = [texts.face_line(face)]
    if face.flaws:
        lines.append(texts.flaws_line(face.flaws))
    if face.annotation is None and guess.name is not None:
        basis = texts.basis_line(guess.basis, guess.name)
        lines += [basis] if basis is not None else []
    shares: list[tuple[str | None, float]] = [(each.name, each.confidence) for each in guess.candidates]
    if guess.candidates:
        shares.append((None, guess.stranger_probability))
    lines += [texts.share_line(share, name) for name, share in shares if share >= NEGLIGIBLE]
    return "\n".join(lines)
