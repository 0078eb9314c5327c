"""The sentences of the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.utils import format_dt

from bot.domain.corrections import Correction
from bot.domain.enums import FaceOrigin, LearningPolicy
from bot.domain.reviews import ReviewNote
from bot.text.faces import face_quality, flaw_sentence, guess_text
from bot.text.formatting import joined, percent
from cogs.answers.texts import annotation_text, suggestion_line
from cogs.common.markup import plain
from cogs.corrections.texts import correction_sentence
from models.faces import ConfidenceBand

if TYPE_CHECKING:
    from bot.domain.answers import FaceAnnotation
    from bot.domain.reviews import FaceInReview
    from bot.usecases.review import NothingToReview

MAX_SUGGESTIONS = 5

YES, NO, USE, SKIP = "Yes", "No", "Use it all the same", "Skip"
SOMEBODY_ELSE, SAY_WHO = "Somebody else", "Say who it is"
BACK, UNDO, DONE, LOOK_AGAIN = "Back", "Undo", "Done", "Look again"
MESSAGE_LINK, PAGE_LINK = "The message", "Its page"

WHO = "Who is this?"
CLOSED = "Thank you. `/review` goes on."

NOTES = {
    ReviewNote.SKIPPED: "Skipped.",
    ReviewNote.NOTHING_TO_UNDO: "There is nothing left to undo.",
    ReviewNote.QUESTION_FORGOTTEN: "I no longer know what was asked here.",
    ReviewNote.FACE_FORGOTTEN: "That face is no longer kept.",
    ReviewNote.ANSWERED_BY_REVIEWER: "You answered that one meanwhile.",
    ReviewNote.ANSWERED_BY_ANOTHER: "Somebody else answered that one meanwhile.",
}
ORIGINS = {FaceOrigin.ASKED: "Asked", FaceOrigin.SUBMITTED: "Handed in", FaceOrigin.GATHERED: "Gathered"}


def note_sentence(note: Correction | ReviewNote) -> str:
    """The result of the reviewer's last answer."""
    return correction_sentence(note) if isinstance(note, Correction) else NOTES[note]


def face_question(face: FaceInReview) -> str:
    """`Is this Momo?` where a member is proposed, else `Who is this?`."""
    return f"Is this {plain(face.proposal[1])}?" if face.proposal else WHO


def face_title(question: str, *, left: int) -> str:
    """`### Who is this? · 1 of 12`: the question, and the number of faces that wait."""
    return f"### {question} · {f'1 of {left}' if left > 1 else 'the last'}"


def crop_alt_text(face: FaceInReview) -> str:
    """The crop of a face, without markup."""
    return f"A face; my guess is {guess_text(face.face.guess)}"


def face_description(face: FaceInReview) -> str:
    """The label, the guess, the suggestions, the source and the flaw of a face."""
    lines: list[str] = []
    if face.face.annotation is not None:
        label = _label(face.face.annotation)
        lines.append(
            f"⚠️ It was labelled {label}, but looks unlike the other photos."
            if face.suspected
            else f"It is labelled {label}."
        )
    lines.append(f"My guess: {plain(_guess(face))}")
    lines += [suggestion_line(annotation) for annotation in face.suggestions[:MAX_SUGGESTIONS]]
    if len(face.suggestions) > MAX_SUGGESTIONS:
        lines.append(f"… and {len(face.suggestions) - MAX_SUGGESTIONS} more suggestions")
    lines.append(
        f"-# {ORIGINS[face.origin]} by <@{face.asker_id}> {format_dt(face.asked_at, 'R')} · "
        f"{face_quality(face.face_width, face.sharpness)}"
    )
    if face.flaw is not None:
        hint = f" **{YES}** names this face alone; **{USE}** makes it a photo too." if face.proposal else ""
        lines.append(f"⚠️ {flaw_sentence(face.flaw)}{hint}")
    return "\n".join(lines)


def nothing_left_text(nothing: NothingToReview) -> str:
    """The reason why no face is left, and the photos that help next."""
    lines = ["### Nothing is left to review"]
    if nothing.elsewhere == 1:
        lines.append("One face is with another reviewer just now.")
    elif nothing.elsewhere:
        lines.append(f"{nothing.elsewhere} faces are with another reviewer just now.")
    if nothing.confined:
        where = joined([f"<#{channel}>" for channel in nothing.confined])
        lines.append(f"Faces from {where} wait there: I show what an age-restricted channel showed in it alone.")
    if nothing.learns is not LearningPolicy.CONFIRMED:
        lines.append("This server doesn't learn from faces that are asked about; a moderator chooses that in `/setup`.")
    if nothing.fewest:
        names = ", ".join(f"{plain(name)} ({photos})" for name, photos in nothing.fewest)
        lines.append(f"What helps next: photos of those who have the fewest: {names}. `/member add` takes them.")
    else:
        lines.append("What helps next: a group with members. `/group add` begins it.")
    return "\n".join(lines)


def _label(annotation: FaceAnnotation) -> str:
    return f"{plain(annotation_text(annotation))}, said by <@{annotation.author_id}>"


def _guess(face: FaceInReview) -> str:
    guess = face.face.guess
    if guess.band is not ConfidenceBand.UNKNOWN:
        return guess_text(guess)
    text = f"{guess_text(guess)} ({percent(guess.confidence)})"
    nearest = next(iter(guess.candidates), None)
    return f"{text}; nearest is {nearest.name}, {percent(nearest.confidence)}" if nearest else text
