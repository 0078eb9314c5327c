"""`nugu gather`: photos from image searches into the review of a server, or into a folder."""

from __future__ import annotations

import asyncio
import shutil
from itertools import count
from typing import TYPE_CHECKING

from bot.app import App
from bot.commands import terminal
from bot.domain.gathering import GatherProgress
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import OperatorError
from bot.infra.incoming import read_head
from bot.infra.private_files import make_user_folder, with_user_mode
from bot.media.pictures.headers import sniff
from bot.text.formatting import counted
from bot.text.gathering import failure_text, left_out_counts
from bot.usecases.roster import gather
from bot.usecases.roster.manifests import folder_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bot.gather.candidates import CandidatePhoto
    from bot.settings import Settings
    from bot.usecases.roster.gather import SoughtMember

OPERATOR = 0


async def gather_photos(
    settings: Settings, group: str, member: str | None, *, wanted: int, server: int, out: Path | None
) -> bool:
    """Gather photos and print the progress; whether any was found. With `out`, files go to OUT/GROUP/MEMBER, not to the review.

    Raises PersonError as `bot.usecases.roster.gather` does, and for the shared roster without a folder, which nobody reviews.
    """
    if out is None and server == SHARED_ROSTER:
        raise OperatorError("Nobody reviews rosters of your own: name a server with --server, or a folder with --out.")
    async with App.open(settings) as app:
        sought = await gather.members_lacking_photos(app, server, group, member, wanted)
        if out is None:
            gathering = await gather.gather(app, server, sought, by=OPERATOR, progress=_report)
        else:
            gathering = GatherProgress(sought[0].group_name, tuple(each.name for each in sought))
            for each in sought:
                async with app.compute.scratch_folder() as folder:
                    kept = await gather.search_member(app, server, each, gathering, folder, keep_files=True)
                    await asyncio.to_thread(write_photos, out, each, [found.candidate for found in kept])
                gathering.done += 1
                gathering.kept[each.name] = len(kept)
                await _report(gathering)
    for number, reason in left_out_counts(gathering):
        terminal.print_lines(f"  {number}: {reason}")
    for source, failure in gathering.tally.failed.items():
        terminal.print_errors(f"nugu: {source}: {failure_text(failure)}")
    found = sum(gathering.kept.values())
    where = f"in {out}" if out is not None else "in the server's review, where a trusted person says yes or no to each"
    summary = f"{counted(found, 'photo')} {'is' if found == 1 else 'are'} {where}"
    terminal.print_lines(summary if found else "nothing was found")
    return found > 0


async def _report(gathering: GatherProgress) -> None:
    name = gathering.members[gathering.done - 1]
    terminal.print_lines(
        f"{gathering.done} of {len(gathering.members)}: {name}: {counted(gathering.kept[name], 'photo')}"
    )


def write_photos(out: Path, sought: SoughtMember, photos: Iterable[CandidatePhoto]) -> None:
    """Write files unchanged to OUT/GROUP/MEMBER, with the ending of their format. Files of earlier runs stay."""
    folder = out / folder_of(sought.group_name, set()) / folder_of(sought.name, set())
    make_user_folder(folder)
    taken = {path.stem for path in folder.iterdir()}
    numbers = (f"{number:02}" for number in count(1) if f"{number:02}" not in taken)
    for photo, number in zip(photos, numbers, strict=False):
        kind = sniff(read_head(photo.path))
        assert kind is not None  # a worker opened it before
        path = folder / f"{number}.{kind.file_extension}"
        with terminal.naming_file(path), with_user_mode(path):
            shutil.copyfile(photo.path, path)
        sources = out / "sources.txt"
        with with_user_mode(sources), sources.open("a", encoding="utf-8") as file:
            source = (path.relative_to(out), photo.page or photo.url, photo.licence or "")
            file.write("\t".join(map(terminal.printable, source)) + "\n")
