"""Watching a video: which frames are looked at for faces, and how what is seen in them becomes tracks.

Every shot is looked at with its first frame, its last one and every GAP seconds between. Where two such frames agree on a face,
it moved evenly; where they don't, frames between are looked at, there alone where it must be, by halves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models.drawing.annotate import crop
from models.faces import Box
from models.recognition.quality import SMALL, Quality, measure
from models.video.shots import Cuts
from models.video.tracks import MOST_SIGHTINGS, Portrait, Track, interpolated, pairs, worth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from models.engines import Engine
    from models.faces import Face, Picture

GAP = 0.75
"""Seconds: no longer may a face that comes and goes be overlooked."""

LARGE = 80
"""Pixels: where all faces that are easily seen in a frame are as wide, narrower ones are not looked for."""

STEP = 0.06
"""Seconds between the frames that are kept for a second look."""

AGREE = 0.55
"""Overlap of a face's boxes in two frames from which it moved evenly between."""

SAME = 0.25
"""Overlap of two boxes in frames that follow each other, from which they are of one face."""

LOST = 1.6
"""Seconds after which a face that comes back is another track."""

EDGE = 0.1
"""Seconds: a face first seen so soon after a cut, or last seen so shortly before one, is there from it on, or up to it."""

SUPPORT = 0.3
"""Share of its sightings in which a face must have been detected."""

_NARROWER = 0.6
"""A face that is looked for again may have become so much narrower."""

_ROOM = 0.7
"""It is looked for in its box and so much of it on every side."""

_ALIKE = 0.75
"""Correlation from which a face that the detector doesn't see is still there: the same pixels, moved."""

_PATCH = 32
_MARGIN = 0.95
"""What is cut out around a face, in shares of its longer side: enough for its chip and its portrait."""


@dataclass(frozen=True, slots=True, eq=False)
class _Cutting:
    """A face cut out of its frame with what surrounds it, and how well it is seen there."""

    picture: Picture
    face: Face
    quality: Quality


@dataclass(frozen=True, slots=True, eq=False)
class _Sighting:
    """A face in a frame: detected, or followed there by its pixels alone; cut out where it may be worth an encoding."""

    box: Box
    detected: bool
    cutting: _Cutting | None = None


@dataclass(slots=True, eq=False)
class _Frame:
    """A frame that was looked at."""

    number: int
    time: float
    decode: Callable[[], Picture]
    sightings: list[_Sighting] = field(default_factory=list)
    _picture: Picture | None = None

    def picture(self) -> Picture:
        if self._picture is None:
            self._picture = np.ascontiguousarray(self.decode())
        return self._picture

    def holds(self, box: Box, least: float) -> bool:
        """Whether a face was seen in that place."""
        return any(box.overlap(sighting.box) >= least for sighting in self.sightings)

    def add(self, sighting: _Sighting | None) -> None:
        """One more sighting, unless that face was seen already."""
        if sighting is not None and not self.holds(sighting.box, SAME):
            self.sightings.append(sighting)

    def forget(self) -> None:
        """Let go of the pixels."""
        self._picture = None


@dataclass(slots=True, eq=False)
class _Trail:
    numbers: list[int]
    sightings: list[_Sighting]

    def holds(self, *, alone: bool) -> bool:
        """Whether it is to be believed: detected more than once (unless looked for once, `alone`), and not mostly followed."""
        detected = sum(sighting.detected for sighting in self.sightings)
        enough = detected >= (1 if alone else 2) and detected >= SUPPORT * len(self.sightings)
        return enough and any(sighting.cutting for sighting in self.sightings)

    def expected(self, number: int) -> Box:
        """Where the face should be in another frame, if it goes on as it did."""
        last = self.sightings[-1].box
        if len(self.sightings) < 2:
            return last
        before = self.sightings[-2].box
        share = (number - self.numbers[-1]) / (self.numbers[-1] - self.numbers[-2])
        share = min(share, 1.0)
        moved = (round(b + share * (b - a)) for a, b in zip(before.as_list(), last.as_list(), strict=True))
        box = Box(*moved)
        return box if box.width > 0 and box.height > 0 else last


