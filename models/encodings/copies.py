"""One photo, saved twice: which photos of a set are copies of each other, resized, cut a little, brightened or saved anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Encodings, Picture

ONE_FACE = {"dlib-1": 0.995, "retail-2": 0.87}
"""Cosine of two encodings, by the engine's version, from which they are of one photo; see `one_face` for other engines.

Two photos reach 0.991 by dlib, 0.812 by retail; half of the copies have 0.998 and 0.982.
"""

SAME_ENCODING = 0.9999
"""Cosine from which two encodings are one, whatever the engine: rounding apart, it looked at the same pixels."""

NEAR_HASH = 10
"""Bits of 64 by which the `perceptual_hash` of two copies may differ.

On ../shared/faces two photos differ by 12 at least (one pair of 15,931), copies saved at JPEG quality 30 or made a third as
large by 2 at most; 99% of brighter ones stay below, 94 and 51% of those cut by 3 and 5% on each side. Brighter copies are
what encodings by dlib miss (57% found), cut ones what they find (98%, cut by 10%), so both are asked.
"""


def one_face(version: str) -> float:
    """The cosine from which two encodings by this engine are of one photo."""
    return ONE_FACE.get(version, SAME_ENCODING)


def perceptual_hash(picture: Picture) -> int:
    """64 bits of the coarse structure of a picture (h, w, 3), alike in its copies: the signs of its lowest DCT
    coefficients against their median (Zauner 2010, as in the package imagehash).
    """
    import imagehash
    from PIL import Image

    return int(str(imagehash.phash(Image.fromarray(picture))), 16)


def photo_numbers(encodings: Encodings, version: str) -> NDArray[np.int64]:
    """Which photo each encoding is of: (n,), numbered from 0; copies, and copies of copies, have one number.

    `encodings`: (n, d), rows of unit length, by the engine `version`.
    """
    alike = encodings @ encodings.T >= one_face(version)
    np.fill_diagonal(alike, True)
    count = len(encodings)
    numbers = np.arange(count)
    while True:
        # The lowest number of its copies: it goes from copy to copy until it has reached them all.
        lowest = np.where(alike, numbers, count).min(axis=1, initial=count)
        if (lowest == numbers).all():
            return np.unique(numbers, return_inverse=True)[1].astype(np.int64)
        numbers = lowest
