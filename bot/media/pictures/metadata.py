"""Removes metadata and further frames from a picture's bytes, so that damaged metadata breaks no picture.

Decoders read text, profiles, previews and further frames before they draw. They refuse a file in which one of these is damaged
or unpacks to too much. This module walks the containers. It unpacks nothing but a text that may hold the orientation, within
bounds. The rest of a malformed container stays for the decoder to judge.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

from bot.media.pictures.headers import PictureKind, gif_image, png_chunks, riff_chunks
from bot.media.pictures.jpeg import SCAN, jpeg_segments
from bot.media.pictures.tiff import first_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_TEXT: Final = 1 << 20
"""The most unpacked bytes of a text that may hold the orientation; Pillow's own limit."""

_PNG_TURNS: Final = (b"Raw profile type exif", b"XML:com.adobe.xmp")
"""Keys of the texts that may hold an orientation: ImageMagick's EXIF, and XMP."""
_PNG_TRANSPARENCY: Final = {0: range(2, 3), 2: range(6, 7), 3: range(1, 257)}
"""The valid numbers of bytes of a `tRNS`, by colour type (PNG 11.3.1.1)."""

_JPEG_KEPT: Final = {0xE0: 14, 0xE1: 0, 0xEE: 12}
"""Application segments that stay if they have so many bytes: JFIF and Adobe with the colour space, EXIF and XMP with the
orientation."""

_WEBP_DRAWN: Final = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
_WEBP_TURNS: Final = {b"EXIF": 0x08, b"XMP ": 0x04}
"""Chunks that may hold an orientation, each with its flag in `VP8X`."""
_WEBP_METADATA: Final = 0x20 | 0x08 | 0x04
"""The flags of profile, EXIF and XMP."""


def strip_metadata(data: bytes, kind: PictureKind) -> bytes:
    """The picture without metadata; only the first picture of a PNG, GIF or TIFF.

    HEIF and BMP stay unchanged: their decoders ignore metadata.
    """
    strip = _STRIP.get(kind)
    return data if strip is None else strip(data)


def _png(data: bytes) -> bytes:
    """Critical chunks, and the transparency and orientation if their checksums are right."""
    parts = [data[:8]]
    texts = set(_PNG_TURNS)
    for name, at, end in png_chunks(data):
        if not name[0] & 0x20:
            parts.append(data[at:end])
            continue
        body = data[at + 8 : end - 4]
        if zlib.crc32(name + body) != int.from_bytes(data[end - 4 : end], "big"):
            continue
        if name == b"tRNS":
            kept = len(body) in _PNG_TRANSPARENCY.get(data[25], ())
        elif name in {b"tEXt", b"zTXt", b"iTXt"}:
            key, _, text = body.partition(b"\0")
            kept = key in texts and _unpacks(name, text)
            texts.discard(key)
        else:
            kept = name == b"eXIf"
        if kept:
            parts.append(data[at:end])
    return b"".join(parts)


def _unpacks(name: bytes, text: bytes) -> bool:
    """Whether a text has at most `MAX_TEXT` bytes after its key; no more are unpacked."""
    packed = name == b"zTXt" or (name == b"iTXt" and text[:1] != b"\0")
    if not packed:
        return len(text) <= MAX_TEXT
    unpacking = zlib.decompressobj()
    try:
        unpacking.decompress(text[1:] if name == b"zTXt" else text[2:].split(b"\0", 2)[-1], MAX_TEXT)
    except zlib.error:
        return False
    return unpacking.eof


def _jpeg(data: bytes) -> bytes:
    """The file without comments and without application segments that don't describe the picture."""
    parts = [data[:2]]
    for marker, start, end in jpeg_segments(data):
        if marker == SCAN:
            parts.append(data[start:])
            break
        length = end - start - 4
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or length >= _JPEG_KEPT.get(marker, length + 1):
            parts.append(data[start:end])
    return b"".join(parts)


def _gif(data: bytes) -> bytes:
    """The screen, the first picture, and the extension with the transparent colour."""
    image = gif_image(data)
    return data if image is None else data[: image.screen] + image.control + data[image.start : image.end] + b"\x3b"


def _webp(data: bytes) -> bytes:
    """The frames and the chunks that may hold their orientation, with the flags and the size corrected."""
    chunks = [
        (name, data[at:end])
        for name, at, end in riff_chunks(data)
        if name in _WEBP_DRAWN or (name in _WEBP_TURNS and end <= len(data))
    ]
    flags = 0
    for name, _ in chunks:
        flags |= _WEBP_TURNS.get(name, 0)
    parts: list[bytes] = []
    for name, chunk in chunks:
        if name == b"VP8X" and len(chunk) > 8:
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_METADATA | flags]) + chunk[9:]
        parts += [chunk, b"\0" * (len(chunk) & 1)]
    size = 4 + sum(len(part) for part in parts)
    return b"".join([b"RIFF", struct.pack("<I", size), b"WEBP", *parts])


def _avif(data: bytes) -> bytes:
    """The whole file, with its EXIF under an unknown type; the orientation is in the picture's properties."""
    stripped = bytearray(data)
    for at, end in _boxes(data, b"meta", 0, len(data)):
        for inner, inner_end in _boxes(data, b"iinf", at + 4, end):
            first = inner + (6 if data[inner] == 0 else 8)
            for item, item_end in _boxes(data, b"infe", first, inner_end):
                kind = item + (8 if data[item] == 2 else 10)
                if kind + 4 <= item_end and data[kind : kind + 4] == b"Exif":
                    stripped[kind : kind + 4] = b"skip"
    return bytes(stripped)


def _boxes(data: bytes, name: bytes, at: int, end: int) -> Iterator[tuple[int, int]]:
    """Begin and end of the body of each box of that name (ISO/IEC 14496-12, 4.2)."""
    while at + 8 <= end:
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = end - at
        if size < head + 1 or at + size > end:
            return
        if data[at + 4 : at + 8] == name:
            yield at + head, at + size
        at += size


_STRIP: Final[Mapping[PictureKind, Callable[[bytes], bytes]]] = {
    PictureKind.JPEG: _jpeg,
    PictureKind.PNG: _png,
    PictureKind.GIF: _gif,
    PictureKind.WEBP: _webp,
    PictureKind.TIFF: first_page,
    PictureKind.AVIF: _avif,
}
