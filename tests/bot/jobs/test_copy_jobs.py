"""Copies: nearly equal encodings, or near hashes of faces that are alike."""

from __future__ import annotations

import numpy as np
import pytest

from bot.domain.faces import CopyMatches, PhotoFingerprint
from bot.jobs.copies import find_copies
from models.encodings.copies import ALIKE_COSINE, NEAR_HASH, SAME_HASH, same_photo_cosine

ENGINE = "sface-2"


def fingerprint(cosine: float, bits: int) -> PhotoFingerprint:
    """A face whose encoding has this cosine with `FACE`, and whose hash differs in so many bits."""
    vector = np.array([cosine, (1 - cosine**2) ** 0.5], np.float32)
    return PhotoFingerprint(f"{(1 << bits) - 1:016x}", vector.tobytes())


FACE = fingerprint(1.0, 0)


@pytest.mark.parametrize(
    ("cosine", "bits", "is_copy"),
    [
        (same_photo_cosine(ENGINE) + 0.01, 40, True),
        (same_photo_cosine(ENGINE) - 0.01, NEAR_HASH + 1, False),
        (ALIKE_COSINE + 0.01, NEAR_HASH, True),
        (ALIKE_COSINE - 0.01, NEAR_HASH, False),
        (0.0, SAME_HASH, True),
    ],
)
def test_a_near_hash_shows_a_copy_of_a_face_that_is_alike(cosine: float, bits: int, is_copy: bool) -> None:
    other = fingerprint(cosine, bits)
    assert find_copies([FACE], ENGINE, [], [(7, other)]) == [CopyMatches(frozenset({7} if is_copy else ()), ())]
    assert find_copies([other, FACE], ENGINE, [], [])[1] == CopyMatches(frozenset(), (0,) if is_copy else ())


def test_in_another_group_only_the_same_hash_shows_a_copy() -> None:
    hashes = [(7, f"{(1 << SAME_HASH) - 1:016x}"), (8, f"{(1 << (SAME_HASH + 1)) - 1:016x}")]
    assert find_copies([FACE], ENGINE, hashes, [])[0].members == {7}
    assert find_copies([PhotoFingerprint(None, FACE.vector)], ENGINE, hashes, [])[0].members == frozenset()
