"""Answers, numbers and durations as words: the same in pictures, cards, alt texts and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.faces import SHARP_EXAMPLE, SMALLEST_EXAMPLE, Band, Basis, Flaw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.clips import MissingFootage
    from models.faces import Guess

MEBIBYTE = 1 << 20
UNKNOWN = "someone I don't know"

BY = {Basis.CONTEXT: "from context", Basis.ELIMINATION: "by elimination"}
"""The words in place of a confidence for a name that doesn't come from the face alone."""

RIVAL_SHARE = 0.5
"""The share of the likeliest member's confidence from which the second one is named beside it."""

MOST_NUMBERS = 5
"""So many recordings of a file are named by their numbers."""

SHARP = 2.2
"""The sharpness from which a face is called sharp. A softer one, down to `SHARP_EXAMPLE`, is a good example too."""


def counted(number: int, thing: str) -> str:
    """`1 photo`, `2 photos`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def joined(words: Sequence[str]) -> str:
    """`Momo`, `Momo and Sana`, `Momo, Sana and Mina`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def mebibytes(size: float, decimals: int = 0) -> str:
    """`25 MiB`, for a size in bytes."""
    return f"{size / MEBIBYTE:,.{decimals}f} MiB"


def time_code(seconds: float) -> str:
    """`1:23` for 83.4 seconds; from an hour on `1:01:23`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """`3.4 s`; from ten seconds on as a time code, `0:42`."""
    return f"{seconds:.1f} s" if seconds < 10 else time_code(seconds)


def approximate_duration(days: float) -> str:
    """A number of days, rounded: `20 min`, `5 h`, `3 days`, `4 months`, `2 years`."""
    for unit, length in (("year", 365.0), ("month", 30.0), ("day", 1.0)):
        if days >= (2 * length if unit == "month" else length):
            return counted(round(days / length), unit)
    hours = 24 * days
    return f"{round(hours)} h" if hours >= 1 else f"{max(1, round(60 * hours))} min"


def percent(confidence: float) -> str:
    """`97%`; never `100%`, since no answer is certain."""
    return f"{min(99, round(confidence * 100))}%"


def name_and_confidence(guess: Guess) -> tuple[str, str]:
    """`("Tzuyu", "97%")`, `("Sana or Momo?", "48%")`, `("Mina?", "by elimination")`; both empty for nobody in the roster.

    A guess without candidates is a person's annotation, which has no confidence.
    """
    if guess.name is None:
        return "", ""
    if not guess.candidates:
        return guess.name, ""
    if guess.basis is not Basis.FACE:
        return f"{guess.name}?", BY[guess.basis]
    if guess.band is Band.SURE:
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


def confidence_of(guess: Guess) -> float | None:
    """The confidence of the name, in [0, 1]; None without a name, since the confidence that nobody fits is another figure."""
    return None if guess.name is None else round(guess.confidence, 4)


def basis_of(guess: Guess) -> str | None:
    """The basis of the name, a value of `Basis`; None without a name."""
    return None if guess.name is None else guess.basis.value


def circled(number: int) -> str:
    """`①` to `㊿`; from 51 on plain digits with a full stop."""
    if 1 <= number <= 20:
        return chr(0x2460 + number - 1)
    if 21 <= number <= 35:
        return chr(0x3251 + number - 21)
    if 36 <= number <= 50:
        return chr(0x32B1 + number - 36)
    return f"{number}."


def face_quality(width: int, sharpness: float | None) -> str:
    """The width and the sharpness of a face: `240 px wide, sharp`, `60 px wide, small, blurred`."""
    size = f"{width} px wide{', small' if width < SMALLEST_EXAMPLE else ''}"
    if sharpness is None:
        return size
    return f"{size}, {'sharp' if sharpness >= SHARP else 'a little soft' if sharpness >= SHARP_EXAMPLE else 'blurred'}"


def flaw_sentence(flaw: Flaw) -> str:
    """The reason why nothing is learned from a face without a moderator's decision."""
    if flaw is Flaw.SMALL:
        return f"Too small to learn from: {SMALLEST_EXAMPLE} px or more make a good example."
    return "Too blurred to learn from: it would make me worse at others."


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
    return sentences


def _recordings(numbers: Sequence[int], total: int) -> str:
    """`part 2 of 3`, `parts 2 and 4 of 5`; `9 of 200 parts` where there are too many to name."""
    if len(numbers) > MOST_NUMBERS:
        return f"{len(numbers)} of {total} parts"
    return f"part{'s' * (len(numbers) > 1)} {joined([str(number) for number in numbers])} of {total}"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def silent(codec: str) -> str:
    """The reason why a clip has no sound although its video has, and a remedy."""
    return (
        f"I can't read this video's sound ({codec}), so the clip is silent. Save it with AAC sound for one that isn't."
    )
