"""The sentences about corrections of a face."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bot.domain.corrections import CorrectionKind
from bot.domain.enums import Untaught
from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.corrections import Correction

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
UNTAUGHT = {
    Untaught.SMALL: "{faces} too small",
    Untaught.BLURRED: "{faces} too blurred",
    Untaught.FORGOTTEN: "{faces} forgotten by now",
    Untaught.SHARED: "the group is shared with every server, and no server teaches it",
    Untaught.CHOSEN: "this server chose so in `/setup`",
    Untaught.PRIVATE: "in private I learn nothing",
}


def correction_sentence(correction: Correction) -> str:
    """`Noted: Momo. I learn from this face.`"""
    result = RESULTS[correction.kind].format(name=plain(correction.name or ""))
    return f"{result} {learning_sentence(correction.untaught)}" if correction.untaught else result


def learning_sentence(untaught: Sequence[Untaught | None]) -> str:
    """The number of faces that become photos, and the reasons for the others: `I learn from 8 of 9 faces: 1 is too small.`

    `untaught`: for each face the reason why it does not become a photo, None where it does.
    """
    faces, taught = len(untaught), untaught.count(None)
    if taught == faces:
        return "I learn from this face." if faces == 1 else f"I learn from all {faces} faces."
    counts = Counter(reason for reason in untaught if reason is not None)
    reasons = "; ".join(_reason(reason, None if faces == 1 else count) for reason, count in counts.items())
    if faces == 1:
        return f"I don't learn from this face: {reasons}."
    return f"I learn from {taught or 'none'} of {faces} faces: {reasons}."


def _reason(reason: Untaught, count: int | None) -> str:
    """The reason for `count` of several faces; None: for the only one."""
    faces = "it is" if count is None else "1 is" if count == 1 else f"{count} are"
    return UNTAUGHT[reason].format(faces=faces)
