"""`nugu map`: the map of a group as a file, and in words or as JSON."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from bot.app import App
from bot.usecases import maps

if TYPE_CHECKING:
    from pathlib import Path

    from bot.settings import Settings
    from models.faces import Projection


async def draw_map(
    settings: Settings, group: str, server: int, projection: Projection, out: Path, *, as_json: bool
) -> None:
    """Draw a group's map into the file `out`, and print who stands apart, who overlaps, and which photos are outliers."""
    async with App.open(settings) as app:
        found = (await maps.draw(app, [server], group, projection)).found
    await asyncio.to_thread(out.write_bytes, found.picture)
    if as_json:
        told = asdict(found)
        del told["picture"]
        print(json.dumps({**told, "out": str(out)}, ensure_ascii=False))
        return
    print(f"{found.group}: {found.photos} of {found.of} photos by {projection.label}, in {out}")
    for sentence in (*maps.in_words(found), *maps.unlike_in_words(found)):
        print(sentence)
