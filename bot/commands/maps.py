"""`nugu map`: the map of a group as a file, and its description as text or JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from bot.app import App
from bot.commands import terminal
from bot.text.maps import outlier_sentences, separation_sentences
from bot.usecases import maps

if TYPE_CHECKING:
    from pathlib import Path

    from bot.settings import Settings
    from models.faces import ProjectionMethod


async def draw_map(
    settings: Settings, group: str, server: int, projection: ProjectionMethod, out: Path, *, as_json: bool
) -> None:
    """Draw a group's map into the file `out`, and print separate members, overlapping ones, and outliers."""
    async with App.open(settings) as app:
        with terminal.spinner("drawing the map"):
            found = (await maps.draw_map(app, [server], group, projection)).found
    terminal.write_file(out, found.picture)
    if as_json:
        record = asdict(found)
        del record["picture"]
        named = {"of" if key == "total_photos" else key: value for key, value in record.items()}
        terminal.print_json({**named, "out": str(out)})
        return
    terminal.print_lines(
        f"{found.group}: {found.photos} of {found.total_photos} photos by {projection.label}, in {out}"
    )
    terminal.print_lines(*separation_sentences(found), *outlier_sentences(found))
