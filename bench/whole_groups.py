"""Is a whole group named, and a stranger in it not? `python -m bench.whole_groups [SHARED] [--engines E…] [--photos P…]`.

A simulated picture has a photo of each member of TWICE that isn't enrolled. In others people of ITZY, of BTS or of Labeled
Faces in the Wild are in the places of one or two members. The real pictures are those of all nine in
SHARED/faces/group_photos. Their positions have no labels, so the number of different names counts.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.photo import photos as photos_of_all
from bench.recognition import installed
from bot.commands.evaluation import CachingEncoder, photos_by_member, read_sample
from bot.media.pictures.opening import open_picture
from bot.media.pictures.refusals import PictureLimits
from models.faces import GuessBasis
from models.learning.samples import draw_enrolled
from models.recognition.quality import measure_quality
from models.recognition.recogniser import fit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from models.engines import Engine
    from models.faces import Encodings, Guess
    from models.learning.samples import EvaluationSet
    from models.recognition.quality import FaceQuality

_ROOT = Path(__file__).resolve().parents[1]
GROUP = "TWICE"
PICTURES = 40
"""Simulated pictures of each kind for each draw of the enrolled photos."""

KINDS = ((None, 0), ("ITZY", 1), ("BTS", 1), ("LFW", 1), ("ITZY", 2))
"""The strangers of the simulated pictures: their source, and their number in each."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedPicture:
    """A picture with as many faces as members. `encodings`: (m, d). `truth`: each face's member, None for a stranger."""

    encodings: Encodings
    truth: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RealPicture:
    """A picture of the whole group. `encodings`: (n, d) of its faces, with their `qualities`."""

    encodings: Encodings
    qualities: tuple[FaceQuality, ...]

    @classmethod
    def read(cls, path: Path, engine: Engine) -> RealPicture:
        """The faces that `engine` finds."""
        pixels = open_picture(path.read_bytes()).pixels
        faces = engine.detect(pixels)
        qualities = tuple(measure_quality(pixels, face, engine.landmarks) for face in faces)
        return cls(engine.encode(pixels, faces), qualities)


