"""Whitening of encodings: less a mean face, and with less weight on differences between photos of one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings

DIRECTIONS = 32
"""Directions that are shortened. 8 are as good for one photo a member, 24 lose 1.5 points for five photos, 64 gain nothing."""

SHRUNK = 0.6
"""Shrinkage of the covariance to a multiple of the identity (Ledoit and Wolf 2004), because it is of a few hundred photos."""

POWER = 0.5
"""Exponent of the whitening; 1 is full whitening. docs/recognition.md has the results of others."""


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """Within-class whitening (WCCN, Hatch et al. 2006) with a reduced exponent and of low rank.

    `mean`: (d,) float32, the mean face. `directions`: (r, d) float32, orthonormal rows along which photos of one person differ
    most. `gains`: (r,) float32, the factor along each direction; it is 1 along all others. Raises ValueError for shapes that
    don't fit together.
    """

    mean: NDArray[np.float32]
    directions: NDArray[np.float32]
    gains: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.directions.shape != (*self.gains.shape, *self.mean.shape):
            raise ValueError(f"mean {self.mean.shape}, directions {self.directions.shape}, gains {self.gains.shape}")

    @classmethod
    def none(cls, dimensions: int) -> Whitening:
        """The identity for encodings of unit length."""
        empty = np.empty((0, dimensions), np.float32)
        return cls(np.zeros(dimensions, np.float32), empty, np.empty(0, np.float32))

    @classmethod
    def learn(cls, people: Sequence[Encodings], directions: int = DIRECTIONS) -> Whitening:
        """The whitening from encodings (k, d) of each of many people, who have equal weights in the mean. `directions`: r."""
        mean = np.stack([person.mean(axis=0) for person in people]).mean(axis=0)
        within = np.concatenate([person - person.mean(axis=0) for person in people]).astype(np.float64)
        covariance = within.T @ within / (len(within) - len(people))
        values, vectors = np.linalg.eigh(covariance)
        most = np.argsort(values)[::-1][:directions]
        rest = np.delete(values, most).mean()
        average = values.mean()

        def length(value: NDArray[np.float64]) -> NDArray[np.float64]:
            return ((1 - SHRUNK) * value / average + SHRUNK) ** (-POWER / 2)

        gains = length(values[most]) / length(rest)
        return cls(mean.astype(np.float32), vectors[:, most].T.astype(np.float32), gains.astype(np.float32))

    def apply(self, encodings: Encodings) -> Encodings:
        """Whitened encodings: (n, d) float32, rows of unit length. Raises ValueError unless `encodings` is (n, d)."""
        if encodings.ndim != 2 or encodings.shape[1:] != self.mean.shape:
            raise ValueError(f"encodings {encodings.shape}, not (n, {len(self.mean)})")
        faces = encodings - self.mean
        along = faces @ self.directions.T
        return unit_rows((faces + (along * (self.gains - 1)) @ self.directions).astype(np.float32, copy=False))


def unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows (n, d) at unit length; a row of zeros stays zero."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-9))
