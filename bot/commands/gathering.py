"""`nugu gather`: photos from image searches, into the review of a server or into a folder to look through."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from bot.app import App
from bot.database.tables import HOUSE
from bot.errors import PersonError
from bot.usecases import gather
from bot.usecases.gather import Gathering
from bot.wording import unmarked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.settings import Settings
    from bot.usecases.gather import Kept, Sought

OPERATOR = 0


async def gather_photos(
    settings: Settings, group: str, member: str | None, *, wanted: int, server: int, out: Path | None
) -> bool:
    """Gather and tell; whether anything was found. With `out`, files go to OUT/GROUP/MEMBER and nothing into review.

    Raises PersonError as `bot.usecases.gather` does, and for the house without a folder: it has nobody to review.
    """
    if out is None and server == HOUSE:
        raise PersonError("Nobody reviews rosters of your own: name a server with --server, or a folder with --out.")
    async with App.open(settings) as app:
        sought = await gather.seek(app, server, group, member, wanted)
        if out is None:
            gathering = await gather.gather(app, server, sought, by=OPERATOR, told=_tell)
        else:
            gathering = Gathering(sought[0].group_name, tuple(each.name for each in sought))
            for each in sought:
                kept = await gather.search(app, server, each, gathering)
                await asyncio.to_thread(_write, out, each, kept)
                gathering.done += 1
                gathering.kept[each.name] = len(kept)
                await _tell(gathering)
    for line in left_out(gathering):
        print(f"  {line}")
    for source, reason in gathering.tally.failed.items():
        print(f"nugu: {source}: {unmarked(reason)}", file=sys.stderr)
    found = sum(gathering.kept.values())
    where = f"in {out}" if out is not None else "in `/review`, where a trusted person says yes or no to each"
    print(f"{found} photos are {where}" if found else "nothing was found")
    return found > 0


def left_out(gathering: Gathering) -> list[str]:
    """What was left out and why, a line a reason, the most frequent first."""
    reasons = gathering.refused + gathering.tally.refused
    return [f"{count}: {reason}" for reason, count in reasons.most_common()]


async def _tell(gathering: Gathering) -> None:
    name = gathering.members[gathering.done - 1]
    print(f"{gathering.done} of {len(gathering.members)}: {name}: {gathering.kept[name]} photos", flush=True)


def _write(out: Path, sought: Sought, kept: Sequence[Kept]) -> None:
    folder = out / _safe(sought.group_name) / _safe(sought.name)
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(kept, start=1):
        path = folder / f"{number:02}.jpg"
        path.write_bytes(one.candidate.data)
        with (out / "sources.txt").open("a") as file:
            told = (path.relative_to(out), one.candidate.page or one.candidate.url, one.candidate.licence or "")
            file.write("\t".join(map(str, told)) + "\n")


def _safe(name: str) -> str:
    """A member's or group's name as a folder's."""
    return name.replace("/", "⁄").lstrip(".") or "_"
