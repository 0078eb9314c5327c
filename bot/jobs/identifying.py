"""Identify the faces of a picture: its bytes in, guesses and the tagged picture out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bot.domain.faces import IdentifiedFace, IdentifiedPicture, IdentifyOptions, UnreadableFile
from bot.domain.messages import Message
from bot.jobs.config import engine_of
from bot.jobs.pictures import crop_face, read_picture
from bot.text.faces import name_and_confidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.files import Content
    from bot.jobs.config import EngineConfig
    from models.drawing.annotate import FaceTag
    from models.faces import Box, Guess


def identify(
    config: EngineConfig, content: Content, recogniser: bytes, options: IdentifyOptions
) -> IdentifiedPicture | UnreadableFile:
    """The largest faces of the picture `content`, each with its guess, and the picture with the names drawn on it."""
    from models.drawing.annotate import tagged_jpeg
    from models.faces import largest_faces
    from models.recognition.quality import measure_quality
    from models.recognition.recogniser import Recogniser

    clock = _Stages()
    opened = read_picture(config, content)
    if isinstance(opened, UnreadableFile):
        return opened
    clock.ends("read")
    engine = engine_of(config)
    detected = engine.detect(opened.pixels)
    found = largest_faces(detected, options.max_faces)
    clock.ends("detect")
    encodings = engine.encode(opened.pixels, found)
    qualities = [measure_quality(opened.pixels, face, engine.landmarks) for face in found]
    clock.ends("encode")
    naming = Recogniser.from_bytes(recogniser).identify(
        encodings, qualities=qualities, group=options.group, once=options.once, threshold=options.threshold
    )
    clock.ends("name")
    pairs = list(enumerate(zip(found, naming.guesses, strict=True), start=1))
    tagged = tagged_jpeg(
        opened.pixels,
        [_tag(number, face.box, guess) for number, (face, guess) in pairs],
        max_bytes=options.max_bytes,
    )
    clock.ends("draw")
    return IdentifiedPicture(
        size=opened.size,
        group_name=naming.group_name,
        faces=tuple(
            IdentifiedFace(
                number,
                opened.to_original(face.box),
                guess,
                encoding.tobytes(),
                quality.flaws,
                crop_face(opened, face, quality) if options.crops else None,
            )
            for (number, (face, guess)), encoding, quality in zip(pairs, encodings, qualities, strict=True)
        ),
        tagged=tagged,
        engine=engine.version,
        seconds=clock.seconds(),
        left_out=len(detected) - len(found),
    )


def draw_again(
    config: EngineConfig,
    content: Content,
    size: tuple[int, int],
    faces: Sequence[tuple[int, Box, Guess]],
    max_bytes: int,
) -> bytes | UnreadableFile:
    """The picture `content` with each `(number, box, guess)` drawn on it, as a JPEG.

    Boxes are in pixels of the upright original. A picture that can't be read, or has another `size` than that original, is
    refused: the boxes belong to another picture.
    """
    from models.drawing.annotate import tagged_jpeg

    opened = read_picture(config, content)
    if isinstance(opened, UnreadableFile):
        return opened
    if opened.size != size:
        return UnreadableFile(Message("this is another picture than before"))
    tags = [_tag(number, opened.from_original(box), guess) for number, box, guess in faces]
    return tagged_jpeg(opened.pixels, tags, max_bytes=max_bytes)


def _tag(number: int, box: Box, guess: Guess) -> FaceTag:
    from models.drawing.annotate import FaceTag

    name, confidence = name_and_confidence(guess)
    return FaceTag(number, box, name, guess.band, confidence)


class _Stages:
    """Seconds by stage, each from the end of the stage before."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._seconds: dict[str, float] = {}

    def ends(self, stage: str) -> None:
        now = time.perf_counter()
        self._seconds[stage] = now - self._last
        self._last = now

    def seconds(self) -> dict[str, float]:
        return {**self._seconds, "all": time.perf_counter() - self._began}
