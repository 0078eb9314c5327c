"""Vetoes: names that certain faces never get, because a person denied them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from models.encodings.copies import same_photo_cosine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.recognition.gallery import GalleryMember

NOBODY = -1
"""In `Vetoes.members`: the face is a stranger, so that every name is vetoed."""


def _no_encodings() -> Encodings:
    return np.empty((0, 0), np.float32)


def _no_members() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Vetoes:
    """Faces and their vetoed names.

    `encodings`: (k, d) float32, rows of unit length, by the engine of the recogniser. `members`: (k,) int64, the id of the
    vetoed member, or NOBODY; ids of no member have no effect. Raises ValueError when these don't fit together.
    """

    encodings: Encodings = field(default_factory=_no_encodings)
    members: NDArray[np.int64] = field(default_factory=_no_members)

    def __post_init__(self) -> None:
        if self.encodings.ndim != 2 or self.members.shape != self.encodings.shape[:1]:
            raise ValueError(f"encodings {self.encodings.shape} and members {self.members.shape}, not (k, d) and (k,)")

    @classmethod
    def effective(
        cls, encodings: Encodings, denied: Sequence[int | None], granted: Sequence[int | None], version: str
    ) -> Vetoes:
        """The vetoes that hold after all annotations of faces (k, d), oldest first.

        `denied`: the member whom an annotation excludes, NOBODY for all of them, or None. `granted`: the member whom it names,
        or None. `version`: of the engine. On one photo and its copies the later annotation holds: a granted name lifts the veto
        of the same name, and every granted name lifts NOBODY.
        """
        denies = np.array([member is not None for member in denied], np.bool_)
        no = np.array([-2 if member is None else member for member in denied], np.int64)
        yes = np.array([-2 if member is None else member for member in granted], np.int64)
        later = np.triu(encodings @ encodings.T >= same_photo_cosine(version), k=1)
        lifts = (yes == no[:, None]) | ((no[:, None] == NOBODY) & (yes >= 0))
        holds = denies & ~(later & lifts).any(axis=1)
        return cls(np.ascontiguousarray(encodings[holds], np.float32), no[holds])

    def forbidden(self, encodings: Encodings, members: Sequence[GalleryMember], version: str) -> NDArray[np.bool_]:
        """A mask (n, m) of the vetoed names of these faces (n, d).

        A veto holds for one face in one photo and its copies. Other photos of the same person keep all names.
        """
        if not len(self.members):
            return np.zeros((len(encodings), len(members)), np.bool_)
        ids = np.array([member.id for member in members], np.int64)
        same_photo = encodings @ self.encodings.T >= same_photo_cosine(version)
        denied = (self.members[:, None] == ids) | (self.members[:, None] == NOBODY)
        return same_photo @ denied
