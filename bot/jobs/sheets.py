"""Draw contact sheets: many crops side by side."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def contact_sheet(crops: Sequence[tuple[str, bytes]]) -> bytes:
    """A contact sheet of crops, as a JPEG. `crops`: (caption, JPEG) of each."""
    import numpy as np
    from PIL import Image

    from models.drawing import sheet

    return sheet.contact_sheet([(name, np.asarray(Image.open(BytesIO(data)).convert("RGB"))) for name, data in crops])
