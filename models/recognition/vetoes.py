"""The remembered *no*: faces of which somebody said who they are not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from models.encodings.copies import one_face

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.recognition.gallery import GalleryMember

NOBODY = -1
"""In `Vetoes.members`: the face is nobody of the roster."""


def _no_encodings() -> Encodings:
    return np.empty((0, 0), np.float32)


def _no_members() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Vetoes:
    """Faces and whom they don't show, by the engine of the recogniser that carries them.

    `encodings`: (k, d) float32, rows of unit length. `members`: (k,) int64, the id of the member that each is not, or
    NOBODY; ids that a roster doesn't know are passed over. Raises ValueError when these don't fit together.
    """

    encodings: Encodings = field(default_factory=_no_encodings)
    members: NDArray[np.int64] = field(default_factory=_no_members)

    def __post_init__(self) -> None:
        if self.encodings.ndim != 2 or self.members.shape != self.encodings.shape[:1]:
            raise ValueError(f"encodings {self.encodings.shape} and members {self.members.shape}, not (k, d) and (k,)")

    @classmethod
    def standing(
        cls, encodings: Encodings, denied: Sequence[int | None], granted: Sequence[int | None], version: str
    ) -> Vetoes:
        """What holds of what was said of faces (k, d), oldest first; `version` is the engine's.

        `denied`: the member that a face was said not to be, NOBODY, or None. `granted`: the member that it was said to be, or
        None. Of one photo and its copies, the later word holds: a member who is granted is no longer denied, and anybody
        who is granted makes it somebody.
        """
        said_no = np.array([member is not None for member in denied], np.bool_)
        no = np.array([-2 if member is None else member for member in denied], np.int64)
        yes = np.array([-2 if member is None else member for member in granted], np.int64)
        later = np.triu(encodings @ encodings.T >= one_face(version), k=1)
        lifts = (yes == no[:, None]) | ((no[:, None] == NOBODY) & (yes >= 0))
        holds = said_no & ~(later & lifts).any(axis=1)
        return cls(np.ascontiguousarray(encodings[holds], np.float32), no[holds])

    def forbid(self, encodings: Encodings, roster: Sequence[GalleryMember], version: str) -> NDArray[np.bool_]:
        """Which of these faces (n, d) may not be which member: (n, m).

        A veto is for one face in one photo, and its copies: on another photo of the same person it says nothing.
        """
        if not len(self.members):
            return np.zeros((len(encodings), len(roster)), np.bool_)
        ids = np.array([member.id for member in roster], np.int64)
        spoken_of = encodings @ self.encodings.T >= one_face(version)
        denied = (self.members[:, None] == ids) | (self.members[:, None] == NOBODY)
        return spoken_of @ denied
