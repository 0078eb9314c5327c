"""`nugu twins`: look-alikes on a terminal and in a drawn file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot import jobs
from bot.app import App
from bot.commands import terminal
from bot.text.twins import pair_likeness, pair_rank
from bot.usecases import twins

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.twins import GroupTwins, LookAlike, LookAlikes
    from bot.settings import Settings


async def show_twins(settings: Settings, group: str | None, server: int, out: Path | None, *, as_json: bool) -> None:
    """Print the most alike members of a group, and draw them with all distances of the group into the file `out`."""
    async with App.open(settings, own_processes=False) as app:
        shown = await twins.twins(app, server, group)
        if out is not None:
            picture = await app.compute.run(jobs.stack_pictures, (shown.pair, shown.matrix))
            terminal.write_file(out, picture)
    found = shown.found
    if as_json:
        terminal.print_json(_twins_as_record(found))
        return
    terminal.print_lines(
        f"{found.first.name} and {_described(found.second)}: {pair_rank(found.pairs)} of {found.group}"
    )
    for member, other, distance in found.nearest_of_each():
        terminal.print_lines(f"{member.name}: {other.name} is nearest, {distance:.2f}")


async def show_look_alikes(
    settings: Settings, group: str | None, member: str, server: int, out: Path | None, *, as_json: bool
) -> None:
    """Print the members who look most like a member, and draw them into the file `out`."""
    async with App.open(settings, own_processes=False) as app:
        shown = await twins.look_alikes(app, server, group, member)
    if out is not None:
        terminal.write_file(out, shown.picture)
    if as_json:
        terminal.print_json(_look_alikes_as_record(shown.found))
        return
    for near in shown.found.nearest:
        terminal.print_lines(f"{shown.found.asked.name} and {_described(near)}; {near.member.group}")


def _twins_as_record(found: GroupTwins) -> dict[str, Any]:
    """The JSON object of a group's twins, with both matrices of distances, whose rows and columns are `members`."""
    return {
        "group": found.group,
        "twins": [found.first.name, found.second.member.name],
        **_distances(found.second),
        "pairs": found.pairs,
        "members": [{"name": member.name, "photos": member.photos} for member in found.members],
        "distances": [[round(distance, 4) for distance in row] for row in found.normalised],
        "euclidean_distances": [[round(distance, 4) for distance in row] for row in found.euclidean],
    }


def _look_alikes_as_record(found: LookAlikes) -> dict[str, Any]:
    """The JSON object of a member and the look-alikes."""
    return {
        "member": found.asked.name,
        "group": found.asked.group,
        "among": found.others,
        "nearest": [
            {"name": near.member.name, "group": near.member.group, **_distances(near)} for near in found.nearest
        ],
    }


def _distances(near: LookAlike) -> dict[str, Any]:
    return {
        "distance": round(near.distance, 4),
        "euclidean": round(near.euclidean, 4),
        "words": pair_likeness(near.likeness),
    }


def _described(near: LookAlike) -> str:
    return f"{near.member.name} {pair_likeness(near.likeness)}, {near.distance:.2f} apart"
