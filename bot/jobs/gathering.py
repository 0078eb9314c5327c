"""Gathered photos: the only face of each, and the reasons to leave photos out of the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.faces import GatheredFace, UnreadableFile
from bot.domain.gathering import CandidateRefusal
from bot.jobs.config import engine_of
from bot.jobs.enrolment import example_problem, largest_first
from bot.jobs.pictures import crop_face, read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.files import Content
    from bot.jobs.config import EngineConfig
    from models.faces import Guess


def find_only_face(config: EngineConfig, content: Content) -> GatheredFace | None:
    """The one clear, large and sharp face of a photo, None for a photo without one, or an unreadable file."""
    from models.recognition.quality import measure_quality

    opened = read_picture(config, content)
    if isinstance(opened, UnreadableFile):
        return None
    engine = engine_of(config)
    found = largest_first(engine.detect(opened.pixels))
    if example_problem(opened, found, engine) is not None:
        return None
    face = found[0]
    encoding = engine.encode(opened.pixels, [face])[0]
    quality = measure_quality(opened.pixels, face, engine.landmarks)
    box = opened.to_original(face.box)
    return GatheredFace(
        opened.size, box, crop_face(opened, face, quality), encoding.tobytes(), quality.flaws, engine.version
    )


def candidate_refusals(
    vectors: Sequence[bytes], accepted: Sequence[bytes], others: Sequence[bytes], engine: str
) -> list[CandidateRefusal | None]:
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
    reasons: list[CandidateRefusal | None] = []
    seen = set(numbers[: len(known)])
    for number, is_strange in zip(numbers[len(known) :], strange, strict=True):
        reasons.append(CandidateRefusal.COPY if number in seen else CandidateRefusal.UNLIKE if is_strange else None)
        seen.add(number)
    return reasons


def guess_each(vectors: Sequence[bytes], recogniser: bytes, group: int) -> list[Guess]:
    """The guess of each face among the members of a group, as if it were the only face of its picture."""
    import numpy as np

    from models.recognition.recogniser import Recogniser

    fitted = Recogniser.from_bytes(recogniser)
    return [fitted.identify(np.frombuffer(row, np.float32)[None], group=group).guesses[0] for row in vectors]
