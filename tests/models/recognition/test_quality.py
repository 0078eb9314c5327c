"""Poor faces have flaws, and lower differences between members; quality never raises a confidence."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import cv2
import face_recognition
import numpy as np
import pytest

from models.engines import load
from models.faces import Box, Face, FaceFlaw, Landmarks
from models.recognition.gallery import Gallery, GalleryMember
from models.recognition.quality import SMALL, TURNED, FaceQuality, measure_quality, quality_weighted, sharpness
from models.recognition.recogniser import fit

if TYPE_CHECKING:
    from pathlib import Path

    from models.engines import Engine
    from models.faces import Encodings, Picture

pytestmark = pytest.mark.slow

PORTRAITS = ("obama.jpg", "biden.jpg", "astronaut.png")
GOOD = FaceQuality(width=150, sharpness=2.6, yaw=0.0)
BLURRED = FaceQuality(width=150, sharpness=1.3, yaw=0.0)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return load("dlib", tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module", params=PORTRAITS)
def portrait(request: pytest.FixtureRequest, engine: Engine, public_photos: Path) -> tuple[Picture, Face]:
    """A press photo and its face, which is 100 to 400 pixels wide."""
    return largest_face(engine, public_photos / request.param)


def largest_face(engine: Engine, path: Path) -> tuple[Picture, Face]:
    picture = face_recognition.load_image_file(str(path))
    return picture, max(engine.detect(picture), key=lambda face: face.box.area)


def quality_of(picture: Picture, face: Face) -> FaceQuality:
    return measure_quality(picture, face, Landmarks.EYE_CORNERS_NOSE_BASE)


def shrunk(picture: Picture, face: Face, width: int) -> tuple[Picture, Face]:
    """The picture and face resized to a face's `width` in pixels."""
    scale = width / face.box.width
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how).astype(np.uint8, copy=False)
    box = Box(*(round(edge * scale) for edge in face.box.as_list()))
    return small, Face(box, face.score, (face.landmarks * scale).astype(np.float32))


def gaussian(picture: Picture, face: Face, share: float) -> Picture:
    return cv2.GaussianBlur(picture, (0, 0), share * face.box.width).astype(np.uint8, copy=False)


