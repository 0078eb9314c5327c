"""Copies of photos: pictures with nearly the same perceptual hash, or nearly the same encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.faces import CopyMatches, PhotoFingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence


def find_copies(
    faces: Sequence[PhotoFingerprint],
    engine: str,
    hashes: Sequence[tuple[int, str]],
    group: Sequence[tuple[int, PhotoFingerprint]],
) -> list[CopyMatches]:
    """For each face, the photos and the earlier faces that it is a copy of.

    `engine`: the version of the engine of all encodings. `hashes`: (member's id, perceptual hash) of the server's photos.
    `group`: (member's id, fingerprint) of the group's photos.
    """
    from models.encodings.copies import SAME_HASH

    found: list[CopyMatches] = []
    for place, face in enumerate(faces):
        known = {member for member, code in hashes if face.phash is not None and _bits(face.phash, code) <= SAME_HASH}
        known |= {member for member, other in group if _is_copy(face, other, engine)}
        earlier = [i for i, other in enumerate(faces[:place]) if _is_copy(face, other, engine)]
        found.append(CopyMatches(frozenset(known), tuple(earlier)))
    return found


def _is_copy(face: PhotoFingerprint, other: PhotoFingerprint, engine: str) -> bool:
    """Whether the encodings are nearly the same, or the hashes are near and the faces alike."""
    import numpy as np

    from models.encodings.copies import ALIKE_COSINE, NEAR_HASH, SAME_HASH, same_photo_cosine

    cosine = float(np.frombuffer(face.vector, np.float32) @ np.frombuffer(other.vector, np.float32))
    if cosine >= same_photo_cosine(engine):
        return True
    if face.phash is None or other.phash is None:
        return False
    return _bits(face.phash, other.phash) <= (NEAR_HASH if cosine >= ALIKE_COSINE else SAME_HASH)


def _bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
