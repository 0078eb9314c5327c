"""A decoded picture → upright 8-bit RGB without transparency, and reduced to the working size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import ExifTags, Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

BACKGROUND: Final = (128, 128, 128)
"""The colour behind transparent pixels, on which dark and fair hair both stand out."""

_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition that turns a picture upright, by its EXIF orientation."""

LYING: Final = {5, 6, 7, 8}
"""EXIF orientations that exchange width and height."""


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) if EXIF is missing or damaged."""
    # Pillow raises nearly any exception on damaged EXIF.
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """The image turned upright, by its EXIF orientation."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def flattened(image: Image.Image) -> Image.Image:
    """An image of any mode that Pillow decodes → RGB, 8 bits a channel, with transparency over `BACKGROUND`."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        layered = _as_mode(image, "RGBA")
        canvas = Image.new("RGB", image.size, BACKGROUND)
        canvas.paste(layered, mask=layered.getchannel("A"))
        return canvas
    return _as_mode(image, "RGB")


def _as_mode(image: Image.Image, mode: str) -> Image.Image:
    # `convert` copies even when there is nothing to convert: 200 MB for 50 megapixels.
    return image if image.mode == mode else image.convert(mode)


def _eight_bits(grey: NDArray[Any]) -> NDArray[np.uint8]:
    """(h, w) uint16, int32 or float32 → uint8, by the smallest usual full scale that holds the brightest pixel."""
    if grey.dtype.itemsize == 2:
        return (grey >> 8).astype(np.uint8)
    light = np.nan_to_num(grey.astype(np.float32), posinf=0.0, neginf=0.0)
    brightest = float(light.max())
    usual = (1.0, 255.0) if grey.dtype.kind == "f" else (255.0, 65535.0)
    full = next((scale for scale in usual if brightest <= scale), brightest)
    return np.clip(light * (255.0 / full) + 0.5, 0, 255).astype(np.uint8)


def reduced(image: Image.Image, side: int) -> Image.Image:
    """The image with `side` pixels at most on its longer side."""
    share = side / max(image.size)
    if share >= 1:
        return image
    width, height = (max(1, round(length * share)) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
