"""Rosters: encodings in, a fitted recogniser or a trained classifier out."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.classifier import Classifier
    from models.gallery import Gallery
    from models.vetoes import Vetoes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One enrolled encoding with whom it shows, and the photo that it is of."""

    photo: int
    member: int
    name: str
    group: int
    group_name: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class SpokenOf:
    """A face of which somebody said whom it shows, whom it doesn't (both are ids of members), or that it is `nobody`."""

    vector: bytes
    grants: int | None = None
    denies: int | None = None
    nobody: bool = False


class TrainingFailedError(Exception):
    """The process that trained was killed, took too long, or failed."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A classifier as a `.keras` file. Of `photos` held out, so many had the right member likeliest in their group: by distance
    alone (`centroids`), and with the classifier. `helps`: whether it is used.
    """

    file: bytes
    photos: int
    centroids: int
    classifier: int
    helps: bool


def fit(
    rows: Sequence[RosterRow], engine: str, classifiers: Sequence[bytes] = (), vetoes: Sequence[SpokenOf] = ()
) -> bytes:
    """A recogniser fitted to `rows`, which hold at least one encoding by `engine`, as bytes.

    `classifiers` are `.keras` files of parts of them. One that doesn't help, or can't be read, is left out. `vetoes`, oldest
    first, are the faces that somebody spoke of, by the same engine.
    """
    from dataclasses import replace

    from models.classifier import MalformedClassifierError, load
    from models.recognition import fit as fit_recogniser

    helpful: list[Classifier] = []
    for data in classifiers:
        try:
            classifier = load(data)
        except MalformedClassifierError as error:
            log.warning("the distance answers alone: %s", error)
        else:
            if classifier.version == engine and classifier.trial.helps:
                helpful.append(classifier)
    recogniser = fit_recogniser(_gallery(rows, engine))
    return replace(recogniser, classifiers=tuple(helpful), vetoes=_vetoes(vetoes, engine)).to_bytes()


def train(rows: Sequence[RosterRow], engine: str, limit: float) -> Trained | None:
    """A classifier of `rows`, trained in a process of its own within `limit` seconds; None where they are too few.

    That process alone imports TensorFlow, and gives its memory back by ending; the worker answers meanwhile. Raises
    TrainingFailedError when it is killed, or fails.
    """
    from bot.compute import aside
    from models.classifier import load
    from models.gallery import can_be_tried_out

    gallery = _gallery(rows, engine)
    if not can_be_tried_out(gallery.members):
        return None
    aside()
    command = [sys.executable, "-m", "models.training", str(limit), str(os.getpid())]
    done = subprocess.run(command, input=pickle.dumps(gallery), capture_output=True, check=False)
    if done.returncode:
        *_, last = ["", *done.stderr.decode(errors="replace").splitlines()]
        raise TrainingFailedError(f"it ended with {done.returncode} {last}".strip())
    trial = load(done.stdout).trial
    return Trained(done.stdout, trial.photos, trial.centroids, trial.classifier, trial.helps)


def _vetoes(spoken: Sequence[SpokenOf], engine: str) -> Vetoes:
    import numpy as np

    from models.vetoes import NOBODY, Vetoes

    if not spoken:
        return Vetoes()
    denied = [NOBODY if one.nobody else one.denies for one in spoken]
    return Vetoes.standing(
        np.stack([np.frombuffer(one.vector, np.float32) for one in spoken]),
        denied,
        [one.grants for one in spoken],
        engine,
    )


def _gallery(rows: Sequence[RosterRow], engine: str) -> Gallery:
    import numpy as np

    from models.gallery import Gallery, Member

    encodings = [np.frombuffer(row.vector, np.float32) for row in rows]
    members = (Member(row.member, row.name, row.group, row.group_name) for row in rows)
    return Gallery.of(zip(members, encodings, strict=True), engine, len(encodings[0]))
