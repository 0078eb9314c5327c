"""Untrusted bytes → an upright RGB picture. Called in worker processes only."""

from __future__ import annotations

import random
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageFile
from pillow_heif import HeifImageFile

from bot.domain.messages import Message
from bot.errors import PersonError
from bot.media.pictures.flattening import LYING, flattened, orientation_of, reduced, upright
from bot.media.pictures.headers import PictureKind, gif_frames, impostor, png_frames, sniff, webp_canvas
from bot.media.pictures.metadata import stripped
from bot.media.pictures.tiff import tiff_pages
from bot.text.formatting import MEBIBYTE, mebibytes
from models.faces import Box

if TYPE_CHECKING:
    from collections.abc import Generator

    from models.faces import Picture

ACCEPTED: Final = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC and AVIF"
_END: Final = b"\xff\xd9"
"""A JPEG's end marker."""
_SOMETHING_ELSE: Final = bytes(random.Random(0).choices(range(255), k=1024))
"""Possible bytes of a JPEG without 255, which begins a marker."""

# One decode at a time in a process: `warnings.catch_warnings` isn't safe between threads, and memory stays bounded.
_DECODING: Final = threading.Lock()


class PictureError(PersonError):
    """The bytes are no picture that can be opened; the sentence goes after the file's name."""


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """The limits of a picture. Beyond `working_side` it is reduced; beyond the others it is refused."""

    max_bytes: int = 25 * MEBIBYTE
    max_pixels: int = 50_000_000
    max_side: int = 32_768
    max_frames: int = 2_000
    working_side: int = 4096


@dataclass(frozen=True, slots=True, eq=False)
class OpenedPicture:
    """A decoded picture.

    `pixels`: (h, w, 3) uint8, upright, read-only, perhaps reduced. `size`: (width, height) of the upright original.
    `format`: a `PictureKind`, such as "JPEG". `frames`: 1 for a still; only the first was decoded.
    """

    pixels: Picture
    size: tuple[int, int]
    format: str
    frames: int

    @property
    def scale(self) -> float:
        """The sides of `pixels` over those of the original: 1.0 unless the picture was reduced."""
        return max(self.pixels.shape[:2]) / max(self.size)

    def to_original(self, box: Box) -> Box:
        """A box in `pixels` → the same box in pixels of the original."""
        height, width = self.pixels.shape[:2]
        return _stretched(box, self.size[0] / width, self.size[1] / height)

    def from_original(self, box: Box) -> Box:
        """A box in pixels of the original → the same box in `pixels`."""
        height, width = self.pixels.shape[:2]
        return _stretched(box, width / self.size[0], height / self.size[1])


def _stretched(box: Box, across: float, down: float) -> Box:
    return Box(round(box.left * across), round(box.top * down), round(box.right * across), round(box.bottom * down))


def open_picture(data: bytes, *, limits: PictureLimits | None = None) -> OpenedPicture:
    """Decode the first frame of `data`, turned upright as its EXIF says, flattened to 8-bit RGB.

    The content alone decides the kind. Size and frames are checked before pixels are decoded, and a JPEG much larger
    than `limits.working_side` is decoded at a half, a quarter or an eighth.

    Raises:
        PictureError: not a picture of an accepted kind, broken, cut short, or beyond `limits` (default: as declared).
    """
    limits = limits or PictureLimits()
    kind = _admit(data, limits)
    with _DECODING, warnings.catch_warnings(), _whole_files_only():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # Decoders raise nearly anything on hostile bytes (struct.error, KeyError, ZeroDivisionError, MemoryError, ...),
        # so nothing narrower than Exception will do; the cause is chained.
        try:
            return _read(data, kind, limits)
        except PictureError:
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise _too_many_pixels(limits) from error
        except Exception as error:
            raise PictureError(_broken(kind)) from error


