"""The order in which the faces of the review queue come up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.enums import FaceOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

BYSTANDER_PHOTOS = 10
"""A face without a guess comes up where a member with so many photos would."""

CERTAIN_PHOTOS = 10
"""An asked face with a confidence of 1 comes up where an uncertain one of a member with so many more photos would."""

GATHERED_PHOTOS = 5
"""The same of each gathered face. Its member is known from the search, so its confidence says little."""


@dataclass(frozen=True, slots=True)
class QueuedFace:
    """A face that waits for an annotation. `member`, `confidence`: of its guess. `skipped_at`: by the reviewer who asks."""

    face: int
    crop: int
    member: int | None
    confidence: float
    origin: FaceOrigin
    suspected: bool
    suggested: bool
    skipped_at: datetime | None
    held_by: int | None
    held_until: datetime | None


def sorted_for_review(waiting: Iterable[QueuedFace], photos: Mapping[int, int]) -> list[QueuedFace]:
    """The faces, the most useful first. `photos`: the number of photos of each member.

    Suspected labels come first, then suggestions, then all others; faces that the reviewer skipped come last. Among the
    others, members with few photos come first. Each face counts as a photo for the next one of its member, so that members
    take turns. The less certain of two asked faces comes first.
    """
    waiting = list(waiting)
    skipped = [face for face in waiting if face.skipped_at is not None]
    fresh = sorted((face for face in waiting if face.skipped_at is None), key=lambda face: (face.confidence, face.face))
    before: defaultdict[int | None, int] = defaultdict(int)
    rank: dict[int, float] = {}
    for face in fresh:
        has = BYSTANDER_PHOTOS if face.member is None else photos.get(face.member, 0)
        certainty = GATHERED_PHOTOS if face.origin is FaceOrigin.GATHERED else CERTAIN_PHOTOS * face.confidence
        rank[face.face] = has + before[face.member] + certainty
        before[face.member] += 1
    fresh.sort(key=lambda face: (not face.suspected, not face.suggested, rank[face.face], face.face))
    return [*fresh, *sorted(skipped, key=lambda face: (face.skipped_at, face.face))]
