"""Tracking of faces through a video: it chooses the frames to search, and joins the faces in them to tracks.

The first and the last frame of each shot are searched, and one every `SEARCH_SECONDS` between them. A face at matching places
in two successive searched frames moved evenly between them. Where the two frames disagree about a face, frames between them
are searched by bisection, around that face alone.

The searches and the tracks of a second of video have budgets. A video that cuts at each frame exceeds them: shots are passed
over, and the smallest faces are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.drawing.annotate import square_crop
from models.recognition.quality import measure_quality
from models.video.budget import Budget
from models.video.observations import (
    FacePatch,
    Observation,
    SampledFrame,
    clip_box,
    link_tracklets,
    track_box,
)
from models.video.shots import CutDetector
from models.video.tracks import (
    MAX_ENCODINGS,
    SAME_FACE_OVERLAP,
    Track,
    TrackPortrait,
    encoding_priority,
    interpolate_boxes,
    match_boxes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from models.engines import Engine
    from models.faces import Face, Picture
    from models.video.observations import Tracklet

SEARCH_SECONDS = 0.75
"""Seconds between searched frames. A face that is visible for less may be missed."""

LARGE = 80
"""Pixels. Where a fast search finds faces and all of them are this wide, the frame is not searched for smaller ones."""

SMALLEST = 48
"""Pixels of a face's width below which the second search may miss it: smaller faces cost a larger scan of each such frame."""

BUFFER_SECONDS = 0.06
"""Seconds between the frames that are kept for the bisection."""

EVEN_OVERLAP = 0.55
"""The minimum overlap (intersection over union) of a face's boxes in two frames for an even move between them."""

SEARCHES, SEARCHES_AT_ONCE = 8.0, 16.0
"""Searches of whole frames in a second of video, and within a moment. A fast-cut video of ../shared/bench/make_mv.py has at
most 22 in eight seconds, and 5 in one; the Hamilton clip has 15 and 3."""

CLOSER_SEARCHES, CLOSER_SEARCHES_AT_ONCE = 60.0, 400.0
"""The same for searches around a face, each of a few small scans. The videos have at most 122 in eight seconds, and 44 in
one."""

TRACKS, TRACKS_AT_ONCE = 25.0, 150.0
"""The same for tracks. The videos have at most 12 in eight seconds, and 4 in one."""

CUT_SECONDS = 0.1
"""Seconds. A track that begins this soon after a cut begins at the cut. One that ends this shortly before a cut ends there."""

_PATCH_MARGIN = 0.95
"""The margin of a patch, as a share of the box's longer side: enough for the face's chip and portrait."""


