"""What is known of faces that are not in the roster: plain numbers, one file an engine version, no person's encoding.

`python -m models.background FOLDER` makes a file anew; see `__main__`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scale:
    """Where strangers end in one kind of score, and how fast the log-odds of a name grow beyond."""

    threshold: float
    slope: float


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Numbers of the faces that rosters are made of.

    `mean`: (d,) float32, the mean face, each person counting alike. `nearness_mean`, `nearness_deviation`: of the cosine
    between a face and the mean face. `centred`: scores less the mean face. `raw`: scores of faces of any kind as they are.
    """

    version: str
    mean: NDArray[np.float32]
    nearness_mean: float
    nearness_deviation: float
    centred: Scale
    raw: Scale

    def write(self, folder: Path) -> Path:
        """Save as JSON in `folder`; gives the file."""
        numbers = asdict(self) | {"mean": [round(float(value), 7) for value in self.mean]}
        path = folder / f"{self.version}.json"
        path.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
        return path


@cache
def load(version: str, folder: Path = Path(__file__).parent) -> Background:
    """The background of an engine version. Raises LookupError when nobody has measured it."""
    path = folder / f"{version}.json"
    if not path.exists():
        raise LookupError(f"no background of engine {version!r}: run `python -m models.background`")
    numbers = json.loads(path.read_text(encoding="utf-8"))
    return Background(
        version=numbers["version"],
        mean=np.array(numbers["mean"], np.float32),
        nearness_mean=numbers["nearness_mean"],
        nearness_deviation=numbers["nearness_deviation"],
        centred=Scale(**numbers["centred"]),
        raw=Scale(**numbers["raw"]),
    )
