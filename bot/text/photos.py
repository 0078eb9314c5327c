"""Why a photo makes a doubtful example of somebody, in words. A moderator may use it all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.text.formatting import percent
from models.faces import SHARP_EXAMPLE, SMALLEST_EXAMPLE, Band, Flaw, flaw_of_example

if TYPE_CHECKING:
    from models.faces import Guess

NO_FACE = "I see no face in it; a larger or clearer picture, seen from the front, works best"


def several_faces(count: int) -> str:
    """What is said of a photo in which nobody is clearly its subject."""
    return f"I see {count} faces in it; cut it to the one that is meant"


def flaw_in_words(width: int, sharpness: float | None) -> str | None:
    """What makes a face of this width and sharpness no good example; None if nothing does."""
    match flaw_of_example(width, sharpness):
        case Flaw.SMALL:
            return f"the face is only {width} pixels wide; {SMALLEST_EXAMPLE} or more make a good example"
        case Flaw.BLURRED:
            measured = f"{sharpness or 0:.1f}"
            return f"the face is blurred: its sharpness is {measured}, and {SHARP_EXAMPLE} or more makes a good example"
        case _:
            return None


def resemblance(guess: Guess, member: int, name: str) -> str | None:
    """Whom a face that is said to be `member` surely looks like instead; None if nobody.

    None too where there was no photo of the member's own to compare it with: beside the others alone up to a third of all
    right first photos look surely like one of them, and with a photo of their own up to an eighth (`python -m
    bench.enrolment`).
    """
    if guess.band is not Band.SURE or guess.name is None or guess.member in {None, member}:
        return None
    if all(candidate.member != member for candidate in guess.candidates):
        return None
    return f"it looks more like {guess.name} ({percent(guess.confidence)}) than {name}"
