"""The sentences of the review."""

from __future__ import annotations

from bot.domain.corrections import Correction
from bot.domain.reviews import ReviewNote
from cogs.corrections.texts import correction_sentence

NOTES = {
    ReviewNote.SKIPPED: "Skipped.",
    ReviewNote.NOTHING_TO_UNDO: "There is nothing left to undo.",
    ReviewNote.QUESTION_FORGOTTEN: "I no longer know what was asked here.",
    ReviewNote.FACE_FORGOTTEN: "That face is no longer kept.",
    ReviewNote.ANSWERED_BY_REVIEWER: "You answered that one meanwhile.",
    ReviewNote.ANSWERED_BY_ANOTHER: "Somebody else answered that one meanwhile.",
}


def note_sentence(note: Correction | ReviewNote) -> str:
    """The result of the reviewer's last answer."""
    return correction_sentence(note) if isinstance(note, Correction) else NOTES[note]
