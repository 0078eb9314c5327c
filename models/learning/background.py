"""Measure the background of an engine: `python -m models.learning.background FOLDER [--engine dlib] [--groups GROUP ...]`.

FOLDER is `../shared/faces` or another with `background/PERSON/*` (faces like those of groups), `groups/GROUP/MEMBER/*`
and `strangers/*` (all kinds of faces, one a person). The output is `VERSION.json` in `models/encodings/background`:
a mean, a few directions and quantiles of scores, from which no person can be reconstructed. `--directions 0` subtracts the
mean face alone, as for `sface` and `trio`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.encodings.background import FOLDER, PHOTOS, QUANTILES, Background, ScoreQuantiles
from models.encodings.whitening import DIRECTIONS, Whitening, unit_rows
from models.engines import DEFAULT, load
from models.recognition.calibration import best_of_others

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from models.engines import Engine
    from models.faces import Encodings

LEFT_OUT = frozenset({"Yeji"})
"""People of the background who are also members of a group."""

GROUPS = ("ITZY", "BTS")
"""Groups whose scores are measured too by default, where they exist. TWICE stays out, because the figures in
docs/recognition.md are about it.
"""

LIKE_THE_BACKGROUND = ("ITZY",)
"""Groups whose members are strangers similar to members of other groups."""

NEARNESS = 4.0
"""Deviations from the mean face within which a gallery is whitened.

