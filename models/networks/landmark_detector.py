"""The detector of an aligned engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from models.faces import Face, Picture


class LandmarkDetector(Protocol):
    """A detector with five landmarks: eye, eye, nose, corner of the mouth, corner, from left to right."""

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        """All faces of the picture, in reading order. Faces narrower than `smallest` pixels may be missing."""
        ...

    def thorough_scale(self, picture: Picture) -> float:
        """The scale of a thorough scan."""
        ...

    def detect_at_scale(self, picture: Picture, scale: float) -> list[Face]:
        """The faces of the picture at one scale, in pixels of the picture."""
        ...

    def close_ups(
        self, picture: Picture, faces: Sequence[Face], turns: Sequence[float]
    ) -> list[NDArray[np.float32] | None]:
        """The exact landmarks (5, 2) of each face, in pixels of the picture; None where it isn't seen again.

        `turns`: degrees anticlockwise that make each face about upright.
        """
        ...
