"""Who is in a fast-cut video that is made from photos which nobody enrolled: `bench.cast` on one video.

The shares vary much with the photos that are drawn: `python -m bench.cast` tells those of several videos.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cast import SyntheticVideo, make, name, score
from bot.jobs import EngineConfig


@pytest.fixture(scope="module")
def made(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> SyntheticVideo:
    return make(shared, tmp_path_factory.mktemp("truth"), 31, seconds=45)


@pytest.mark.thorough
@pytest.mark.parametrize(("engine", "frames"), [("dlib", 0.9), ("retail", 0.96)])
def test_everybody_is_rightly_named(shared: Path, made: SyntheticVideo, engine: str, frames: float) -> None:
    look, faces = name(EngineConfig(engine, shared / "models", 2**28, 2**28), made)
    found = score(made.truth, faces)
    assert set(look.shots.tolist()) == set(made.truth["cuts"])
    assert found.changes == 0
    assert found.of_faces("missed") < 0.005
    assert found.share >= frames
    assert found.wrong_names <= 0.01
