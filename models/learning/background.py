"""Measure the background of an engine: `python -m models.learning.background FOLDER [--engine dlib] [--rosters GROUP ...]`.

`--directions 0` is for engines whose encodings are whitened already where that helps, as retail's are: less a mean face alone.

FOLDER is `../shared/faces` or another with `background/PERSON/*` (faces like those of rosters), `groups/GROUP/MEMBER/*`
(rosters) and `strangers/*` (faces of any kind, one a person). Writes `VERSION.json` beside this file: a mean, a few
directions and quantiles of scores, from which nobody can be found again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.encodings.background import FOLDER, PHOTOS, QUANTILES, Background, Scores
from models.encodings.whitening import DIRECTIONS, Whitening, unit
from models.engines import load
from models.recognition.calibration import best_of_others

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from models.engines import Engine
    from models.faces import Encodings

LEFT_OUT = frozenset({"Yeji"})
"""Of the background: also in a roster."""

ROSTERS = ("ITZY", "BTS")
"""Whose scores are measured too where they are there and no others are named. TWICE stays out: it is what the figures in
docs/recognition.md are about.
"""

LIKE_THE_BACKGROUND = ("ITZY",)
"""Whose members are strangers who look like those of other rosters."""

ROSTER = 9
ROUNDS = 200
"""Each person is scored so many times, by rosters of so many others; so each counts alike."""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        prog="python -m models.learning.background", description="Measure the background of an engine."
    )
    parser.add_argument("folder", type=Path, help="holds background/PERSON/*, groups/GROUP/MEMBER/* and strangers/*")
    parser.add_argument("--engine", default="dlib")
    parser.add_argument("--weights", type=Path, default=Path("data/engines"), help="where files of engines lie")
    parser.add_argument(
        "--rosters",
        nargs="*",
        metavar="GROUP",
        help=f"groups to measure too; {' and '.join(ROSTERS)} if they are there",
    )
    parser.add_argument("--directions", type=int, default=DIRECTIONS, help="how many are shortened")
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    try:
        groups = rosters_in(folder / "groups", arguments.rosters)
    except LookupError as error:
        parser.error(str(error))
    engine = load(arguments.engine, arguments.weights)

    def people(folders: Iterable[Path]) -> list[Encodings]:
        return [_largest_faces(engine, sorted(person.iterdir())) for person in folders]

    background = people(path for path in sorted((folder / "background").iterdir()) if path.name not in LEFT_OUT)
    rosters = {name: people(sorted(group.iterdir())) for name, group in groups.items()}
    anyone = _largest_faces(engine, sorted((folder / "strangers").iterdir()))
    print(measure(engine.version, background, rosters, anyone, arguments.directions).write(arguments.out))


def rosters_in(folder: Path, names: Sequence[str] | None) -> dict[str, Path]:
    """The folders of the groups called `names`; of ROSTERS, as many as are there, where that is None.

    Raises LookupError for a name without a folder.
    """
    found = {name: folder / name for name in (ROSTERS if names is None else names)}
    missing = [name for name, group in found.items() if not group.is_dir()]
    if names is not None and missing:
        raise LookupError(f"{folder} holds no {', '.join(missing)}")
    return {name: group for name, group in found.items() if name not in missing}


def measure(
    version: str,
    background: Sequence[Encodings],
    rosters: dict[str, list[Encodings]],
    anyone: Encodings,
    directions: int = DIRECTIONS,
) -> Background:
    """The numbers: `background` and each of `rosters` hold (k, d) encodings of one person each, `anyone` (n, d) of a person a
    row. `directions`: how many the whitening shortens.
    """
    chance = np.random.default_rng(0)
    people = _cleaned(background)
    whitening = Whitening.learn(people, directions)
    nearness = np.concatenate(background) @ (whitening.mean / np.linalg.norm(whitening.mean))
    alike = [*people, *(person for name in LIKE_THE_BACKGROUND for person in rosters.get(name, ()))]
    further = [person for name, its in rosters.items() if name not in LIKE_THE_BACKGROUND for person in its]
    whitened = _Simulation(chance)
    raw = _Simulation(chance)
    for i, person in enumerate([*alike, *further]):
        # Nobody is scored by what was learned from herself.
        its = Whitening.learn(people[:i] + people[i + 1 :], directions) if i < len(people) else whitening
        others = [] if i >= len(alike) else alike[:i] + alike[i + 1 :]
        whitened.score(its.apply(person), [its.apply(other) for other in others])
        raw.score(unit(person), [unit(other) for other in others])
    return Background(
        version=version,
        whitening=whitening,
        nearness_mean=float(nearness.mean()),
        nearness_deviation=float(nearness.std()),
        whitened=whitened.scores(),
        raw=raw.scores(_of_anyone(anyone, chance)),
    )


class _Simulation:
    """Collects the scores that people have in rosters drawn from others."""

    def __init__(self, chance: np.random.Generator) -> None:
        self._chance = chance
        self._genuine: list[list[np.float32]] = [[] for _ in PHOTOS]
        self._strangers: list[list[np.float32]] = [[] for _ in PHOTOS]

    def score(self, person: Encodings, others: Sequence[Encodings]) -> None:
        """Score one of a person's faces (k, d) by the centroid of her other photos, and by rosters drawn from `others`."""
        for row, photos in enumerate(PHOTOS):
            for _ in range(ROUNDS):
                face, *rest = self._chance.permutation(person)
                if len(rest) >= photos:
                    self._genuine[row].append(face @ _centroid(np.stack(rest[:photos])))
                if others:
                    drawn: list[int] = self._chance.permutation(len(others))[:ROSTER].tolist()
                    centroids = np.stack([_centroid(self._chance.permutation(others[i])[:photos]) for i in drawn])
                    self._strangers[row].append((centroids @ face).max())

    def scores(self, strangers: NDArray[np.float64] | None = None) -> Scores:
        """Quantiles; `strangers` of one photo a member take the place of the measured ones, which tell how they grow."""
        measured = _quantiles(self._strangers)
        return Scores(
            _quantiles(self._genuine), measured if strangers is None else measured + (strangers - measured[0])
        )