class Watcher:
    """Takes the frames of a video one by one, and gives its shots and tracks."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.cuts = Cuts()
        self.shots: list[int] = []
        self.tracks: list[Track] = []
        self.times: list[float] = []
        self._kept: list[_Frame] = []
        self._looks: list[_Frame] = []
        self._last: _Frame | None = None

    def see(self, time: float, luma: NDArray[np.uint8], picture: Callable[[], Picture]) -> None:
        """The next frame: its time in seconds, its luma (36, 64), and what gives its upright pixels, now or later."""
        number = len(self.times)
        if self.cuts.begins(luma):
            self.close()
            self.shots.append(number)
        self.times.append(time)
        frame = _Frame(number, time, picture)
        if not self._looks or time - self._looks[-1].time >= GAP:
            self._look(frame)
        elif self._last and self._last is not self._looks[-1] and self._due(self._last.time):
            self._kept.append(self._last)
        self._last = frame

    def close(self) -> None:
        """The shot ends with the last frame."""
        if self._last is None:
            return
        if self._last is not self._looks[-1]:
            self._look(self._last)
        self._looks[-1].forget()
        first, last = self._looks[0].number, self._last.number
        self.tracks += [self._track(trail, first, last) for trail in self._trails()]
        self._kept, self._looks, self._last = [], [], None

    def _due(self, time: float) -> bool:
        before = self._kept[-1] if self._kept else self._looks[-1]
        return time - before.time >= STEP

    def _look(self, frame: _Frame) -> None:
        """Look for faces in a whole frame, and then between it and the one before."""
        picture = frame.picture()
        frame.sightings = [self._seen(picture, face) for face in self._faces(picture)]
        if not self._looks:
            self._looks.append(frame)
            return
        before = self._looks[-1]
        for one, other in ((before, frame), (frame, before)):
            for sighting in self._unmatched(one, other):
                other.add(self._again(other, one, sighting.box, cut=True))
        between = [kept for kept in self._kept if kept is not frame]
        self._between(before, frame, between)
        self._looks += [kept for kept in between if kept.sightings]
        self._looks.append(frame)
        self._kept.clear()
        for done in (before, *between):
            done.forget()

    def _faces(self, picture: Picture) -> list[Face]:
        """The large faces of a frame; a refined look, which costs three times that, where there is none or a small one."""
        found = self._engine.detect(picture, LARGE)
        if found and all(face.box.width >= LARGE for face in found):
            return found
        return self._engine.detect(picture, SMALL)

    def _between(self, before: _Frame, after: _Frame, kept: Sequence[_Frame]) -> None:
        """Look for the faces that two frames don't agree on in the middle one of those between, and so on."""
        if not kept:
            return
        unsure = self._disagreed(before, after)
        if not unsure:
            return
        half = len(kept) // 2
        middle = kept[half]
        for source, box in unsure:
            if not middle.holds(box, AGREE):
                middle.add(self._again(middle, source, box))
        self._between(before, middle, kept[:half])
        self._between(middle, after, kept[half + 1 :])

    def _disagreed(self, before: _Frame, after: _Frame) -> list[tuple[_Frame, Box]]:
        """The boxes that one of two frames has and the other doesn't, or elsewhere, with the frame where it was seen."""
        one, other = ([sighting.box for sighting in frame.sightings] for frame in (before, after))
        same = pairs(one, other, AGREE)
        left = [(before, box) for i, box in enumerate(one) if i not in {pair[0] for pair in same}]
        return left + [(after, box) for i, box in enumerate(other) if i not in {pair[1] for pair in same}]

    @staticmethod
    def _unmatched(one: _Frame, other: _Frame) -> list[_Sighting]:
        mine, theirs = ([sighting.box for sighting in frame.sightings] for frame in (one, other))
        matched = {pair[0] for pair in pairs(mine, theirs, SAME)}
        return [sighting for i, sighting in enumerate(one.sightings) if i not in matched]

    def _again(self, frame: _Frame, source: _Frame, box: Box, *, cut: bool = False) -> _Sighting | None:
        """A face of another frame, looked for around its place in this one: detected, or its very pixels."""
        picture = frame.picture()
        area = _within(box.grown(_ROOM), picture)
        around = picture[area.top : area.bottom, area.left : area.right]
        if not around.size:
            return None
        faces = [
            face.moved(area.left, area.top)
            for face in self._engine.detect(around, max(16, round(_NARROWER * box.width)))
        ]
        best = max(faces, key=lambda face: face.box.overlap(box), default=None)
        if best is not None and best.box.overlap(box) >= SAME:
            return self._seen(picture, best) if cut else _Sighting(best.box, detected=True)
        followed = _follow(source.picture(), box, picture)
        return None if followed is None else _Sighting(followed, detected=False)

    def _seen(self, picture: Picture, face: Face) -> _Sighting:
        margin = _within(face.box.grown(_MARGIN), picture)
        quality = measure(picture, face, self._engine.landmarks)
        cutting = picture[margin.top : margin.bottom, margin.left : margin.right].copy()
        return _Sighting(face.box, True, _Cutting(cutting, face.moved(-margin.left, -margin.top), quality))

    def _trails(self) -> list[_Trail]:
        """The sightings of a shot joined into trails, those left out that were seen once though looked for again."""
        trails: list[_Trail] = []
        for frame in self._looks:
            alive = [
                trail
                for trail in trails
                if trail.numbers[-1] < frame.number and frame.time - self.times[trail.numbers[-1]] <= LOST
            ]
            expected = [trail.expected(frame.number) for trail in alive]
            boxes = [sighting.box for sighting in frame.sightings]
            joined = pairs(expected, boxes, SAME)
            for place, which in joined:
                alive[place].numbers.append(frame.number)
                alive[place].sightings.append(frame.sightings[which])
            fresh = set(range(len(boxes))) - {which for _, which in joined}
            trails += [_Trail([frame.number], [frame.sightings[which]]) for which in sorted(fresh)]
        return [trail for trail in trails if trail.holds(alone=len(self._looks) == 1)]

    def _track(self, trail: _Trail, first: int, last: int) -> Track:
        numbers = [frame.number for frame in self._looks]
        begins, ends = numbers.index(trail.numbers[0]), numbers.index(trail.numbers[-1])
        start = first if begins == 0 else (numbers[begins - 1] + numbers[begins] + 1) // 2
        end = last if ends == len(numbers) - 1 else (numbers[ends] + numbers[ends + 1]) // 2
        if self.times[start] - self.times[first] <= EDGE:
            start = first
        if self.times[last] - self.times[end] <= EDGE:
            end = last
        corners = np.array([sighting.box.as_list() for sighting in trail.sightings], np.float32)
        boxes = interpolated(np.array(trail.numbers), corners, start, end)
        cuttings = [sighting.cutting for sighting in trail.sightings if sighting.cutting is not None]
        best = sorted(cuttings, key=lambda cutting: -worth(cutting.quality))[:MOST_SIGHTINGS]
        exact = [(cutting.picture, self._engine.refined(cutting.picture, cutting.face)) for cutting in best]
        encodings = np.concatenate([self._engine.encode(picture, [face]) for picture, face in exact])
        chief = best[0]
        jpeg = crop(chief.picture, chief.face.box)
        return Track(
            start,
            boxes,
            encodings,
            tuple(cutting.quality for cutting in best),
            Portrait(jpeg, chief.quality.width, chief.quality.sharpness),
        )


