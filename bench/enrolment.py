"""Which photos does enrolment suspect? `python -m bench.enrolment [SHARED] [--engines E…] [--trials T]`.

For each group of ../shared/faces, one member has 0 to 3 photos and the others have 1, 3 or 5 each, drawn at random. The further
photos of that member are enrolled, and, as mistakes, those of the others under that member's name. The output has the share of
each that surely looks like another member. The first photo of a member is never suspected for that reason.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.recognition import installed
from bot.commands.evaluation import CachingEncoder, photos_by_member, read_sample
from bot.media.pictures.refusals import PictureLimits
from models.faces import ConfidenceBand
from models.recognition.gallery import Gallery
from models.recognition.recogniser import fit

if TYPE_CHECKING:
    from models.learning.samples import EvaluationSet

_ROOT = Path(__file__).resolve().parents[1]
OWN = (0, 1, 2, 3)
OTHERS = (1, 3, 5)


def shares(sample: EvaluationSet, own: int, others: int, trials: int) -> tuple[float, float]:
    """The shares of right photos and of mistakes that surely look like another member, over each member and trial."""
    chance = np.random.default_rng(0)
    members = [member.id for member in sample.members]
    photos = {member: np.flatnonzero(sample.people == member) for member in members}
    alike: tuple[list[bool], list[bool]] = [], []
    for _ in range(trials):
        for asked in members:
            drawn = {member: chance.permutation(photos[member]) for member in members}
            enrolled = {member: order[: own if member == asked else others] for member, order in drawn.items()}
            left = {member: np.setdiff1d(photos[member], enrolled[member]) for member in members}
            gallery = Gallery(
                sample.encodings[np.concatenate(list(enrolled.values()))],
                np.repeat(members, [len(places) for places in enrolled.values()]).astype(np.int64),
                sample.members,
                sample.version,
            )
            recogniser = fit(gallery)
            mistakes = np.concatenate([places for member, places in left.items() if member != asked])
            for suspected, places in zip(alike, (left[asked], mistakes), strict=True):
                identified = recogniser.identify(sample.encodings[places], group=sample.members[0].group, once="no")
                suspected += [
                    guess.band is ConfidenceBand.SURE and guess.member != asked for guess in identified.guesses
                ]
    return float(np.mean(alike[0])), float(np.mean(alike[1]))


def main() -> None:
    """Print a row for each engine, group, and numbers of photos."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.enrolment", description="Which photos look like another member."
    )
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--engines", nargs="+", default=["sface", "dlib", "trio"])
    parser.add_argument("--trials", type=int, default=3)
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    print("engine group  photos of her own  of each other   right ones alike another  mistakes alike another")
    for engine in installed(shared, arguments.engines):
        groups = photos_by_member(shared / "faces" / "groups")
        encoder = CachingEncoder(engine, PictureLimits())
        for group in sorted({group for group, _ in groups}, reverse=True):
            sample = read_sample(encoder, group, groups, groups, {})
            for own in OWN:
                for others in OTHERS:
                    right, mistakes = shares(sample, own, others, arguments.trials)
                    print(f"{engine.name:6} {group:6} {own:17} {others:14} {right:25.0%} {mistakes:23.0%}", flush=True)


if __name__ == "__main__":
    main()
