"""What became of an import, and what is in an export, in words."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.wording import counted, plain, unmarked

if TYPE_CHECKING:
    from bot.usecases.exchange import Exported, Imported

MOST_TOLD = 8
"""So many reasons stand in the message; more are in a file beside it."""

LONGEST_MESSAGE = 2000
LONGEST_PATH = 80


def imported_in_words(done: Imported) -> str:
    """How many photos were taken, and why the others were not, unless these are in the file."""
    lines = [f"**{done.taken} of {counted(done.photos, 'photo')}** taken, {counted(done.members, 'member')}."]
    if done.known:
        lines.append(f"{done.known} I had already.")
    if len(done.left_out) > MOST_TOLD:
        lines.append(f"{len(done.left_out)} were left out; the file says why.")
    else:
        lines += [f"⚠️ {plain(path[:LONGEST_PATH])}: {reason}." for path, reason in done.left_out]
    return "\n".join(lines)[:LONGEST_MESSAGE]


def left_out_file(done: Imported) -> discord.File | None:
    """Why each photo was left out, a line each, where these are many."""
    if len(done.left_out) <= MOST_TOLD:
        return None
    lines = (f"{_one_line(path)}: {unmarked(_one_line(reason))}" for path, reason in done.left_out)
    return discord.File(BytesIO("\n".join(lines).encode()), filename="left-out.txt")


def exported_in_words(exported: Exported) -> str:
    """What is in the archive."""
    told = ", ".join(
        counted(number, thing)
        for number, thing in ((exported.groups, "group"), (exported.members, "member"), (exported.photos, "photo"))
    )
    lost = f"\n{counted(exported.lost, 'photo')} had no file any more." if exported.lost else ""
    return f"{told}. `/roster import` takes it in again, here or in another server.{lost}"


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
