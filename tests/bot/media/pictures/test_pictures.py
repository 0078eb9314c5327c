"""Every odd picture that people post comes out upright, or with one sentence that says why it doesn't."""

from __future__ import annotations

import random
import struct
import time
import warnings
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

from bot.media.pictures.flattening import BACKGROUND
from bot.media.pictures.headers import gif_frames
from bot.media.pictures.opening import open_picture
from bot.media.pictures.refusals import ACCEPTED, PictureError, PictureLimits
from models.faces import Box
from tests.support.picture_files import chunk, distance, png_with, refused, saved


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("JPEG", {"quality": 95}, 4),
        ("JPEG", {"quality": 95, "progressive": True}, 4),
        ("MPO", {"quality": 95}, 4),
        ("PNG", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 95}, 5),
        ("GIF", {}, 12),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("TIFF", {"compression": "jpeg"}, 8),
        ("TIFF", {"big_tiff": True}, 0),
        ("AVIF", {"quality": 90}, 5),
        ("HEIF", {"quality": 90}, 5),
    ],
)
def test_every_accepted_kind_opens(photo: Image.Image, kind: str, options: dict[str, object], tolerance: float) -> None:
    opened = open_picture(saved(photo, kind, **options))
    assert distance(opened, photo) <= tolerance
    assert opened.size == photo.size
    assert opened.format == ("JPEG" if kind == "MPO" else kind)
    assert opened.frames == 1
    assert opened.scale == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_eight_orientations_give_the_same_upright_picture(photo: Image.Image, kind: str, orientation: int) -> None:
    back = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = photo.transpose(back) if back is not None else photo
    exif = Image.Exif()
    exif[0x0112] = orientation
    opened = open_picture(saved(stored, kind, exif=exif.tobytes() if kind == "HEIF" else exif))
    assert opened.size == photo.size
    assert distance(opened, photo) < 8


def test_damaged_exif_spoils_no_picture(photo: Image.Image) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 40
    assert distance(open_picture(saved(photo, "JPEG", quality=95, exif=exif)), photo) < 4
    strange = Image.Exif()
    strange[0x0112] = 9
    assert distance(open_picture(saved(photo, "JPEG", quality=95, exif=strange)), photo) < 4


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_looks_as_in_rgb(photo: Image.Image, kind: str) -> None:
    data = saved(photo.convert("CMYK"), kind)
    if kind == "JPEG":
        assert b"Adobe" in data, "the inverted kind that Photoshop writes"
    assert distance(open_picture(data), photo) < 6


def test_sixteen_bit_colour(photo: Image.Image) -> None:
    wide = np.asarray(photo).astype(np.uint16)[..., ::-1] * 257
    for suffix in (".png", ".tiff"):
        done, data = cv2.imencode(suffix, wide)
        assert done
        assert distance(open_picture(data.tobytes()), photo) <= 1


