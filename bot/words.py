"""What people can say of a face."""

from __future__ import annotations

from enum import StrEnum


class Meaning(StrEnum):
    """The meaning of a word about one face."""

    MEMBER = "member"
    STRANGER = "stranger"
    NOT_A_FACE = "not-a-face"
