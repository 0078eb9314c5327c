"""Small files that make a decoder work for long are refused before they are decoded, or soon after."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from PIL import Image

from bot.errors import LongJobError
from bot.media.pictures.opening import open_picture
from bot.media.pictures.refusals import PictureLimits
from tests.support import heavy_pictures
from tests.support.picture_files import distance, refused, saved


@pytest.mark.parametrize("empty", [False, True])
def test_a_jpeg_of_many_scans_is_refused_undecoded(*, empty: bool) -> None:
    assert open_picture(heavy_pictures.jpeg_of_scans(600, 400, 100, empty=empty)).size == (600, 400)
    data = heavy_pictures.jpeg_of_scans(2000, 1500, 1000, empty=empty)
    began = time.process_time()
    assert "many scans" in refused(data)
    assert time.process_time() - began < 0.2


def test_scans_are_not_counted_in_what_follows_the_picture(photo: Image.Image) -> None:
    data = saved(photo, "JPEG", quality=95)
    assert distance(open_picture(data + b"\xff\xda\0\2" * 500_000), photo) < 4


@pytest.mark.parametrize(
    "made",
    [
        lambda: heavy_pictures.jpeg_of_segments(300_000),
        lambda: heavy_pictures.jpeg_of_segments(300_000, before=b"\0"),
        lambda: heavy_pictures.jpeg_of_segments(300_000, before=b"\xff\xd0"),
        lambda: heavy_pictures.png_of_chunks(300_000),
        lambda: heavy_pictures.gif_of_blocks(300_000),
        lambda: heavy_pictures.webp_of_chunks(300_000),
    ],
)
def test_a_file_cut_into_tiny_pieces_is_refused_undecoded(made: Callable[[], bytes]) -> None:
    data = made()
    began = time.process_time()
    assert "many pieces" in refused(data)
    assert time.process_time() - began < 1


def test_a_jpeg_after_megabytes_of_filling_is_read(photo: Image.Image) -> None:
    data = saved(photo, "JPEG", quality=95)
    at = heavy_pictures.JFIF
    for filling in (b"\xff", b"\0"):
        began = time.process_time()
        assert distance(open_picture(data[:at] + filling * 20_000_000 + data[at:]), photo) < 4
        assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("made", "is_quick"),
    [
        (lambda: saved(Image.new("RGB", (4000, 3000)), "JPEG"), True),
        (lambda: saved(Image.new("RGB", (1440, 3200)), "PNG"), True),
        (lambda: heavy_pictures.jpeg_of_scans(2000, 2000, 100), False),
        (lambda: saved(Image.new("RGB", (4000, 3000)), "PNG"), False),
        (lambda: saved(Image.new("RGB", (64, 64)), "HEIF"), False),
    ],
    ids=["phone", "screenshot", "scans", "large PNG", "HEIC"],
)
def test_a_picture_that_takes_long_is_left_undecoded_where_that_is_wished(
    made: Callable[[], bytes], *, is_quick: bool
) -> None:
    data, limits = made(), PictureLimits(quick_only=True)
    if is_quick:
        assert open_picture(data, limits=limits).pixels.size
        return
    began = time.process_time()
    with pytest.raises(LongJobError):
        open_picture(data, limits=limits)
    assert time.process_time() - began < 0.2
    assert open_picture(data).pixels.size


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: heavy_pictures.avif_of_hidden_frames(500, 30_000), marks=pytest.mark.slow),
        pytest.param(lambda: heavy_pictures.tiff_of_tiles(1200), marks=pytest.mark.thorough),
        pytest.param(lambda: heavy_pictures.bmp_of_runs(10_000_000), marks=pytest.mark.thorough),
    ],
)
def test_a_decoder_that_goes_on_and_on_is_ended(made: Callable[[], bytes], photo: Image.Image) -> None:
    limits = PictureLimits(isolated_seconds=0.5, isolated_seconds_a_megapixel=0)
    assert "takes too long" in refused(made(), limits)
    assert distance(open_picture(saved(photo, "TIFF")), photo) == 0, "the next one has a new process"
