"""The submitted files of a question that are pictures."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.errors import PersonError
from bot.infra.incoming import read_head
from bot.media.pictures.headers import sniff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import App
    from bot.domain.files import SubmittedFile


async def without_other_files(app: App, files: Sequence[SubmittedFile]) -> list[SubmittedFile]:
    """The files without the optional ones that are no pictures."""
    strays = await asyncio.gather(*(_is_other_file(app, file) for file in files))
    return [file for file, is_stray in zip(files, strays, strict=True) if not is_stray]


async def _is_other_file(app: App, file: SubmittedFile) -> bool:
    if not file.optional or file.refusal is not None:
        return False
    try:
        async with app.compute.receive(file) as content:
            return sniff(await asyncio.to_thread(read_head, content)) is None
    except PersonError:
        return False
