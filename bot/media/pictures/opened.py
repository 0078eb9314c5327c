"""A decoded picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.faces import Box

if TYPE_CHECKING:
    from models.faces import Picture


@dataclass(frozen=True, slots=True, eq=False)
class OpenedPicture:
    """A decoded picture.

    `pixels`: (h, w, 3) uint8, upright, read-only, perhaps reduced. `size`: (width, height) of the upright original.
    `format`: a `PictureKind`, such as "JPEG". `frames`: 1 for a still; only the first was decoded.
    """

    pixels: Picture
    size: tuple[int, int]
    format: str
    frames: int

    @property
    def scale(self) -> float:
        """The sides of `pixels` over those of the original: 1.0 unless the picture was reduced."""
        return max(self.pixels.shape[:2]) / max(self.size)

    def to_original(self, box: Box) -> Box:
        """A box in `pixels` → the same box in pixels of the original."""
        height, width = self.pixels.shape[:2]
        return _stretched(box, self.size[0] / width, self.size[1] / height)

    def from_original(self, box: Box) -> Box:
        """A box in pixels of the original → the same box in `pixels`."""
        height, width = self.pixels.shape[:2]
        return _stretched(box, width / self.size[0], height / self.size[1])


def _stretched(box: Box, across: float, down: float) -> Box:
    return Box(round(box.left * across), round(box.top * down), round(box.right * across), round(box.bottom * down))
