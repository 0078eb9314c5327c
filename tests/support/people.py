"""Invented people whose encodings look like dlib's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.encodings import background
from models.recognition.gallery import Gallery, GalleryMember

if TYPE_CHECKING:
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
        noise = self.chance.normal(scale=NOISE, size=(count, D)).astype(np.float32)
        faces = self.mean + 0.25 * (self.people[person] + noise)
        return faces / np.linalg.norm(faces, axis=1, keepdims=True)

    def gallery(self, groups: dict[int, range], photos: int) -> Gallery:
        """Groups of people, their ids being their places in `people`."""
        rows = [
            (GalleryMember(person, f"P{person}", group, f"G{group}"), self.photos(person, photos))
            for group, people in groups.items()
            for person in people
        ]
        return Gallery.from_rows(rows, VERSION, D)
