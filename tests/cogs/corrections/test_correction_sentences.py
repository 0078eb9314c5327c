"""The sentences about corrections: names as typed, and the number of learned faces."""

from __future__ import annotations

from bot.domain.corrections import Correction, CorrectionKind
from bot.domain.enums import NotLearnedReason
from bot.domain.reviews import ReviewNote
from cogs.corrections.texts import NOT_LEARNED_REASONS, RESULTS, correction_sentence, learning_sentence
from cogs.review.texts import NOTES, note_sentence


def test_every_result_has_its_sentence() -> None:
    assert set(RESULTS) == set(CorrectionKind)
    assert set(NOT_LEARNED_REASONS) == set(NotLearnedReason)
    assert set(NOTES) == set(ReviewNote)


def test_a_name_is_shown_as_it_was_typed() -> None:
    unenrolled = correction_sentence(Correction(CorrectionKind.UNENROLLED, "<@1>"))
    assert unenrolled.startswith(r"Noted: \<\@1\>. Nobody of that name is enrolled yet;")
    assert correction_sentence(Correction(CorrectionKind.NOT_MEMBER, "{name}")) == "Noted: not {name}."


def test_the_photos_that_are_learned_follow() -> None:
    assert (
        note_sentence(Correction(CorrectionKind.MEMBER, "Sana", not_learned=(None,)))
        == "Noted: Sana. I learn from this face."
    )
    assert learning_sentence([NotLearnedReason.SMALL]) == "I don't learn from this face: it is too small."
    assert learning_sentence([None] * 3) == "I learn from all 3 faces."
    some = [None, NotLearnedReason.SMALL, NotLearnedReason.BLURRED, NotLearnedReason.BLURRED]
    assert learning_sentence(some) == "I learn from 1 of 4 faces: 1 is too small; 2 are too blurred."
    assert (
        learning_sentence([NotLearnedReason.CHOSEN] * 2)
        == "I learn from none of 2 faces: this server chose so in `/setup`."
    )
