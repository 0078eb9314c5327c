"""The sentences about groups, members, photos and archives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.rosters import AddedAlias, RemovedAlias, RenamedEntry
from bot.text.formatting import counted
from cogs.common.markup import plain

if TYPE_CHECKING:
    from bot.domain.rosters import MemberPhotos, RemovedEntry
    from bot.usecases.roster.archive import Exported

LEFT_OUT = "Left out; I keep nothing of it."
USED_MEANWHILE = "That photo was used meanwhile, so I keep it. `/member photos` can remove it."


def group_added_sentence(name: str) -> str:
    """Answers a new group."""
    return f"**{plain(name)}** it is. Now add each member with `/member add`: one photo is enough to start, five are better."


def name_sentence(change: RenamedEntry | AddedAlias | RemovedAlias) -> str:
    """Answers a new name, or a new or removed alias, of a group or a member."""
    match change:
        case RenamedEntry(former, name, former_is_alias):
            also = f" “{plain(former)}” means the same still." if former_is_alias else ""
            return f"**{plain(former)}** is **{plain(name)}** now.{also}"
        case AddedAlias(name, alias):
            return f"I find **{plain(name)}** by “{plain(alias)}” too now."
        case RemovedAlias(name, alias):
            return f"I no longer find **{plain(name)}** by “{plain(alias)}”."


def removed_sentence(removed: RemovedEntry) -> str:
    """Answers the removal of a group or a member."""
    if removed.group is None:
        return f"**{plain(removed.name)}** is removed, with all that I kept of it."
    return f"**{plain(removed.name)}** of **{plain(removed.group)}** is removed, with all that I kept of them."


def photo_count_sentence(known: MemberPhotos) -> str:
    """The number of a member's photos."""
    return f"**{plain(known.member)}** of **{plain(known.group)}** is known by {counted(known.photos, 'photo')} now."


def exported_sentence(exported: Exported) -> str:
    """The content of an archive."""
    content = ", ".join(
        counted(number, thing)
        for number, thing in ((exported.groups, "group"), (exported.members, "member"), (exported.photos, "photo"))
    )
    lost = f"\n{counted(exported.lost, 'photo')} had no file any more." if exported.lost else ""
    kept = (
        f"\n{counted(exported.kept_back, 'photo')} from spoilers or age-restricted channels I left out."
        if exported.kept_back
        else ""
    )
    return f"{content}. `/roster import` takes it in again, here or in another server.{lost}{kept}"