class FaceTracker:
    """Takes the frames of a segment in order, and finds its shots and tracks.

    `shots`: the number of each shot's first frame. `times`: of each frame, in seconds. `tracks`: those of all shots that have
    ended; `close` ends the last one. `passed_over`: the number of shots that were not searched. `left_out`: the number of faces
    that got no track.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.cuts = CutDetector()
        self.shots: list[int] = []
        self.tracks: list[Track] = []
        self.times: list[float] = []
        self.passed_over = 0
        self.left_out = 0
        self._searches = Budget(SEARCHES, SEARCHES_AT_ONCE)
        self._closer_searches = Budget(CLOSER_SEARCHES, CLOSER_SEARCHES_AT_ONCE)
        self._new_tracks = Budget(TRACKS, TRACKS_AT_ONCE)
        self._buffered: list[SampledFrame] = []
        self._searched: list[SampledFrame] = []
        self._last: SampledFrame | None = None

    def add_frame(self, time: float, luma: NDArray[np.uint8], picture: Callable[[], Picture]) -> None:
        """Take the next frame.

        `time`: in seconds. `luma`: (36, 64). `picture`: decodes the upright pixels, now or later.
        """
        number = len(self.times)
        if self.cuts.add_frame(luma):
            self.close()
            self.shots.append(number)
        self.times.append(time)
        frame = SampledFrame(number, time, picture)
        if self._is_search_due(time):
            self._search(frame)
        elif (
            self._searched
            and self._last
            and self._last is not self._searched[-1]
            and self._is_buffer_due(self._last.time)
        ):
            self._buffered.append(self._last)
        self._last = frame

    def close(self) -> None:
        """End the current shot with the frame that came last."""
        if self._last is None:
            return
        if not self._searched:
            self.passed_over += 1
            self._last = None
            return
        if self._last is not self._searched[-1]:
            self._search(self._last)
        self._searched[-1].release_picture()
        first, last = self.shots[-1], self._last.number
        self.tracks += [self._track(tracklet, first, last) for tracklet in self._followed(self._last.time)]
        self._buffered, self._searched, self._last = [], [], None

    def _is_search_due(self, time: float) -> bool:
        """Whether a frame is searched: the first of a shot, or `SEARCH_SECONDS` after another, while searches are left."""
        wanted = not self._searched or time - self._searched[-1].time >= SEARCH_SECONDS
        # One more is left for the last frame of the shot.
        return wanted and self._searches.at(time) >= 2

    def _followed(self, time: float) -> list[Tracklet]:
        """The tracklets of a shot that ends at `time`; the largest and longest where they are too many."""
        found = link_tracklets(self._searched, self.times)
        room = max(0, int(self._new_tracks.at(time)))
        if len(found) > room:
            self.left_out += len(found) - room
            places = sorted(range(len(found)), key=lambda place: -found[place].prominence)[:room]
            found = [found[place] for place in sorted(places)]
        self._new_tracks.spend(len(found))
        return found

    def _is_buffer_due(self, time: float) -> bool:
        before = self._buffered[-1] if self._buffered else self._searched[-1]
        return time - before.time >= BUFFER_SECONDS

    def _search(self, frame: SampledFrame) -> None:
        """Search a whole frame, and then between it and the one searched before."""
        self._searches.spend(1)
        picture = frame.picture()
        found = self._detect(picture)
        if not self._searched:
            frame.observations = [self._observe(picture, face) for face in found]
            self._searched.append(frame)
            return
        before = self._searched[-1]
        matches = match_boxes(before.boxes, [face.box for face in found], SAME_FACE_OVERLAP)
        known = {place: before.observations[which].face for which, place in matches}
        frame.observations = [self._observe(picture, face, known.get(place)) for place, face in enumerate(found)]
        between = [buffered for buffered in self._buffered if buffered is not frame]
        self._search_missing(before, frame)
        self._search_missing(frame, before)
        self._bisect(before, frame, between)
        if between:
            self._search_missing(between[-1], frame)
        self._searched += [buffered for buffered in between if buffered.observations]
        self._searched.append(frame)
        self._buffered.clear()
        for finished in (before, *between):
            finished.release_picture()

    def _detect(self, picture: Picture) -> list[Face]:
        """The faces of a frame, by a fast search for large ones.

        Where that finds no face or a small one, a thorough search follows, in three times the time.
        """
        found = self._engine.detect(picture, LARGE)
        if found and all(face.box.width >= LARGE for face in found):
            return found
        return self._engine.detect(picture, SMALLEST)

    def _search_missing(self, source: SampledFrame, target: SampledFrame) -> None:
        """Search a frame for the faces that another frame alone has, around their places."""
        for observation in _unmatched(source, target):
            target.add(self._search_around(target, source, observation, with_patch=True))

    def _bisect(self, before: SampledFrame, after: SampledFrame, between: Sequence[SampledFrame]) -> None:
        """Search the middle frame of those between for the faces that two frames disagree on, then each half."""
        if not between:
            return
        disagreements = _disagreements(before, after)
        if not disagreements:
            return
        half = len(between) // 2
        middle = between[half]
        for source, observation in disagreements:
            if not middle.has_face_at(observation.box, EVEN_OVERLAP):
                middle.add(self._search_around(middle, source, observation))
        self._bisect(before, middle, between[:half])
        self._bisect(middle, after, between[half + 1 :])

    def _search_around(
        self, frame: SampledFrame, source: SampledFrame, known: Observation, *, with_patch: bool = False
    ) -> Observation | None:
        """A face that is `known` in another frame, near its place in this frame, by detection or else by its pixels.

        None also where the budget of these searches is spent.
        """
        if not self._spend_closer_search():
            return None
        picture = frame.picture()
        face = self._engine.look_again(picture, known.face)
        if face is not None:
            return self._observe(picture, face, known.face) if with_patch else Observation(face, detected=True)
        followed = track_box(source.picture(), known.box, picture)
        if followed is None:
            return None
        moved = known.face.moved(followed.left - known.box.left, followed.top - known.box.top)
        return Observation(moved, detected=False)

    def _spend_closer_search(self) -> bool:
        """Whether a search around a face was left; now it is spent."""
        left = self._closer_searches.at(self.times[-1]) >= 1
        if left:
            self._closer_searches.spend(1)
        return left

    def _observe(self, picture: Picture, face: Face, known: Face | None = None) -> Observation:
        """The observation of a detected face, with its patch. `known`: the same face in another frame.

        Its landmarks are refined while the budget of the searches around a face lasts.
        """
        if self._spend_closer_search():
            face = self._engine.refined(picture, face, known)
        area = clip_box(face.box.grown(_PATCH_MARGIN), picture)
        quality = measure_quality(picture, face, self._engine.landmarks)
        pixels = picture[area.top : area.bottom, area.left : area.right].copy()
        return Observation(face, True, FacePatch(pixels, face.moved(-area.left, -area.top), quality))

    def _track(self, tracklet: Tracklet, first: int, last: int) -> Track:
        """The track of a tracklet in the shot of the frames `first` to `last`, with the encodings of its best patches."""
        numbers = [frame.number for frame in self._searched]
        begins, ends = numbers.index(tracklet.numbers[0]), numbers.index(tracklet.numbers[-1])
        start = first if begins == 0 else (numbers[begins - 1] + numbers[begins] + 1) // 2
        end = last if ends == len(numbers) - 1 else (numbers[ends] + numbers[ends + 1]) // 2
        if self.times[start] - self.times[first] <= CUT_SECONDS:
            start = first
        if self.times[last] - self.times[end] <= CUT_SECONDS:
            end = last
        corners = np.array([observation.box.as_list() for observation in tracklet.observations], np.float32)
        boxes = interpolate_boxes(np.array(tracklet.numbers), corners, start, end)
        patches = [observation.patch for observation in tracklet.observations if observation.patch is not None]
        best = sorted(patches, key=lambda patch: -encoding_priority(patch.quality))[:MAX_ENCODINGS]
        encodings = np.concatenate([self._engine.encode(patch.picture, [patch.face]) for patch in best])
        quality = best[0].quality
        portrait = TrackPortrait(square_crop(best[0].picture, best[0].face.box), quality.width, quality.sharpness)
        return Track(start, boxes, encodings, tuple(patch.quality for patch in best), portrait)


def _unmatched(source: SampledFrame, target: SampledFrame) -> list[Observation]:
    """The observations of `source` without a match in `target`."""
    matched = {match[0] for match in match_boxes(source.boxes, target.boxes, SAME_FACE_OVERLAP)}
    return [observation for i, observation in enumerate(source.observations) if i not in matched]


def _disagreements(before: SampledFrame, after: SampledFrame) -> list[tuple[SampledFrame, Observation]]:
    """The observations of each of two frames that the other one lacks or has elsewhere, with their frame."""
    matches = match_boxes(before.boxes, after.boxes, EVEN_OVERLAP)
    left = [(before, one) for i, one in enumerate(before.observations) if i not in {match[0] for match in matches}]
    return left + [(after, one) for i, one in enumerate(after.observations) if i not in {match[1] for match in matches}]
