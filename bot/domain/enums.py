"""What people can say of a face, what a server lets the bot learn from it, and what becomes of a clip."""

from __future__ import annotations

from enum import StrEnum


class Meaning(StrEnum):
    """The meaning of an annotation of one face. NOT_MEMBER: not this member, whoever else it may be."""

    MEMBER = "member"
    NOT_MEMBER = "not-this-member"
    STRANGER = "stranger"
    NOT_A_FACE = "not-a-face"


class Learns(StrEnum):
    """What may be learned from: faces that trusted people confirm, only photos that moderators hand in, or nothing."""

    CONFIRMED = "confirmed"
    SUBMITTED = "submitted"
    OFF = "off"


class Origin(StrEnum):
    """How a face came to be looked at: asked about, handed in by a moderator, or gathered from an image search."""

    ASKED = "asked"
    SUBMITTED = "submitted"
    GATHERED = "gathered"


class Untaught(StrEnum):
    """Why a face that a trusted person named isn't learned from."""

    SMALL = "small"
    BLURRED = "blurred"
    SHARED = "shared"
    """Its member is of a group of the shared roster, which no server teaches."""

    CHOSEN = "chosen"
    """The server chose to learn nothing from such faces."""

    PRIVATE = "private"
    """It was asked about in no server."""

    FORGOTTEN = "forgotten"
    """Its crop is no longer kept."""


class CaptionStyle(StrEnum):
    """What is drawn on a clip."""

    NAMES = "names"
    """Boxes, names and confidences."""

    NAMES_AND_LIST = "names+list"
    """The same, and beside each face the confidence of every member of the group."""

    BOXES = "boxes"
    """Boxes, with the numbers that the card lists."""


class ClipState(StrEnum):
    """What became of a promise. SENDING: its clip is made, and being posted."""

    WAITING = "waiting"
    WORKING = "working"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


def teaches(learns: Learns, origin: Origin) -> bool:
    """Whether a trusted annotation of a face of this origin makes a photo in a server that learns so much."""
    if learns is Learns.OFF:
        return False
    return learns is Learns.CONFIRMED or origin is not Origin.ASKED
