"""Invented people whose encodings look like dlib's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.encodings import background
from models.recognition.gallery import Gallery, GalleryMember

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Encodings

VERSION = "dlib-1"
D = 128
NOISE = 0.04
"""Of a synthetic photo around its person, in each dimension; people are 1 apart. Two photos of one agree to about 0.8."""


class SyntheticPeople:
    """People as random directions around the shipped mean face, so that they resemble idols as the engine sees them."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.mean = background.load(VERSION).whitening.mean
        self.people = self.chance.normal(size=(60, D)).astype(np.float32)
        self.people /= np.linalg.norm(self.people, axis=1, keepdims=True)

    def photos(self, person: int, count: int = 1) -> Encodings:
        """Encodings of a person: (count, 128)."""
        return self._around(self.people[person], count, NOISE)

    def new_look(self, person: int, count: int = 1) -> Encodings:
        """Encodings of a person who looks otherwise, and each time differently: (count, 128).

        Beside eight of `photos` most of four are not recognised, and most of 24 are.
        """
        look = self.people[person] + 2 * self.people[-1]
        return self._around(look / np.linalg.norm(look), count, 3 * NOISE)

    def _around(self, person: NDArray[np.float32], count: int, noise: float) -> Encodings:
        faces = self.mean + 0.25 * (person + self.chance.normal(scale=noise, size=(count, D)).astype(np.float32))
        return faces / np.linalg.norm(faces, axis=1, keepdims=True)

    def gallery(self, groups: dict[int, range], photos: int) -> Gallery:
        """Groups of people, their ids being their places in `people`."""
        rows = [
            (GalleryMember(person, f"P{person}", group, f"G{group}"), self.photos(person, photos))
            for group, people in groups.items()
            for person in people
        ]
        return Gallery.from_rows(rows, VERSION, D)

    def gallery_with_new_look(self, photos: int) -> tuple[Gallery, NDArray[np.bool_]]:
        """Five members with eight photos each, and the new look of the first one; the mask of its photos."""
        before = self.gallery({1: range(5)}, 8)
        labels = np.concatenate([before.labels, np.zeros(photos, np.int64)])
        encodings = np.vstack([before.encodings, self.new_look(0, photos)])
        return Gallery(encodings, labels, before.members, VERSION), np.arange(len(labels)) >= len(before.labels)
