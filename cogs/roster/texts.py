"""The sentences about entries of a roster: groups and members alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.rosters import AliasAdded, AliasRemoved, RosterEntryRenamed
from bot.text.formatting import counted
from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.rosters import MemberPhotos, RosterEntryRemoved
    from bot.usecases.roster.members import RosterRemovalPlan

REMOVE, KEEP = "Remove", "Keep"
NOTHING_TO_DO = "Name the spelling to add, or the one to remove."
NO_MEMBER = "nobody yet: `/member add`"


def name_sentence(change: RosterEntryRenamed | AliasAdded | AliasRemoved) -> str:
    """Answers a new name, or a new or removed alias, of a group or a member."""
    match change:
        case RosterEntryRenamed(former, name, former_is_alias):
            also = f" “{plain(former)}” means the same still." if former_is_alias else ""
            return f"**{plain(former)}** is **{plain(name)}** now.{also}"
        case AliasAdded(name, alias):
            return f"I find **{plain(name)}** by “{plain(alias)}” too now."
        case AliasRemoved(name, alias):
            return f"I no longer find **{plain(name)}** by “{plain(alias)}”."


def removed_sentence(removed: RosterEntryRemoved) -> str:
    """Answers the removal of a group or a member."""
    if removed.group is None:
        return f"**{plain(removed.name)}** is removed, with all that I kept of it."
    return f"**{plain(removed.name)}** of **{plain(removed.group)}** is removed, with all that I kept of them."


def photo_count_sentence(known: MemberPhotos) -> str:
    """The number of a member's photos."""
    return f"**{plain(known.member)}** of **{plain(known.group)}** is known by {counted(known.photos, 'photo')} now."


def removal_question(removal: RosterRemovalPlan) -> str:
    """Asks whether a group or a member is to be removed, and says what goes with it."""
    members, photos, labels = removal.removal_counts
    lost = f"{counted(photos, 'photo')} with crops and encodings, {counted(labels, 'label')}"
    if removal.group is None:
        return (
            f"**Remove {plain(removal.name)}?**\nWith it go {counted(members, 'member')}, {lost}. This can't be undone."
        )
    return f"**Remove {plain(removal.name)} of {plain(removal.group)}?**\nWith it go {lost}. This can't be undone."


def shared_note(*, is_shared: bool) -> str:
    """` · shared with every server` for an entry of the shared roster, else nothing."""
    return " · shared with every server" if is_shared else ""


def also_text(aliases: Iterable[str]) -> str:
    """The aliases of a group or a member: `also 트와이스, トゥワイス`."""
    return f"also {listed_names(aliases)}"


def listed_names(names: Iterable[str]) -> str:
    """Names as Discord shows them, separated by commas."""
    return ", ".join(plain(name) for name in names)
