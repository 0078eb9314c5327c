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
    vectors: Sequence[tuple[int, bytes]],
) -> list[CopyMatches]:
    """For each face, the photos and the earlier faces that it is a copy of.

    `engine`: the version of the engine of all encodings. `hashes`, `vectors`: (member's id, perceptual hash) and (member's
    id, encoding) of the photos on record.
    """
    import numpy as np

    from models.encodings.copies import NEAR_HASH, same_photo_cosine

    def are_copies(face: PhotoFingerprint, hashes: Sequence[str | None], vectors: Sequence[bytes]) -> list[bool]:
        """For each of the hashes, then each of the encodings, whether it is that of a copy of the face."""
        codes = np.array([int(code or "0", 16) for code in hashes], np.uint64)
        given = np.array([code is not None and face.phash is not None for code in hashes], np.bool_)
        near = given & (np.bitwise_count(codes ^ np.uint64(int(face.phash or "0", 16))) <= NEAR_HASH)
        rows = np.frombuffer(b"".join(vectors), np.float32).reshape(len(vectors), -1) if vectors else np.zeros((0, 1))
        alike = (
            rows @ np.frombuffer(face.vector, np.float32) >= same_photo_cosine(engine)
            if vectors
            else np.zeros(0, np.bool_)
        )
        return [*near.tolist(), *alike.tolist()]

    members = [member for member, _ in (*hashes, *vectors)]
    found: list[CopyMatches] = []
    for place, face in enumerate(faces):
        known = are_copies(face, [code for _, code in hashes], [vector for _, vector in vectors])
        before = faces[:place]
        by_hash = are_copies(face, [earlier.phash for earlier in before], [])
        by_face = are_copies(face, [], [earlier.vector for earlier in before])
        found.append(
            CopyMatches(
                frozenset(member for member, is_copy in zip(members, known, strict=True) if is_copy),
                tuple(i for i, either in enumerate(zip(by_hash, by_face, strict=True)) if any(either)),
            )
        )
    return found
