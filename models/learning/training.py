"""Trains a roster's classifier with Keras, in an isolated process: only its end frees the 600 MB that TensorFlow takes.

Whoever answers never imports it.
"""

from __future__ import annotations

import logging
import os
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.recognition.classifier import HoldOutResult, load, metadata
from models.recognition.classifier_file import METADATA
from models.recognition.gallery import Gallery
from models.recognition.recogniser import fit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FOLDS = 5
"""Trainings of a hold-out: each holds out one fold and fits the others."""

STEPS = 300
BATCH = 128
"""0.4 s a training on one core, whatever the roster's size; members are drawn alike often, however many photos they have."""

HIDDEN_UNITS = 128
DROPOUT = 0.3
NOISE = 0.12
"""Standard deviation of what is added, anew at each step, to every number of an encoding of unit length.

A new photo may lie anywhere around the few that there are. Without noise the right member of TWICE was likeliest in 92% at
three photos a member, with copies of each photo that had noise of 0.05 and 0.08 in 95 and 97%, with this in 98%.
"""

LENGTH = 8.0
"""Encodings are as long when they reach the first dense layer: a softmax can't be sure of shorter ones."""

SMOOTHING = 0.1
LEARNING_RATE = 3e-3


def configure_tensorflow() -> None:
    """Before Keras is imported: silent, on one thread of the processor, so that the same seed gives the same weights."""
    os.environ |= {
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    # It warns of functions that are compiled again, as every training must be.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def train(gallery: Gallery, seed: int = 0) -> bytes:
    """A classifier of a gallery with its hold-out result, as a `.keras` file.

    Weights are the same for the same gallery and seed. Imports TensorFlow. Raises LookupError as `recogniser.fit`.
    """
    configure_tensorflow()
    return fit_classifier(gallery, hold_out(gallery, seed), seed)


def hold_out(gallery: Gallery, seed: int) -> HoldOutResult:
    """Hold out every photo of members with more than one, once, and pick its member within the group."""
    group = {member.id: member.group for member in gallery.roster}
    photos = centroids = classifier = 0
    for held in hold_out_masks(gallery.members, np.random.default_rng(seed)):
        rest = Gallery(gallery.encodings[~held], gallery.members[~held], gallery.roster, gallery.version)
        alone = fit(rest)
        helped = replace(alone, classifiers=(load(fit_classifier(rest, HoldOutResult(0, 0, 0), seed)),))
        owners = gallery.members[held]
        ids = np.array([member.id for member in alone.roster], np.int64)
        groups = np.array([group[number] for number in ids.tolist()], np.int64)
        foreign = groups != np.array([group[owner] for owner in owners.tolist()], np.int64)[:, None]
        right = [
            int(
                (ids[np.where(foreign, -np.inf, rule.log_odds(gallery.encodings[held])).argmax(axis=1)] == owners).sum()
            )
            for rule in (alone, helped)
        ]
        photos, centroids, classifier = photos + len(owners), centroids + right[0], classifier + right[1]
    return HoldOutResult(photos, centroids, classifier)


def fit_classifier(gallery: Gallery, held_out: HoldOutResult, seed: int) -> bytes:
    """A classifier of a gallery as a `.keras` file with `held_out` as its metadata."""
    import keras

    members, owners = np.unique(gallery.members, return_inverse=True)
    means = np.stack([gallery.encodings[owners == place].mean(axis=0) for place in range(len(members))])
    mean = means.mean(axis=0)
    keras.utils.set_random_seed(seed)
    layers = [
        keras.Input(mean.shape),
        keras.layers.Normalization(mean=mean, variance=np.ones_like(mean)),
        keras.layers.UnitNormalization(),
        keras.layers.GaussianNoise(NOISE),
        keras.layers.UnitNormalization(),
        keras.layers.Rescaling(LENGTH),
        keras.layers.Dense(HIDDEN_UNITS, "relu"),
        keras.layers.Dropout(DROPOUT),
        keras.layers.Dense(len(members), "softmax"),
    ]
    model = keras.Sequential(layers)
    model.compile(
        keras.optimizers.Adam(LEARNING_RATE),
        keras.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING),
        steps_per_execution=STEPS,
    )
    drawn = _draw_balanced(owners, np.random.default_rng(seed))
    targets = np.eye(len(members), dtype=np.float32)[owners[drawn]]
    model.fit(gallery.encodings[drawn], targets, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "classifier.keras"
        # The layers alone: the optimizer's memory is twice as large as they are.
        keras.Sequential(layers).save(path)
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(METADATA, metadata(members, gallery.version, held_out))
        return path.read_bytes()


def _draw_balanced(owners: NDArray[np.intp], chance: np.random.Generator) -> NDArray[np.intp]:
    """Photos for all steps, every member alike often: (STEPS * BATCH,) places in `owners` (n,)."""
    photos = [np.flatnonzero(owners == member) for member in range(int(owners.max()) + 1)]
    turns = np.resize(np.arange(len(photos)), STEPS * BATCH)
    return np.array([chance.choice(photos[member]) for member in turns.tolist()], np.intp)


def hold_out_masks(members: NDArray[np.int64], chance: np.random.Generator) -> Iterator[NDArray[np.bool_]]:
    """Masks (n,) of the photos to hold out; nobody's only photo, never all of a member's."""
    fold = np.full(len(members), -1)
    for member in np.unique(members):
        photos = chance.permutation(np.flatnonzero(members == member))
        if len(photos) > 1:
            fold[photos] = np.arange(len(photos)) % FOLDS
    for number in range(FOLDS):
        if (fold == number).any():
            yield fold == number
