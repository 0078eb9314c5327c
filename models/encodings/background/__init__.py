"""The background of an engine: statistics of encodings of people outside all groups, one file an engine version.

No person's encoding is in it. `python -m models.learning.background FOLDER` measures a file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.encodings.whitening import Whitening

FOLDER = Path(__file__).parent
"""The folder of the JSON files, one an engine version."""

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOAT32 = "-fp32"
"""The end of an engine's version whose network is that of another version before the quantisation of its weights."""

PHOTOS = (1, 2, 3, 5, 8)
"""The numbers of photos a member with measured scores."""

QUANTILES = (np.arange(32) + 0.5) / 32
"""The probabilities of the stored quantiles, in the middle of equal shares."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreQuantiles:
    """Quantiles of scores in simulated galleries: the cosine between a face and a centroid of each number of `PHOTOS`.

    `genuine`: (len(PHOTOS), len(QUANTILES)) float64, of a face and its own member. `strangers`: the same shape, of a stranger's
    best score among nine people.
    """

    genuine: NDArray[np.float64]
    strangers: NDArray[np.float64]

    def for_photos(self, photos: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The quantiles (len(QUANTILES),) of genuine and strangers' scores for `photos` photos, interpolated between
        `PHOTOS`."""
        return _between(photos, self.genuine), _between(photos, self.strangers)


def _between(photos: float, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    place = float(np.interp(photos, PHOTOS, range(len(PHOTOS))))
    low = min(int(place), len(PHOTOS) - 2)
    return rows[low] + (place - low) * (rows[low + 1] - rows[low])


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Statistics of faces like those of groups.

    `version`: of the engine. `whitening`: learned from such faces. `nearness_mean`, `nearness_deviation`: of the cosine
    between such a face and the mean face. `nearness_bound`: the deviations from that mean within which a gallery is whitened,
    where nothing overrules it. `whitened`: scores of such faces after whitening. `raw`: scores of all kinds of
    faces without it.
    """

    version: str
    whitening: Whitening
    nearness_mean: float
    nearness_deviation: float
    nearness_bound: float
    whitened: ScoreQuantiles
    raw: ScoreQuantiles

    def write(self, folder: Path) -> Path:
        """Write a JSON file to `folder`, a row of numbers a line; returns its path."""
        numbers: dict[str, Any] = {
            "version": self.version,
            "mean": _rounded(self.whitening.mean),
            "directions": [_rounded(row) for row in self.whitening.directions],
            "gains": _rounded(self.whitening.gains),
            "nearness_mean": round(self.nearness_mean, 6),
            "nearness_deviation": round(self.nearness_deviation, 6),
            "nearness_bound": self.nearness_bound,
        }
        for name, scores in (("whitened", self.whitened), ("raw", self.raw)):
            numbers[f"{name}_genuine"] = [_rounded(row) for row in scores.genuine]
            numbers[f"{name}_strangers"] = [_rounded(row) for row in scores.strangers]
        lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in numbers.items())
        path = folder / f"{self.version}.json"
        path.write_text(f"{{\n{lines}\n}}\n".replace("], [", "],\n["), encoding="utf-8")
        return path


def _rounded(values: NDArray[np.floating[Any]]) -> list[float]:
    return [round(float(value), 5) for value in values]


@cache
def load(version: str, folder: Path = FOLDER) -> Background:
    """The background of an engine version. Raises LookupError for a version without a file in `folder`.

    A version that ends in `FLOAT32` has the background of the quantised network.
    """
    version = version.removesuffix(FLOAT32)
    path = folder / f"{version}.json"
    if not path.exists():
        raise LookupError(f"no background of engine {version!r}: run `python -m models.learning.background`")
    numbers: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))

    def scores(name: str) -> ScoreQuantiles:
        return ScoreQuantiles(np.array(numbers[f"{name}_genuine"]), np.array(numbers[f"{name}_strangers"]))

    mean, directions, gains = (np.array(numbers[key], np.float32) for key in ("mean", "directions", "gains"))
    return Background(
        version=numbers["version"],
        whitening=Whitening(mean, directions.reshape(len(gains), len(mean)), gains),
        nearness_mean=numbers["nearness_mean"],
        nearness_deviation=numbers["nearness_deviation"],
        nearness_bound=numbers["nearness_bound"],
        whitened=scores("whitened"),
        raw=scores("raw"),
    )
