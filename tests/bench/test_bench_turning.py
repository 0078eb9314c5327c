"""`bench.turning` on one public portrait: its angles, its truth, and the counts of one video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import face_recognition
import numpy as np
import pytest

from bench import turning
from bench.turning import HIGH, RATE, WIDE, RollingPhoto, angles, rolled
from models.engines import load
from models.networks.aligned import AlignedEngine
from models.recognition.gallery import Gallery, GalleryMember
from models.recognition.recogniser import fit

if TYPE_CHECKING:
    from pathlib import Path


def test_the_photo_rests_turns_and_comes_back() -> None:
    turns = angles(90, 180)
    assert len(turns) == round(5.5 * RATE)
    assert (turns[0], max(turns), turns[-1]) == (0, 180, 0)
    assert np.abs(np.diff(turns)).max() == pytest.approx(90 / RATE)


@pytest.mark.slow
def test_the_name_of_a_turning_portrait(small_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turning, "REST", 0.2)
    engine = load("sface", tmp_path)
    assert isinstance(engine, AlignedEngine)
    photos = [
        face_recognition.load_image_file(str(small_photos / name)) for name in ("obama.jpg", "obama3.jpg", "biden.jpg")
    ]
    encodings = np.concatenate([engine.encode(photo, engine.detect(photo)[:1]) for photo in photos])
    members = (GalleryMember(1, "Obama", 1, "Presidents"), GalleryMember(2, "Biden", 1, "Presidents"))
    recogniser = fit(Gallery(encodings, np.array([1, 1, 2]), members, engine.version))
    portrait = face_recognition.load_image_file(str(small_photos / "obama2.jpg"))
    (face,) = engine.detect(portrait)
    photo = RollingPhoto("Obama", portrait, face, 1)
    frame, box = photo.turned(90)
    assert frame.shape == (HIGH, WIDE, 3)
    assert (box.width, box.height) == pytest.approx((face.box.height, face.box.width), abs=1)
    tally = rolled(engine, recogniser, photo, 90, 90)
    assert (tally.videos, tally.whole, tally.pieces, tally.misnamed) == (1, 1, 1, 0)
    assert tally.named == tally.found == tally.frames > 60
