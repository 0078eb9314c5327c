"""`nugu roster`: list, remove, export."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from bot.app import App
from bot.commands import terminal
from bot.database.lookup import require_group
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import NoRosterError
from bot.infra.private_files import with_user_mode
from bot.text.formatting import counted
from bot.usecases.roster import exporting, groups, members

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.domain.rosters import RosterEntryRemoved
    from bot.settings import Settings
    from bot.usecases.roster.groups import ListedGroup


async def list_groups(settings: Settings, group: str | None, server: int, *, as_json: bool) -> None:
    """Print a line a group of a server, and the photos of its members. Raises UnknownGroupError, NoRosterError."""
    async with App.open(settings, own_processes=False) as app:
        is_shared = server == SHARED_ROSTER
        listed = [each for each in await groups.list_groups(app, [server]) if each.is_shared == is_shared]
        if group is not None:
            async with app.database.reading() as session:
                name = (await require_group(session, [server], group)).name
            listed = [each for each in listed if each.name == name]
    if not listed:
        raise NoRosterError
    for each in listed:
        if as_json:
            terminal.print_json(_as_record(each))
        else:
            terminal.print_lines(*_lines(each))


async def remove_named(
    settings: Settings, group: str, member: str | None, server: int, confirmed: Callable[[str], bool]
) -> bool:
    """Remove a group, or a member of it, if `confirmed` answers the question with True; whether it was removed.

    Raises UnknownGroupError, UnknownMemberError.
    """
    async with App.open(settings, own_processes=False) as app:
        removal = await members.plan_removal(app, server, group, member)
        photos = counted(removal.removal_counts.photos, "photo")
        if removal.group is None:
            entry = f"{removal.name}, with {counted(removal.removal_counts.members, 'member')} and {photos}"
        else:
            entry = f"{removal.name} of {removal.group}, with {photos}"
        if not confirmed(terminal.printable(f"Remove {entry}?")):
            return False
        if removal.group is None:
            removed = await members.remove_group(app, server, removal.id)
        else:
            removed = await members.remove_member(app, server, removal.id)
    terminal.print_lines(removed_sentence(removed))
    return True


async def export_archive(settings: Settings, path: Path, group: str | None) -> None:
    """Write the roster of every server, or one group of it, to a zip that `import_archive` and Discord take."""
    async with App.open(settings, own_processes=False) as app:
        exported = await exporting.export_roster(app, SHARED_ROSTER, group)
        with exported.file, terminal.naming_file(path), with_user_mode(path), path.open("wb") as file:
            shutil.copyfileobj(exported.file, file)
    content = counted(exported.groups, "group"), counted(exported.members, "member"), counted(exported.photos, "photo")
    terminal.print_lines(f"{path}: {', '.join(content)}{f'; {exported.lost} lost' if exported.lost else ''}")


def removed_sentence(removed: RosterEntryRemoved) -> str:
    """Answers the removal of a group or a member."""
    if removed.group is None:
        return f"{removed.name} is removed, with all that I kept of it."
    return f"{removed.name} of {removed.group} is removed, with all that I kept of them."


def _as_record(group: ListedGroup) -> dict[str, Any]:
    return {
        "group": group.name,
        "aliases": list(group.aliases),
        "members": [{"name": name, "photos": photos} for name, photos in group.members.items()],
    }


def _lines(group: ListedGroup) -> list[str]:
    also = f" ({', '.join(group.aliases)})" if group.aliases else ""
    return [f"{group.name}{also}", *(f"  {name}: {counted(n, 'photo')}" for name, n in group.members.items())]
