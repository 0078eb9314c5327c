"""Observations of a face in the frames of a shot, and the tracklets that they form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.faces import Box
from models.video.tracks import SAME_FACE_OVERLAP, match_boxes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.faces import Face, Picture
    from models.recognition.quality import FaceQuality

LOST_SECONDS = 1.6
"""Seconds after which a face that returns starts another track."""

DETECTED_SHARE = 0.3
"""The smallest share of detections among the observations of a tracklet."""

_FOLLOWED_CORRELATION = 0.75
"""The minimum correlation for finding the pixels of a face again in another frame."""

_TEMPLATE_SIDE = 32


@dataclass(frozen=True, slots=True, eq=False)
class FacePatch:
    """A detected face with the pixels around it. `face`: in pixels of `picture`."""

    picture: Picture
    face: Face
    quality: FaceQuality


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """A face in one frame. `patch`: None where none was kept.

    `detected`: by the detector. Else it was followed by its pixels, and `face` is that of the other frame at its new place.
    """

    face: Face
    detected: bool
    patch: FacePatch | None = None

    @property
    def box(self) -> Box:
        """The box of the face."""
        return self.face.box


@dataclass(slots=True, eq=False)
class SampledFrame:
    """A frame of a shot, and the faces observed in it. `number`: in the segment. `time`: in seconds."""

    number: int
    time: float
    decode: Callable[[], Picture]
    observations: list[Observation] = field(default_factory=list)
    _picture: Picture | None = None

    def picture(self) -> Picture:
        """The upright pixels, decoded at the first call."""
        if self._picture is None:
            self._picture = np.ascontiguousarray(self.decode())
        return self._picture

    def release_picture(self) -> None:
        """Free the memory of the pixels."""
        self._picture = None

    @property
    def boxes(self) -> list[Box]:
        """The boxes of the observations."""
        return [observation.box for observation in self.observations]

    def has_face_at(self, box: Box, least: float) -> bool:
        """Whether an observation overlaps `box` by `least` or more (intersection over union)."""
        return any(box.overlap(other) >= least for other in self.boxes)

    def add(self, observation: Observation | None) -> None:
        """Add an observation, unless it is None or its face is there already."""
        if observation is not None and not self.has_face_at(observation.box, SAME_FACE_OVERLAP):
            self.observations.append(observation)


@dataclass(slots=True, eq=False)
class Tracklet:
    """The observations of one face in a shot. `numbers`: of their frames."""

    numbers: list[int]
    observations: list[Observation]

    @property
    def prominence(self) -> float:
        """The size of the face on screen: its width, and the share of it for each further frame."""
        widest = max(observation.box.width for observation in self.observations)
        return widest * (self.numbers[-1] - self.numbers[0] + 1)

    def is_reliable(self, *, single_frame: bool) -> bool:
        """Whether the face was detected often enough, and at least once with a patch.

        It needs two detections, or one where the shot has a `single_frame`, and `DETECTED_SHARE` of the observations.
        """
        detected = sum(observation.detected for observation in self.observations)
        enough = detected >= (1 if single_frame else 2) and detected >= DETECTED_SHARE * len(self.observations)
        return enough and any(observation.patch for observation in self.observations)

    def expected_box(self, number: int) -> Box:
        """The box in a later frame by linear motion, no further than from the last but one to the last."""
        last = self.observations[-1].box
        if len(self.observations) < 2:
            return last
        before = self.observations[-2].box
        share = (number - self.numbers[-1]) / (self.numbers[-1] - self.numbers[-2])
        share = min(share, 1.0)
        moved = (round(b + share * (b - a)) for a, b in zip(before.as_list(), last.as_list(), strict=True))
        box = Box(*moved)
        return box if box.width > 0 and box.height > 0 else last


def link_tracklets(frames: Sequence[SampledFrame], times: Sequence[float]) -> list[Tracklet]:
    """The reliable tracklets of a shot, from its frames in order. `times`: in seconds, of all frames by number."""
    tracklets: list[Tracklet] = []
    for frame in frames:
        active = [
            tracklet
            for tracklet in tracklets
            if tracklet.numbers[-1] < frame.number and frame.time - times[tracklet.numbers[-1]] <= LOST_SECONDS
        ]
        expected = [tracklet.expected_box(frame.number) for tracklet in active]
        matches = match_boxes(expected, frame.boxes, SAME_FACE_OVERLAP)
        for place, which in matches:
            active[place].numbers.append(frame.number)
            active[place].observations.append(frame.observations[which])
        unmatched = set(range(len(frame.observations))) - {which for _, which in matches}
        tracklets += [Tracklet([frame.number], [frame.observations[which]]) for which in sorted(unmatched)]
    return [tracklet for tracklet in tracklets if tracklet.is_reliable(single_frame=len(frames) == 1)]


def track_box(source: Picture, box: Box, picture: Picture) -> Box | None:
    """The box in `picture` with the pixels of a `box` of `source`, by template matching.

    The search reaches half the size of the box in each direction. None where the correlation is too low or the box leaves the
    picture.
    """
    inside = clip_box(box, source)
    if inside.width < 0.7 * box.width or inside.height < 0.7 * box.height:
        return None
    area = clip_box(inside.grown(0.5), picture)
    scale = _TEMPLATE_SIDE / max(inside.width, inside.height)
    template, around = (
        cv2.resize(
            cv2.cvtColor(pixels[place.top : place.bottom, place.left : place.right], cv2.COLOR_RGB2GRAY),
            (max(4, round(place.width * scale)), max(4, round(place.height * scale))),
            interpolation=cv2.INTER_AREA,
        )
        for pixels, place in ((source, inside), (picture, area))
    )
    if around.shape[0] < template.shape[0] or around.shape[1] < template.shape[1]:
        return None
    correlations = cv2.matchTemplate(around, template, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(correlations)
    if best < _FOLLOWED_CORRELATION:
        return None
    left, top = round(area.left + x / scale), round(area.top + y / scale)
    return Box(left, top, left + box.width, top + box.height)


def clip_box(box: Box, picture: Picture) -> Box:
    """The part of a box inside the picture; it may be empty."""
    height, width = picture.shape[:2]
    left, top = min(max(box.left, 0), width), min(max(box.top, 0), height)
    return Box(left, top, max(left, min(box.right, width)), max(top, min(box.bottom, height)))
