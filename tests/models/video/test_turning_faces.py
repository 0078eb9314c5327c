"""A face that turns in a video stays one track, with encodings of the upright face; an upright one costs what it did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import face_recognition
import numpy as np
import pytest

from bench.turning import CountingDetector
from models.engines import load
from models.faces import Box
from models.networks.aligned import AlignedEngine
from models.networks.rotations import Rotation
from models.video.tracker import FaceTracker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.engines import Engine
    from models.faces import Picture

pytestmark = pytest.mark.slow

RATE, SPEED = 30, 90
LUMA = np.zeros((36, 64), np.uint8)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> AlignedEngine:
    made = load("sface", tmp_path_factory.mktemp("nothing"))
    assert isinstance(made, AlignedEngine)
    return made


@pytest.fixture(scope="module")
def portrait(small_photos: Path) -> Picture:
    return face_recognition.load_image_file(str(small_photos / "obama2.jpg"))


def turn_of(picture: Picture, degrees: float) -> Rotation:
    return Rotation(degrees, (picture.shape[1], picture.shape[0]))


def tracked(engine: Engine, picture: Picture, angles: Sequence[float]) -> FaceTracker:
    """The tracker of frames in which the picture is turned by these angles, in degrees, about the middle of a square."""
    side = max(turn_of(picture, degrees).turned_size[0] for degrees in (0, 45, 90)) + 200

    def frame(degrees: float) -> Picture:
        turned = turn_of(picture, degrees).apply(picture)
        top, left = (side - turned.shape[0]) // 2, (side - turned.shape[1]) // 2
        square = np.zeros((side, side, 3), np.uint8)
        square[top : top + turned.shape[0], left : left + turned.shape[1]] = turned
        return square

    found = FaceTracker(engine)
    for number, degrees in enumerate(angles):
        found.add_frame(number / RATE, LUMA, lambda degrees=degrees: frame(degrees))
    found.close()
    return found


@pytest.mark.parametrize("peak", [90, -180])
def test_a_face_that_turns_stays_one_track(engine: AlignedEngine, portrait: Picture, peak: int) -> None:
    angles = np.linspace(0, peak, abs(peak) * RATE // SPEED + 1).tolist()
    found = tracked(engine, portrait, angles + [float(peak)] * (RATE // 2))
    (track,) = found.tracks
    assert (track.first, track.last) == (0, len(found.times) - 1)
    (face,) = engine.detect(portrait)
    box = turn_of(portrait, peak).forth(face).box
    last = Box(*track.boxes[-1].round().astype(int).tolist())
    assert (last.width, last.height) == pytest.approx((box.width, box.height), rel=0.2)
    assert (track.encodings @ engine.encode(portrait, [face])[0]).min() > 0.8


def test_an_upright_face_costs_a_search_each_time_and_two_close_ups_an_encoding(
    engine: AlignedEngine, portrait: Picture
) -> None:
    detector = CountingDetector(engine.detector)
    found = tracked(replace(engine, detector=detector), portrait, [0.0] * (2 * RATE))
    (track,) = found.tracks
    searched = len([0, 0.75, 1.5, 2])
    assert detector.scans <= searched + 2 * len(track.encodings)
    assert np.ptp(track.boxes, axis=0).max() == 0


def test_a_face_that_goes_is_not_found_elsewhere(engine: AlignedEngine, portrait: Picture) -> None:
    found = FaceTracker(engine)
    for number in range(2 * RATE):
        shown = portrait if number < RATE else np.zeros_like(portrait)
        found.add_frame(number / RATE, LUMA, lambda shown=shown: shown)
    found.close()
    (track,) = found.tracks
    assert track.first == 0
    assert RATE - 3 <= track.last < 1.5 * RATE
