"""The decisions of a moderator about a label that looks wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelConfirmed:
    """The photo shows `member`, as its label says."""

    member: str


@dataclass(frozen=True, slots=True)
class LabelMoved:
    """The photo shows `member`, not `before`."""

    member: str
    before: str


@dataclass(frozen=True, slots=True)
class LabelRemoved:
    """The photo of `member` is forgotten."""

    member: str


LabelDecision = LabelConfirmed | LabelMoved | LabelRemoved
