"""The state of a gathering: its counts, and the reasons for photos and links that are left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.messages import Message


class RefusalReason(Enum):
    """The reason for not fetching a link."""

    LINK = auto()
    """It is no link of the web."""

    ADDRESS = auto()
    """It leads to an address that isn't public."""

    ROBOTS = auto()
    """robots.txt of the site forbids it."""

    ROBOTS_AWAY = auto()
    """robots.txt of the site can't be read, which forbids everything."""

    BUSY = auto()
    """The site asks for fewer requests."""

    AWAY = auto()
    SLOW = auto()
    REDIRECTS = auto()
    """It redirects in circles, or too often."""

    STATUS = auto()
    """The site answers with an error."""

    NOT_IMAGE = auto()
    TOO_LARGE = auto()
    BROKEN = auto()
    """The answer is cut short, empty or malformed."""

    SAME = auto()
    """Another link brought the same bytes."""

    UNREADABLE = auto()
    """The source gives another answer than its client knows."""


class CandidateRefusal(Enum):
    """The reason for leaving out a photo that was fetched."""

    NO_CLEAR_FACE = auto()
    COPY = auto()
    """Another photo, kept or gathered, is a copy of it."""

    UNLIKE = auto()
    """Its face is unlike the others that the search found."""


@dataclass(frozen=True, slots=True)
class SourceFailure:
    """The error of a source. `detail`: such as the status of its answer."""

    reason: RefusalReason
    detail: Message | None = None


@dataclass(slots=True)
class GatherCounts:
    """The counts of a run so far.

    `found`: links by source. `brought`: candidates by source. `refused`: links without a candidate, by reason. `failed`: the
    error of each source that failed. `out_of_time`: the run ended at its time limit.
    """

    found: Counter[str] = field(default_factory=Counter[str])
    brought: Counter[str] = field(default_factory=Counter[str])
    refused: Counter[RefusalReason] = field(default_factory=Counter[RefusalReason])
    failed: dict[str, SourceFailure] = field(default_factory=dict[str, SourceFailure])
    out_of_time: bool = False


@dataclass(slots=True)
class GatherProgress:
    """The state of a gathering of photos of `members`, the first `done` of which are finished.

    `kept`: the number of photos in the review, by the member's name. `tally`: the counts of sources and links. `refused`: the
    number of fetched photos that were left out, by reason.
    """

    group: str
    members: tuple[str, ...]
    done: int = 0
    kept: dict[str, int] = field(default_factory=dict[str, int])
    tally: GatherCounts = field(default_factory=GatherCounts)
    refused: Counter[CandidateRefusal] = field(default_factory=Counter[CandidateRefusal])
