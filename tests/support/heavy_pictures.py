"""Small picture files that make a decoder work for long."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from av.codec.context import CodecContext
from av.video.frame import VideoFrame
from PIL import Image

from tests.support.picture_files import chunk, saved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.video.codeccontext import VideoCodecContext

GREY = (90, 120, 60)

JFIF = 20
"""The end of the first segment of a JPEG by Pillow."""


def jpeg_of_scans(width: int, height: int, scans: int, *, empty: bool = False) -> bytes:
    """A progressive JPEG whose last scan comes so many times more. `empty`: without its data, which decoders forgive."""
    data = saved(Image.new("RGB", (width, height), GREY), "JPEG", progressive=True, quality=50)
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    if empty:
        scan = scan[: 2 + int.from_bytes(scan[2:4], "big")]
    return data[:-2] + scan * scans + data[-2:]


def jpeg_of_segments(segments: int, before: bytes = b"") -> bytes:
    """A JPEG with empty Huffman tables, and these bytes before them."""
    data = saved(Image.new("RGB", (64, 64), GREY), "JPEG")
    return data[:JFIF] + before + b"\xff\xc4\0\2" * segments + data[JFIF:]


def png_of_chunks(chunks: int) -> bytes:
    """A PNG with empty chunks of pixels before the real one."""
    data = saved(Image.new("RGB", (64, 64), GREY), "PNG")
    at = data.index(b"IDAT") - 4
    return data[:at] + chunk(b"IDAT", b"") * chunks + data[at:]


def gif_of_blocks(blocks: int) -> bytes:
    """A GIF with a comment in blocks of one byte."""
    data = saved(Image.new("P", (64, 64)), "GIF")
    at = data.index(b"\x2c")
    return data[:at] + b"\x21\xfe" + b"\1a" * blocks + b"\0" + data[at:]


def webp_of_chunks(chunks: int) -> bytes:
    """A WebP with empty chunks after its picture."""
    data = saved(Image.new("RGB", (64, 64), GREY), "WEBP")
    body = data[12:] + b"none\0\0\0\0" * chunks
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def tiff_of_tiles(side: int) -> bytes:
    """A square, uncompressed TIFF whose pixels are each a tile of its own that lies at the same place."""
    tiles, places = side * side, 72
    entries = [(256, 4, 1, side), (257, 4, 1, side), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2), (277, 3, 1, 3)]
    entries += [(322, 4, 1, 1), (323, 4, 1, 1), (324, 4, tiles, places), (325, 4, tiles, places + 4 * tiles)]
    head = b"II*\0" + struct.pack("<I", places + 8 * tiles) + struct.pack("<3H", 8, 8, 8).ljust(64, b"\x55")
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return head + struct.pack("<I", 8) * tiles + struct.pack("<I", 3) * tiles + directory + b"\0" * 4


def bmp_of_runs(runs: int) -> bytes:
    """A run-length encoded BMP whose runs have one pixel each."""
    body, places = (b"\1\0" * 2000 + b"\0\0") * (runs // 2000) + b"\0\1", 54 + 1024
    header = struct.pack("<IiiHHIIiiII", 40, 2000, runs // 2000, 1, 8, 1, len(body), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", places + len(body), 0, 0, places) + header + bytes(1024) + body


def avif_of_hidden_frames(side: int, frames: int) -> bytes:
    """An AVIF whose picture comes after many frames of a lower layer, which are decoded and not shown."""
    template = saved(Image.new("RGB", (side, side), GREY), "AVIF", speed=10, subsampling="4:2:0")
    parts = dict(_obus(_av1_keyframe(side)))
    sequence, frame = _with_two_layers(parts[_SEQUENCE]), parts[_FRAME]
    item = _obu(_SEQUENCE, sequence) + _obu(_FRAME, frame, layer=0) * frames + _obu(_FRAME, frame, layer=1) * 2
    return _with_item(template, item)


_SEQUENCE, _FRAME = 1, 6


def _av1_keyframe(side: int) -> bytes:
    encoder = cast("VideoCodecContext", CodecContext.create("libaom-av1", "w"))
    encoder.width = encoder.height = side
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    encoder.options = {"cpu-used": "8", "lag-in-frames": "0", "usage": "realtime"}
    flat = VideoFrame.from_ndarray(np.full((side, side, 3), 100, np.uint8), "rgb24").reformat(format="yuv420p")
    flat.pts = 0
    packets: list[av.Packet] = [*encoder.encode(flat), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def _obus(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each unit of an AV1 stream (AV1 specification, 5.3)."""
    at = 0
    while at < len(data):
        kind, at = data[at] >> 3 & 15, at + 1
        size = shift = 0
        more = True
        while more:
            size, more = size | (data[at] & 127) << shift, bool(data[at] & 128)
            at, shift = at + 1, shift + 7
        yield kind, data[at : at + size]
        at += size


def _obu(kind: int, body: bytes, layer: int | None = None) -> bytes:
    head = bytes([kind << 3 | 2]) if layer is None else bytes([kind << 3 | 6, layer << 3])
    size, length = len(body), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return head + length + bytes([size]) + body


def _with_two_layers(sequence: bytes) -> bytes:
    """The header of a sequence whose only operating point has two spatial layers: 12 bits from bit 12 on (5.5.1)."""
    shift = 8 * len(sequence) - 24
    bits = int.from_bytes(sequence, "big") & ~(0xFFF << shift)
    return (bits | 0x301 << shift).to_bytes(len(sequence), "big")


def _with_item(avif: bytes, item: bytes) -> bytes:
    """The AVIF with other data of its only item, at the end of the file (ISO/IEC 14496-12, 8.11.3; version 0, no base)."""
    at = avif.index(b"iloc") + 4 + 4 + 2 + 2 + 2 + 2 + 2
    place = struct.pack(">II", len(avif) + 8, len(item))
    return avif[:at] + place + avif[at + 8 :] + struct.pack(">I", 8 + len(item)) + b"mdat" + item
