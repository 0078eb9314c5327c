"""The results of a gathering as words without markup: the same on Discord and on the command line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bot.domain.gathering import CandidateRefusal, RefusalReason

if TYPE_CHECKING:
    from bot.domain.gathering import GatherProgress, SourceFailure

REASONS = {
    CandidateRefusal.NO_CLEAR_FACE: "no single face that is large and sharp",
    CandidateRefusal.COPY: "the same photo as another",
    CandidateRefusal.UNLIKE: "looks like nobody else that was found",
    RefusalReason.LINK: "not a link of the web",
    RefusalReason.ADDRESS: "leads to an address that is not public",
    RefusalReason.ROBOTS: "robots.txt of the site forbids it",
    RefusalReason.ROBOTS_AWAY: "robots.txt of the site can't be read",
    RefusalReason.BUSY: "the site asked for a rest",
    RefusalReason.AWAY: "the site can't be reached",
    RefusalReason.SLOW: "the site is too slow",
    RefusalReason.REDIRECTS: "redirected too often",
    RefusalReason.STATUS: "the site doesn't give it",
    RefusalReason.NOT_IMAGE: "not a picture",
    RefusalReason.TOO_LARGE: "too large",
    RefusalReason.BROKEN: "broke off, or makes no sense",
    RefusalReason.SAME: "found twice",
    RefusalReason.UNREADABLE: "its answer has a form that I can't read",
}
"""Each stands after the number of photos or links."""


def left_out_counts(gathering: GatherProgress) -> list[tuple[int, str]]:
    """The number of photos and links that were left out for each reason, the most frequent first."""
    counts = Counter[RefusalReason | CandidateRefusal]()
    counts.update(gathering.refused)
    counts.update(gathering.tally.refused)
    return [(number, REASONS[reason]) for reason, number in counts.most_common()]


def failure_text(failure: SourceFailure) -> str:
    """`the site doesn't give it (HTTP 401)`."""
    reason = REASONS[failure.reason]
    return reason if failure.detail is None else f"{reason} ({failure.detail})"
