"""Engines in workers: check one, warm one up, encode stored crops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.faces import CropEncodings, UnreadableFile
from bot.jobs.config import engine_of
from bot.jobs.pictures import read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.jobs.config import EngineConfig
    from models.engines import Engine
    from models.faces import Encodings, Picture


def warm_up(config: EngineConfig) -> None:
    """Load and run once everything that each picture needs, so that the first one doesn't wait for it."""
    from models.drawing.annotate import FaceTag, tagged_jpeg
    from models.encodings.copies import perceptual_hash
    from models.faces import Box, ConfidenceBand

    picture, _ = _rehearse(engine_of(config))
    perceptual_hash(picture)
    tagged_jpeg(picture, [FaceTag(1, Box(80, 80, 240, 240), "누구", ConfidenceBand.SURE, "50%")])


def check_engine(config: EngineConfig) -> str:
    """Let the engine detect and encode, and load its background; returns its version.

    Raises the engine's own errors, and RuntimeError for encodings of a wrong shape or length.
    """
    import numpy as np

    from models.encodings import background

    engine = engine_of(config)
    _, encodings = _rehearse(engine)
    if encodings.shape != (1, engine.dimensions) or not abs(np.linalg.norm(encodings) - 1) < 1e-3:
        raise RuntimeError(f"its encodings are {encodings.shape} of length {np.linalg.norm(encodings):.3f}")
    background.load(engine.version)
    return engine.version


def _rehearse(engine: Engine) -> tuple[Picture, Encodings]:
    """Run the engine on a picture of noise; returns the picture and an encoding of one place in it."""
    import numpy as np

    from models.faces import Box, Face

    picture = np.random.default_rng(0).integers(0, 256, (320, 320, 3), np.uint8)
    engine.detect(picture)
    points = np.array([(120, 130), (200, 130), (160, 170), (130, 210), (190, 210)], np.float32)
    return picture, engine.encode(picture, [Face(Box(80, 80, 240, 240), 1.0, points)])


def font_name() -> str:
    """The file name of the font of drawn names. Raises FileNotFoundError without one."""
    from models.drawing.fonts import font_path

    return font_path().name


def encode_crops(config: EngineConfig, crops: Sequence[bytes]) -> CropEncodings:
    """The encoding of the largest face of each crop."""
    engine = engine_of(config)
    return CropEncodings(tuple(_encode_crop(engine, config, crop) for crop in crops), engine.version)


def _encode_crop(engine: Engine, config: EngineConfig, data: bytes) -> bytes | None:
    opened = read_picture(config, data)
    if isinstance(opened, UnreadableFile):
        return None
    face = max(engine.detect(opened.pixels), key=lambda face: face.box.area, default=None)
    if face is None:
        return None
    encoding = engine.encode(opened.pixels, [face])[0]
    return encoding.tobytes() if (abs(encoding) <= 1).all() else None