@contextmanager
def _whole_files_only() -> Generator[None]:
    """Refuse truncated files, although face_recognition lets Pillow fill them up."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _admit(data: bytes, limits: PictureLimits) -> PictureKind:
    """The kind of a picture. Raises PictureError for bytes that are refused without a decoder."""
    if not data:
        raise PictureError("this file is empty")
    if len(data) > limits.max_bytes:
        raise PictureError(
            "this file is too large ({size}); I read pictures of up to {most}",
            size=mebibytes(len(data), 1),
            most=mebibytes(limits.max_bytes),
        )
    kind = sniff(data)
    if kind is None:
        looks = impostor(data)
        raise PictureError(
            "this is not a picture{looks}; I read {accepted}",
            looks=Message(" (it looks like {looks})", looks=looks) if looks else "",
            accepted=ACCEPTED,
        )
    if kind is PictureKind.WEBP:
        canvas = webp_canvas(data)
        if canvas is None:
            raise PictureError(_broken(kind))
        _check_size(canvas, limits)
    return kind


def _read(data: bytes, kind: PictureKind, limits: PictureLimits) -> OpenedPicture:
    counted = _frames(data, kind, limits)
    data = stripped(data, kind)
    try:
        return _decode(data, kind, limits, counted)
    except OSError:
        if kind is not PictureKind.JPEG:
            raise
        return _decode_without_end(data, limits)


def _decode_without_end(data: bytes, limits: PictureLimits) -> OpenedPicture:
    """A JPEG that lacks nothing but its end marker. Raises OSError for one that lacks more.

    The decoder fills up missing pixels, in another way when other bytes follow. So the picture is whole if other bytes change
    nothing.
    """
    data = data.rstrip(b"\xff")
    opened, other = (_decode(data + end, PictureKind.JPEG, limits) for end in (_END, _SOMETHING_ELSE + _END))
    if not np.array_equal(opened.pixels, other.pixels):
        raise OSError("cut short")
    return opened


def _decode(data: bytes, kind: PictureKind, limits: PictureLimits, frames: int | None = None) -> OpenedPicture:
    with _open(data, kind) as image:
        _check_size(image.size, limits)
        frames = frames or int(getattr(image, "n_frames", 1))
        _check_frames(frames, limits)
        size = image.size
        longest = max(size)
        if kind is PictureKind.JPEG:
            # Pillow decodes at the smallest of 1/8, 1/4 and 1/2 above the requested size. At three quarters of the working
            # side, a 40-megapixel photo is decoded at a half, and none ends below 3072 for a side of 4096.
            share = 0.75 * limits.working_side / longest
            image.draft(None, (max(1, int(size[0] * share)), max(1, int(size[1] * share))))
        image.load()
        orientation = orientation_of(image)
        picture = upright(reduced(flattened(image), limits.working_side), orientation)
    return OpenedPicture(
        pixels=np.asarray(picture),
        size=(size[1], size[0]) if orientation in LYING else size,
        format=kind.value,
        frames=frames,
    )


def _open(data: bytes, kind: PictureKind) -> ImageFile.ImageFile:
    # pillow-heif's class is used directly, since an opener would be registered for the whole process.
    if kind is PictureKind.HEIF:
        return HeifImageFile(BytesIO(data))
    return Image.open(BytesIO(data), formats=(kind.value,))


def _frames(data: bytes, kind: PictureKind, limits: PictureLimits) -> int | None:
    """The number of frames of a kind whose first is decoded alone, up to one beyond the limit; None for other kinds."""
    counted = {PictureKind.GIF: gif_frames, PictureKind.PNG: png_frames, PictureKind.TIFF: tiff_pages}.get(kind)
    return None if counted is None else counted(data, limits.max_frames + 1)


def _check_size(size: tuple[int, int], limits: PictureLimits) -> None:
    if min(size) < 1:
        raise PictureError("this picture is broken: it says that it has no pixels")
    if size[0] * size[1] > limits.max_pixels:
        raise _too_many_pixels(limits, size)
    if max(size) > limits.max_side:
        raise PictureError(
            "this picture is too long ({width} × {height}); I read up to {most} pixels a side",
            width=size[0],
            height=size[1],
            most=limits.max_side,
        )


def _too_many_pixels(limits: PictureLimits, size: tuple[int, int] | None = None) -> PictureError:
    measured = f" ({size[0]} × {size[1]})" if size else ""
    return PictureError(
        "this picture has too many pixels{measured}; I read up to {most:.0f} megapixels",
        measured=measured,
        most=limits.max_pixels / 1e6,
    )


def _check_frames(frames: int, limits: PictureLimits) -> None:
    if frames > limits.max_frames:
        raise PictureError(
            "this animation has more than {most} frames; post a shorter one, or a single picture",
            most=limits.max_frames,
        )


def _broken(kind: PictureKind) -> Message:
    return Message(
        "this {kind} is broken or cut short and can't be read; save it once more and post that copy", kind=_spoken(kind)
    )


def _spoken(kind: PictureKind) -> str:
    return {PictureKind.WEBP: "WebP", PictureKind.HEIF: "HEIC"}.get(kind, kind.value)
