"""Draw contact sheets: many crops side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.jobs.pictures import open_crop

if TYPE_CHECKING:
    from collections.abc import Sequence


def contact_sheet(crops: Sequence[tuple[str, bytes]]) -> bytes:
    """A contact sheet of crops, as a JPEG. `crops`: (caption, JPEG) of each. The place of a damaged one is empty."""
    from models.drawing import sheet

    return sheet.contact_sheet([(name, open_crop(data)) for name, data in crops])
