"""A face in words: with markup for cards, without for alt texts and menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.wording import UNKNOWN, circled, in_words, name_and_confidence, plain
from bot.words import Meaning

if TYPE_CHECKING:
    from bot.answers import AnsweredFace, SaidWord

NOBODY = {Meaning.STRANGER: "not a member", Meaning.NOT_A_FACE: "not a face"}
REMOVED = "a member removed since"


def face_line(face: AnsweredFace) -> str:
    """`① **Tzuyu** 97 %`, `③ someone I don't know`, `① **Momo** ✓ said by @mina`."""
    number = circled(face.number)
    if face.word is not None:
        told = f"said by <@{face.word.said_by}>"
        if face.word.meaning is Meaning.MEMBER:
            return f"{number} **{plain(word_in_words(face.word))}** ✓ {told}"
        return f"{number} {plain(word_in_words(face.word))}, {told}"
    name, confidence = name_and_confidence(face.guess)
    return f"{number} **{plain(name)}** {confidence}" if name else f"{number} {UNKNOWN}"


def face_in_words(face: AnsweredFace) -> str:
    """`① Tzuyu 97 %`, `① Momo`: the face's line without markup or mention."""
    return f"{circled(face.number)} {word_in_words(face.word) if face.word else in_words(face.guess)}"


def suggested(word: SaidWord) -> str:
    """`Suggested: **Momo**, by @fan`."""
    told = plain(word_in_words(word))
    return f"Suggested: {f'**{told}**' if word.meaning is Meaning.MEMBER else told}, by <@{word.said_by}>"


def word_in_words(word: SaidWord) -> str:
    """Whom a word names, whom it denies, or that it names nobody."""
    name = word.name or REMOVED
    return {Meaning.MEMBER: name, Meaning.NOT_MEMBER: f"not {name}"}.get(word.meaning) or NOBODY[word.meaning]
