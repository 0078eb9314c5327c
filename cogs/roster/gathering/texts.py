"""The sentences about a gathering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.text.formatting import counted
from bot.text.gathering import failure_text, left_out_counts
from cogs.common.layout import bar
from cogs.common.markup import plain

if TYPE_CHECKING:
    from bot.domain.gathering import GatherProgress

BAR = 12
MAX_REASONS = 8


def gathering_text(gathering: GatherProgress, *, found: int, ended: bool) -> str:
    """The progress of a gathering, or its result: the photos for review, and the reasons for those left out."""
    lines = [f"**Photos of {plain(gathering.group)}**"]
    if not ended:
        done = bar(gathering.done / len(gathering.members), BAR)
        lines.append(f"{done} {gathering.done} of {counted(len(gathering.members), 'member')}")
    lines += [f"{plain(name)}: {count}" for name, count in gathering.kept.items()]
    if ended:
        lines.append(found_sentence(found))
    reasons = left_out_counts(gathering)[:MAX_REASONS]
    if ended and reasons:
        lines.append("-# Left out: " + " · ".join(f"{count} {reason}" for count, reason in reasons))
    lines += [
        f"⚠️ {plain(source)}: {plain(failure_text(failure))}" for source, failure in gathering.tally.failed.items()
    ]
    if gathering.tally.out_of_time:
        lines.append("-# Time was up before every link was tried.")
    return "\n".join(lines)


def found_sentence(found: int) -> str:
    """The number of photos that wait for a trusted person."""
    if not found:
        return "I found nothing that is worth a look."
    if found == 1:
        return "**1 photo** waits in `/review`: nothing is learned from them before a trusted person says yes."
    return (
        f"**{counted(found, 'photo')}** wait in `/review`: "
        "nothing is learned from them before a trusted person says yes."
    )