def _follow(source: Picture, box: Box, picture: Picture) -> Box | None:
    """Where the pixels of a box of one frame are in another, not further away than its own size; None where they aren't."""
    whole = _within(box, source)
    if whole.width < 0.7 * box.width or whole.height < 0.7 * box.height:
        return None
    area = _within(whole.grown(0.5), picture)
    scale = _PATCH / max(whole.width, whole.height)
    patch, around = (
        cv2.resize(
            cv2.cvtColor(pixels[place.top : place.bottom, place.left : place.right], cv2.COLOR_RGB2GRAY),
            (max(4, round(place.width * scale)), max(4, round(place.height * scale))),
            interpolation=cv2.INTER_AREA,
        )
        for pixels, place in ((source, whole), (picture, area))
    )
    if around.shape[0] < patch.shape[0] or around.shape[1] < patch.shape[1]:
        return None
    likeness = cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likeness)
    if best < _ALIKE:
        return None
    left, top = round(area.left + x / scale), round(area.top + y / scale)
    return Box(left, top, left + box.width, top + box.height)


def _within(box: Box, picture: Picture) -> Box:
    height, width = picture.shape[:2]
    left, top = min(max(box.left, 0), width), min(max(box.top, 0), height)
    return Box(left, top, max(left, min(box.right, width)), max(top, min(box.bottom, height)))
