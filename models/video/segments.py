"""A section that was tracked in segments, and is one again: what goes on across their borders is joined."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from models.faces import Box
from models.video.shots import is_cut
from models.video.tracks import MOST_SIGHTINGS, FaceTracks, from_arrays, pairs, to_arrays, worth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.video.tracks import Track

SAME = 0.25
"""Overlap of a face's boxes on both sides of a border."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoSegment:
    """A part of a section. `face_tracks`: of its own frames, numbered from 0, their times from the section's start.

    `opening`, `closing`: (36, 64) uint8, the luma of its first and of its last frame. `usual`: (k,) float64, how unlike its
    last frames are (`models.video.shots.is_cut`).
    """

    face_tracks: FaceTracks
    opening: NDArray[np.uint8]
    closing: NDArray[np.uint8]
    usual: NDArray[np.float64]

    def to_bytes(self) -> bytes:
        """For `from_bytes`: an .npz without pickled objects."""
        file = io.BytesIO()
        edges = {"opening": self.opening, "closing": self.closing, "usual": self.usual}
        np.savez(file, allow_pickle=False, **to_arrays(self.face_tracks), **edges)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> VideoSegment:
        """What `to_bytes` wrote. Raises ValueError or KeyError when it is something else."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            kept = {key: file[key] for key in file.files}
        return cls(from_arrays(kept), kept["opening"], kept["closing"], kept["usual"])


def joined_tracks(segments: Sequence[VideoSegment]) -> FaceTracks:
    """The face tracks of a section, from its segments in order. Those without a frame are passed over.

    Raises ValueError without any segment.
    """
    filled = [segment for segment in segments if len(segment.face_tracks.times)] or list(segments[:1])
    if not filled:
        raise ValueError("no segment to join")
    tracks = list(filled[0].face_tracks.tracks)
    shots, times = [filled[0].face_tracks.shots], [filled[0].face_tracks.times]
    frames = len(filled[0].face_tracks.times)
    for before, after in pairwise(filled):
        later = [replace(track, first=track.first + frames) for track in after.face_tracks.tracks]
        begun = after.face_tracks.shots + frames
        if not is_cut(before.closing, after.opening, before.usual.tolist()):
            begun = begun[1:]
            _go_on(tracks, later, frames)
        tracks += later
        shots.append(begun)
        times.append(after.face_tracks.times)
        frames += len(after.face_tracks.times)
    first = filled[0].face_tracks
    tracks.sort(key=lambda track: (track.first, float(track.boxes[0, 0])))
    return FaceTracks(first.engine, first.size, np.concatenate(times), np.concatenate(shots), tuple(tracks))


def _go_on(tracks: list[Track], later: list[Track], frame: int) -> None:
    """Join tracks that end before `frame` with those that begin there; what is joined leaves `later`."""
    ended = [i for i, track in enumerate(tracks) if track.last == frame - 1]
    begun = [i for i, track in enumerate(later) if track.first == frame]
    same = pairs([_box(tracks[i].boxes[-1]) for i in ended], [_box(later[i].boxes[0]) for i in begun], SAME)
    for one, other in same:
        tracks[ended[one]] = _one(tracks[ended[one]], later[begun[other]])
    for other in sorted((begun[other] for _, other in same), reverse=True):
        later.pop(other)


def _one(track: Track, other: Track) -> Track:
    """Two tracks that follow each other as one, with the best sightings of both."""
    qualities = [*track.qualities, *other.qualities]
    best = sorted(range(len(qualities)), key=lambda i: -worth(qualities[i]))[:MOST_SIGHTINGS]
    return replace(
        track,
        boxes=np.concatenate([track.boxes, other.boxes]),
        encodings=np.concatenate([track.encodings, other.encodings])[best],
        qualities=tuple(qualities[i] for i in best),
        portrait=other.portrait if best[0] >= len(track.qualities) else track.portrait,
    )


def _box(corners: NDArray[np.float32]) -> Box:
    return Box(*(round(corner) for corner in corners.tolist()))
