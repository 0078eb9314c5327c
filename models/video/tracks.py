"""Faces joined within a shot: a track is one face from its first to its last frame in it."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.recognition.quality import BLIND, TURNED, Quality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.faces import Box, Encodings

MOST_SIGHTINGS = 4
"""So many sightings of a track are encoded."""

_WIDE = 160
"""Pixels: wider faces are no better."""


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """The best sighting of a track, cut out: a square JPEG, the face's width in pixels, its sharpness (`quality.measure`)."""

    jpeg: bytes
    face_width: int
    sharpness: float


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face in one shot.

    `first`: the number of its first frame in the section. `boxes`: (n, 4) float32, left, top, right and bottom in pixels of the
    upright frame, one for each frame from `first` on, interpolated between detections. `encodings`: (k, d) of its best
    sightings, best first, and their `qualities`. `portrait`: the best of them; None where none was encoded.
    """

    first: int
    boxes: NDArray[np.float32]
    encodings: Encodings
    qualities: tuple[Quality, ...]
    portrait: Portrait | None

    @property
    def last(self) -> int:
        """The number of its last frame."""
        return self.first + len(self.boxes) - 1


@dataclass(frozen=True, slots=True, eq=False)
class FaceTracks:
    """What was seen in a section of a video, before anybody has a name.

    `engine`: the version of the engine that looked. `size`: (width, height) of the upright frames. `times`: (n,) float64,
    when each frame is shown, in seconds from the section's start. `shots`: (s,) int64, the numbers of the frames with which
    shots begin, the first of them 0.
    """

    engine: str
    size: tuple[int, int]
    times: NDArray[np.float64]
    shots: NDArray[np.int64]
    tracks: tuple[Track, ...]

    def to_bytes(self) -> bytes:
        """For `from_bytes`: an .npz without pickled objects."""
        file = io.BytesIO()
        np.savez_compressed(file, allow_pickle=False, **to_arrays(self))
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> FaceTracks:
        """What `to_bytes` wrote. Raises ValueError or KeyError when it is something else."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return from_arrays({key: file[key] for key in file.files})


def worth(quality: Quality) -> float:
    """How much of a sighting it is: wide, sharp and frontal ones are better."""
    frontal = max(0.2, 1 - abs(quality.yaw) / (2 * TURNED))
    return math.sqrt(min(quality.width, _WIDE)) * max(quality.sharpness - BLIND, 0.01) * frontal


def pairs(one: Sequence[Box], other: Sequence[Box], least: float) -> list[tuple[int, int]]:
    """Which boxes of two frames are of one face: places in both, those that overlap most first, each once.

    `least`: the overlap (intersection over union) below which boxes are of two faces.
    """
    overlaps = [(a.overlap(b), i, j) for i, a in enumerate(one) for j, b in enumerate(other)]
    found: list[tuple[int, int]] = []
    left, right = set(range(len(one))), set(range(len(other)))
    for overlap, i, j in sorted(overlaps, key=lambda found: -found[0]):
        if overlap < least:
            break
        if i in left and j in right:
            left.remove(i)
            right.remove(j)
            found.append((i, j))
    return found


def interpolated(
    numbers: NDArray[np.integer[Any]], boxes: NDArray[np.float32], first: int, last: int
) -> NDArray[np.float32]:
    """A box for each frame from `first` to `last`, from those of some (k, 4): evenly between them, at rest before and after."""
    wanted = np.arange(first, last + 1)
    columns = [np.asarray(np.interp(wanted, numbers, boxes[:, edge]), np.float32) for edge in range(4)]
    return np.stack(columns, axis=1)


def to_arrays(face_tracks: FaceTracks) -> dict[str, NDArray[Any]]:
    """Face tracks as arrays; `from_arrays` makes them again."""
    tracks = face_tracks.tracks
    qualities = [quality for track in tracks for quality in track.qualities]
    portraits = [track.portrait for track in tracks]
    dimensions = max((track.encodings.shape[1] for track in tracks), default=0)
    return {
        "engine": np.array(face_tracks.engine, np.str_),
        "size": np.array(face_tracks.size, np.int64),
        "times": face_tracks.times,
        "shots": face_tracks.shots,
        "firsts": np.array([track.first for track in tracks], np.int64),
        "lengths": np.array([len(track.boxes) for track in tracks], np.int64),
        "boxes": np.concatenate([np.empty((0, 4), np.float32), *(track.boxes for track in tracks)]),
        "sightings": np.array([len(track.encodings) for track in tracks], np.int64),
        "encodings": np.concatenate([np.empty((0, dimensions), np.float32), *(track.encodings for track in tracks)]),
        "qualities": np.array([(one.width, one.sharpness, one.yaw) for one in qualities], np.float64).reshape(-1, 3),
        "jpeg_lengths": np.array([len(one.jpeg) if one else -1 for one in portraits], np.int64),
        "jpegs": np.frombuffer(b"".join(one.jpeg for one in portraits if one), np.uint8),
        "portraits": np.array(
            [(one.face_width, one.sharpness) if one else (0, 0) for one in portraits], np.float64
        ).reshape(-1, 2),
    }


def from_arrays(file: dict[str, NDArray[Any]]) -> FaceTracks:
    """What `to_arrays` was given. Raises ValueError or KeyError when it is something else."""
    lengths, sightings, jpeg_lengths = (file[key] for key in ("lengths", "sightings", "jpeg_lengths"))
    boxes = np.split(file["boxes"], np.cumsum(lengths)[:-1]) if len(lengths) else []
    encodings = np.split(file["encodings"], np.cumsum(sightings)[:-1]) if len(lengths) else []
    rows = np.split(file["qualities"], np.cumsum(sightings)[:-1]) if len(lengths) else []
    ends = np.cumsum(np.maximum(jpeg_lengths, 0)).tolist()
    jpegs = file["jpegs"].tobytes()
    tracks: list[Track] = []
    for i, first in enumerate(file["firsts"].tolist()):
        qualities = tuple(Quality(int(width), sharpness, yaw) for width, sharpness, yaw in rows[i].tolist())
        length = int(jpeg_lengths[i])
        width, sharpness = file["portraits"][i].tolist()
        portrait = Portrait(jpegs[ends[i] - length : ends[i]], int(width), sharpness) if length >= 0 else None
        tracks.append(Track(first, boxes[i], encodings[i], qualities, portrait))
    width, height = file["size"].tolist()
    return FaceTracks(str(file["engine"]), (width, height), file["times"], file["shots"], tuple(tracks))
