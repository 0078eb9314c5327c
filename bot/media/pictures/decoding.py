"""The decoding of a picture in this process: its first frame, turned upright, flattened to 8-bit RGB, and reduced."""

from __future__ import annotations

import random
import threading
import warnings
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from PIL import Image, ImageFile
from pillow_heif import HeifImageFile

from bot.errors import LongJobError
from bot.media.pictures.flattening import LYING, flattened, orientation_of, reduced, upright
from bot.media.pictures.headers import PictureKind, gif_blocks, gif_frames, png_chunks, png_frames, riff_chunks
from bot.media.pictures.jpeg import jpeg_segments, scanned_components
from bot.media.pictures.metadata import strip_metadata
from bot.media.pictures.opened import OpenedPicture
from bot.media.pictures.refusals import (
    PictureError,
    broken_message,
    check_frames,
    check_parts,
    check_quick,
    check_scans,
    check_size,
    too_many_pixels_error,
)
from bot.media.pictures.tiff import tiff_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from bot.media.pictures.refusals import PictureLimits

_END: Final = b"\xff\xd9"
"""A JPEG's end marker."""
_SOMETHING_ELSE: Final = bytes(random.Random(0).choices(range(255), k=1024))
"""Possible bytes of a JPEG without 255, which begins a marker."""

_PARTS: Final[Mapping[PictureKind, Callable[[bytes], Iterator[object]]]] = {
    PictureKind.JPEG: jpeg_segments,
    PictureKind.PNG: png_chunks,
    PictureKind.GIF: gif_blocks,
    PictureKind.WEBP: riff_chunks,
}
"""The parts of the kinds that are decoded in the worker itself (`isolation.ISOLATED` has the others)."""

_FRAMES: Final = {PictureKind.GIF: gif_frames, PictureKind.PNG: png_frames, PictureKind.TIFF: tiff_pages}
"""The frames of the kinds whose first one is decoded alone."""

# One decode at a time in a process: `warnings.catch_warnings` isn't safe between threads, and memory stays bounded.
_DECODING: Final = threading.Lock()


class MeasuredCallback(Protocol):
    """Called with the (width, height) and the frames of a picture before its pixels are decoded."""

    def __call__(self, size: tuple[int, int], frames: int, /) -> None: ...


def decode(
    data: bytes, kind: PictureKind, limits: PictureLimits, measured: MeasuredCallback | None = None
) -> OpenedPicture:
    """The picture in a file of this kind.

    Size, frames, parts and scans are checked before pixels are decoded, and a JPEG much larger than `limits.working_side` is
    decoded at a half, a quarter or an eighth. Raises PictureError, LongJobError.
    """
    with _DECODING, warnings.catch_warnings(), _whole_files_only():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # Decoders raise nearly anything on hostile bytes (struct.error, KeyError, ZeroDivisionError, MemoryError, ...),
        # so nothing narrower than Exception will do; the cause is chained.
        try:
            return _read(data, kind, limits, measured or _ignored)
        except (PictureError, LongJobError):
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise too_many_pixels_error(limits) from error
        except Exception as error:
            raise PictureError(broken_message(kind)) from error


def _ignored(_size: tuple[int, int], _frames: int) -> None:
    pass


@contextmanager
def _whole_files_only() -> Generator[None]:
    """Refuse truncated files, although face_recognition lets Pillow fill them up."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _read(data: bytes, kind: PictureKind, limits: PictureLimits, measured: MeasuredCallback) -> OpenedPicture:
    count, parts = _FRAMES.get(kind), _PARTS.get(kind)
    frames = None if count is None else count(data, limits.max_frames + 1)
    if parts is not None:
        check_frames(frames or 1, limits)
        check_parts(sum(1 for _ in islice(parts(data), limits.max_parts + 1)), kind, limits)
    data = strip_metadata(data, kind)
    try:
        return _decode(data, kind, limits, measured, frames)
    except OSError:
        if kind is not PictureKind.JPEG:
            raise
        return _decode_without_end(data, limits, measured)


def _decode_without_end(data: bytes, limits: PictureLimits, measured: MeasuredCallback) -> OpenedPicture:
    """A JPEG that lacks nothing but its end marker. Raises OSError for one that lacks more.

    The decoder fills up missing pixels, in another way when other bytes follow. So the picture is whole if other bytes change
    nothing.
    """
    data = data.rstrip(b"\xff")
    opened, other = (_decode(data + end, PictureKind.JPEG, limits, measured) for end in (_END, _SOMETHING_ELSE + _END))
    if not np.array_equal(opened.pixels, other.pixels):
        raise OSError("cut short")
    return opened


def _decode(
    data: bytes, kind: PictureKind, limits: PictureLimits, measured: MeasuredCallback, frames: int | None = None
) -> OpenedPicture:
    with _open(data, kind) as image:
        size, frames = image.size, frames or int(getattr(image, "n_frames", 1))
        measured(size, frames)
        check_size(size, limits)
        check_frames(frames, limits)
        components = scanned_components(data) if kind is PictureKind.JPEG else None
        if components is not None:
            check_scans(components, size, limits)
        check_quick(size, components, limits)
        if kind is PictureKind.JPEG:
            # Pillow decodes at the smallest of 1/8, 1/4 and 1/2 above the requested size. At three quarters of the working
            # side, a 40-megapixel photo is decoded at a half, and none ends below 3072 for a side of 4096.
            share = 0.75 * limits.working_side / max(size)
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
