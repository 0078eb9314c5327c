"""Evaluations with known figures; no photo is both enrolled and a probe."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from models.drawing.charts import evaluation_chart
from models.faces import ConfidenceBand, Guess, MemberCandidate
from models.learning.evaluation import CURVE, evaluate
from models.learning.outcomes import TrialOutcome
from models.learning.samples import THUMBNAIL_SIDE, EvaluationSet, thumbnail
from models.recognition.gallery import Gallery, GalleryMember
from models.recognition.recogniser import Identification

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Encodings

pytestmark = pytest.mark.slow

D = 32
MEMBERS = tuple(GalleryMember(10 + i, f"M{i}", 1, "G") for i in range(3))


class NearestMean:
    """A simple rule: the cosine with a member's mean is score and confidence, and gives a name from 0.5 on."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery = gallery
        self.means = np.stack([gallery.encodings[gallery.labels == m.id].mean(axis=0) for m in gallery.members])

    def log_odds(self, encodings: Encodings) -> NDArray[np.float64]:
        return (encodings @ self.means.T).astype(np.float64)

    def identify(self, encodings: Encodings, *, group: int | None = None) -> Identification:
        guesses: list[Guess] = []
        for row in self.log_odds(encodings):
            candidates = [
                MemberCandidate(m.id, m.name, float(s)) for m, s in zip(self.gallery.members, row, strict=True)
            ]
            best = max(candidates, key=lambda candidate: candidate.confidence)
            sure = best.confidence >= 0.5
            guesses.append(
                Guess(
                    best.member if sure else None,
                    best.name if sure else None,
                    best.confidence,
                    ConfidenceBand.SURE if sure else ConfidenceBand.UNKNOWN,
                    tuple(candidates),
                )
            )
        return Identification(1, "G", tuple(guesses))


def sample(photos: int = 4, *, strangers: int = 5, copies: int = 0) -> EvaluationSet:
    """Noisy encodings of members along the first axes and strangers along later ones. `copies`: of each first photo."""
    chance = np.random.default_rng(3)
    directions = [place for place in range(3) for _ in range(photos)] + list(range(5, 5 + strangers))
    encodings = np.eye(D, dtype=np.float32)[directions] + chance.normal(scale=0.05, size=(len(directions), D))
    thumbnails = chance.normal(size=(len(directions), THUMBNAIL_SIDE**2))
    people = [10 + place if place < 3 else -1 for place in directions]
    for place in range(3):
        for _ in range(copies):
            encodings = np.vstack([encodings, encodings[place * photos]])
            thumbnails = np.vstack(
                [thumbnails, thumbnails[place * photos] + 0.01 * chance.normal(size=THUMBNAIL_SIDE**2)]
            )
            people.append(10 + place)
    encodings /= np.linalg.norm(encodings, axis=1, keepdims=True)
    thumbnails /= np.linalg.norm(thumbnails, axis=1, keepdims=True)
    every = np.ones(len(people), np.bool_)
    return EvaluationSet(
        encodings.astype(np.float32),
        thumbnails.astype(np.float32),
        np.array(people, np.int64),
        np.array([person >= 0 for person in people], np.bool_),
        every,
        MEMBERS,
        ("others",) if strangers else (),
        "test-1",
    )


def outcome(
    truth: list[int], likeliest: list[int], scores: list[float], named: list[int], confidences: list[float]
) -> TrialOutcome:
    whole = (np.array(values, np.int64) for values in (truth, likeliest, named))
    t, best, n = whole
    return TrialOutcome(t, best, np.array(scores), n, np.array(confidences))


def test_distinct_people_are_all_recognised() -> None:
    figures = evaluate(sample(), NearestMean, photos=2, trials=3)
    assert (figures.photos, figures.probes, figures.strangers) == (2.0, 6.0, (5.0,))
    for figure in (figures.rank_1, *figures.tpir, figures.right):
        assert (figure.mean, figure.deviation) == (1.0, 0.0)
    assert figures.wrong.mean == figures.strangers_named[0].mean == 0
    assert figures.confusion.tolist() == [[6, 0, 0, 0], [0, 6, 0, 0], [0, 0, 6, 0], [0, 0, 0, 15]]
    assert figures.curve == (1.0,) * len(CURVE)


