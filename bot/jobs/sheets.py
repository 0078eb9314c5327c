"""Pictures of crops that are kept: many side by side."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def sheet(crops: Sequence[tuple[str, bytes]]) -> bytes:
    """A contact sheet of crops (JPEG) with their names, as a JPEG."""
    import numpy as np
    from PIL import Image

    from models.drawing.sheet import contact_sheet

    return contact_sheet([(name, np.asarray(Image.open(BytesIO(data)).convert("RGB"))) for name, data in crops])
