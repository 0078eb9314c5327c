"""Face tracks survive serialisation, boxes are matched and interpolated, and tracks are joined across borders of segments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.faces import Box
from models.recognition.quality import FaceQuality
from models.video.segments import VideoSegment, join_tracks
from models.video.tracks import FaceTracks, Track, TrackPortrait, interpolate_boxes, match_boxes

CHANCE = np.random.default_rng(5)
LUMA = CHANCE.integers(0, 256, (36, 64), np.uint8)
OTHER = CHANCE.integers(0, 256, (36, 64), np.uint8)


def track(first: int, length: int, left: float = 10.0, sharpness: float = 2.0) -> Track:
    boxes = np.tile(np.array([left, 20, left + 100, 120], np.float32), (length, 1))
    encodings = np.eye(4, dtype=np.float32)[:2]
    return Track(
        first,
        boxes,
        encodings,
        (FaceQuality(100, sharpness, 5.0),) * 2,
        TrackPortrait(b"jpeg%d" % first, 100, sharpness),
    )


def segment(*tracks: Track, frames: int = 10, first_luma: np.ndarray = LUMA) -> VideoSegment:
    face_tracks = FaceTracks("dlib-1", (640, 360), np.arange(frames) / 30, np.array([0]), tracks)
    return VideoSegment(face_tracks, first_luma, LUMA, np.array([0.01, 0.01, 0.01]))


def same(one: FaceTracks, other: FaceTracks) -> bool:
    return (
        (one.engine, one.size) == (other.engine, other.size)
        and np.array_equal(one.times, other.times)
        and np.array_equal(one.shots, other.shots)
        and len(one.tracks) == len(other.tracks)
        and all(
            (a.first, a.qualities) == (b.first, b.qualities)
            and np.array_equal(a.boxes, b.boxes)
            and np.array_equal(a.encodings, b.encodings)
            and (a.portrait and (a.portrait.jpeg, a.portrait.face_width, a.portrait.sharpness))
            == (b.portrait and (b.portrait.jpeg, b.portrait.face_width, b.portrait.sharpness))
            for a, b in zip(one.tracks, other.tracks, strict=True)
        )
    )


def test_face_tracks_survive_serialisation() -> None:
    blind = replace(track(3, 4), encodings=np.empty((0, 4), np.float32), qualities=(), portrait=None)
    found = segment(track(0, 10), blind, track(5, 2, 300)).face_tracks
    assert same(FaceTracks.from_bytes(found.to_bytes()), found)
    assert same(FaceTracks.from_bytes(segment().face_tracks.to_bytes()), segment().face_tracks)


def test_other_bytes_are_refused() -> None:
    with pytest.raises((ValueError, KeyError)):
        FaceTracks.from_bytes(b"nothing of the kind")


def test_boxes_match_by_overlap_each_once() -> None:
    one = [Box(0, 0, 100, 100), Box(60, 0, 160, 100)]
    other = [Box(55, 0, 155, 100), Box(300, 0, 400, 100), Box(20, 0, 120, 100)]
    assert sorted(match_boxes(one, other, 0.3)) == [(0, 2), (1, 0)]
    assert match_boxes(one, other, 0.95) == []


def test_boxes_move_evenly_between_detections_and_rest_outside() -> None:
    boxes = interpolate_boxes(np.array([2, 6]), np.array([[0, 0, 10, 10], [40, 0, 50, 10]], np.float32), 0, 7)
    assert boxes[:, 0].tolist() == [0, 0, 0, 10, 20, 30, 40, 40]
    assert boxes.dtype == np.float32


def test_a_face_goes_on_across_a_border() -> None:
    face_tracks = join_tracks([segment(track(0, 10)), segment(track(0, 6, 14, 3.0), track(7, 3))])
    assert [(joined.first, joined.last) for joined in face_tracks.tracks] == [(0, 15), (17, 19)]
    assert face_tracks.tracks[0].portrait
    assert face_tracks.tracks[0].portrait.sharpness == 3.0
    assert (len(face_tracks.times), face_tracks.shots.tolist()) == (20, [0])


def test_no_face_goes_on_across_a_cut() -> None:
    face_tracks = join_tracks([segment(track(0, 10)), segment(track(0, 10), first_luma=OTHER)])
    assert [(joined.first, joined.last) for joined in face_tracks.tracks] == [(0, 9), (10, 19)]
    assert face_tracks.shots.tolist() == [0, 10]


def test_two_faces_at_a_border_stay_two() -> None:
    face_tracks = join_tracks([segment(track(0, 10), track(0, 10, 300)), segment(track(0, 10, 305), track(0, 10, 12))])
    assert [(joined.first, joined.last, joined.boxes[0, 0]) for joined in face_tracks.tracks] == [
        (0, 19, 10),
        (0, 19, 300),
    ]


def test_a_segment_survives_serialisation_and_empty_ones_have_no_effect() -> None:
    empty = segment(frames=0)
    face_tracks = join_tracks(
        [VideoSegment.from_bytes(part.to_bytes()) for part in (empty, segment(track(0, 10)), empty, segment())]
    )
    assert (len(face_tracks.times), face_tracks.size, len(face_tracks.tracks)) == (20, (640, 360), 1)
    assert len(join_tracks([empty]).times) == 0
    with pytest.raises(ValueError, match="no segment"):
        join_tracks([])