@pytest.mark.parametrize(
    ("mode", "full"),
    [("I;16", 65535.0), ("I", 255.0), ("I", 65535.0), ("I", 2e9), ("F", 1.0), ("F", 255.0), ("F", 4000.0)],
)
def test_deep_grey_keeps_its_light(photo: Image.Image, mode: str, full: float) -> None:
    grey = np.asarray(photo.convert("L")).astype(np.float64)
    grey *= full / grey.max()
    deep = grey.astype({"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode])
    opened = open_picture(saved(Image.fromarray(deep), "TIFF"))
    expected = Image.fromarray((grey * (255 / full)).astype(np.uint8))
    assert distance(opened, expected) < 1.5


def test_sixteen_bit_grey_png(photo: Image.Image) -> None:
    grey = photo.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    assert distance(open_picture(saved(deep, "PNG")), grey) <= 1


def test_a_floating_picture_with_holes_opens() -> None:
    light = np.full((20, 20), 0.5, np.float32)
    light[0, 0], light[0, 1], light[0, 2] = np.nan, np.inf, -np.inf
    pixels = open_picture(saved(Image.fromarray(light), "TIFF")).pixels
    assert pixels[10, 10].tolist() == [128, 128, 128]
    assert pixels[0, :3].max() == 0
    assert open_picture(saved(Image.fromarray(np.zeros((20, 20), np.float32)), "TIFF")).pixels[10, 10].tolist() == [
        0,
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGBA", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "AVIF"), ("RGBA", "HEIF")]
)
def test_transparency_is_laid_on_the_background(photo: Image.Image, mode: str, kind: str) -> None:
    base = photo.convert("L" if mode == "LA" else "RGB")
    layered = base.convert(mode)
    alpha = Image.new("L", photo.size, 255)
    alpha.paste(0, (0, 0, 120, 300))
    layered.putalpha(alpha)
    expected = base.convert("RGB")
    expected.paste(BACKGROUND, (0, 0, 120, 300))
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind in ("AVIF", "HEIF") else {}
    opened = open_picture(saved(layered, kind, **options))
    assert distance(opened, expected) < 5
    assert np.abs(opened.pixels[:, :100].astype(int) - 128).max() <= 6


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_with_a_transparent_colour(photo: Image.Image, kind: str) -> None:
    palette = photo.quantize(200)
    palette.putpalette((palette.getpalette() or [])[:600] + [255, 0, 255] * 56)
    palette.paste(255, (0, 0, 50, 50))
    opened = open_picture(saved(palette, kind, transparency=255))
    assert (opened.pixels[:50, :50] == 128).all()
    expected = photo.copy()
    expected.paste(BACKGROUND, (0, 0, 50, 50))
    assert distance(opened, expected) < 12


def test_black_and_white(photo: Image.Image) -> None:
    flat = photo.convert("1")
    for kind in ("PNG", "BMP", "TIFF"):
        assert distance(open_picture(saved(flat, kind)), flat) == 0


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_the_first_frame_of_an_animation(photo: Image.Image, kind: str) -> None:
    others = [Image.new("RGB", photo.size, colour) for colour in ("red", "blue", "lime")]
    data = saved(photo, kind, save_all=True, append_images=others, duration=100)
    opened = open_picture(data)
    assert opened.frames == 4
    assert distance(opened, photo) < 14
    assert "animation" in refused(data, PictureLimits(max_frames=3))


def test_pages_of_a_tiff_are_counted_no_further_than_the_limit(photo: Image.Image) -> None:
    data = saved(photo, "TIFF", save_all=True, append_images=[photo] * 4)
    assert open_picture(data).frames == 5
    assert distance(open_picture(data), photo) == 0
    assert "3 frames" in refused(data, PictureLimits(max_frames=3))


def test_a_gif_of_countless_frames_is_refused_at_once() -> None:
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x4c\1\0"
    data = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * 500_000 + b";"
    started = time.process_time()
    assert "2000 frames" in refused(data)
    assert time.process_time() - started < 0.5
    assert gif_frames(data, 10**6) == 500_000


def test_a_large_photo_is_reduced_and_boxes_lead_back(photo: Image.Image) -> None:
    large = photo.resize((2400, 3000))
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(large.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=exif)
    opened = open_picture(data, limits=PictureLimits(working_side=600))
    assert opened.size == (2400, 3000)
    assert max(opened.pixels.shape) == 600
    assert opened.scale == pytest.approx(0.2)
    assert distance(opened, large.resize((480, 600), Image.Resampling.LANCZOS)) < 4
    assert opened.to_original(Box(48, 60, 480, 600)) == Box(240, 300, 2400, 3000)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK"])
def test_any_mode_is_reduced(photo: Image.Image, mode: str) -> None:
    data = saved(photo.convert(mode), "TIFF")
    opened = open_picture(data, limits=PictureLimits(working_side=150))
    expected = photo.convert("L" if mode == "L" else "RGB").resize((120, 150), Image.Resampling.LANCZOS)
    assert distance(opened, expected) < 12


def test_forty_megapixels_are_opened() -> None:
    flat = Image.new("RGB", (7728, 5152), (200, 100, 50))
    opened = open_picture(saved(flat, "JPEG"))
    assert opened.size == (7728, 5152)
    assert opened.pixels.shape == (2576, 3864, 3)
    assert np.abs(opened.pixels[1000, 1000].astype(int) - (200, 100, 50)).max() <= 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.9])
def test_a_file_cut_short_is_refused(photo: Image.Image, kind: str, share: float) -> None:
    data = saved(photo, kind)
    sentence = refused(data[: max(4, int(len(data) * share))])
    assert "cut short" in sentence or "not a picture" in sentence


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (2**31 - 1, 2**31 - 1), (10_000, 5_001)])
@pytest.mark.parametrize("animated", [False, True])
def test_a_png_bomb_is_refused_before_decoding(width: int, height: int, animated: bool) -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    control = chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(
        b"fcTL", struct.pack(">IIIIIHHBB", 0, width, height, 0, 0, 1, 10, 1, 0)
    )
    data = b"\x89PNG\r\n\x1a\n" + header + control * animated + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    started = time.process_time()
    assert "50 megapixels" in refused(data + chunk(b"IEND", b""))
    assert time.process_time() - started < 0.2


