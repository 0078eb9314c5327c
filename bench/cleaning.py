"""How many wrong labels are found? `python -m bench.cleaning [SHARED] [--trials T]` prints the figures of docs/recognition.md.

Each of TWICE, ITZY and BTS of ../shared/faces in turn. In each drawn gallery a share of the labels is swapped for other
members'; `cleaning.suspected_labels` flags labels, and the flagged ones are dropped. The output counts the flagged labels.
It compares the recognition of photos outside the gallery with the right labels, with the wrong ones, and cleaned, as
bench.recognition does.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.recognition import installed
from bot.commands.evaluation import CachingEncoder, photos_by_member, read_sample
from bot.media.pictures.refusals import PictureLimits
from models.engines import DEFAULT
from models.learning.cleaning import suspected_labels
from models.learning.evaluation import MeanAndDeviation, run_trial
from models.learning.samples import draw_enrolled
from models.recognition.gallery import Gallery
from models.recognition.recogniser import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.engines import Engine
    from models.learning.outcomes import TrialOutcome
    from models.learning.samples import EvaluationSet

_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class CleaningTrial:
    """The figures of one draw: wrong labels and those flagged, right labels and those flagged, and the outcome of the probes
    with the right labels, with the wrong ones, cleaned, and with exactly the wrong ones dropped (`known`).
    """

    wrong: int
    found: int
    right: int
    flagged: int
    clean: TrialOutcome
    dirty: TrialOutcome
    cleaned: TrialOutcome
    known: TrialOutcome


def swap_labels(gallery: Gallery, share: float, chance: np.random.Generator) -> Gallery:
    """The gallery with a share of its labels, at least one, replaced by another member drawn at random."""
    ids = [member.id for member in gallery.members]
    labels = gallery.labels.copy()
    for photo in chance.permutation(len(labels))[: max(1, round(share * len(labels)))].tolist():
        labels[photo] = chance.choice([other for other in ids if other != labels[photo]])
    return replace(gallery, labels=labels)


def without_photos(gallery: Gallery, photos: Sequence[int]) -> Gallery:
    """The gallery without the photos at these places."""
    kept = np.ones(len(gallery.labels), np.bool_)
    kept[list(photos)] = False
    return gallery.subset(kept)


def run_cleaning_trial(
    sample: EvaluationSet, photos: int | None, share: float, chance: np.random.Generator
) -> CleaningTrial:
    """Draw a gallery, swap labels, clean it, and identify the probes with each version."""
    enrolled = draw_enrolled(sample, photos, chance)
    gallery = sample.gallery(enrolled)
    dirty = swap_labels(gallery, share, chance)
    wrong: NDArray[np.bool_] = dirty.labels != gallery.labels
    flagged = [label.photo for label in suspected_labels(dirty)]
    cleaned, known = without_photos(dirty, flagged), without_photos(dirty, np.flatnonzero(wrong).tolist())
    return CleaningTrial(
        wrong=int(wrong.sum()),
        found=int(wrong[flagged].sum()),
        right=int((~wrong).sum()),
        flagged=int((~wrong)[flagged].sum()),
        clean=run_trial(sample, fit, enrolled),
        # The probes are the same for all versions.
        dirty=run_trial(sample, lambda _: fit(dirty), enrolled),
        cleaned=run_trial(sample, lambda _: fit(cleaned), enrolled),
        known=run_trial(sample, lambda _: fit(known), enrolled),
    )


def table(words: str, trials: Sequence[CleaningTrial]) -> str:
    """The figures as percentages: mean ± deviation over trials."""
    counts = [
        ("wrong labels found", [trial.found / trial.wrong for trial in trials]),
        ("right labels flagged", [trial.flagged / trial.right for trial in trials]),
    ]
    lines = [words, *(f"  {name:<40}  {percent(values)}" for name, values in counts)]
    measures = [
        ("right person likeliest (rank-1)", lambda outcome: outcome.rank_1()),
        ("right names at 1% strangers named (TPIR)", lambda outcome: outcome.tpir(0.01)),
        ("right name, at the bot's own thresholds", lambda outcome: outcome.right()),
    ]
    for name, measure in measures:
        if not any((trial.clean.truth >= 0).any() for trial in trials):
            break
        shares = [
            f"{kind} {percent([measure(getattr(trial, kind)) for trial in trials])}"
            for kind in ("clean", "dirty", "cleaned", "known")
        ]
        lines.append(f"  {name:<40}  {'  '.join(shares)}")
    return "\n".join(lines)


def percent(values: Sequence[float]) -> str:
    """Mean ± deviation of shares."""
    figure = MeanAndDeviation.from_values(values)
    return f"{100 * figure.mean:5.1f} ± {100 * figure.deviation:.1f}%"


def report(faces: Path, engine: Engine, numbers: Sequence[int | None], share: float, trials: int) -> None:
    """Print a table a group and a number of photos."""
    groups = photos_by_member(faces / "groups")
    strangers = {"LFW": sorted((faces / "strangers").iterdir())}
    encoder = CachingEncoder(engine, PictureLimits())
    for group in sorted({group for group, _ in groups}, reverse=True):
        sample = read_sample(encoder, group, groups, groups, strangers)
        for photos in numbers:
            chances = np.random.default_rng(0).spawn(trials)
            done = [run_cleaning_trial(sample, photos, share, chance) for chance in chances]
            size = np.mean([trial.wrong + trial.right for trial in done])
            words = f"{group}, {engine.version}: {size:.0f} photos, {share:.0%} of the labels wrong; trials: {trials}"
            print(f"\n{table(words, done)}", flush=True)


def main() -> None:
    """Print a table a group, a number of photos and an engine."""
    parser = argparse.ArgumentParser(prog="python -m bench.cleaning", description="Wrong labels found.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--photos", type=int, nargs="+", default=[5, 8, 0], help="enrolled a member; 0 enrols all")
    parser.add_argument("--share", type=float, default=0.1, help="of labels that are wrong")
    parser.add_argument("--engine", default=DEFAULT)
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    numbers = [photos or None for photos in arguments.photos]
    for engine in installed(shared, [arguments.engine]):
        report(shared / "faces", engine, numbers, arguments.share, arguments.trials)


if __name__ == "__main__":
    main()