def _quantiles(kinds: Sequence[Sequence[np.float32]]) -> NDArray[np.float64]:
    return np.stack([np.quantile(np.array(scores, np.float64), QUANTILES) for scores in kinds])


def _centroid(photos: Encodings) -> NDArray[np.float32]:
    return unit(photos.sum(axis=0, keepdims=True))[0]


def _of_anyone(anyone: Encodings, chance: np.random.Generator) -> NDArray[np.float64]:
    """Quantiles of the best score of a face in a roster of nine others, one photo each."""
    rosters = [anyone[chance.permutation(len(anyone))[: ROSTER + 1]] for _ in range(ROUNDS * ROSTER)]
    owners = np.arange(ROSTER + 1)
    scores = np.concatenate([best_of_others(its, owners, its, owners) for its in rosters])
    return np.quantile(scores.astype(np.float64), QUANTILES)


def _cleaned(people: Sequence[Encodings]) -> list[Encodings]:
    """Each person's photos without copies and without those that look more like somebody else: they bear a wrong name."""
    people = [np.unique(person, axis=0) for person in people]
    mean = np.stack([person.mean(axis=0) for person in people]).mean(axis=0)
    vectors = [unit(person - mean) for person in people]
    kept: list[Encodings] = []
    for i, own in enumerate(vectors):
        others = np.stack([_centroid(vector) for j, vector in enumerate(vectors) if j != i])
        rest = unit(own.sum(axis=0) - own)
        kept.append(people[i][np.einsum("nd,nd->n", own, rest) > (own @ others.T).max(axis=1)])
    return kept


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
