"""Measure the background of an engine: `python -m models.background FOLDER [--engine dlib] [--weights FOLDER]`.

FOLDER is `../shared/faces` or another with `background/PERSON/*` (faces like those of rosters) and `strangers/*` (faces of
any kind, one a person). Writes `VERSION.json` beside this file: a mean and four numbers, from which nobody can be found again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.background import Background, Scale
from models.calibration import STRANGERS_NAMED, Trial, centred, sums_by_member, try_out, unit
from models.engines import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from models.engines import Engine
    from models.faces import Encodings

LEFT_OUT = frozenset({"Yeji"})
"""Also in the roster that is measured with these numbers."""

PHOTOS = 5
ROSTER = 9
ROUNDS = 40
"""Rosters are simulated with so many photos a member and so many members, so many times over."""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        prog="python -m models.background", description="Measure the background of an engine."
    )
    parser.add_argument("folder", type=Path, help="holds background/PERSON/* and strangers/*")
    parser.add_argument("--engine", default="dlib")
    parser.add_argument("--weights", type=Path, default=Path("weights"), help="where files of engines lie")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    engine = load(arguments.engine, arguments.weights)
    people = [
        _largest_faces(engine, sorted(person.iterdir()))
        for person in sorted((arguments.folder / "background").iterdir())
        if person.name not in LEFT_OUT
    ]
    anyone = _largest_faces(engine, sorted((arguments.folder / "strangers").iterdir()))
    print(measure(engine.version, people, anyone).write(arguments.out))


def measure(version: str, people: list[Encodings], anyone: Encodings) -> Background:
    """The numbers: `people` holds (k, d) encodings of one person each, `anyone` (n, d) of a person a row."""
    chance = np.random.default_rng(0)
    mean = _mean_face(people)
    nearness = np.concatenate(people) @ (mean / np.linalg.norm(mean))
    trial = _simulate(people, chance)
    like = Scale(_tail(trial.strangers()), trial.slope())

    rosters = [chance.permutation(len(anyone))[: ROSTER + 1] for _ in range(ROUNDS * ROSTER)]
    owners = np.arange(ROSTER + 1)
    unlike = np.concatenate([try_out(anyone[roster], owners, ROSTER + 1).strangers() for roster in rosters])
    # One photo a person tells nothing about genuine scores: the slope goes by the spread of strangers' instead.
    slope = like.slope * float(trial.strangers().std() / unlike.std())
    return Background(
        version=version,
        mean=mean,
        nearness_mean=float(nearness.mean()),
        nearness_deviation=float(nearness.std()),
        centred=like,
        raw=Scale(_tail(unlike), slope),
    )


def _simulate(people: list[Encodings], chance: np.random.Generator) -> Trial:
    """Rosters drawn from `people`, each scored by somebody who is neither enrolled nor in the mean."""
    others: list[NDArray[np.float32]] = []
    genuine: list[NDArray[np.float32]] = []
    for _ in range(ROUNDS):
        for i, stranger in enumerate(people):
            rest = people[:i] + people[i + 1 :]
            mean = _mean_face(rest)
            drawn: list[int] = chance.permutation(len(rest))[:ROSTER].tolist()
            photos: list[Encodings] = [rest[j][chance.permutation(len(rest[j]))[:PHOTOS]] for j in drawn]
            owners = np.repeat(np.arange(len(photos)), [len(taken) for taken in photos])
            vectors = centred(np.concatenate(photos), mean)
            centroids = unit(sums_by_member(vectors, owners, len(photos)))
            others.append(centred(stranger, mean) @ centroids.T)
            genuine.append(try_out(vectors, owners, len(photos)).genuine)
    return Trial(np.concatenate(others), np.concatenate(genuine))


def _tail(scores: NDArray[np.float32]) -> float:
    """The score that STRANGERS_NAMED of the strangers pass, were they normally spread.

    By the quartiles: some photos of the background bear a wrong name, and in the tail itself it is they who are counted.
    """
    low, middle, high = np.quantile(scores, [0.25, 0.5, 0.75])
    normal = NormalDist()
    return float(middle + (high - low) * normal.inv_cdf(1 - STRANGERS_NAMED) / (2 * normal.inv_cdf(0.75)))


def _mean_face(people: list[Encodings]) -> NDArray[np.float32]:
    return np.stack([person.mean(axis=0) for person in people]).mean(axis=0)


def _largest_faces(engine: Engine, photos: Iterable[Path]) -> Encodings:
    parts = [np.empty((0, engine.dimensions), np.float32)]
    for photo in photos:
        pixels = cv2.imread(str(photo))
        if pixels is None:
            continue
        picture = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
        faces = engine.detect(picture)
        if faces:
            parts.append(engine.encode(picture, [max(faces, key=lambda face: face.box.area)]))
    return np.concatenate(parts)


if __name__ == "__main__":
    main()
