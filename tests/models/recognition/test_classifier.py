"""The trained classifier: the same probabilities as in Keras, the same weights for a seed, and errors for broken files."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from models.encodings import background
from models.engines import DEFAULT, version_of
from models.learning.training import FOLDS, hold_out_masks
from models.recognition.classifier import Classifier, HoldOutResult, MalformedClassifierError, load
from models.recognition.classifier_file import LARGEST, METADATA
from models.recognition.gallery import Gallery, GalleryMember, can_hold_out
from models.recognition.recogniser import Recogniser, fit
from tests.conftest import ROOT, TRAINING_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.domain.models import TrainedClassifier
    from bot.domain.rosters import EnrolledEncoding

pytestmark = pytest.mark.slow

VERSION = version_of(DEFAULT)
D = 128

KERAS = """
import pickle, sys
from models.learning.training import configure_tensorflow, fit_classifier
from models.recognition.classifier import HoldOutResult, load
configure_tensorflow()
import keras, numpy as np
path, gallery, encodings, out = sys.argv[1:]
gallery = pickle.load(open(gallery, "rb"))
model = keras.models.load_model(path)
again, other = (load(fit_classifier(gallery, HoldOutResult(0, 0, 0), seed)) for seed in (0, 1))
np.savez(out, probabilities=model.predict(np.load(encodings), verbose=0), again=again.kernels[0], other=other.kernels[0])
"""


@pytest.fixture(scope="module")
def gallery(gallery_rows: list[EnrolledEncoding]) -> Gallery:
    rows = [
        (GalleryMember(row.member, row.name, row.group, row.group_name), np.frombuffer(row.vector, np.float32))
        for row in gallery_rows
    ]
    return Gallery.from_rows(rows, VERSION, D)


@pytest.fixture(scope="module")
def classifier(trained: TrainedClassifier) -> Classifier:
    return load(trained.file)


def strangers(count: int) -> np.ndarray:
    faces = background.load(VERSION).whitening.mean + np.random.default_rng(9).normal(scale=0.02, size=(count, D))
    return (faces / np.linalg.norm(faces, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.thorough
def test_probabilities_are_those_of_keras_and_weights_depend_on_the_seed(
    trained: TrainedClassifier, classifier: Classifier, gallery: Gallery, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("it.keras", "gallery.pickle", "encodings.npy", "out.npz")]
    encodings = np.concatenate([gallery.encodings, strangers(50)])
    files[0].write_bytes(trained.file)
    files[1].write_bytes(pickle.dumps(gallery))
    np.save(files[2], encodings)
    subprocess.run([sys.executable, "-c", KERAS, *map(str, files)], check=True, cwd=ROOT, timeout=TRAINING_LIMIT)
    with np.load(files[3]) as keras:
        np.testing.assert_allclose(classifier.probabilities(encodings), keras["probabilities"], atol=1e-5)
        np.testing.assert_array_equal(classifier.kernels[0], keras["again"])
        assert not np.array_equal(classifier.kernels[0], keras["other"])


def test_the_columns_have_their_members(classifier: Classifier, gallery: Gallery) -> None:
    assert classifier.members.tolist() == [11, 12, 13, 14, 21]
    assert classifier.version == VERSION
    picked = classifier.members[classifier.probabilities(gallery.encodings).argmax(axis=1)]
    assert picked.tolist() == gallery.labels.tolist()
    # A member's only photo can't be held out.
    assert classifier.held_out == HoldOutResult(16, 16, 16)
    assert classifier.held_out.helps


def test_a_recogniser_with_a_classifier_survives_serialisation(classifier: Classifier, gallery: Gallery) -> None:
    recogniser = replace(fit(gallery), classifiers=(classifier,))
    faces = strangers(5)
    again = Recogniser.from_bytes(recogniser.to_bytes())
    np.testing.assert_array_equal(again.log_odds(faces), recogniser.log_odds(faces))
    assert not np.array_equal(again.log_odds(faces), fit(gallery).log_odds(faces))


def test_a_classifier_ranks_members_and_accepts_no_stranger(classifier: Classifier, gallery: Gallery) -> None:
    faces = np.concatenate([gallery.encodings, strangers(50)])
    alone = fit(gallery)
    helped = replace(alone, classifiers=(classifier,))
    groups = np.array([member.group for member in alone.members])
    for group in (1, 2):
        before, after = (rule.log_odds(faces)[:, groups == group].max(axis=1) for rule in (alone, helped))
        np.testing.assert_allclose(before, after)


MEMBERS = (GalleryMember(1, "A", 1, "G"), GalleryMember(2, "B", 1, "G"), GalleryMember(3, "C", 2, "H"))


def constant_classifier(*columns: tuple[int, float]) -> Classifier:
    """A classifier with the same logits for every face: (member, logit) a column."""
    members, logits = zip(*columns, strict=True)
    return Classifier(
        np.zeros(2, np.float32),
        1.0,
        (np.zeros((2, len(members)), np.float32),),
        (np.array(logits, np.float32),),
        np.array(members),
        VERSION,
        HoldOutResult(1, 1, 1),
    )


def test_the_product_of_both_probabilities_ranks() -> None:
    faces, odds = np.ones((1, 2), np.float32), np.array([[2.0, 1.0, 0.5]])
    unsure = constant_classifier((3, 0.0), (2, 0.5), (1, 0.0)).rerank(odds, faces, MEMBERS)
    np.testing.assert_allclose(unsure, [[2.0, 1.5, 0.5]])
    sure = constant_classifier((3, 0.0), (2, 3.0), (1, 0.0)).rerank(odds, faces, MEMBERS)
    np.testing.assert_allclose(sure, [[0.0, 2.0, 0.5]])


def test_a_group_with_an_unknown_member_is_ranked_by_distance() -> None:
    faces, odds = np.ones((1, 2), np.float32), np.array([[2.0, 1.0, 0.5]])
    np.testing.assert_array_equal(constant_classifier((2, 9.0), (3, 0.0)).rerank(odds, faces, MEMBERS), odds)


@pytest.mark.parametrize(
    ("photos", "enough"), [((5, 5), False), ((3, 3, 3), False), ((4, 4, 4, 1), True), ((1,) * 40, False)]
)
def test_a_small_roster_is_ranked_by_distance(photos: tuple[int, ...], enough: bool) -> None:
    members = np.repeat(np.arange(len(photos)), photos)
    assert can_hold_out(members) is enough


def test_every_photo_is_held_out_once_but_never_all_of_a_member() -> None:
    members = np.repeat(np.arange(4), (1, 2, 5, 13))
    held = np.stack(list(hold_out_masks(members, np.random.default_rng(0))))
    assert len(held) == FOLDS
    assert held.sum(axis=0).tolist() == [0] + [1] * 20
    for fold in held:
        assert set(members[~fold].tolist()) == {0, 1, 2, 3}


def rewritten(data: bytes, **changes: Callable[[bytes], bytes | None]) -> bytes:
    """The file with entries changed, or left out where a change returns None. `config` is config.json, and so on."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = changes.get(name.split(".")[0], bytes)(old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def endless(weights: bytes) -> bytes:
    """The weights with a layer that nobody has written, of terabytes."""
    import h5py

    file = io.BytesIO(weights)
    layers: Any
    with h5py.File(file, "r+") as layers:
        del layers["layers/dense/vars/0"]
        layers.create_dataset("layers/dense/vars/0", (10**6, 10**6), "float32")
    return file.getvalue()


