"""The work on a video's faces has bounds: a flickering video is sampled, and a crowd is followed in part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from models.faces import Box, Face, Landmarks
from models.video import segments, tracker
from models.video.budget import Budget
from models.video.segments import join_tracks
from models.video.tracker import FaceTracker
from models.video.tracks import FaceTracks
from tests.models.video.test_tracks import segment, track
from tests.support.films import frames_of

if TYPE_CHECKING:
    from models.faces import Encodings, Picture

RATE, SECONDS = 30, 20
WIDE, HIGH = 320, 180


@dataclass
class CountingEngine:
    """An engine that finds `faces` in each whole frame, in rows of ten, and none elsewhere; it counts its runs."""

    faces: int = 1
    runs: int = 0
    runs_on_frames: int = 0
    closer_runs: int = 0
    encoded: int = 0
    name: str = "counting"
    version: str = "counting-1"
    dimensions: int = 4
    landmarks: Landmarks = Landmarks.EYES_NOSE_MOUTH

    def detect(self, picture: Picture, smallest: int = 0) -> list[Face]:
        self.runs += 1
        if picture.shape[:2] != (HIGH, WIDE):
            return []
        self.runs_on_frames += 1
        corners = [(32 * (number % 10), 17 * (number // 10)) for number in range(self.faces)]
        points = np.array([(3, 4), (9, 4), (6, 8), (3, 11), (9, 11)], np.float32)
        return [
            Face(Box(left, top, left + 12 + number % 3, top + 14), 1.0, points + np.array([left, top], np.float32))
            for number, (left, top) in enumerate(corners)
        ]

    def refined(self, picture: Picture, face: Face, known: Face | None = None) -> Face:
        self.closer_runs += 1
        return face

    def look_again(self, picture: Picture, known: Face) -> Face | None:
        self.closer_runs += 1
        return None

    def encode(self, picture: Picture, faces: Sequence[Face]) -> Encodings:
        self.encoded += len(faces)
        return np.tile(np.eye(4, dtype=np.float32)[0], (len(faces), 1))

    def chips(self, picture: Picture, faces: Sequence[Face]) -> np.ndarray:
        raise NotImplementedError


def film(path: Path, frames_a_shot: int, seconds: int = SECONDS) -> Path:
    """A film of coarse random patterns, another one for each shot."""
    chance = np.random.default_rng(7)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, "yuv420p"
        pattern = np.zeros((HIGH, WIDE, 3), np.uint8)
        for number in range(RATE * seconds):
            if number % frames_a_shot == 0:
                pattern = chance.integers(0, 256, (9, 16, 3), np.uint8).repeat(20, 0).repeat(20, 1)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pattern, format="rgb24")))
        file.mux(stream.encode(None))
    return path


def tracked(path: Path, engine: CountingEngine) -> FaceTracker:
    found = FaceTracker(engine)
    for frame in frames_of(path):
        found.add_frame(frame.time, frame.luma, frame.picture)
    found.close()
    return found


@pytest.fixture(scope="module")
def flicker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds in which every frame is a cut."""
    return film(tmp_path_factory.mktemp("flicker") / "flicker.mp4", 1)


def test_a_flickering_video_is_sampled_and_not_looked_at_frame_by_frame(flicker: Path) -> None:
    engine = CountingEngine()
    found = tracked(flicker, engine)
    assert len(found.shots) == RATE * SECONDS
    searches = tracker.SEARCHES * SECONDS + tracker.SEARCHES_AT_ONCE
    # A search that finds only small faces runs the detector twice.
    assert engine.runs_on_frames <= 2 * searches < RATE * SECONDS
    assert 60 < len(found.tracks) == len(found.shots) - found.passed_over
    assert found.times[found.tracks[-1].first] > SECONDS - 1


def test_a_flickering_crowd_is_followed_in_part(tmp_path: Path) -> None:
    engine, seconds = CountingEngine(faces=60), 3
    found = tracked(film(tmp_path / "crowd.mp4", 1, seconds), engine)
    assert engine.encoded == len(found.tracks) <= tracker.TRACKS * seconds + tracker.TRACKS_AT_ONCE
    closer_searches = tracker.CLOSER_SEARCHES * seconds + tracker.CLOSER_SEARCHES_AT_ONCE
    assert closer_searches / 2 < engine.closer_runs <= closer_searches
    assert found.left_out == 60 * (len(found.shots) - found.passed_over) - len(found.tracks) > 1500
    cut_short = [one for one in found.tracks if one.first > RATE]
    assert {float(one.boxes[0, 2] - one.boxes[0, 0]) for one in cut_short} == {14.0}


def test_an_ordinary_video_has_the_same_tracks_as_without_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film(tmp_path / "fast.mp4", RATE // 3, seconds=6)
    bounded = tracked(path, engine := CountingEngine(faces=4))
    for name in ("SEARCHES_AT_ONCE", "CLOSER_SEARCHES_AT_ONCE", "TRACKS_AT_ONCE"):
        monkeypatch.setattr(tracker, name, 1e9)
    free = tracked(path, other := CountingEngine(faces=4))
    assert (bounded.shots, bounded.passed_over, bounded.left_out) == (free.shots, 0, 0)
    assert (engine.runs, engine.closer_runs, len(bounded.tracks)) == (other.runs, other.closer_runs, 4 * 18)
    assert [(one.first, one.boxes.tolist()) for one in bounded.tracks] == [
        (one.first, one.boxes.tolist()) for one in free.tracks
    ]


def test_a_shot_that_begins_without_a_search_is_searched_once_there_is_one() -> None:
    found = FaceTracker(CountingEngine())
    chance = np.random.default_rng(3)
    picture = chance.integers(0, 256, (HIGH, WIDE, 3), np.uint8)
    still = chance.integers(0, 256, (36, 64), np.uint8)
    for number in range(90):
        luma = chance.integers(0, 256, (36, 64), np.uint8) if number < 60 else still
        found.add_frame(number / RATE, luma, lambda: picture)
    found.close()
    assert found.shots[-1] == found.tracks[-1].first == 60
    assert found.tracks[-1].last == 89


def test_a_budget_grows_with_time_up_to_its_most() -> None:
    budget = Budget(rate=2.0, max_amount=4.0)
    assert budget.at(5.0) == 4.0
    budget.spend(6.0)
    assert (budget.at(5.0), budget.at(6.0), budget.at(60.0)) == (-2.0, 0.0, 4.0)


def test_of_too_many_tracks_the_largest_and_longest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MAX_TRACKS", 2)
    joined = join_tracks([segment(track(0, 10), track(2, 3, 200), track(4, 6, 400))])
    assert [(one.first, one.last) for one in joined.tracks] == [(0, 9), (4, 9)]
    assert FaceTracks.from_bytes(joined.to_bytes()).left_out == joined.left_out == 1
