"""Maps made in a process apart, which finds this module by its name."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from models.similarity.maps import lay_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from models.faces import ProjectionMethod
    from models.recognition.gallery import Gallery


def lay_out_all(galleries: Sequence[Gallery], projection: ProjectionMethod, compiled: str) -> list[np.ndarray]:
    """The points of each; what is compiled is kept in a folder, and TensorFlow is not imported."""
    os.environ["NUMBA_CACHE_DIR"] = compiled
    found = [lay_out(gallery, projection).points for gallery in galleries]
    assert "tensorflow" not in sys.modules
    return found
