"""Footage and sound that can't be read, as sentences for cards and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.text.formatting import counted, duration, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.clips import MissingFootage

MAX_NUMBERS = 5
"""So many recordings of a file are named by their numbers."""


def missing_sentences(missing: MissingFootage) -> list[str]:
    """A sentence for each kind of footage that a clip does without; none where the clip has all of it."""
    sentences: list[str] = []
    if missing.unread:
        parts, pronoun = _recordings(missing.unread, missing.recordings), "it" if len(missing.unread) == 1 else "them"
        sentences.append(f"{_capital(parts)} of this file can't be read, so the clip goes on without {pronoun}.")
    if missing.silent:
        parts = _recordings(missing.silent, missing.recordings)
        sentences.append(f"The sound of {parts} of this file can't be read, so the clip is silent there.")
    if missing.seconds:
        sentences.append(
            f"About {duration(missing.seconds)} of this video's pictures can't be decoded, so the clip shows nothing new there."
        )
    if missing.shots:
        sentences.append(
            f"This video changes too fast: I looked for no faces in {counted(missing.shots, 'shot')} of it."
        )
    if missing.faces:
        have = "has" if missing.faces == 1 else "have"
        sentences.append(
            f"There are more faces than I can follow; {counted(missing.faces, 'smaller one')} {have} no name."
        )
    return sentences


def _recordings(numbers: Sequence[int], total: int) -> str:
    """`part 2 of 3`, `parts 2 and 4 of 5`; `9 of 200 parts` where there are too many to name."""
    if len(numbers) > MAX_NUMBERS:
        return f"{len(numbers)} of {total} parts"
    return f"part{'s' * (len(numbers) > 1)} {joined([str(number) for number in numbers])} of {total}"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def no_sound_sentence(codec: str) -> str:
    """The reason why a clip has no sound although its video has, and a remedy."""
    return (
        f"I can't read this video's sound ({codec}), so the clip is silent. Save it with AAC sound for one that isn't."
    )
