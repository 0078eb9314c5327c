"""Copies of one photo in a set: resized, slightly cropped, brightened or saved again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Encodings, Picture

SAME_PHOTO_COSINES = {"dlib-1": 0.995, "sface-2": 0.85, "trio-1": 0.87}
"""The minimum cosine of two encodings of the same photo, by engine version. `same_photo_cosine` has the default.

Encodings of two photos reach 0.991 by dlib, 0.804 by sface and 0.830 by trio. Half of the copies reach 0.998, 0.98 and 0.98; of
those 30% brighter, 0.92 and 0.93.
"""

SAME_ENCODING = 0.9999
"""Minimum cosine of two encodings of the same pixels; the rest is rounding."""

NEAR_HASH = 10
"""The largest difference between the `perceptual_hash` of two copies, in bits of 64, where the two faces are alike as well.

Measured on ../shared/faces: copies saved at JPEG quality 30 or reduced to a third differ by 2 bits at most. Of copies 30%
brighter 91% are within this limit, of copies cropped by 3 and 5% on each side 94 and 51%. Of the 15,931 pairs of different
photos the nearest differ by 12 bits in crops by dlib, and by 6, 8, 8, 10 and 10 in those by sface. The hash and dlib's
encodings complement each other: encodings find 57% of brightened copies, and 98% of those cropped by 10%.
"""

SAME_HASH = 4
"""The largest difference at which the hashes alone show a copy."""

ALIKE_COSINE = 0.5
"""The minimum cosine of the faces of two pictures whose hashes are near. The five nearest pairs by sface reach 0.3."""


def same_photo_cosine(version: str) -> float:
    """The minimum cosine of two encodings of the same photo by the engine `version`."""
    return SAME_PHOTO_COSINES.get(version, SAME_ENCODING)


def perceptual_hash(picture: Picture) -> int:
    """64 bits of the coarse structure of a picture (h, w, 3) uint8, similar for copies.

    The bits are the signs of the lowest DCT coefficients against their median (Zauner 2010, by the package imagehash).
    """
    import imagehash
    from PIL import Image

    return int(str(imagehash.phash(Image.fromarray(picture))), 16)


def photo_numbers(encodings: Encodings, version: str) -> NDArray[np.int64]:
    """The number of the photo behind each encoding: (n,) int64, from 0; copies, and copies of copies, share a number.

    `encodings`: (n, d), rows of unit length, by the engine `version`.
    """
    alike = encodings @ encodings.T >= same_photo_cosine(version)
    np.fill_diagonal(alike, True)
    count = len(encodings)
    numbers = np.arange(count)
    while True:
        # The lowest number spreads from copy to copy until it has reached them all.
        lowest = np.where(alike, numbers, count).min(axis=1, initial=count)
        if (lowest == numbers).all():
            return np.unique(numbers, return_inverse=True)[1].astype(np.int64)
        numbers = lowest
