"""The segments of a section that workers track side by side, and their face tracks joined again."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from models.faces import Box
from models.video.shots import is_cut
from models.video.tracks import (
    MAX_ENCODINGS,
    SAME_FACE_OVERLAP,
    FaceTracks,
    encoding_priority,
    from_arrays,
    match_boxes,
    to_arrays,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.video.tracks import Track

MAX_TRACKS = 3000
"""Tracks of a clip. A fast-cut video of ../shared/bench/make_mv.py has 64 in a minute."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoSegment:
    """A part of a section.

    `face_tracks`: those of its frames, which are numbered from 0, with times from the section's start. `first_luma`,
    `last_luma`: (36, 64) uint8, of its first and its last frame. `recent`: (k,) float64, the dissimilarities of its last
    frames, as of `models.video.shots.is_cut`.
    """

    face_tracks: FaceTracks
    first_luma: NDArray[np.uint8]
    last_luma: NDArray[np.uint8]
    recent: NDArray[np.float64]

    def to_bytes(self) -> bytes:
        """An .npz without pickled objects, for `from_bytes`."""
        file = io.BytesIO()
        edges = {"first_luma": self.first_luma, "last_luma": self.last_luma, "recent": self.recent}
        np.savez(file, allow_pickle=False, **to_arrays(self.face_tracks), **edges)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> VideoSegment:
        """The segment that `to_bytes` wrote. Raises ValueError or KeyError for other data."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        return cls(from_arrays(arrays), arrays["first_luma"], arrays["last_luma"], arrays["recent"])


def join_tracks(segments: Sequence[VideoSegment]) -> FaceTracks:
    """The face tracks of a section, from its segments in order.

    Shots and tracks that cross a border become one. Of more than `MAX_TRACKS`, the largest and longest stay.
    Segments without a frame have no effect. Raises ValueError without any segment.
    """
    filled = [segment for segment in segments if len(segment.face_tracks.times)] or list(segments[:1])
    if not filled:
        raise ValueError("no segment to join")
    tracks = list(filled[0].face_tracks.tracks)
    shots, times = [filled[0].face_tracks.shots], [filled[0].face_tracks.times]
    frames = len(filled[0].face_tracks.times)
    for before, after in pairwise(filled):
        later = [replace(track, first=track.first + frames) for track in after.face_tracks.tracks]
        starts = after.face_tracks.shots + frames
        if not is_cut(before.last_luma, after.first_luma, before.recent.tolist()):
            starts = starts[1:]
            _join_across(tracks, later, frames)
        tracks += later
        shots.append(starts)
        times.append(after.face_tracks.times)
        frames += len(after.face_tracks.times)
    first = filled[0].face_tracks
    kept = sorted(tracks, key=lambda track: -track.prominence)[:MAX_TRACKS]
    kept.sort(key=lambda track: (track.first, float(track.boxes[0, 0])))
    return FaceTracks(
        first.engine,
        first.size,
        np.concatenate(times),
        np.concatenate(shots),
        tuple(kept),
        sum(segment.face_tracks.passed_over for segment in filled),
        sum(segment.face_tracks.left_out for segment in filled) + len(tracks) - len(kept),
    )


def _join_across(tracks: list[Track], later: list[Track], frame: int) -> None:
    """Join tracks that end before `frame` with those that begin there, and remove the latter from `later`."""
    ending = [i for i, track in enumerate(tracks) if track.last == frame - 1]
    starting = [i for i, track in enumerate(later) if track.first == frame]
    matches = match_boxes(
        [_box(tracks[i].boxes[-1]) for i in ending], [_box(later[i].boxes[0]) for i in starting], SAME_FACE_OVERLAP
    )
    for end, start in matches:
        tracks[ending[end]] = _joined(tracks[ending[end]], later[starting[start]])
    for place in sorted((starting[start] for _, start in matches), reverse=True):
        later.pop(place)


def _joined(track: Track, continuation: Track) -> Track:
    """A track and its continuation as one, with the best observations of both."""
    qualities = [*track.qualities, *continuation.qualities]
    best = sorted(range(len(qualities)), key=lambda i: -encoding_priority(qualities[i]))[:MAX_ENCODINGS]
    return replace(
        track,
        boxes=np.concatenate([track.boxes, continuation.boxes]),
        encodings=np.concatenate([track.encodings, continuation.encodings])[best],
        qualities=tuple(qualities[i] for i in best),
        portrait=continuation.portrait if best[0] >= len(track.qualities) else track.portrait,
    )


def _box(corners: NDArray[np.float32]) -> Box:
    return Box(*(round(corner) for corner in corners.tolist()))
