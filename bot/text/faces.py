"""Guesses and the quality of faces as words: the same in pictures, cards, alt texts and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.text.formatting import percent
from models.faces import MIN_EXAMPLE_SHARPNESS, MIN_EXAMPLE_WIDTH, ConfidenceBand, FaceFlaw, GuessBasis

if TYPE_CHECKING:
    from models.faces import Guess

UNKNOWN = "someone I don't know"

BY = {GuessBasis.CONTEXT: "from context", GuessBasis.ELIMINATION: "by elimination"}
"""The words in place of a confidence for a name that doesn't come from the face alone."""

RIVAL_SHARE = 0.5
"""The minimum share of the likeliest member's confidence for naming the second one beside it."""

SHARP = 2.2
"""The minimum sharpness of a face that is called sharp. From `MIN_EXAMPLE_SHARPNESS` on, a face is a good example too."""


def name_and_confidence(guess: Guess) -> tuple[str, str]:
    """`("Tzuyu", "97%")`, `("Sana or Momo?", "48%")`, `("Mina?", "by elimination")`; both empty for nobody in the roster.

    A guess without candidates is a person's annotation, which has no confidence.
    """
    if guess.name is None:
        return "", ""
    if not guess.candidates:
        return guess.name, ""
    if guess.basis is not GuessBasis.FACE:
        return f"{guess.name}?", BY[guess.basis]
    if guess.band is ConfidenceBand.SURE:
        return guess.name, percent(guess.confidence)
    rivals = [c for c in guess.candidates if c.member != guess.member]
    if rivals and rivals[0].confidence >= RIVAL_SHARE * guess.confidence:
        return f"{guess.name} or {rivals[0].name}?", percent(guess.confidence)
    return f"{guess.name}?", percent(guess.confidence)


def guess_text(guess: Guess) -> str:
    """`Tzuyu 97%`, `Sana or Momo? 48%`, `someone I don't know`."""
    return " ".join(name_and_confidence(guess)) if guess.name is not None else UNKNOWN


def unknown_people(number: int) -> str:
    """`3 people I don't know`; one is someone I don't know."""
    return UNKNOWN if number == 1 else f"{number} people I don't know"


def faces_left_out(named: int, left_out: int) -> str:
    """The number of a picture's faces that are not named."""
    others = "a smaller one" if left_out == 1 else f"{left_out} smaller ones"
    return (
        f"I named the largest face and left out {others}."
        if named == 1
        else (f"I named the {named} largest faces and left out {others}.")
    )


def name_confidence(guess: Guess) -> float | None:
    """The confidence of the name, in [0, 1]; None without a name, since the confidence that nobody fits is another figure."""
    return None if guess.name is None else round(guess.confidence, 4)


def name_basis(guess: Guess) -> str | None:
    """The basis of the name, a value of `GuessBasis`; None without a name."""
    return None if guess.name is None else guess.basis.value


def face_quality(width: int, sharpness: float | None) -> str:
    """The width and the sharpness of a face: `240 px wide, sharp`, `60 px wide, small, blurred`."""
    size = f"{width} px wide{', small' if width < MIN_EXAMPLE_WIDTH else ''}"
    if sharpness is None:
        return size
    return f"{size}, {'sharp' if sharpness >= SHARP else 'a little soft' if sharpness >= MIN_EXAMPLE_SHARPNESS else 'blurred'}"


def flaw_sentence(flaw: FaceFlaw) -> str:
    """The reason why nothing is learned from a face without a moderator's decision."""
    if flaw is FaceFlaw.SMALL:
        return f"Too small to learn from: {MIN_EXAMPLE_WIDTH} px or more make a good example."
    return "Too blurred to learn from: it would make me worse at others."
