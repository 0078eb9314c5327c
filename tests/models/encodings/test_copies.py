"""Copies of one photo: by perceptual hash, and by encoding."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageEnhance

from models.encodings.copies import NEAR_HASH, perceptual_hash, photo_numbers, same_photo_cosine
from tests.support.people import VERSION, SyntheticPeople

if TYPE_CHECKING:
    from pathlib import Path

    from models.faces import Picture

pytestmark = pytest.mark.slow


def saved(image: Image.Image, quality: int = 60) -> Picture:
    """The picture after JPEG compression."""
    file = BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def distance(one: Picture, other: Picture) -> int:
    return (perceptual_hash(one) ^ perceptual_hash(other)).bit_count()


def test_hashes_of_copies_are_near_and_others_are_not() -> None:
    image = Image.fromarray(skimage.data.astronaut())
    picture = np.asarray(image)
    half = image.resize((image.width // 2, image.height // 2))
    for copy in (saved(image), saved(half), saved(ImageEnhance.Brightness(image).enhance(1.2))):
        assert distance(picture, copy) <= NEAR_HASH
    for other in (skimage.data.cat(), skimage.data.coffee(), picture[:, ::-1]):
        assert distance(picture, np.ascontiguousarray(other)) > NEAR_HASH


def test_hashes_fit_64_bits() -> None:
    hashes = [perceptual_hash(picture) for picture in (skimage.data.cat(), skimage.data.coffee())]
    assert [int(value) for value in np.array(hashes, np.uint64)] == hashes


def test_copies_of_copies_are_one_photo() -> None:
    """In this chain each encoding is near its neighbours, and the ends are not near each other."""
    angles = np.arange(4) * np.arccos(0.997)
    chain = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert chain[0] @ chain[3] < same_photo_cosine(VERSION)
    far = np.array([[-1, 0]], np.float32)
    assert photo_numbers(np.vstack([chain, far]), VERSION).tolist() == [0, 0, 0, 0, 1]
    assert photo_numbers(np.vstack([chain[2:], far, chain[:2]]), VERSION).tolist() == [0, 0, 1, 0, 0]


def test_with_an_unknown_engine_only_equal_encodings_are_copies() -> None:
    world = SyntheticPeople(4)
    face = world.photos(0)
    near = face + world.chance.normal(scale=0.002, size=face.shape).astype(np.float32)
    faces = np.vstack([face, face, near / np.linalg.norm(near)]).astype(np.float32)
    assert photo_numbers(faces, "other-1").tolist() == [0, 0, 1]
    assert photo_numbers(faces, VERSION).tolist() == [0, 0, 0]


def test_no_photos_have_no_copies() -> None:
    assert photo_numbers(np.empty((0, 128), np.float32), VERSION).tolist() == []


def test_photos_of_one_idol_differ_and_their_copies_do_not(shared_faces: Path) -> None:
    images = [Image.open(path).convert("RGB") for path in sorted((shared_faces / "groups" / "ITZY").rglob("*.jpg"))]
    hashes = np.array([perceptual_hash(np.asarray(image)) for image in images], np.uint64)
    distances = np.bitwise_count(hashes[:, None] ^ hashes)
    assert distances[np.triu_indices(len(hashes), 1)].min() > NEAR_HASH
    smaller = [saved(image.resize((image.width // 2, image.height // 2))) for image in images]
    assert max(distance(np.asarray(image), copy) for image, copy in zip(images, smaller, strict=True)) <= 4


@pytest.mark.parametrize("version", ["dlib-1", "trio-1"])
def test_shipped_engines_have_a_measured_threshold(version: str) -> None:
    assert 0.5 < same_photo_cosine(version) < same_photo_cosine("other-1")
