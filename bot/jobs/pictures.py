"""Pictures in jobs: decoded within the limits, faces cropped, crops hashed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.faces import FaceCrop, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.files import Content
    from bot.jobs.config import EngineConfig
    from bot.media.pictures.opened import OpenedPicture
    from models.faces import Face, Picture
    from models.recognition.quality import FaceQuality


def read_picture(config: EngineConfig, content: Content) -> OpenedPicture | UnreadableFile:
    """The picture of untrusted content, upright and in RGB, or the reason why it can't be read.

    Raises LongJobError for one that takes long, in a job that leaves long work.
    """
    from bot.infra.worker_side import leaves_long_work
    from bot.media.pictures.opening import open_picture
    from bot.media.pictures.refusals import PictureError, PictureLimits

    try:
        return open_picture(
            bytes_of(content, config.picture_bytes),
            limits=PictureLimits(
                max_bytes=config.picture_bytes, max_pixels=config.picture_pixels, quick_only=leaves_long_work()
            ),
        )
    except PictureError as error:
        return UnreadableFile(error.message)


def bytes_of(content: Content, most: int) -> bytes:
    """The bytes of untrusted content; of a file larger than `most`, one more than that."""
    if isinstance(content, bytes):
        return content
    with content.open("rb") as file:
        return file.read(most + 1)


def picture_refusals(config: EngineConfig, pictures: Sequence[bytes]) -> list[UnreadableFile | None]:
    """For each picture the reason why it can't be read, or None."""
    opened = (read_picture(config, data) for data in pictures)
    return [picture if isinstance(picture, UnreadableFile) else None for picture in opened]


def open_crop(jpeg: bytes) -> Picture | None:
    """A crop of the storage in RGB; None for one that is damaged."""
    from io import BytesIO

    import numpy as np
    from PIL import Image

    try:
        return np.asarray(Image.open(BytesIO(jpeg)).convert("RGB"))
    except (OSError, SyntaxError, ValueError):  # Pillow's errors for files that are broken or cut off
        return None


def crop_face(opened: OpenedPicture, face: Face, quality: FaceQuality) -> FaceCrop:
    """The crop of a face, as the storage keeps it."""
    from models.drawing.annotate import square_crop

    jpeg = square_crop(opened.pixels, face.box)
    return FaceCrop(jpeg, opened.to_original(face.box).width, quality.sharpness, phash_of(jpeg))


def phash_of(jpeg: bytes) -> str:
    """The perceptual hash of a crop: 16 hexadecimal digits."""
    from io import BytesIO

    import numpy as np
    from PIL import Image

    from models.encodings.copies import perceptual_hash

    return f"{perceptual_hash(np.asarray(Image.open(BytesIO(jpeg)))):016x}"
