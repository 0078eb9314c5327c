"""A picture is drawn again with other names, by the boxes that were kept."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

from bot import jobs
from bot.domain.faces import UnreadableFile
from bot.jobs import EngineConfig
from models.faces import Box, ConfidenceBand, Guess

MOST = 8 << 20


def test_a_reduced_picture_is_drawn_at_the_same_places(public_photos: Path, weights: Path) -> None:
    """A large picture is looked at reduced, and its boxes are kept in its own pixels."""
    config = EngineConfig("dlib", weights, 25 << 20, 100_000_000)
    out = BytesIO()
    with Image.open(public_photos / "obama2.jpg") as photo:
        size = 5 * photo.width, 5 * photo.height
        photo.resize(size).save(out, "JPEG")
    box = Box(size[0] // 2, size[1] // 2, size[0] * 3 // 4, size[1] * 3 // 4)
    plain, drawn = (
        jobs.draw_again(config, out.getvalue(), size, faces, MOST)
        for faces in ([], [(1, box, Guess(None, "Sana", 1.0, ConfidenceBand.SURE))])
    )
    assert isinstance(plain, bytes)
    assert isinstance(drawn, bytes)
    with Image.open(BytesIO(plain)) as before, Image.open(BytesIO(drawn)) as after:
        assert before.size == after.size
        corner = before.width // 2, before.height * 5 // 8
        assert before.getpixel(corner) != after.getpixel(corner)
    other = jobs.draw_again(config, out.getvalue(), (size[0], size[1] + 1), [], MOST)
    assert isinstance(other, UnreadableFile)
