"""Training of a group's classifier with Keras.

It runs in a process of its own (`isolation.run_in_child`): TensorFlow takes 600 MB that only the end of a process frees.
Processes that identify faces never import TensorFlow.
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
"""A training takes 0.4 s on one core for a group of any size. Members are drawn equally often, whatever their number of
photos."""

HIDDEN_UNITS = 128
DROPOUT = 0.3
NOISE = 0.12
"""Standard deviation of the noise on each number of an encoding of unit length, drawn again at each step.

A new photo may lie anywhere around the few enrolled ones. At three photos a member of TWICE, the right member is likeliest in
92% without noise, in 95 and 97% with copies of each photo with noise of 0.05 and 0.08, in 98% with this.
"""

LENGTH = 8.0
"""The length of encodings before the first dense layer. With shorter ones a softmax can't reach high confidences."""

SMOOTHING = 0.1
LEARNING_RATE = 3e-3


def configure_tensorflow() -> None:
    """Set up TensorFlow before the import of Keras: no log, one thread, so that a seed gives the same weights."""
    os.environ |= {
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    # TensorFlow warns about functions that are compiled again, and each training compiles its own.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def train(gallery: Gallery, seed: int = 0) -> bytes:
    """The `.keras` file of a gallery's classifier, with its hold-out result.

    Weights are the same for the same gallery and seed. It imports TensorFlow. Raises LookupError when the gallery's engine
    has no measured background.
    """
    configure_tensorflow()
    return fit_classifier(gallery, hold_out(gallery, seed), seed)


def hold_out(gallery: Gallery, seed: int) -> HoldOutResult:
    """Hold out each photo of members with two or more once, and rank the members of its group for it."""
    group = {member.id: member.group for member in gallery.members}
    photos = centroids = classifier = 0
    for held in hold_out_masks(gallery.labels, np.random.default_rng(seed)):
        rest = gallery.subset(~held)
        alone = fit(rest)
        helped = replace(alone, classifiers=(load(fit_classifier(rest, HoldOutResult(0, 0, 0), seed)),))
        owners = gallery.labels[held]
        ids = np.array([member.id for member in alone.members], np.int64)
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
    """The `.keras` file of a classifier fitted to a whole gallery, with `held_out` in its metadata."""
    import keras

    members, owners = np.unique(gallery.labels, return_inverse=True)
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
        # Without the optimizer, whose state is twice as large as the layers.
        keras.Sequential(layers).save(path)
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(METADATA, metadata(members, gallery.version, held_out))
        return path.read_bytes()


def _draw_balanced(owners: NDArray[np.intp], chance: np.random.Generator) -> NDArray[np.intp]:
    """Indices (STEPS * BATCH,) of the photos for all steps, with each member equally often. `owners`: (n,) the member of each
    photo."""
    photos = [np.flatnonzero(owners == member) for member in range(int(owners.max()) + 1)]
    turns = np.resize(np.arange(len(photos)), STEPS * BATCH)
    return np.array([chance.choice(photos[member]) for member in turns.tolist()], np.intp)


def hold_out_masks(members: NDArray[np.int64], chance: np.random.Generator) -> Iterator[NDArray[np.bool_]]:
    """Masks (n,) of the photos to hold out, one a fold. Each member keeps a photo, and a single photo is never held out."""
    fold = np.full(len(members), -1)
    for member in np.unique(members):
        photos = chance.permutation(np.flatnonzero(members == member))
        if len(photos) > 1:
            fold[photos] = np.arange(len(photos)) % FOLDS
    for number in range(FOLDS):
        if (fold == number).any():
            yield fold == number
