"""Photos for the roster: the face of the photo's subject, or all faces of a photo without a clear subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.faces import EnrolmentContext, IdentifiedFace, IdentifiedPicture, UnreadableFile
from bot.domain.photos import FaceProblem, SeveralFaces, example_flaw
from bot.jobs.config import engine_of
from bot.jobs.pictures import crop_face, phash_of, read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.files import Content
    from bot.domain.photos import BlurredFace, SmallFace
    from bot.jobs.config import EngineConfig
    from bot.media.pictures.opened import OpenedPicture
    from models.engines import Engine
    from models.faces import Encodings, Face, Guess
    from models.recognition.quality import FaceQuality

CLEAR_SUBJECT = 4.0
"""The area of a photo's subject, at least, in areas of the next largest face."""

MAX_FACES = 25
"""Faces of a photo that are offered at most, the largest ones. A menu on Discord holds no more."""

LARGE_CROP = 320
"""The side of the largest crops, in pixels."""

NUMBERED_SIDE = 1280
NUMBERED_BYTES = 2**20


def enrol(
    config: EngineConfig, content: Content, rivals: EnrolmentContext | None = None
) -> IdentifiedPicture | UnreadableFile | FaceProblem:
    """The face of the clear subject of the photo `content`, else all faces, numbered in the tagged picture.

    Each face has a crop, and a guess by the recogniser of `rivals` if they are given.
    """
    from models.faces import largest_faces
    from models.recognition.quality import measure_quality

    opened = read_picture(config, content)
    if isinstance(opened, UnreadableFile):
        return opened
    engine = engine_of(config)
    found = engine.detect(opened.pixels)
    if not found:
        return FaceProblem.NO_FACE
    meant = largest_faces(found, 1 if has_subject(largest_first(found)) else MAX_FACES)
    encodings = engine.encode(opened.pixels, meant)
    usable = [place for place, encoding in enumerate(encodings) if (abs(encoding) <= 1).all()]
    meant, encodings = [meant[place] for place in usable], encodings[usable]
    if not meant:
        return FaceProblem.INDISTINCT
    qualities = [measure_quality(opened.pixels, face, engine.landmarks) for face in meant]
    guesses = _guesses(encodings, qualities, rivals)
    return IdentifiedPicture(
        size=opened.size,
        group_name=None,
        faces=tuple(
            IdentifiedFace(
                number,
                opened.to_original(face.box),
                guess,
                encoding.tobytes(),
                quality.flaws,
                crop_face(opened, face, quality),
            )
            for number, (face, guess, encoding, quality) in enumerate(
                zip(meant, guesses, encodings, qualities, strict=True), start=1
            )
        ),
        tagged=_numbered(opened, meant) if len(meant) > 1 else b"",
        engine=engine.version,
    )


def enrol_crop(config: EngineConfig, content: Content) -> IdentifiedPicture | UnreadableFile | FaceProblem:
    """The largest face of a crop from an archive. Its size and sharpness are not judged: the crop was accepted before.

    The crop is encoded anew, so that the storage keeps only its pixels, and no other bytes from outside.
    """
    import numpy as np
    from PIL import Image

    from bot.domain.faces import FaceCrop
    from models.drawing.annotate import encode_jpeg
    from models.recognition.quality import measure_quality

    opened = read_picture(config, content)
    if isinstance(opened, UnreadableFile):
        return opened
    engine = engine_of(config)
    pixels = opened.pixels
    found = largest_first(engine.detect(pixels))
    if not found and max(pixels.shape) < LARGE_CROP:
        # A face that is small in its photo has a small crop, in which the detector finds it only after enlarging.
        pixels = np.asarray(Image.fromarray(pixels).resize((LARGE_CROP, LARGE_CROP), Image.Resampling.LANCZOS))
        found = largest_first(engine.detect(pixels))
    if not found:
        return FaceProblem.NO_FACE
    encodings = engine.encode(pixels, found[:1])
    if not (abs(encodings) <= 1).all():
        return FaceProblem.INDISTINCT
    jpeg = encode_jpeg(np.asarray(opened.pixels))
    box = opened.to_original(found[0].box)
    crop = FaceCrop(jpeg, box.width, measure_quality(pixels, found[0], engine.landmarks).sharpness, phash_of(jpeg))
    (guess,) = _guesses(encodings, (), None)
    seen = IdentifiedFace(1, box, guess, encodings[0].tobytes(), crop=crop)
    return IdentifiedPicture(opened.size, None, (seen,), b"", engine.version)


def largest_first(faces: Sequence[Face]) -> list[Face]:
    """The faces, the largest first."""
    return sorted(faces, key=lambda face: face.box.area, reverse=True)


def has_subject(faces: Sequence[Face]) -> bool:
    """Whether the first of a photo's faces is clearly its subject. `faces`: the largest first."""
    return len(faces) == 1 or faces[0].box.area >= CLEAR_SUBJECT * faces[1].box.area


def example_problem(
    opened: OpenedPicture, faces: Sequence[Face], engine: Engine
) -> FaceProblem | SeveralFaces | SmallFace | BlurredFace | None:
    """The reason why a photo is no good example of one person, None for a good one. `faces`: the largest first."""
    from models.recognition.quality import measure_quality

    if not faces:
        return FaceProblem.NO_FACE
    if not has_subject(faces):
        return SeveralFaces(len(faces))
    width = opened.to_original(faces[0].box).width
    return example_flaw(width, measure_quality(opened.pixels, faces[0], engine.landmarks).sharpness)


def _guesses(
    encodings: Encodings, qualities: Sequence[FaceQuality], rivals: EnrolmentContext | None
) -> Sequence[Guess]:
    from models.faces import ConfidenceBand, Guess
    from models.recognition.recogniser import Recogniser

    if rivals is None:
        return [Guess(None, None, 0.0, ConfidenceBand.UNKNOWN)] * len(encodings)
    recogniser = Recogniser.from_bytes(rivals.recogniser)
    return recogniser.identify(encodings, qualities=qualities, group=rivals.group, once="no").guesses


def _numbered(opened: OpenedPicture, faces: Sequence[Face]) -> bytes:
    from models.drawing.annotate import FaceTag, tagged_jpeg
    from models.faces import ConfidenceBand

    tags = [FaceTag(number, face.box, "", ConfidenceBand.UNSURE) for number, face in enumerate(faces, start=1)]
    return tagged_jpeg(opened.pixels, tags, max_side=NUMBERED_SIDE, max_bytes=NUMBERED_BYTES)
