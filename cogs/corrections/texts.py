"""The sentences about corrections of a face."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bot.domain.corrections import CorrectionKind
from bot.domain.enums import NotLearnedReason
from bot.text.formatting import circled
from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.corrections import Correction

WHICH_FACE = "**Which face is wrong?**"
NUMBER_IN_PICTURE = "The number in the picture"
NOT_A_MEMBER, NOT_A_FACE = "Not a member", "Not a face"
RIGHT_NAME, ANOTHER_NAME = "The right name", "Somebody else…"
OTHER_NAME_TITLE = "Who is it?"
NAME_LABEL, NAME_EXAMPLES = "Name", "Tzuyu, 쯔위, ツウィ…"

NO_FACE = "There is no face here to fix."
NOT_YOURS_TO_HIDE = "Only the person who asked, or a moderator, can hide this."

RESULTS = {
    CorrectionKind.CONFIRMED: "Confirmed.",
    CorrectionKind.MEMBER: "Noted: {name}.",
    CorrectionKind.UNENROLLED: "Noted: {name}. Nobody of that name is enrolled yet; a moderator can with `/member add`.",
    CorrectionKind.NOT_MEMBER: "Noted: not {name}.",
    CorrectionKind.STRANGER: "Noted: not a member.",
    CorrectionKind.NOT_A_FACE: "Noted: not a face.",
    CorrectionKind.UNDONE: "Undone.",
    CorrectionKind.SUGGESTED: "Thank you: I keep that as a suggestion until somebody trusted here agrees.",
}
NOT_LEARNED_REASONS = {
    NotLearnedReason.SMALL: "{faces} too small",
    NotLearnedReason.BLURRED: "{faces} too blurred",
    NotLearnedReason.FORGOTTEN: "{faces} forgotten by now",
    NotLearnedReason.SHARED: "the group is shared with every server, and no server teaches it",
    NotLearnedReason.CHOSEN: "this server chose so in `/setup`",
    NotLearnedReason.FULL: "this server has as many photos as it may; `/setup` shows how many",
    NotLearnedReason.PRIVATE: "in private I learn nothing",
}


def picture_number(number: int) -> str:
    """Names a picture by its number."""
    return f"Picture {number}"


def which_face_question(*, faces: int, most: int) -> str:
    """Asks for one of so many faces. The menu has at most `most`."""
    if faces <= most:
        return WHICH_FACE
    return f"{WHICH_FACE}\n-# The first {most} of {faces} faces; a menu holds no more."


def who_question(*, face: int, picture: int | None) -> str:
    """`Who is ② in picture 1?`, without markup. `picture`: its number where there are several."""
    return f"Who is {circled(face)}?" if picture is None else f"Who is {circled(face)} in picture {picture}?"


def who_heading(question: str) -> str:
    """`who_question` as a heading."""
    return f"**{question}**"


def crop_alt_text(question: str) -> str:
    """The crop of the face that the question is about, without markup."""
    return f"{question} The face alone"


def is_not_button(name: str) -> str:
    """Denies the name that a face has."""
    return f"It isn't {name}"


def correction_sentence(correction: Correction) -> str:
    """`Noted: Momo. I learn from this face.`"""
    result = RESULTS[correction.kind].format(name=plain(correction.name or ""))
    return f"{result} {learning_sentence(correction.not_learned)}" if correction.not_learned else result


def learning_sentence(not_learned: Sequence[NotLearnedReason | None]) -> str:
    """The number of faces that become photos, and the reasons for the others: `I learn from 8 of 9 faces: 1 is too small.`

    `not_learned`: for each face the reason why it does not become a photo, None where it does.
    """
    faces, taught = len(not_learned), not_learned.count(None)
    if taught == faces:
        return "I learn from this face." if faces == 1 else f"I learn from all {faces} faces."
    counts = Counter(reason for reason in not_learned if reason is not None)
    reasons = "; ".join(_reason(reason, None if faces == 1 else count) for reason, count in counts.items())
    if faces == 1:
        return f"I don't learn from this face: {reasons}."
    return f"I learn from {taught or 'none'} of {faces} faces: {reasons}."


def _reason(reason: NotLearnedReason, count: int | None) -> str:
    """The reason for `count` of several faces; None: for the only one."""
    faces = "it is" if count is None else "1 is" if count == 1 else f"{count} are"
    return NOT_LEARNED_REASONS[reason].format(faces=faces)
