"""Which batches pass the gate? `python -m bench.gate [SHARED] [--trials T]` prints the pass rates of docs/recognition.md.

Each of TWICE, ITZY and BTS of ../shared/faces in turn. The model in use has a few photos a member. A batch of further photos
comes with right labels, or with labels that are wrong in one of four ways, and `gate.compare` decides on the model with them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.recognition import installed
from bot.commands.evaluation import CachingEncoder, photos_by_member, read_sample
from bot.media.pictures.refusals import PictureLimits
from models.engines import DEFAULT
from models.learning.gate import GateComparison, compare
from models.learning.samples import draw_enrolled
from models.recognition.gallery import Gallery

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.engines import Engine
    from models.learning.samples import EvaluationSet

_ROOT = Path(__file__).resolve().parents[1]
MISLABELLINGS = ("right", "10% wrong", "50% wrong", "one says another", "shuffled")
"""The ways in which the labels of a batch are wrong: a share of them replaced by other members drawn at random; all labels of
one member replaced by another's; all labels shuffled.
"""


def mislabel(labels: NDArray[np.int64], members: int, how: str, chance: np.random.Generator) -> NDArray[np.int64]:
    """The labels (n,), indices of `members` members, changed in one of the ways of `MISLABELLINGS`."""
    changed = labels.copy()
    match how:
        case "10% wrong" | "50% wrong":
            wrong = chance.permutation(len(changed))[: max(1, round(len(changed) * int(how[:2]) / 100))]
            changed[wrong] = (changed[wrong] + chance.integers(1, members, len(wrong))) % members
        case "one says another":
            one, another = chance.permutation(members)[:2]
            changed[labels == one] = another
        case "shuffled":
            changed = chance.permutation(changed)
        case _:
            pass
    return changed


def compare_models(
    sample: EvaluationSet, photos: int, batch: int, how: str, chance: np.random.Generator
) -> GateComparison:
    """Draw `photos` photos a member for the model in use, and the batch from the others, in turn from each member."""
    order = chance.permutation(draw_enrolled(sample, 99, chance))
    turns = np.array([np.sum(sample.people[order[:i]] == sample.people[order[i]]) for i in range(len(order))])
    old, rest = order[turns < photos], order[turns >= photos]
    added = rest[np.argsort(turns[turns >= photos], kind="stable")][:batch]
    labels = mislabel(sample.people[added], len(sample.members), how, chance)
    places = np.concatenate([old, added])
    gallery = Gallery(
        sample.encodings[places], np.concatenate([sample.people[old], labels]), sample.members, sample.version
    )
    return compare(gallery, np.arange(len(places)) < len(old), np.ones(len(places), np.bool_))


def report(faces: Path, engine: Engine, trials: int) -> None:
    """Print a line a group, a number of photos in use, and a size of the batch."""
    groups = photos_by_member(faces / "groups")
    encoder = CachingEncoder(engine, PictureLimits())
    for group in sorted({group for group, _ in groups}, reverse=True):
        mine = {label: files for label, files in groups.items() if label[0] == group}
        sample = read_sample(encoder, group, mine, mine, {})
        for photos in (1, 3, 5):
            for batch in (9, 18, 30):
                rates: list[str] = []
                for how in MISLABELLINGS:
                    chances = np.random.default_rng(0).spawn(trials)
                    passed = [compare_models(sample, photos, batch, how, chance).passes for chance in chances]
                    rates.append(f"{how} {np.mean(passed):4.0%}")
                print(f"{group}, {engine.version}, {photos} in use, {batch} new: {', '.join(rates)}", flush=True)


def main() -> None:
    """Print the pass rates of an engine."""
    parser = argparse.ArgumentParser(prog="python -m bench.gate", description="What passes the gate.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--engine", default=DEFAULT)
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    for engine in installed(shared, [arguments.engine]):
        report(shared / "faces", engine, arguments.trials)


if __name__ == "__main__":
    main()
