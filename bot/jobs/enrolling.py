"""A photo for the roster: its one face, ready for the gallery, or why none was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.jobs.bench import Cut, Refused, cut_out, engine_of, opened_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.jobs.bench import Workbench
    from bot.media.pictures import OpenedPicture
    from models.engines import Engine
    from models.faces import Face


CLEAR_SUBJECT = 4.0
"""How many times larger than the next a face must be to be taken for the photo's subject."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A face taken for the gallery, and its encoding as float32 bytes."""

    cut: Cut
    vector: bytes
    engine: str


def enrol(bench: Workbench, data: bytes) -> Enrolled | Refused:
    """The one face of the photo `data`, ready for the gallery, or why none was taken."""
    from models.quality import measure

    opened = opened_picture(bench, data)
    if isinstance(opened, Refused):
        return opened
    engine = engine_of(bench)
    found = by_size(engine.detect(opened.pixels))
    if (reason := why_not_enrolled(opened, found, engine)) is not None:
        return Refused(reason)
    face = found[0]
    encoding = engine.encode(opened.pixels, [face])[0]
    if not (abs(encoding) <= 1).all():
        return Refused("this face can't be told from others; take another photo")
    cut = cut_out(opened, face, measure(opened.pixels, face, engine.landmarks))
    return Enrolled(cut, encoding.tobytes(), engine.version)


def by_size(faces: Sequence[Face]) -> list[Face]:
    """The faces, largest first."""
    return sorted(faces, key=lambda face: face.box.area, reverse=True)


def why_not_enrolled(opened: OpenedPicture, faces: Sequence[Face], engine: Engine) -> str | None:
    """What makes a photo with these faces, largest first, no example of one person; None if it makes a good one."""
    from models.examples import SMALLEST_EXAMPLE, flaw_of_example
    from models.faces import Flaw
    from models.quality import measure

    if not faces:
        return "I see no face in it; a larger or clearer picture, seen from the front, works best"
    if len(faces) > 1 and faces[0].box.area < CLEAR_SUBJECT * faces[1].box.area:
        return f"I see {len(faces)} faces in it; cut it to the one that is meant"
    width = opened.to_original(faces[0].box).width
    match flaw_of_example(width, measure(opened.pixels, faces[0], engine.landmarks).sharpness):
        case Flaw.SMALL:
            return f"the face is only {width} pixels wide; {SMALLEST_EXAMPLE} or more make a good example"
        case Flaw.BLURRED:
            return "the face is blurred; a sharper photo makes a good example"
        case _:
            return None
