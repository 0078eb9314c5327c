"""The limits of a picture, and the sentences for pictures beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.domain.messages import Message
from bot.errors import LongJobError, PersonError
from bot.media.pictures.headers import PictureKind
from bot.text.formatting import MEBIBYTE

QUICK_SCANNED: Final = 120_000_000
"""The pixels of a JPEG, counted as in `PictureLimits.max_scanned`, that are decoded in 0.2 s on a busy core."""

QUICK_PIXELS: Final = 6_000_000
"""The pixels of another picture that are decoded in 0.2 s on a busy core."""

ACCEPTED: Final = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC and AVIF"


class PictureError(PersonError):
    """The bytes are no picture that can be opened; the sentence goes after the file's name."""


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """The limits of a picture. Beyond `working_side` it is reduced; beyond the others it is refused.

    `max_scanned`: the pixels of a JPEG, counted once for each component of each scan. libjpeg takes 0.7 s of processor time
    for 10⁹; 50 megapixels by its usual script of ten scans are 0.7 · 10⁹. `max_parts`: segments, chunks or blocks of a file.
    The slowest, chunks of a PNG, take 4.6 µs each; 25 MiB of a GIF are a hundred thousand blocks. `isolated_seconds`,
    `isolated_seconds_a_megapixel`: the processor time of a kind that an isolated process decodes. A HEIC of noise takes
    0.13 s a megapixel, the slowest of all that are what they seem. All were measured on a Xeon core of a 2026 cloud machine.
    `quick_only`: a picture that takes long is left for the lane of long work.
    """

    max_bytes: int = 25 * MEBIBYTE
    max_pixels: int = 50_000_000
    max_side: int = 32_768
    max_frames: int = 2_000
    max_scanned: int = 1_500_000_000
    max_parts: int = 200_000
    isolated_seconds: float = 3.0
    isolated_seconds_a_megapixel: float = 0.2
    working_side: int = 4096
    quick_only: bool = False

    def exceeded_by(self, size: tuple[int, int], frames: int) -> bool:
        """Whether a picture of this (width, height) and number of frames is refused."""
        try:
            check_size(size, self)
            check_frames(frames, self)
        except PictureError:
            return True
        return False


def check_size(size: tuple[int, int], limits: PictureLimits) -> None:
    """Raise PictureError for a (width, height) beyond the limits."""
    if min(size) < 1:
        raise PictureError("this picture is broken: it says that it has no pixels")
    if size[0] * size[1] > limits.max_pixels:
        raise too_many_pixels_error(limits, size)
    if max(size) > limits.max_side:
        raise PictureError(
            "this picture is too long ({width} × {height}); I read up to {most} pixels a side",
            width=size[0],
            height=size[1],
            most=limits.max_side,
        )


def check_frames(frames: int, limits: PictureLimits) -> None:
    """Raise PictureError for an animation of too many frames."""
    if frames > limits.max_frames:
        raise PictureError(
            "this animation has more than {most} frames; post a shorter one, or a single picture",
            most=limits.max_frames,
        )


def check_parts(parts: int, kind: PictureKind, limits: PictureLimits) -> None:
    """Raise PictureError for a file in too many parts."""
    if parts > limits.max_parts:
        raise PictureError(
            "this {kind} is cut into too many pieces; save it once more and post that copy", kind=_spoken(kind)
        )


def check_scans(components: int, size: tuple[int, int], limits: PictureLimits) -> None:
    """Raise PictureError for a JPEG whose scans decode its pixels too often. `components`: of all scans."""
    # The start of a scan takes as long as the decoding of two thousand pixels.
    if components * max(size[0] * size[1], 2_000) > limits.max_scanned:
        raise PictureError("this JPEG has too many scans for its size; save it once more and post that copy")


def check_quick(size: tuple[int, int], components: int | None, limits: PictureLimits) -> None:
    """Raise LongJobError for a picture that takes long, where `limits` want none. `components`: as in `check_scans`."""
    pixels = size[0] * size[1]
    quick = pixels <= QUICK_PIXELS if components is None else components * pixels <= QUICK_SCANNED
    if limits.quick_only and not quick:
        raise LongJobError


def too_many_pixels_error(limits: PictureLimits, size: tuple[int, int] | None = None) -> PictureError:
    """The refusal of a picture with too many pixels. `size`: (width, height), None where it is unknown."""
    measured = f" ({size[0]} × {size[1]})" if size else ""
    return PictureError(
        "this picture has too many pixels{measured}; I read up to {most:.0f} megapixels",
        measured=measured,
        most=limits.max_pixels / 1e6,
    )


def too_slow_error(kind: PictureKind) -> PictureError:
    """The refusal of a picture whose decoder took too long."""
    return PictureError(
        "this {kind} takes too long to read; save it as a JPEG or a PNG and post that", kind=_spoken(kind)
    )


def broken_message(kind: PictureKind) -> Message:
    """The sentence about a file that can't be decoded."""
    return Message(
        "this {kind} is broken or cut short and can't be read; save it once more and post that copy", kind=_spoken(kind)
    )


def _spoken(kind: PictureKind) -> str:
    return {PictureKind.WEBP: "WebP", PictureKind.HEIF: "HEIC"}.get(kind, kind.value)