def test_other_bombs_are_refused_before_decoding(photo: Image.Image) -> None:
    gif = b"GIF89a\xff\xff\xff\xff\0\0\0\x2c\0\0\0\0\1\0\1\0\0\2\2\x4c\1\0;"
    lossless = b"RIFF\x20\0\0\0WEBPVP8L\x0a\0\0\0\x2f\xff\xff\xff\x0f" + b"\0" * 16
    lossy = b"RIFF\x20\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + b"\0" * 16
    webp = b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\xff\x3f\0\xff\x3f\0" + b"\0" * 8
    for bomb in (gif, webp, lossless, lossy):
        assert "50 megapixels" in refused(bomb)
    for kind in ("JPEG", "BMP", "TIFF", "AVIF", "HEIF", "WEBP"):
        assert "megapixels" in refused(saved(photo, kind), PictureLimits(max_pixels=1000))
    assert "299 pixels a side" in refused(saved(photo, "JPEG"), PictureLimits(max_side=299))


def test_a_gif_whose_frame_outgrows_its_screen_is_refused() -> None:
    frame = b"\x2c\0\0\0\0\xff\xff\xff\xff\0\2\2\x4c\1\0"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refused(b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame + b";")


@pytest.mark.parametrize("name", [b"iTXt", b"zTXt", b"iCCP"])
def test_metadata_that_unpacks_to_a_hundred_megabytes_is_left_packed(photo: Image.Image, name: bytes) -> None:
    bomb = zlib.compress(b"\0" * 100_000_000, 9)
    heads = {
        b"iTXt": b"XML:com.adobe.xmp\0\1\0\0\0",
        b"zTXt": b"Raw profile type exif\0\0",
        b"iCCP": b"a\0\0",
    }
    started = time.process_time()
    assert distance(open_picture(png_with(saved(photo, "PNG"), chunk(name, heads[name] + bomb))), photo) == 0
    assert time.process_time() - started < 1


def test_too_many_bytes_are_refused_unread() -> None:
    assert "25 MiB" in refused(b"\xff\xd8\xff" + b"\0" * (25 * 2**20))


@pytest.mark.parametrize(
    ("data", "looks"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF"),
        (b"<!DOCTYPE html><html><body>404</body>", "a web page"),
        (b"\xef\xbb\xbf \n<HTML>", "a web page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        ("누구세요? who is this".encode(), "text"),
        (b'{"v": "5.5.2", "layers": []}', "text"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\0" * 64, "a video"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42mif1" + b"\0" * 64, "a video"),
        (b"\x1a\x45\xdf\xa3" + b"\0" * 20 + b"\x42\x82\x84webm" + b"\0" * 64, "a video"),
        (b"ID3\x03" + b"\0" * 64, "a sound file"),
        (b"PK\x03\x04" + b"\0" * 64, "a zip file"),
        (b"8BPS\0\1" + b"\0" * 64, "a Photoshop file"),
        (b"\x00\x01\x02\x03" * 50, "not a picture; I read"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(data: bytes, looks: str) -> None:
    sentence = refused(data)
    assert looks in sentence
    if data:
        assert ACCEPTED in sentence


def test_the_name_of_a_kind_is_not_believed(photo: Image.Image) -> None:
    assert open_picture(saved(photo, "PNG")).format == "PNG"
    for kind in ("PPM", "TGA", "ICO", "JPEG2000", "PCX"):
        assert "not a picture" in refused(saved(photo, kind)), "Pillow could, but isn't asked to"
    assert "broken" in refused(b"\x89PNG\r\n\x1a\n" + saved(photo, "JPEG"))


def _flip(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 20)):
        data[dice.randrange(len(data))] = dice.randrange(256)


def _in_header(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 4)):
        data[dice.randrange(min(len(data), 200))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF))


def _cut_out(data: bytearray, dice: random.Random) -> None:
    start = dice.randrange(len(data))
    del data[start : start + dice.randint(1, 300)]


def _double(data: bytearray, dice: random.Random) -> None:
    start = dice.randrange(len(data))
    data[start:start] = data[start : start + dice.randint(1, 300)]


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (_flip, _in_header, _cut_out, _double)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "APNG", "WEBP", "GIF", "BMP", "TIFF", "LZW", "AVIF", "HEIF"])
def test_mutated_files_open_or_are_refused_and_nothing_else(photo: Image.Image, kind: str) -> None:
    small = photo.resize((80, 100))
    exif = Image.Exif()
    exif[0x0112] = 6
    data = {
        "JPEG": lambda: saved(small, "JPEG", exif=exif),
        "APNG": lambda: saved(small, "PNG", save_all=True, append_images=[small.rotate(180)]),
        "GIF": lambda: saved(small, "GIF", save_all=True, append_images=[small.rotate(180)]),
        "LZW": lambda: saved(small, "TIFF", compression="tiff_lzw"),
    }.get(kind, lambda: saved(small, kind))()
    dice = random.Random(kind)
    limits = PictureLimits(max_pixels=2_000_000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(40):
            mutated = bytearray(data)
            dice.choice(MUTATIONS)(mutated, dice)
            try:
                opened = open_picture(bytes(mutated), limits=limits)
            except PictureError:
                continue
            assert opened.pixels.dtype == np.uint8
            assert opened.pixels.ndim == 3
