"""Train a group in isolated processes. The gate judges the new model, and a trial judges its classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.models import (
    ClassifierTrial,
    GateVerdict,
    LeaveOneOutCounts,
    NameCounts,
    TrainedClassifier,
    TrainedModel,
)
from bot.jobs.rosters import gallery_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from bot.domain.rosters import EnrolledEncoding
    from bot.infra.deadline import Deadline
    from models.learning.cleaning import SuspectedLabel
    from models.learning.gate import GateComparison
    from models.learning.report import IdentificationCounts
    from models.recognition.gallery import Gallery


def train_model(
    until: Deadline, rows: Sequence[EnrolledEncoding], answering: Collection[int], engine: str
) -> TrainedModel:
    """Judge the model made of `rows`, and train its classifier if the model passes.

    `answering`: the photos of the model in use, which are in `rows` too. A model without further photos passes. Each step
    runs in an isolated process, while the worker takes other jobs. Raises IsolatedProcessError.
    """
    import numpy as np

    from bot.infra.worker_side import release_worker
    from models.learning.isolation import run_in_child

    release_worker()
    gallery = gallery_of(rows, engine)
    old = np.array([row.photo in answering for row in rows], np.bool_)
    compared, counts = run_in_child(until.left(), _compare, gallery, old)
    judged, named = _verdict(compared, nothing_new=bool(old.all())), leave_one_out_counts(counts)
    if judged.passes:
        return TrainedModel(judged, named, _train_classifier(until, gallery))
    suspected: tuple[SuspectedLabel, ...] = run_in_child(until.left(), _suspected_labels, gallery, old)
    return TrainedModel(judged, named, None, tuple(rows[label.photo].photo for label in suspected))


def train_classifier(until: Deadline, rows: Sequence[EnrolledEncoding], engine: str) -> TrainedClassifier | None:
    """A classifier of `rows`, trained in an isolated process; None for too few rows. Raises IsolatedProcessError."""
    from bot.infra.worker_side import release_worker

    release_worker()
    return _train_classifier(until, gallery_of(rows, engine))


def leave_one_out_counts(counts: IdentificationCounts) -> LeaveOneOutCounts:
    """The counts as a value of `bot.domain`."""
    return LeaveOneOutCounts(counts.asked, counts.right, counts.wrong)


def _compare(gallery: Gallery, answering: NDArray[np.bool_]) -> tuple[GateComparison, IdentificationCounts]:
    """The gate's comparison of the photos `answering` with the whole gallery, and the leave-one-out counts."""
    import numpy as np

    from models.learning.gate import compare
    from models.learning.report import IdentificationCounts, confusions

    return compare(gallery, answering, np.ones(len(answering), np.bool_)), IdentificationCounts.from_confusion(
        confusions(gallery)
    )


def _train_classifier(until: Deadline, gallery: Gallery) -> TrainedClassifier | None:
    from models.learning.isolation import run_in_child
    from models.learning.training import train
    from models.recognition.classifier import load
    from models.recognition.gallery import can_hold_out

    if not can_hold_out(gallery.labels):
        return None
    file = run_in_child(until.left(), train, gallery)
    trial = load(file).held_out
    return TrainedClassifier(file, ClassifierTrial(trial.photos, trial.centroids, trial.classifier, trial.helps))


def _suspected_labels(gallery: Gallery, answering: NDArray[np.bool_]) -> tuple[SuspectedLabel, ...]:
    from models.learning.cleaning import suspected_labels

    return suspected_labels(gallery, accepted=answering)


def _verdict(compared: GateComparison, *, nothing_new: bool) -> GateVerdict:
    from models.learning.gate import FRESH_MARGIN, REPEATS

    return GateVerdict(
        compared.probes,
        NameCounts(compared.old.right, compared.old.wrong),
        NameCounts(compared.new.right, compared.new.wrong),
        tuple(member.name for member in compared.fallen),
        compared.fresh is None or compared.fresh >= FRESH_MARGIN,
        nothing_new or compared.passes,
        REPEATS,
    )