def simulate(
    sample: EvaluationSet, enrolled: NDArray[np.intp], source: str | None, strangers: int, chance: np.random.Generator
) -> Iterator[SimulatedPicture]:
    """Pictures of photos that are neither enrolled nor copies. `strangers` people of `source` are in the places of members."""
    free = sample.probes & ~sample.same_photo(enrolled).any(axis=1)
    free[enrolled] = False
    photos = [np.flatnonzero(free & (sample.people == member.id)) for member in sample.members]
    for _ in range(PICTURES):
        places = np.array([chance.choice(of_member) for of_member in photos])
        truth: list[int | None] = [member.id for member in sample.members]
        if source is not None:
            others = np.flatnonzero(free & (sample.people == -1 - sample.sources.index(source)))
            replaced = chance.choice(len(places), strangers, replace=False)
            places[replaced] = chance.choice(others, strangers, replace=False)
            truth = [None if place in replaced else member for place, member in enumerate(truth)]
        yield SimulatedPicture(sample.encodings[places], tuple(truth))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one simulated picture, in faces.

    `strangers_named`: strangers with a name. `left_open`: members without one. `wrong`: members with another's name.
    `context`, `elimination`: the right and wrong names on that basis, a stranger's among the wrong ones.
    """

    strangers_named: int
    left_open: int
    wrong: int
    context: tuple[int, int]
    elimination: tuple[int, int]

    @classmethod
    def of(cls, guesses: Sequence[Guess], truth: Sequence[int | None]) -> Outcome:
        """The outcome of a guess for each face."""
        pairs = list(zip(guesses, truth, strict=True))

        def on(basis: GuessBasis) -> tuple[int, int]:
            right = [guess.member == true for guess, true in pairs if guess.member is not None and guess.basis is basis]
            return sum(right), len(right) - sum(right)

        return cls(
            sum(guess.member is not None and true is None for guess, true in pairs),
            sum(guess.member is None and true is not None for guess, true in pairs),
            sum(guess.member not in (None, true) and true is not None for guess, true in pairs),
            on(GuessBasis.CONTEXT),
            on(GuessBasis.ELIMINATION),
        )

    @property
    def all_right(self) -> bool:
        """Whether each member has her name, and no stranger has one."""
        return not self.strangers_named + self.left_open + self.wrong


def run(sample: EvaluationSet, source: str | None, strangers: int, photos: int, trials: int) -> list[Outcome]:
    """The outcomes of simulated pictures, over seeded draws of `photos` enrolled photos a member."""
    outcomes: list[Outcome] = []
    for chance in np.random.default_rng(0).spawn(trials):
        enrolled = draw_enrolled(sample, photos, chance)
        recogniser = fit(sample.gallery(enrolled))
        outcomes += [
            Outcome.of(recogniser.identify(picture.encodings).guesses, picture.truth)
            for picture in simulate(sample, enrolled, source, strangers, chance)
        ]
    return outcomes


def different_names(sample: EvaluationSet, picture: RealPicture, photos: int | None, trials: int) -> list[int]:
    """The number of different names in a real picture for each draw of `photos` enrolled photos a member; None enrols all."""
    numbers: list[int] = []
    for chance in np.random.default_rng(0).spawn(trials if photos else 1):
        recogniser = fit(sample.gallery(draw_enrolled(sample, photos, chance)))
        guesses = recogniser.identify(picture.encodings, qualities=picture.qualities).guesses
        numbers.append(len({guess.member for guess in guesses} - {None}))
    return numbers


def report(faces: Path, engine: Engine, numbers: Sequence[int], trials: int) -> None:
    """Print a line for each number of photos and kind of picture, then the real pictures."""
    groups = photos_by_member(faces / "groups")
    strangers = {"LFW": sorted((faces / "strangers").iterdir())}
    sample = read_sample(CachingEncoder(engine, PictureLimits()), GROUP, groups, groups, strangers)
    for photos in numbers:
        for source, count in KINDS:
            words = f"{count} of {source}" if source else "no stranger"
            print(
                f"{engine.name}, {photos} photos a member, {words}: {_line(run(sample, source, count, photos, trials))}"
            )
    for path in photos_of_all(faces.parent):
        picture = RealPicture.read(path, engine)
        for photos in (*numbers, None):
            names = different_names(sample, picture, photos, trials)
            print(
                f"{engine.name}, {photos or 'all'} photos a member, {path.stem}: {len(picture.encodings)} faces, different "
                f"names {', '.join(map(str, names))}",
                flush=True,
            )


def _line(outcomes: Sequence[Outcome]) -> str:
    all_right = np.mean([outcome.all_right for outcome in outcomes])
    quiet = np.mean([not outcome.strangers_named for outcome in outcomes])
    left_open = sum(outcome.left_open for outcome in outcomes)
    wrong = sum(outcome.wrong for outcome in outcomes)
    context = np.sum([outcome.context for outcome in outcomes], axis=0)
    elimination = np.sum([outcome.elimination for outcome in outcomes], axis=0)
    return (
        f"{len(outcomes)} pictures, all right {all_right:.1%}, no stranger named {quiet:.1%}, members' faces open {left_open}, "
        f"wrong {wrong}; from context right {context[0]}, wrong {context[1]}; by elimination right {elimination[0]}, wrong "
        f"{elimination[1]}"
    )


def main() -> None:
    """Print the figures of each engine."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.whole_groups", description="Whole groups, and strangers in them."
    )
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--engines", nargs="+", default=["sface", "dlib"])
    parser.add_argument("--photos", type=int, nargs="+", default=[5, 1], help="enrolled a member")
    parser.add_argument("--trials", type=int, default=10)
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    for engine in installed(shared, arguments.engines):
        report(shared / "faces", engine, arguments.photos, arguments.trials)


if __name__ == "__main__":
    main()
