"""Faces joined within a shot: a track is one face from its first to its last frame in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.quality import Quality


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """The best sighting of a track, cut out: a square JPEG, the face's width in pixels, its sharpness (`models.quality`)."""

    jpeg: bytes
    face_width: int
    sharpness: float


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face in one shot.

    `first`: the number of its first frame in the section. `boxes`: (n, 4) float32, left, top, right and bottom in pixels of the
    upright frame, one for each frame from `first` on, interpolated between detections. `encodings`: (k, d) of its best
    sightings, best first, and their `qualities`. `portrait`: the best of them; None where none was encoded.
    """

    first: int
    boxes: NDArray[np.float32]
    encodings: Encodings
    qualities: tuple[Quality, ...]
    portrait: Portrait | None

    @property
    def last(self) -> int:
        """The number of its last frame."""
        return self.first + len(self.boxes) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was seen in a section of a video, before anybody has a name.

    `engine`: the version of the engine that looked. `size`: (width, height) of the upright frames. `times`: (n,) float64,
    when each frame is shown, in seconds from the section's start. `shots`: (s,) int64, the numbers of the frames with which
    shots begin, the first of them 0.
    """

    engine: str
    size: tuple[int, int]
    times: NDArray[np.float64]
    shots: NDArray[np.int64]
    tracks: tuple[Track, ...]
