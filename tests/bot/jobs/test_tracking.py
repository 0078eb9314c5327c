"""Faces are tracked in segments. The tracks don't depend on the borders of segments. Then tracks are named and listed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import skimage.data

from bot import jobs
from bot.domain.clips import NamingOptions
from bot.domain.enums import CaptionStyle
from bot.domain.faces import UnreadableFile
from bot.domain.rosters import EnrolledEncoding
from bot.jobs import EngineConfig
from bot.media.probing import probe
from bot.media.videos.footage import Footage, VideoLimits, VideoSection
from models.engines import load
from models.faces import Box
from models.video.tracks import FaceTracks

pytestmark = pytest.mark.slow

RATE, SECONDS = 24, 4
CUT = 60
WHOLE = VideoSection(0.0, float(SECONDS))


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return skimage.data.astronaut()[:300, 60:400]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, portrait: np.ndarray) -> Path:
    """A clip of 640 by 360: a portrait panned and zoomed, a cut, and the mirrored portrait at another place."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number in range(RATE * SECONDS):
            first = number < CUT
            scale, x = (0.6 + 0.001 * number, 60 + number) if first else (0.9, 250 - number)
            move = np.array([[scale, 0, x], [0, scale, 10 if first else 0]], np.float32)
            source = portrait if first else np.ascontiguousarray(portrait[:, ::-1])
            pixels = cv2.warpAffine(source, move, (640, 360), borderValue=(90, 40, 30) if first else (20, 70, 80))
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(pixels, np.uint8), format="rgb24")))
        file.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> EngineConfig:
    return EngineConfig("dlib", tmp_path_factory.mktemp("weights"), 10**7, 10**7)


@pytest.fixture(scope="module")
def footage(clip: Path) -> Footage:
    return probe(clip, VideoLimits(10**8))


@pytest.fixture(scope="module")
def tracks(config: EngineConfig, footage: Footage) -> bytes:
    spans = (VideoSection(0.0, 1.3), VideoSection(1.3, 2.9), VideoSection(2.9, 4.0))
    segments = [jobs.track_faces(config, footage, WHOLE, span) for span in spans]
    assert all(isinstance(segment, bytes) for segment in segments)
    return jobs.join_segments([segment for segment in segments if isinstance(segment, bytes)])


def astronaut_box(portrait: np.ndarray, config: EngineConfig) -> Box:
    (face,) = load("dlib", config.weights).detect(portrait)
    return face.box


def test_a_face_has_one_track_a_shot_across_segments(tracks: bytes) -> None:
    face_tracks = FaceTracks.from_bytes(tracks)
    assert (face_tracks.size, face_tracks.shots.tolist()) == ((640, 360), [0, CUT])
    assert np.allclose(face_tracks.times, np.arange(RATE * SECONDS) / RATE, atol=1e-3)
    assert [(track.first, track.last) for track in face_tracks.tracks] == [(0, CUT - 1), (CUT, RATE * SECONDS - 1)]
    assert all(track.portrait and len(track.encodings) == len(track.qualities) for track in face_tracks.tracks)


def test_a_worker_leaves_the_other_cores_to_other_workers(config: EngineConfig, footage: Footage) -> None:
    """This holds for a worker that never warmed up, too."""
    cv2.setNumThreads(2)
    jobs.track_faces(config, footage, WHOLE, VideoSection(0.0, 0.2))
    assert cv2.getNumThreads() == 1


def test_the_boxes_of_a_track_follow_the_face(tracks: bytes, portrait: np.ndarray, config: EngineConfig) -> None:
    track = FaceTracks.from_bytes(tracks).tracks[0]
    face = astronaut_box(portrait, config)
    for number, box in enumerate(track.boxes.round().astype(int).tolist()):
        scale, x = 0.6 + 0.001 * number, 60 + number
        truth = Box(*(round(scale * edge + shift) for edge, shift in zip(face.as_list(), (x, 10, x, 10), strict=True)))
        assert truth.overlap(Box(*box)) > 0.6, number


def test_a_section_counts_from_its_start(config: EngineConfig, footage: Footage) -> None:
    section = VideoSection(2.0, 3.0)
    segment = jobs.track_faces(config, footage, section, section)
    assert isinstance(segment, bytes)
    face_tracks = FaceTracks.from_bytes(jobs.join_segments([segment]))
    assert (face_tracks.times[0], len(face_tracks.times)) == (pytest.approx(0.0, abs=1e-3), RATE)
    assert face_tracks.shots.tolist() == [0, CUT - 2 * RATE]


def test_a_file_that_is_no_video_is_refused(config: EngineConfig, footage: Footage, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not a video")
    assert isinstance(jobs.probe_video(path, VideoLimits(10**8)), UnreadableFile)
    assert isinstance(jobs.track_faces(config, replace(footage, path=path), WHOLE, WHOLE), UnreadableFile)


def test_the_tracks_are_named_and_listed(
    tracks: bytes, portrait: np.ndarray, config: EngineConfig, gallery_rows: list[EnrolledEncoding]
) -> None:
    engine = load("dlib", config.weights)
    vector = engine.encode(portrait, engine.detect(portrait))[0]
    recogniser = jobs.fit_recogniser(
        [*gallery_rows, EnrolledEncoding(99, 31, "Eileen", 3, "NASA", vector.tobytes())], "dlib-1"
    )
    named = jobs.name_tracks(tracks, recogniser, NamingOptions(None, 0.5, CaptionStyle.NAMES))
    assert (named.group_name, named.size, named.seconds) == ("NASA", (640, 360), pytest.approx(SECONDS, abs=0.01))
    (person,) = named.people
    assert (person.number, person.guess.name, person.tracks) == (1, "Eileen", (0, 1))
    assert person.spans == ((pytest.approx(0, abs=0.01), pytest.approx(SECONDS, abs=0.01)),)
    assert person.seconds == pytest.approx(SECONDS, abs=0.01)
    assert person.crop.jpeg.startswith(b"\xff\xd8")
    assert person.crop.phash
    assert len(np.frombuffer(person.vector, np.float32)) == 128
    assert "Eileen" in named.script
    listed = jobs.faces_by_frame(tracks, recogniser, NamingOptions(None, 0.5, CaptionStyle.NAMES))
    assert (listed["fps"], len(listed["frames"])) == (pytest.approx(RATE, abs=0.01), RATE * SECONDS)
    assert all([face["name"] for face in faces] == ["Eileen"] for faces in listed["frames"])