def test_counts_by_hand() -> None:
    """Four photos of members: right; right without a name; another's name; another likeliest without a name."""
    hand = outcome(
        truth=[0, 0, 1, 1, -1, -1, -2, -2],
        likeliest=[0, 0, 0, 0, 1, 1, 0, 0],
        scores=[9, 3, 8, 1, 4, 2, 2, 0],
        named=[0, -1, 0, -1, 1, -1, -1, -1],
        confidences=[0.95, 0.35, 0.85, 0.15, 0.65, 0.05, 0.05, 0.05],
    )
    assert hand.rank_1() == 0.5
    assert hand.right() == 0.25
    assert hand.wrong() == 0.25
    assert (hand.strangers_named(0), hand.strangers_named(1)) == (0.5, 0.0)
    assert hand.tpir(0.01) == hand.tpir(0.24) == 0.25
    assert hand.tpir(0.25) == 0.5
    assert hand.tpir(1.0) == 0.5
    assert hand.calibration_error(strangers=False) == pytest.approx((0.05 + 0.65 + 0.85 + 0.15) / 4)
    assert hand.calibration_error(strangers=True) == pytest.approx((1.7 / 4 + (0.65 + 0.15) / 4) / 2)
    assert hand.confusion(2, 2).tolist() == [[1, 0, 1], [1, 0, 1], [0, 1, 1], [0, 0, 2]]


def test_a_stranger_with_the_same_score_does_not_pass() -> None:
    assert outcome([0, -1], [0, 0], [1.0, 1.0], [0, -1], [0.9, 0.1]).tpir(0.01) == 0


def test_a_copy_of_an_enrolled_photo_is_no_probe() -> None:
    seen: list[Gallery] = []

    def remember(gallery: Gallery) -> NearestMean:
        seen.append(gallery)
        return NearestMean(gallery)

    figures = evaluate(sample(3, copies=4), remember, photos=2, trials=20)
    # Three different photos, one of them with four copies. Two are enrolled, so the third is a probe, with its copies.
    assert 3.0 < figures.probes < 3 * 5.0
    for gallery in seen:
        assert len(gallery.labels) == 6
        likeness = gallery.encodings @ gallery.encodings.T - np.eye(6)
        assert likeness.max() < 0.995


def test_trials_are_seeded_and_differ() -> None:
    drawn: list[bytes] = []

    def remember(gallery: Gallery) -> NearestMean:
        drawn.append(gallery.encodings.tobytes())
        return NearestMean(gallery)

    first = evaluate(sample(6), remember, photos=2, trials=3)
    second = evaluate(sample(6), remember, photos=2, trials=3)
    assert drawn[:3] == drawn[3:]
    assert len(set(drawn[:3])) == 3
    assert first.rank_1 == second.rank_1
    assert first.calibration_error == second.calibration_error


def test_without_strangers_their_figures_are_nan() -> None:
    figures = evaluate(sample(strangers=0), NearestMean, photos=2, trials=2)
    assert figures.strangers_named == figures.strangers == ()
    assert figures.rank_1.mean == 1.0


def test_samples_that_cannot_be_evaluated_are_refused() -> None:
    with pytest.raises(ValueError, match="no photo of a member is left"):
        evaluate(sample(), NearestMean, photos=None, trials=1)
    ok = sample()
    bare = EvaluationSet(
        ok.encodings,
        ok.thumbnails,
        ok.people,
        ok.enrollable & (ok.people != 11),
        ok.probes,
        MEMBERS,
        ok.sources,
        "test-1",
    )
    with pytest.raises(ValueError, match="no photo to enrol of M1"):
        evaluate(bare, NearestMean, photos=2, trials=1)
    with pytest.raises(ValueError, match="encodings, but"):
        EvaluationSet(
            ok.encodings[:2], ok.thumbnails, ok.people, ok.enrollable, ok.probes, MEMBERS, ok.sources, "test-1"
        )


def test_thumbnails_distinguish_copies_from_other_photos() -> None:
    chance = np.random.default_rng(0)
    chip = np.kron(chance.integers(0, 200, (15, 15, 3)), np.ones((10, 10, 1))).astype(np.uint8)
    other = np.kron(chance.integers(0, 200, (15, 15, 3)), np.ones((10, 10, 1))).astype(np.uint8)
    brighter = (chip + chance.integers(20, 30, chip.shape)).astype(np.uint8)
    assert thumbnail(chip) @ thumbnail(brighter) > 0.99
    assert thumbnail(chip) @ thumbnail(other) < 0.5
    assert not thumbnail(np.full((150, 150, 3), 7, np.uint8)).any()


def test_the_picture_can_be_drawn_with_and_without_strangers() -> None:
    figures = evaluate(sample(), NearestMean, photos=2, trials=2)
    with Image.open(BytesIO(evaluation_chart("누구 & co.", figures))) as image:
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("RGB"))
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10
    bare = evaluate(sample(strangers=0), NearestMean, photos=2, trials=1)
    assert evaluation_chart("G", bare).startswith(b"\x89PNG")