def changed_json(data: bytes, **changes: object) -> bytes:
    return json.dumps(json.loads(data) | changes).encode()


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no zip": lambda _: b"not a classifier",
    "cut": lambda data: data[: len(data) // 2],
    "flipped": lambda data: data[:30_000] + bytes(60_000) + data[90_000:],
    "says nothing of itself": lambda data: rewritten(data, nugu=lambda _: None),
    "of another format": lambda data: rewritten(data, nugu=lambda entry: changed_json(entry, format=2)),
    "a member too few": lambda data: rewritten(data, nugu=lambda entry: changed_json(entry, members=[11, 12])),
    "no weights": lambda data: rewritten(data, model=lambda _: None),
    "broken weights": lambda data: rewritten(data, model=lambda entry: entry[:5000]),
    "another layer": lambda data: rewritten(data, config=lambda entry: entry.replace(b'"Rescaling"', b'"Conv1D"')),
    "another activation": lambda data: rewritten(data, config=lambda entry: entry.replace(b'"softmax"', b'"tanh"')),
    "a bomb": lambda data: rewritten(data, config=lambda entry: entry + b" " * LARGEST),
    "endless weights": lambda data: rewritten(data, model=endless),
    "no layers": lambda data: rewritten(data, config=lambda _: b"{}"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_is_refused(trained: TrainedClassifier, how: str) -> None:
    with pytest.raises(MalformedClassifierError):
        load(BROKEN[how](trained.file))


def test_keras_ignores_our_metadata(trained: TrainedClassifier) -> None:
    with zipfile.ZipFile(io.BytesIO(trained.file)) as file:
        assert set(file.namelist()) == {"metadata.json", "config.json", "model.weights.h5", METADATA}
