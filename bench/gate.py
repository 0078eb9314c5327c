"""What passes the gate? `python -m bench.gate [SHARED] [--trials T]` prints the pass rates of docs/recognition.md.

TWICE, ITZY and BTS of ../shared/faces in turn. A model made of a few photos a member is in use; a batch of further photos
comes, its labels right, or wrong in one of four ways, and `gate.compare` says whether the model with them may answer.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.recognition import installed
from bot.commands.evaluation import Encoder, labelled, read_sample
from bot.media.pictures import PictureLimits
from models.learning.gate import Comparison, compare
from models.learning.samples import draw_enrolled
from models.recognition.gallery import Gallery

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.engines import Engine
    from models.learning.samples import Sample

_ROOT = Path(__file__).resolve().parents[1]
LIES = ("right", "10% wrong", "50% wrong", "one says another", "shuffled")
"""What is wrong with the labels of a batch: a share of them says another member drawn at random; all of one member's say
another one; all change places.
"""


def lie(labels: NDArray[np.int64], members: int, how: str, chance: np.random.Generator) -> NDArray[np.int64]:
    """The labels (n,), places of so many members, spoiled in one of the ways of `LIES`."""
    told = labels.copy()
    match how:
        case "10% wrong" | "50% wrong":
            wrong = chance.permutation(len(told))[: max(1, round(len(told) * int(how[:2]) / 100))]
            told[wrong] = (told[wrong] + chance.integers(1, members, len(wrong))) % members
        case "one says another":
            one, another = chance.permutation(members)[:2]
            told[labels == one] = another
        case "shuffled":
            told = chance.permutation(told)
        case _:
            pass
    return told


def attempt(sample: Sample, photos: int, batch: int, how: str, chance: np.random.Generator) -> Comparison:
    """Draw so many photos a member for the model in use, and the batch from the rest, in turn from everybody."""
    order = chance.permutation(draw_enrolled(sample, 99, chance))
    turns = np.array([np.sum(sample.people[order[:i]] == sample.people[order[i]]) for i in range(len(order))])
    old, rest = order[turns < photos], order[turns >= photos]
    added = rest[np.argsort(turns[turns >= photos], kind="stable")][:batch]
    labels = lie(sample.people[added], len(sample.roster), how, chance)
    places = np.concatenate([old, added])
    gallery = Gallery(
        sample.encodings[places], np.concatenate([sample.people[old], labels]), sample.roster, sample.version
    )
    return compare(gallery, np.arange(len(places)) < len(old), np.ones(len(places), np.bool_))


def report(faces: Path, engine: Engine, trials: int) -> None:
    """Print a line a group, a number of photos in use, and a size of the batch."""
    groups = labelled(faces / "groups")
    encoder = Encoder(engine, PictureLimits())
    for group in sorted({group for group, _ in groups}, reverse=True):
        mine = {label: files for label, files in groups.items() if label[0] == group}
        sample = read_sample(encoder, group, mine, mine, {})
        for photos in (1, 3, 5):
            for batch in (9, 18, 30):
                rates: list[str] = []
                for how in LIES:
                    chances = np.random.default_rng(0).spawn(trials)
                    passed = [attempt(sample, photos, batch, how, chance).passes for chance in chances]
                    rates.append(f"{how} {np.mean(passed):4.0%}")
                print(f"{group}, {engine.version}, {photos} in use, {batch} new: {', '.join(rates)}", flush=True)


def main() -> None:
    """Print the pass rates of an engine."""
    parser = argparse.ArgumentParser(prog="python -m bench.gate", description="What passes the gate.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--engine", default="dlib")
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    for engine in installed(shared, [arguments.engine]):
        report(shared / "faces", engine, arguments.trials)


if __name__ == "__main__":
    main()