def shaken(picture: Picture, face: Face, degrees: float) -> Picture:
    """The picture as if the camera had moved by an eighth of the face."""
    side = face.box.width // 8 | 1
    line = np.zeros((side, side), np.float32)
    line[side // 2] = 1 / side
    turn = cv2.getRotationMatrix2D((side // 2, side // 2), degrees, 1.0)
    kernel = cv2.warpAffine(line, turn, (side, side))
    return cv2.filter2D(picture, -1, kernel / kernel.sum()).astype(np.uint8, copy=False)


def test_a_press_photo_has_no_flaw(portrait: tuple[Picture, Face]) -> None:
    quality = quality_of(*portrait)
    assert quality.flaws == ()
    assert quality.weight == 1


def test_more_blur_lowers_sharpness_and_weight(portrait: tuple[Picture, Face]) -> None:
    picture, face = portrait
    qualities = [quality_of(picture, face)]
    qualities += [quality_of(gaussian(picture, face, share), face) for share in (0.01, 0.02, 0.03, 0.045, 0.065, 0.09)]
    assert all(sharper.sharpness > blurred.sharpness for sharper, blurred in itertools.pairwise(qualities))
    assert all(sharper.weight >= blurred.weight for sharper, blurred in itertools.pairwise(qualities))
    assert qualities[-1].flaws == (FaceFlaw.BLURRED,)
    assert qualities[-1].weight < 0.4


@pytest.mark.parametrize("degrees", [0, 45, 90, 135])
def test_motion_blur_in_any_direction_is_found(portrait: tuple[Picture, Face], degrees: float) -> None:
    picture, face = portrait
    assert quality_of(shaken(picture, face, degrees), face).sharpness < 0.8 * quality_of(picture, face).sharpness


def test_small_faces_are_flagged_and_count_as_blurred(portrait: tuple[Picture, Face]) -> None:
    qualities = [quality_of(*shrunk(*portrait, width)) for width in (96, 64, 40, 24, 12)]
    assert all(larger.sharpness > smaller.sharpness for larger, smaller in itertools.pairwise(qualities))
    assert [FaceFlaw.SMALL in quality.flaws for quality in qualities] == [
        quality.width < SMALL for quality in qualities
    ]
    assert qualities[-1].flaws[:2] == (FaceFlaw.SMALL, FaceFlaw.BLURRED)


def test_an_enlarged_face_is_no_sharper_than_it_was(portrait: tuple[Picture, Face]) -> None:
    small, face = shrunk(*portrait, 40)
    large, same = shrunk(small, face, 160)
    assert quality_of(large, same).sharpness <= quality_of(small, face).sharpness + 0.1


@pytest.mark.parametrize("quality", [10, 20, 50])
def test_a_strongly_compressed_photo_is_neither_blurred_nor_sharpened(
    portrait: tuple[Picture, Face], quality: int
) -> None:
    picture, face = portrait
    _, file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    compressed = cv2.imdecode(file, cv2.IMREAD_COLOR)
    assert compressed is not None
    before = quality_of(picture, face).sharpness
    assert quality_of(compressed.astype(np.uint8), face).sharpness == pytest.approx(before, rel=0.08)


def test_light_and_contrast_have_no_effect(portrait: tuple[Picture, Face]) -> None:
    picture, face = portrait
    pale = (picture * 0.4 + 120).astype(np.uint8)
    assert quality_of(pale, face).sharpness == pytest.approx(quality_of(picture, face).sharpness, rel=0.03)


def test_a_mirrored_face_has_the_opposite_yaw(portrait: tuple[Picture, Face]) -> None:
    picture, face = portrait
    width = picture.shape[1]
    box = Box(width - face.box.right, face.box.top, width - face.box.left, face.box.bottom)
    points = (face.landmarks * (-1, 1) + (width - 1, 0)).astype(np.float32)
    before, after = (
        quality_of(picture, face),
        quality_of(np.ascontiguousarray(picture[:, ::-1]), Face(box, 1.0, points)),
    )
    assert after.yaw == pytest.approx(-before.yaw, abs=0.1)
    assert after.sharpness == pytest.approx(before.sharpness, rel=0.02)


def test_a_tilted_head_is_as_sharp_and_as_turned_as_an_upright_one(portrait: tuple[Picture, Face]) -> None:
    picture, face = portrait
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -20, 1.0)
    tilted = cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    points = (face.landmarks @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
    before, after = quality_of(picture, face), quality_of(tilted, Face(face.box, 1.0, points))
    assert after.yaw == pytest.approx(before.yaw, abs=0.1)
    assert after.sharpness == pytest.approx(before.sharpness, rel=0.08)


@pytest.mark.parametrize("degrees", [-50.0, -20.0, 0.0, 35.5])
@pytest.mark.parametrize(
    ("landmarks", "depth"), [(Landmarks.EYE_CORNERS_NOSE_BASE, 0.41), (Landmarks.EYES_NOSE_MOUTH, 0.475)]
)
def test_yaw_from_landmarks(degrees: float, landmarks: Landmarks, depth: float) -> None:
    """A head with eyes 60 units apart, turned about its neck, in parallel projection."""
    if landmarks is Landmarks.EYE_CORNERS_NOSE_BASE:  # dlib's landmarks begin with the right eye
        head = [(42, 0, 0), (18, 0, 0), (-42, 0, 0), (-18, 0, 0), (0, 40, 60 * depth)]
    else:
        head = [(-30, 0, 0), (30, 0, 0), (0, 40, 60 * depth), (-20, 70, 10), (20, 70, 10)]
    angle = math.radians(degrees)
    points = [(100 + x * math.cos(angle) + z * math.sin(angle), 80 + y) for x, y, z in head]
    grey = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    quality = measure_quality(grey, Face(Box(50, 40, 150, 160), 1.0, np.array(points, np.float32)), landmarks)
    assert quality.yaw == pytest.approx(degrees, abs=0.5)
    assert (FaceFlaw.TURNED in quality.flaws) == (abs(degrees) >= TURNED)


@pytest.mark.parametrize("shape", [(1, 1), (2, 400), (60, 60)])
def test_a_face_at_the_edge_of_a_tiny_picture_can_be_measured(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 3), 90, np.uint8)
    for points in (np.zeros((5, 2)), np.array([(-9, 3), (-5, 3), (90, 4), (70, 4), (30, 80)])):
        quality = measure_quality(
            picture, Face(Box(0, 0, 1, 1), 1.0, points.astype(np.float32)), Landmarks.EYE_CORNERS_NOSE_BASE
        )
        assert quality.weight == 0
        assert math.isfinite(quality.yaw)
    assert sharpness(np.full((112, 112), 7, np.uint8)) == 0


def chances(
    log_odds: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The probability of each member, and in the last column that of a stranger."""
    odds = np.exp(np.hstack([log_odds, np.zeros((len(log_odds), 1))]))
    return odds / odds.sum(axis=1, keepdims=True)


def test_a_poor_face_raises_no_confidence() -> None:
    log_odds = np.random.default_rng(1).normal(-3, 4, (500, 9))
    for quality in (GOOD, FaceQuality(60, 1.6, 0), BLURRED, FaceQuality(60, 0.9, 0)):
        before, after = chances(log_odds), chances(quality_weighted(log_odds, [quality] * 500))
        assert (after[:, :9].max(axis=1) <= before[:, :9].max(axis=1) + 1e-9).all()
        assert after[:, 9] == pytest.approx(before[:, 9])
        if quality.weight:
            assert (after[:, :9].argsort(axis=1) == before[:, :9].argsort(axis=1)).all()


def test_good_faces_and_unknown_quality_change_nothing() -> None:
    log_odds = np.random.default_rng(2).normal(-3, 4, (20, 5))
    assert quality_weighted(log_odds, None) is log_odds
    assert quality_weighted(log_odds, [GOOD] * 20) == pytest.approx(log_odds)
    for empty in (np.empty((0, 5)), np.empty((3, 0))):
        assert quality_weighted(empty, [BLURRED] * len(empty)).shape == empty.shape


def encoded(engine: Engine, path: Path, share: float) -> tuple[Encodings, FaceQuality] | None:
    """The largest face of a photo blurred by a share of its width; None where no face is found."""
    picture, face = largest_face(engine, path)
    small, face = shrunk(picture, face, min(160, face.box.width))
    if share:
        small = gaussian(small, face, share)
    found = [other for other in engine.detect(small) if other.box.overlap(face.box) > 0.3]
    return (engine.encode(small, found[:1]), quality_of(small, found[0])) if found else None


@pytest.mark.thorough
def test_blurred_members_are_less_sure_and_blurred_strangers_get_no_more_names(
    engine: Engine, shared_faces: Path
) -> None:
    """Three photos a member of TWICE are enrolled; two others of each, and ITZY, are sharp and more and more blurred."""
    folders = sorted((shared_faces / "groups" / "TWICE").iterdir())
    rows: list[tuple[GalleryMember, Encodings]] = []
    for i, folder in enumerate(folders):
        for path in sorted(folder.iterdir())[:3]:
            picture, face = largest_face(engine, path)
            rows.append((GalleryMember(i, folder.name, 1, "TWICE"), engine.encode(picture, [face])))
    recogniser = fit(Gallery.from_rows(rows, engine.version, engine.dimensions))
    probes = [(path, folder.name) for folder in folders for path in sorted(folder.iterdir())[4:6]]
    strangers = [
        path for folder in (shared_faces / "groups" / "ITZY").iterdir() for path in sorted(folder.iterdir())[:3]
    ]
    sure: list[float] = []
    named: list[int] = []
    for share in (0.0, 0.02, 0.035):
        faces = [(found, name) for path, name in probes if (found := encoded(engine, path, share)) is not None]
        assert len(faces) > 12
        confidences = []
        for (encoding, quality), name in faces:
            (plain,), (guess,) = (
                recogniser.identify(encoding, qualities=q, group=1).guesses for q in (None, [quality])
            )
            assert guess.candidates[0].confidence <= plain.candidates[0].confidence + 1e-9
            confidences.append(next(c.confidence for c in guess.candidates if c.name == name))
        sure.append(float(np.mean(confidences)))
        others = [found for path in strangers if (found := encoded(engine, path, share)) is not None]
        guesses = [
            recogniser.identify(encoding, qualities=[quality], group=1).guesses[0] for encoding, quality in others
        ]
        named.append(sum(guess.name is not None for guess in guesses))
    assert sure[0] > sure[1] > sure[2]
    assert max(named) <= named[0] + 1
