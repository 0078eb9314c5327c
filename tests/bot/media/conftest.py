"""Films and a picture that more than one module of this folder reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.support.films import uneven


@pytest.fixture(scope="session", params=["mp4", "mkv"])
def uneven_film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with frames at odd times and sound in AAC, in either container."""
    return uneven(tmp_path_factory.mktemp("uneven") / f"uneven.{request.param}", "-c:a", "aac")


@pytest.fixture(scope="session")
def photo(public_photos: Path) -> Image.Image:
    """A portrait, 240 by 300, whose four corners differ."""
    return Image.open(public_photos / "obama.jpg").convert("RGB").resize((240, 300), Image.Resampling.LANCZOS)
