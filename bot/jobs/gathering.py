"""Gathered photos: the only face of each, and the reasons to leave photos out of the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.faces import GatheredFace, Refused
from bot.jobs.config import engine_of
from bot.jobs.enrolment import by_size, why_not_enrolled
from bot.jobs.pictures import crop_face, read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.jobs.config import EngineConfig
    from models.faces import Guess

SAME = "the same photo as another"
UNLIKE = "looks like nobody else that was found"


def find_only_face(config: EngineConfig, data: bytes) -> GatheredFace | Refused:
    """The one clear, large and sharp face of a photo, or the reason why it has none."""
    from models.recognition.quality import measure

    opened = read_picture(config, data)
    if isinstance(opened, Refused):
        return opened
    engine = engine_of(config)
    found = by_size(engine.detect(opened.pixels))
    if (reason := why_not_enrolled(opened, found, engine)) is not None:
        return Refused(reason)
    face = found[0]
    encoding = engine.encode(opened.pixels, [face])[0]
    quality = measure(opened.pixels, face, engine.landmarks)
    box = opened.to_original(face.box)
    return GatheredFace(
        opened.size, box, crop_face(opened, face, quality), encoding.tobytes(), quality.flaws, engine.version
    )


def sift(vectors: Sequence[bytes], accepted: Sequence[bytes], others: Sequence[bytes], engine: str) -> list[str | None]:
    """For each gathered face of a member, the reason to leave it out, or None.

    `vectors`: the encodings of the gathered faces. `accepted`: those of the member's photos. `others`: those of all other
    crops on record. All are by the engine of the version `engine`.
    """
    import numpy as np

    from models.encodings.copies import photo_numbers
    from models.learning.cleaning import outliers

    def stacked(rows: Sequence[bytes]) -> np.ndarray:
        return np.stack([np.frombuffer(row, np.float32) for row in rows])

    found = stacked(vectors)
    known = [*accepted, *others]
    numbers = photo_numbers(np.concatenate([stacked(known), found]) if known else found, engine).tolist()
    strange = outliers(found, engine, stacked(accepted) if accepted else None).tolist()
    reasons: list[str | None] = []
    seen = set(numbers[: len(known)])
    for number, is_strange in zip(numbers[len(known) :], strange, strict=True):
        reasons.append(SAME if number in seen else UNLIKE if is_strange else None)
        seen.add(number)
    return reasons


def guess_each(vectors: Sequence[bytes], recogniser: bytes, group: int) -> list[Guess]:
    """The guess of each face among the members of a group, as if it were the only face of its picture."""
    import numpy as np

    from models.recognition.recogniser import Recogniser

    fitted = Recogniser.from_bytes(recogniser)
    return [fitted.identify(np.frombuffer(row, np.float32)[None], group=group).guesses[0] for row in vectors]
