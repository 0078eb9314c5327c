"""Metadata that is damaged or unpacks to too much breaks no picture; nor does a missing end where nothing else is missing."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from bot.media.pictures.opening import open_picture
from bot.media.pictures.refusals import PictureLimits
from bot.media.pictures.tiff import tiff_pages
from tests.support.picture_files import chunk, distance, png_with, refused, saved


def wrong(made: bytes) -> bytes:
    """A chunk whose checksum is wrong."""
    return made[:-1] + bytes([made[-1] ^ 1])


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "a description of some length"
    return exif


@pytest.mark.parametrize(
    "name", ["tEXt", "zTXt", "iTXt", "iCCP", "eXIf", "gAMA", "bKGD", "tRNS", "acTL", "fcTL", "caBX", "prVt"]
)
def test_a_png_chunk_that_nothing_needs_may_be_damaged(photo: Image.Image, name: str) -> None:
    damaged = wrong(chunk(name.encode(), b"Comment\0hello"))
    assert distance(open_picture(png_with(saved(photo, "PNG"), damaged)), photo) == 0
    data = saved(photo, "PNG")
    assert distance(open_picture(data[:-12] + damaged + data[-12:]), photo) == 0
    assert distance(open_picture(data[:-12] + damaged[:-6]), photo) == 0


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("cHRM", b"short"),
        ("gAMA", b""),
        ("pHYs", b"short"),
        ("iCCP", b"profile\0\x09unknown packing"),
        ("iCCP", b"profile"),
        ("zTXt", b"Comment\0\x07"),
        ("tRNS", b"\0"),
        ("acTL", b"\0\0"),
        ("fcTL", b"\0\0\0\x07"),
        ("fdAT", b""),
        ("eXIf", b"MM\0*\xff\xff\xff\xff"),
    ],
)
def test_a_png_chunk_may_be_no_such_thing(photo: Image.Image, name: str, body: bytes) -> None:
    assert distance(open_picture(png_with(saved(photo, "PNG"), chunk(name.encode(), body))), photo) == 0


def test_sixty_megabytes_of_text_in_small_pieces_are_not_read(photo: Image.Image) -> None:
    text = chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"\0" * 1_000_000))
    assert distance(open_picture(png_with(saved(photo, "PNG"), *[text] * 100)), photo) == 0


@pytest.mark.parametrize("kind", ["eXIf", "Raw profile type exif", "XML:com.adobe.xmp"])
def test_a_png_is_turned_as_its_texts_say(photo: Image.Image, kind: str) -> None:
    exif = turned(6).tobytes()
    raw = f"\nexif\n{len(exif):8}\n{exif.hex()}\n".encode()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><tiff:Orientation>6</tiff:Orientation></x:xmpmeta>'
    said = {
        "eXIf": chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")),
        "Raw profile type exif": chunk(b"zTXt", kind.encode() + b"\0\0" + zlib.compress(raw)),
        "XML:com.adobe.xmp": chunk(b"iTXt", kind.encode() + b"\0\0\0\0\0" + xmp),
    }[kind]
    assert distance(open_picture(png_with(saved(photo.transpose(Image.Transpose.ROTATE_90), "PNG"), said)), photo) == 0


def test_an_animation_whose_later_frames_are_damaged_shows_its_first(photo: Image.Image) -> None:
    others = [Image.new("RGB", photo.size, colour) for colour in ("red", "blue")]
    moving = saved(photo, "PNG", save_all=True, append_images=others)
    at = moving.index(b"fdAT")
    assert distance(open_picture(moving[:at] + b"\xff" * 20 + moving[at + 20 :]), photo) == 0
    at = moving.index(b"fcTL")
    assert distance(open_picture(moving[: at + 4] + b"\xff" * 26 + moving[at + 30 :]), photo) == 0
    moving = saved(photo, "GIF", save_all=True, append_images=others)
    assert distance(open_picture(moving[:-10]), photo) < 14


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("body", [b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff" + b"\xff" * 60, b"MM", b"\0"])
def test_exif_may_be_anything(photo: Image.Image, kind: str, body: bytes) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a description of some length"
    data = saved(photo, kind, exif=exif.tobytes(), quality=95)
    there = exif.tobytes().removeprefix(b"Exif\0\0")
    assert data.count(there) == 1
    damaged = data.replace(there, body[: len(there)].ljust(len(there), b"\xff"))
    assert distance(open_picture(damaged), photo) < 6


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_a_colour_profile_may_be_anything(photo: Image.Image, kind: str) -> None:
    profile = b"a colour profile that is none: " + bytes(range(200))
    assert distance(open_picture(saved(photo, kind, quality=95, icc_profile=profile)), photo) < 6


@pytest.mark.parametrize(
    "made",
    [
        segment(0xE0, b"JFIF\0"),
        segment(0xE0, b"JFIF\0\1"),
        segment(0xEE, b"Adobe"),
        segment(0xE2, b"MPF\0MM\0*\xff\xff\xff\xff"),
        segment(0xE2, b"ICC_PROFILE\0"),
        segment(0xED, b"Photoshop 3.0\x008BIM\xff\xff"),
        segment(0xFE, b"\xff" * 60_000),
    ],
)
def test_a_jpeg_segment_may_be_cut_short(photo: Image.Image, made: bytes) -> None:
    data = saved(photo, "JPEG", quality=95)
    assert distance(open_picture(data[:2] + made + data[2:]), photo) < 4
    assert distance(open_picture(data[:20] + made + data[20:]), photo) < 4


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_that_lacks_only_its_end_is_read(photo: Image.Image, mode: str, options: dict[str, object]) -> None:
    data = saved(photo.convert(mode), "JPEG", quality=95, **options)
    whole = open_picture(data).pixels
    for rest in (b"", b"\xff", b"\0" * 5000):
        assert np.array_equal(open_picture(data[:-2] + rest).pixels, whole)
    for missing in (20, 200, len(data) // 2):
        assert "cut short" in refused(data[:-missing])


def test_a_large_jpeg_that_lacks_only_its_end_is_read(photo: Image.Image) -> None:
    data = saved(photo.resize((2400, 3000)), "JPEG", quality=90, exif=turned(1))
    opened = open_picture(data[:-2], limits=PictureLimits(working_side=600))
    assert np.array_equal(opened.pixels, open_picture(data, limits=PictureLimits(working_side=600)).pixels)


def cut_in_its_metadata(data: bytes) -> bytes:
    return data[: data.rindex(b"XMP ") + 100]


def said_to_be(size: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:4] + struct.pack("<I", size) + data[8:]


@pytest.mark.parametrize("damage", [cut_in_its_metadata, said_to_be(0), said_to_be(2**32 - 1), said_to_be(60)])
@pytest.mark.parametrize("frames", [1, 3])
def test_a_webp_whose_frames_are_whole_is_read(
    photo: Image.Image, damage: Callable[[bytes], bytes], frames: int
) -> None:
    others = [Image.new("RGB", photo.size, colour) for colour in ("red", "blue")[: frames - 1]]
    options = {"save_all": True, "append_images": others} if others else {}
    stored = photo.transpose(Image.Transpose.ROTATE_90) if frames == 1 else photo
    exif = turned(6 if frames == 1 else 1)
    data = saved(stored, "WEBP", lossless=True, exif=exif, xmp=b"x" * 500, icc_profile=b"none" * 50, **options)
    opened = open_picture(damage(data))
    assert distance(opened, photo) == 0
    assert opened.frames == frames


@pytest.mark.parametrize(("order", "big"), [("<", False), (">", False), ("<", True)])
@pytest.mark.parametrize("tag", [270, 700, 33723, 34377, 34665, 34675, 34853, 274])
def test_a_tiff_tag_that_nothing_is_drawn_by_may_be_damaged(
    photo: Image.Image, tag: int, order: str, big: bool
) -> None:
    data = tiff(photo, order, big=big, more=(tag, 4, 2**31, 2**31))
    assert distance(open_picture(data), photo) == 0
    assert distance(open_picture(tiff(photo, order, big=big, more=(tag, 99, 1, 9))), photo) == 0


def test_pages_of_a_tiff_that_lead_in_a_circle_are_counted_once(photo: Image.Image) -> None:
    data = bytearray(tiff(photo, "<"))
    first = int.from_bytes(data[4:8], "little")
    last = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    data[last : last + 4] = data[4:8]
    assert tiff_pages(bytes(data), 100) == 1
    assert distance(open_picture(bytes(data)), photo) == 0


def tiff(photo: Image.Image, order: str, *, big: bool = False, more: tuple[int, int, int, int] | None = None) -> bytes:
    """An uncompressed TIFF in one strip, with one more entry: tag, type, number of values, and the value or its place."""
    number = "Q" if big else "I"
    pixels, bits = photo.tobytes(), struct.pack(order + "4H", 8, 8, 8, 0)
    mark = b"II" if order == "<" else b"MM"
    head = mark + (struct.pack(order + "HHH", 43, 8, 0) if big else struct.pack(order + "H", 42))
    start = len(head) + struct.calcsize("=" + number)
    sizes = [(256, photo.width), (257, photo.height), (259, 1), (262, 2), (273, start), (277, 3), (279, len(pixels))]
    entries = [(tag, 4, 1, struct.pack(order + "I", value)) for tag, value in sizes]
    entries.append((258, 3, 3, bits if big else struct.pack(order + "I", start + len(pixels))))
    if more is not None:
        entries.append((*more[:3], struct.pack(order + number, more[3])))
    written = [
        struct.pack(order + "HH" + number, tag, kind, many) + value.ljust(struct.calcsize("=" + number), b"\0")
        for tag, kind, many, value in sorted(entries)
    ]
    directory = struct.pack(order + ("Q" if big else "H"), len(written)) + b"".join(written)
    first = struct.pack(order + number, start + len(pixels) + len(bits))
    return head + first + pixels + bits + directory + struct.pack(order + number, 0)


@pytest.mark.parametrize(
    "made",
    [b"\x21\xf9\1\0\0", b"\x21\xf9\0", b"\x21\xff\0", b"\x21\xfe\3abc\0", b"\x21\xff\x0bXMP DataXMP\0", b"\x21\1\0"],
)
def test_a_gif_extension_may_be_anything(photo: Image.Image, made: bytes) -> None:
    data = saved(photo, "GIF")
    table = 13 + 3 * 256
    assert data[table] in b"\x21\x2c"
    assert distance(open_picture(data[:table] + made + data[table:]), photo) < 14
