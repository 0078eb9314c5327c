"""`bench.cast` on one fast-cut video of photos that aren't enrolled.

The shares vary much with the drawn photos; `python -m bench.cast` prints those of several videos.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cast import SyntheticVideo, make, name, score
from bot.jobs import EngineConfig


@pytest.fixture(scope="module")
def video(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> SyntheticVideo:
    return make(shared, tmp_path_factory.mktemp("truth"), 31, seconds=45)


@pytest.mark.thorough
@pytest.mark.parametrize(("engine", "frames"), [("dlib", 0.9), ("trio", 0.96)])
def test_members_get_their_names(shared: Path, video: SyntheticVideo, engine: str, frames: float) -> None:
    face_tracks, faces = name(EngineConfig(engine, shared / "models", 2**28, 2**28), video)
    found = score(video.truth, faces)
    assert set(face_tracks.shots.tolist()) == set(video.truth["cuts"])
    assert found.changes == 0
    assert found.of_faces("missed") < 0.005
    assert found.share >= frames
    assert found.wrong_names <= 0.01
