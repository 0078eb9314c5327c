"""Enumerations of the database: annotations, origins, the choices of servers, the states and styles of clips."""

from __future__ import annotations

from enum import StrEnum


class AnnotationMeaning(StrEnum):
    """The meaning of an annotation of a face. NOT_MEMBER: it doesn't show this member."""

    MEMBER = "member"
    NOT_MEMBER = "not-this-member"
    STRANGER = "stranger"
    NOT_A_FACE = "not-a-face"


class LearningPolicy(StrEnum):
    """The sources that a server learns from: annotations of trusted people, only photos of moderators, or nothing."""

    CONFIRMED = "confirmed"
    SUBMITTED = "submitted"
    OFF = "off"


class FaceOrigin(StrEnum):
    """The origin of a face: a question, a photo submitted by a moderator, or a photo gathered from an image search."""

    ASKED = "asked"
    SUBMITTED = "submitted"
    GATHERED = "gathered"


class NotLearnedReason(StrEnum):
    """The reason why nothing is learned from a face that a trusted person named."""

    SMALL = "small"
    BLURRED = "blurred"
    SHARED = "shared"
    """The member is in the shared roster, and servers do not teach it."""

    CHOSEN = "chosen"
    """The server chose to learn nothing from such faces."""

    PRIVATE = "private"
    """It was asked about in private."""

    FULL = "full"
    """The server has as many photos as it may."""

    FORGOTTEN = "forgotten"
    """Its crop is gone."""


class CaptionStyle(StrEnum):
    """The style of a clip's captions."""

    NAMES = "names"
    """Boxes, names and confidences."""

    NAMES_AND_LIST = "names+list"
    """The same, and beside each face the confidence of every member of the group."""

    BOXES = "boxes"
    """Boxes, with the numbers that the card lists."""


class ClipState(StrEnum):
    """The state of a clip's job. SENDING: its clip is made, and being posted."""

    WAITING = "waiting"
    WORKING = "working"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


def teaches(learns: LearningPolicy, origin: FaceOrigin) -> bool:
    """Whether an annotation that counts makes a photo of a face of this origin, in a server with this choice."""
    if learns is LearningPolicy.OFF:
        return False
    return learns is LearningPolicy.CONFIRMED or origin is not FaceOrigin.ASKED
