"""The result of a correction, as its author sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.enums import NotLearnedReason


class CorrectionKind(StrEnum):
    """The kind of a correction of a face, or of all faces of an answer."""

    CONFIRMED = "confirmed"
    """All names of the answer are right."""

    MEMBER = "member"
    UNENROLLED = "unenrolled"
    """The face has a name that no member has."""

    NOT_MEMBER = "not-member"
    STRANGER = "stranger"
    NOT_A_FACE = "not-a-face"
    UNDONE = "undone"
    SUGGESTED = "suggested"
    """The actor isn't trusted, so the correction waits for a trusted person."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The result of a correction.

    `name`: the name that it gives or denies. `not_learned`: for each face that it names as a member, the reason why nothing is
    learned from the face, or None.
    """

    kind: CorrectionKind
    name: str | None = None
    not_learned: tuple[NotLearnedReason | None, ...] = ()