By dlib, all of 179 photos of TWICE, ITZY and BTS lie within, and one of 200 people in Labeled Faces in the Wild. By `trio`
92% of the photos and 9% of the people do; by `sface` 98 and 50% within 4, 85 and 14% within 3, 77 and 6% within 2.5. So `sface`
has 2.75.
"""

OTHERS = 9
ROUNDS = 200
"""Simulated galleries for each person, of OTHERS others each, so that all people have equal weights."""


def main() -> None:
    """Measure a background and write its file."""
    parser = argparse.ArgumentParser(
        prog="python -m models.learning.background", description="Measure the background of an engine."
    )
    parser.add_argument("folder", type=Path, help="holds background/PERSON/*, groups/GROUP/MEMBER/* and strangers/*")
    parser.add_argument("--engine", default=DEFAULT)
    parser.add_argument("--weights", type=Path, default=Path("data/engines"), help="where files of engines lie")
    parser.add_argument(
        "--groups",
        nargs="*",
        metavar="GROUP",
        help=f"groups to measure too; {' and '.join(GROUPS)} if they are there",
    )
    parser.add_argument("--directions", type=int, default=DIRECTIONS, help="how many are shortened")
    parser.add_argument("--nearness", type=float, default=NEARNESS, help="deviations from the mean that are near it")
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    try:
        folders = groups_in(folder / "groups", arguments.groups)
    except LookupError as error:
        parser.error(str(error))
    engine = load(arguments.engine, arguments.weights)

    def people(folders: Iterable[Path]) -> list[Encodings]:
        return [_largest_faces(engine, sorted(person.iterdir())) for person in folders]

    background = people(path for path in sorted((folder / "background").iterdir()) if path.name not in LEFT_OUT)
    groups = {name: people(sorted(group.iterdir())) for name, group in folders.items()}
    anyone = _largest_faces(engine, sorted((folder / "strangers").iterdir()))
    measured = measure(engine.version, background, groups, anyone, arguments.directions, arguments.nearness)
    print(measured.write(arguments.out))


def groups_in(folder: Path, names: Sequence[str] | None) -> dict[str, Path]:
    """The folders of the groups `names`; for None, those of GROUPS that exist.

    Raises LookupError for a name without a folder.
    """
    found = {name: folder / name for name in (GROUPS if names is None else names)}
    missing = [name for name, group in found.items() if not group.is_dir()]
    if names is not None and missing:
        raise LookupError(f"{folder} holds no {', '.join(missing)}")
    return {name: group for name, group in found.items() if name not in missing}


def measure(
    version: str,
    background: Sequence[Encodings],
    groups: dict[str, list[Encodings]],
    anyone: Encodings,
    directions: int = DIRECTIONS,
    nearness: float = NEARNESS,
) -> Background:
    """The background of the engine `version`.

    `background`, and each of `groups`: encodings (k, d), one array a person. `anyone`: (n, d), one row a person.
    `directions`: the rank of the whitening. `nearness`: as `Background.nearness_bound`.
    """
    chance = np.random.default_rng(0)
    people = _cleaned(background)
    whitening = Whitening.learn(people, directions)
    near = np.concatenate(background) @ (whitening.mean / np.linalg.norm(whitening.mean))
    alike = [*people, *(person for name in LIKE_THE_BACKGROUND for person in groups.get(name, ()))]
    further = [person for name, members in groups.items() if name not in LIKE_THE_BACKGROUND for person in members]
    whitened = _Simulation(chance)
    raw = _Simulation(chance)
    for i, person in enumerate([*alike, *further]):
        # The whitening of a person is learned without that person.
        own_whitening = Whitening.learn(people[:i] + people[i + 1 :], directions) if i < len(people) else whitening
        others = [] if i >= len(alike) else alike[:i] + alike[i + 1 :]
        whitened.score(own_whitening.apply(person), [own_whitening.apply(other) for other in others])
        raw.score(unit_rows(person), [unit_rows(other) for other in others])
    return Background(
        version=version,
        whitening=whitening,
        nearness_mean=float(near.mean()),
        nearness_deviation=float(near.std()),
        nearness_bound=nearness,
        whitened=whitened.scores(),
        raw=raw.scores(_of_anyone(anyone, chance)),
    )


class _Simulation:
    """Collects scores of people in random galleries of others."""

    def __init__(self, chance: np.random.Generator) -> None:
        self._chance = chance
        self._genuine: list[list[np.float32]] = [[] for _ in PHOTOS]
        self._strangers: list[list[np.float32]] = [[] for _ in PHOTOS]

    def score(self, person: Encodings, others: Sequence[Encodings]) -> None:
        """Score a person's faces (k, d) against the centroid of the person's other photos, and against random galleries of
        `others`."""
        for row, photos in enumerate(PHOTOS):
            for _ in range(ROUNDS):
                face, *rest = self._chance.permutation(person)
                if len(rest) >= photos:
                    self._genuine[row].append(face @ _centroid(np.stack(rest[:photos])))
                if others:
                    drawn: list[int] = self._chance.permutation(len(others))[:OTHERS].tolist()
                    centroids = np.stack([_centroid(self._chance.permutation(others[i])[:photos]) for i in drawn])
                    self._strangers[row].append((centroids @ face).max())

    def scores(self, strangers: NDArray[np.float64] | None = None) -> ScoreQuantiles:
        """The quantiles of all scores.

        `strangers`: quantiles for one photo a member that replace the measured ones. For more photos they grow as the
        measured ones do.
        """
        measured = _quantiles(self._strangers)
        return ScoreQuantiles(
            _quantiles(self._genuine), measured if strangers is None else measured + (strangers - measured[0])
        )


def _quantiles(kinds: Sequence[Sequence[np.float32]]) -> NDArray[np.float64]:
    return np.stack([np.quantile(np.array(scores, np.float64), QUANTILES) for scores in kinds])


def _centroid(photos: Encodings) -> NDArray[np.float32]:
    return unit_rows(photos.sum(axis=0, keepdims=True))[0]


def _of_anyone(anyone: Encodings, chance: np.random.Generator) -> NDArray[np.float64]:
    """Quantiles of a stranger's best score among nine people with one photo each."""
    strangers = [anyone[chance.permutation(len(anyone))[: OTHERS + 1]] for _ in range(ROUNDS * OTHERS)]
    owners = np.arange(OTHERS + 1)
    scores = np.concatenate([best_of_others(people, owners, people, owners) for people in strangers])
    return np.quantile(scores.astype(np.float64), QUANTILES)


def _cleaned(people: Sequence[Encodings]) -> list[Encodings]:
    """The photos of each person without copies and without wrong labels: photos that are nearer to another person."""
    people = [np.unique(person, axis=0) for person in people]
    mean = np.stack([person.mean(axis=0) for person in people]).mean(axis=0)
    vectors = [unit_rows(person - mean) for person in people]
    kept: list[Encodings] = []
    for i, own in enumerate(vectors):
        others = np.stack([_centroid(vector) for j, vector in enumerate(vectors) if j != i])
        rest = unit_rows(own.sum(axis=0) - own)
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
