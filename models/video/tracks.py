"""Tracks: one face from its first to its last frame in a shot."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.recognition.quality import BLIND, TURNED, FaceQuality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Box, Encodings

SAME_FACE_OVERLAP = 0.25
"""The minimum overlap (intersection over union) of two boxes of one face in successive frames."""

MAX_ENCODINGS = 4
"""Observations of a track that are encoded, at most."""

_WIDE = 160
"""Pixels of a face's width. Wider faces have no better encodings."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackPortrait:
    """The best observation of a track as a square JPEG. `face_width`: in pixels. `sharpness`: of `quality.measure_quality`."""

    jpeg: bytes
    face_width: int
    sharpness: float


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face in one shot.

    `first`: the number of its first frame in the section. `boxes`: (n, 4) float32, left, top, right and bottom in pixels of the
    upright frame, one for each frame from `first` on, interpolated between detections. `encodings`: (k, d) of the best
    observations, best first; `qualities`: of the same. `portrait`: the best of them, None where none was encoded.
    """

    first: int
    boxes: NDArray[np.float32]
    encodings: Encodings
    qualities: tuple[FaceQuality, ...]
    portrait: TrackPortrait | None

    @property
    def prominence(self) -> float:
        """The size of the face on screen: the sum of its widths in all frames."""
        return float((self.boxes[:, 2] - self.boxes[:, 0]).sum(dtype=np.float64))

    @property
    def last(self) -> int:
        """The number of its last frame."""
        return self.first + len(self.boxes) - 1


@dataclass(frozen=True, slots=True, eq=False)
class FaceTracks:
    """The faces in a section of a video, before they have names.

    `engine`: the version of the engine. `size`: (width, height) of the upright frames. `times`: (n,) float64, the time of each
    frame in seconds from the section's start. `shots`: (s,) int64, the number of each shot's first frame, beginning with 0.
    `passed_over`: the number of shots that were not searched for faces. `left_out`: the number of faces without a track.
    """

    engine: str
    size: tuple[int, int]
    times: NDArray[np.float64]
    shots: NDArray[np.int64]
    tracks: tuple[Track, ...]
    passed_over: int = 0
    left_out: int = 0

    def to_bytes(self) -> bytes:
        """An .npz without pickled objects, for `from_bytes`."""
        file = io.BytesIO()
        np.savez_compressed(file, allow_pickle=False, **to_arrays(self))
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> FaceTracks:
        """The face tracks that `to_bytes` wrote. Raises ValueError or KeyError for other data."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return from_arrays({key: file[key] for key in file.files})


def encoding_priority(quality: FaceQuality) -> float:
    """A score that orders observations for encoding: wide, sharp and frontal faces are better."""
    frontal = max(0.2, 1 - abs(quality.yaw) / (2 * TURNED))
    return math.sqrt(min(quality.width, _WIDE)) * max(quality.sharpness - BLIND, 0.01) * frontal


def match_boxes(one: Sequence[Box], other: Sequence[Box], least: float) -> list[tuple[int, int]]:
    """Greedy matches between the boxes of two frames: indices in both, the largest overlap first, each box once.

    `least`: the smallest overlap (intersection over union) of a match.
    """
    overlaps = [(a.overlap(b), i, j) for i, a in enumerate(one) for j, b in enumerate(other)]
    found: list[tuple[int, int]] = []
    left, right = set(range(len(one))), set(range(len(other)))
    for overlap, i, j in sorted(overlaps, key=lambda match: -match[0]):
        if overlap < least:
            break
        if i in left and j in right:
            left.remove(i)
            right.remove(j)
            found.append((i, j))
    return found


def interpolate_boxes(
    numbers: NDArray[np.integer[Any]], boxes: NDArray[np.float32], first: int, last: int
) -> NDArray[np.float32]:
    """A box for each frame from `first` to `last`: (n, 4).

    `boxes`: (k, 4), those of the frames `numbers`. Between them a box moves linearly, before and after them it rests.
    """
    wanted = np.arange(first, last + 1)
    columns = [np.asarray(np.interp(wanted, numbers, boxes[:, edge]), np.float32) for edge in range(4)]
    return np.stack(columns, axis=1)


def to_arrays(face_tracks: FaceTracks) -> dict[str, NDArray[Any]]:
    """Face tracks as named arrays, for `from_arrays`."""
    tracks = face_tracks.tracks
    qualities = [quality for track in tracks for quality in track.qualities]
    portraits = [track.portrait for track in tracks]
    dimensions = max((track.encodings.shape[1] for track in tracks), default=0)
    return {
        "engine": np.array(face_tracks.engine, np.str_),
        "size": np.array(face_tracks.size, np.int64),
        "times": face_tracks.times,
        "shots": face_tracks.shots,
        "left_out": np.array((face_tracks.passed_over, face_tracks.left_out), np.int64),
        "firsts": np.array([track.first for track in tracks], np.int64),
        "lengths": np.array([len(track.boxes) for track in tracks], np.int64),
        "boxes": np.concatenate([np.empty((0, 4), np.float32), *(track.boxes for track in tracks)]),
        "sightings": np.array([len(track.encodings) for track in tracks], np.int64),
        "encodings": np.concatenate([np.empty((0, dimensions), np.float32), *(track.encodings for track in tracks)]),
        "qualities": np.array(
            [(quality.width, quality.sharpness, quality.yaw) for quality in qualities], np.float64
        ).reshape(-1, 3),
        "jpeg_lengths": np.array([len(portrait.jpeg) if portrait else -1 for portrait in portraits], np.int64),
        "jpegs": np.frombuffer(b"".join(portrait.jpeg for portrait in portraits if portrait), np.uint8),
        "portraits": np.array(
            [(portrait.face_width, portrait.sharpness) if portrait else (0, 0) for portrait in portraits], np.float64
        ).reshape(-1, 2),
    }


def from_arrays(arrays: dict[str, NDArray[Any]]) -> FaceTracks:
    """The face tracks of `to_arrays`. Raises ValueError or KeyError for other arrays."""
    lengths, counts, jpeg_lengths = (arrays[key] for key in ("lengths", "sightings", "jpeg_lengths"))
    boxes = np.split(arrays["boxes"], np.cumsum(lengths)[:-1]) if len(lengths) else []
    encodings = np.split(arrays["encodings"], np.cumsum(counts)[:-1]) if len(lengths) else []
    rows = np.split(arrays["qualities"], np.cumsum(counts)[:-1]) if len(lengths) else []
    ends = np.cumsum(np.maximum(jpeg_lengths, 0)).tolist()
    jpegs = arrays["jpegs"].tobytes()
    tracks: list[Track] = []
    for i, first in enumerate(arrays["firsts"].tolist()):
        qualities = tuple(FaceQuality(int(width), sharpness, yaw) for width, sharpness, yaw in rows[i].tolist())
        length = int(jpeg_lengths[i])
        width, sharpness = arrays["portraits"][i].tolist()
        portrait = TrackPortrait(jpegs[ends[i] - length : ends[i]], int(width), sharpness) if length >= 0 else None
        tracks.append(Track(first, boxes[i], encodings[i], qualities, portrait))
    width, height = arrays["size"].tolist()
    # Kept tracks of an older nugu lack it.
    passed_over, left_out = arrays.get("left_out", np.zeros(2, np.int64)).tolist()
    return FaceTracks(
        str(arrays["engine"]), (width, height), arrays["times"], arrays["shots"], tuple(tracks), passed_over, left_out
    )
