"""Face tracks and casts for a film, with a box given for each frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.faces import ConfidenceBand, Guess, MemberCandidate
from models.video.cast import Cast, CastPerson
from models.video.tracks import FaceTracks, Track


def guess(
    name: str | None, band: ConfidenceBand = ConfidenceBand.SURE, confidence: float = 0.97, others: Sequence[str] = ()
) -> Guess:
    """A guess of `name`, with `others` behind it; of nobody where it is None."""
    names = [*([name] if name else []), *others]
    shares = [confidence, *(0.02 for _ in names[1:])]
    candidates = tuple(
        MemberCandidate(number, each, share) for number, (each, share) in enumerate(zip(names, shares, strict=False))
    )
    return Guess(0 if name else None, name, confidence, band if name else ConfidenceBand.UNKNOWN, candidates)


def track(first: int, boxes: Sequence[Sequence[float]]) -> Track:
    """A track with a box a frame."""
    return Track(first, np.array(boxes, np.float32), np.zeros((1, 4), np.float32), (), None)


def face_tracks_of(times: Sequence[float], size: tuple[int, int], tracks: Sequence[Track]) -> FaceTracks:
    """The face tracks of one shot."""
    return FaceTracks("toy", size, np.array(times, np.float64), np.array([0]), tuple(tracks))


def cast_of(guesses: Sequence[Guess], *, nobody: Sequence[int] = ()) -> Cast:
    """A cast with a person a track; the tracks in `nobody` are no faces."""
    people = [CastPerson(number + 1, each, (number,)) for number, each in enumerate(guesses) if number not in nobody]
    return Cast(1, "Group", tuple(guesses), tuple(people))
