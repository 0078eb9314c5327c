"""The sentences about archives of a roster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.quotas import quota_full_message
from bot.text.control_characters import removed
from bot.text.formatting import counted
from bot.text.photos import photo_reason
from cogs.common.markup import plain, render_for_discord

if TYPE_CHECKING:
    from bot.usecases.roster.exporting import RosterExport
    from bot.usecases.roster.importing import LeftOutEntry, RosterImport

LONGEST_PATH = 80


def import_progress(*, done: int, photos: int, group: str, member: str) -> str:
    """`3 of 45 photos: TWICE, Momo`: how far an import is."""
    return f"{done} of {counted(photos, 'photo')}: {plain(group)}, {plain(member)}"


def imported_lines(done: RosterImport) -> list[str]:
    """The numbers of photos that an import took and that were known, and the quotas that had no room for the others."""
    lines = [f"**{done.taken} of {counted(done.photos, 'photo')}** taken, {counted(done.members, 'member')}."]
    if done.known:
        lines.append(f"{done.known} I had already.")
    return lines + [render_for_discord(quota_full_message(reason.quota, reason.limit)) for reason in done.full]


def left_out_sentence(photos: int) -> str:
    """The number of photos that were left out, where a file has the reasons."""
    return f"{photos} were left out; the file says why."


def left_out_line(photo: LeftOutEntry) -> str:
    """The reason why a photo was left out."""
    return f"⚠️ {plain(photo.path[:LONGEST_PATH])}: {plain(photo_reason(photo.reason))}."


def left_out_file_line(photo: LeftOutEntry) -> str:
    """`left_out_line` for a text file, without markup or line breaks."""
    return f"{removed(photo.path)}: {removed(photo_reason(photo.reason))}"


def exported_sentence(exported: RosterExport) -> str:
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
