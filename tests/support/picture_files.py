"""Picture files of every kind, whole and broken, and how what is read of them is judged."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from bot.media.pictures.opened import OpenedPicture
from bot.media.pictures.opening import open_picture
from bot.media.pictures.refusals import PictureError, PictureLimits


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file of that kind."""
    out = BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(image).save(out, **options)  # pyright: ignore[reportUnknownMemberType] -- untyped
    else:
        image.save(out, kind, **options)
    return out.getvalue()


def distance(opened: OpenedPicture, expected: Image.Image) -> float:
    """Mean absolute difference of two pictures in grey levels."""
    assert opened.pixels.dtype == np.uint8
    assert opened.pixels.shape == (expected.height, expected.width, 3)
    return float(np.abs(opened.pixels.astype(int) - np.asarray(expected.convert("RGB")).astype(int)).mean())


def refused(data: bytes, limits: PictureLimits | None = None) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(PictureError) as caught:
        open_picture(data, limits=limits)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert 10 < len(sentence) < 200
    return sentence


def chunk(name: bytes, body: bytes) -> bytes:
    """A whole chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_with(png: bytes, *chunks: bytes) -> bytes:
    """A PNG with more chunks after its header."""
    return png[:33] + b"".join(chunks) + png[33:]
