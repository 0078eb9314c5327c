"""Pictures that are there already, saved anew: the same face by its perceptual hash, or an encoding nearly the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.faces import CopyMatches, FacePrint

if TYPE_CHECKING:
    from collections.abc import Sequence


def find_copies(
    faces: Sequence[FacePrint], engine: str, hashes: Sequence[tuple[int, str]], vectors: Sequence[tuple[int, bytes]]
) -> list[CopyMatches]:
    """Of each face, by the engine of this version, what it is a copy of.

    `hashes`: (member's id, perceptual hash) of the photos that there are; `vectors`: (member's id, encoding) of those
    by this engine.
    """
    import numpy as np

    from models.encodings.copies import NEAR_HASH, same_photo_cosine

    def close(one: FacePrint, hashes: Sequence[str | None], vectors: Sequence[bytes]) -> list[bool]:
        """Which of the hashes and encodings, one after the other, are of a copy of the face."""
        codes = np.array([int(code or "0", 16) for code in hashes], np.uint64)
        given = np.array([code is not None and one.phash is not None for code in hashes], np.bool_)
        near = given & (np.bitwise_count(codes ^ np.uint64(int(one.phash or "0", 16))) <= NEAR_HASH)
        rows = np.frombuffer(b"".join(vectors), np.float32).reshape(len(vectors), -1) if vectors else np.zeros((0, 1))
        alike = (
            rows @ np.frombuffer(one.vector, np.float32) >= same_photo_cosine(engine)
            if vectors
            else np.zeros(0, np.bool_)
        )
        return [*near.tolist(), *alike.tolist()]

    members = [member for member, _ in (*hashes, *vectors)]
    found: list[CopyMatches] = []
    for place, face in enumerate(faces):
        known = close(face, [code for _, code in hashes], [vector for _, vector in vectors])
        before = faces[:place]
        by_hash = close(face, [one.phash for one in before], [])
        by_face = close(face, [], [one.vector for one in before])
        found.append(
            CopyMatches(
                frozenset(member for member, is_copy in zip(members, known, strict=True) if is_copy),
                tuple(i for i, either in enumerate(zip(by_hash, by_face, strict=True)) if any(either)),
            )
        )
    return found
