"""The tagged picture: legible labels at their faces, in every script, within the limits of size."""

from __future__ import annotations

import time
from collections.abc import Sequence
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

from models.drawing.annotate import FaceTag, draw_tags, encode_jpeg, square_crop, tagged_jpeg
from models.drawing.fonts import drawable, font, has_glyph, shorten
from models.drawing.markers import COLOURS
from models.faces import Box, ConfidenceBand

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.faces import Picture


@pytest.fixture(scope="session")
def photo(public_photos: Path) -> Picture:
    """A portrait of 910 by 1137 pixels."""
    return np.asarray(Image.open(public_photos / "obama.jpg").convert("RGB"))


def plain(width: int, height: int, level: int = 128) -> Picture:
    return np.full((height, width, 3), level, np.uint8)


def near(picture: Picture, colour: Sequence[int], within: int = 40) -> NDArray[np.bool_]:
    return np.asarray((np.abs(picture.astype(int) - np.array(colour)) <= within).all(axis=2))


@pytest.mark.parametrize(
    "name",
    [
        "Tzuyu",
        "쯔위",
        "ツウィ",
        "つうい",
        "周子瑜",
        "周子瑜 (정연)",
        "ĐẶNG Ngọc",
        "Ελενη",
        "Дарья",
        "Sana or Momo? 48%",
    ],
)
def test_every_script_is_drawn_as_itself(name: str) -> None:
    assert drawable(name) == name
    for char in name:
        assert char == " " or has_glyph(char)
        if char != " ":
            assert np.asarray(painted(char)).max() > 100


def painted(text: str) -> Image.Image:
    canvas = Image.new("L", (600, 60))
    ImageDraw.Draw(canvas).text((4, 4), text, 255, font(28))
    return canvas


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Momo 🍑", "Momo"),
        ("👩‍👩‍👧", ""),
        ("Na\u202eyeon\u200b", "Nayeon"),
        ("two\nlines\tand \0 nothing", "two lines and nothing"),
        ("𝓣𝔃𝓾𝔂𝓾", "Tzuyu"),
        ("don\u2019t know", "don't know"),
        ("\ud800", ""),
        ("ไทย", ""),
        ("Ελένη", "Ελενη"),
        ("쯔위", "쯔위"),
        ("♥\ufe0f", "♥"),
        ("", ""),
    ],
)
def test_characters_without_a_glyph_leave_no_boxes(text: str, left: str) -> None:
    assert drawable(text) == left


def test_no_missing_glyph_counts_as_drawn() -> None:
    assert not has_glyph("😀")
    assert not has_glyph("\uffff")
    assert has_glyph("위")


def test_a_long_name_is_shortened() -> None:
    assert shorten("Tzuyu", 20, 500) == "Tzuyu"
    text = shorten("Minatozaki Sana " * 5, 20, 200)
    assert text.startswith("Minatozaki")
    assert text.endswith("...")
    assert font(20).getlength(text) <= 200


@pytest.mark.parametrize("band", list(ConfidenceBand))
def test_the_colour_shows_the_band(band: ConfidenceBand) -> None:
    picture = draw_tags(plain(900, 600), [FaceTag(1, Box(300, 150, 500, 350), "Tzuyu", band, "97%")])
    for other in ConfidenceBand:
        pixels = int(near(picture, COLOURS[other], 12).sum())
        assert pixels > 300 if other is band else pixels < 60


def test_the_line_shows_the_band_without_colour() -> None:
    box = Box(300, 150, 500, 350)
    drawn = {band: draw_tags(plain(900, 600), [FaceTag(1, box, "", band)]) for band in ConfidenceBand}
    share = {band: near(picture[150:152, 330:470], COLOURS[band], 12)[0].mean() for band, picture in drawn.items()}
    assert share[ConfidenceBand.SURE] == 1
    assert 0.3 < share[ConfidenceBand.UNSURE] < 0.7
    assert 0 < share[ConfidenceBand.UNKNOWN] < 0.3


def test_bands_differ_for_colour_blind_eyes() -> None:
    # Deuteranopia in linear RGB: Viénot, Brettel, Mollon 1999.
    blind = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    seen = {band: blind @ (np.array(colour) / 255) ** 2.2 for band, colour in COLOURS.items()}
    for one, other in combinations(ConfidenceBand, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 0.15


def test_the_pixels_of_the_face_are_unchanged(photo: Picture) -> None:
    box = Box(330, 220, 620, 560)
    picture = draw_tags(photo, [FaceTag(1, box, "Barack Obama", ConfidenceBand.SURE, "99%")])
    assert picture.shape == photo.shape
    assert np.array_equal(picture[230:550, 340:610], photo[230:550, 340:610])


def test_without_tags_the_picture_is_unchanged(photo: Picture) -> None:
    assert np.array_equal(draw_tags(photo, []), photo)


def test_the_given_picture_is_not_drawn_on(photo: Picture) -> None:
    before = photo.copy()
    draw_tags(photo, [FaceTag(1, Box(330, 220, 620, 560), "x", ConfidenceBand.SURE)])
    assert np.array_equal(before, photo)


@pytest.mark.parametrize(
    ("width", "height", "drawn"),
    [(5000, 2500, (2048, 1024)), (2048, 100, (2048, 100)), (800, 800, (800, 800)), (600, 300, (1200, 600)),
     (100, 50, (400, 200)), (1, 1, (4, 4)), (3000, 1, (2048, 1))],
)  # fmt: skip
def test_small_pictures_grow_and_large_ones_shrink(width: int, height: int, drawn: tuple[int, int]) -> None:
    tag = FaceTag(1, Box(0, 0, max(1, width // 4), max(1, height // 3)), "쯔위", ConfidenceBand.SURE, "97%")
    picture = draw_tags(plain(width, height), [tag])
    assert (picture.shape[1], picture.shape[0]) == drawn


def test_boxes_grow_with_the_picture() -> None:
    picture = draw_tags(plain(600, 300), [FaceTag(1, Box(200, 50, 300, 150), "", ConfidenceBand.SURE)])
    rows, columns = np.nonzero(near(picture[:, 580:], COLOURS[ConfidenceBand.SURE], 12))
    assert columns.max() + 580 == 599
    assert rows.max() == 299


def test_boxes_outside_the_picture() -> None:
    boxes = (Box(-50, -50, 20, 20), Box(880, 580, 990, 700), Box(5000, 5000, 6000, 6000), Box(100, 100, 100, 100),
             Box(200, 200, 203, 202), Box(-99, -99, 2000, 2000))  # fmt: skip
    tags = [
        FaceTag(i, box, "정연", band, "50%")
        for i, (box, band) in enumerate(zip(boxes, [*ConfidenceBand, *ConfidenceBand], strict=True))
    ]
    assert draw_tags(plain(900, 600), tags).shape == (600, 900, 3)


def test_a_crowd_gets_numbers_alone() -> None:
    tags = [
        FaceTag(
            i,
            Box(10 + 100 * (i % 9), 10 + 90 * (i // 9), 90 + 100 * (i % 9), 90 + 90 * (i // 9)),
            "정연",
            ConfidenceBand.SURE,
        )
        for i in range(54)
    ]
    picture = draw_tags(plain(920, 560), tags)
    assert not near(picture, (255, 255, 255), 20).any(), "no name is written"
    assert near(picture, COLOURS[ConfidenceBand.SURE], 12).sum() > 54 * 300


def test_the_jpeg_respects_its_limit() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1500, 2000, 3), dtype=np.uint8)
    tags = [FaceTag(1, Box(300, 150, 500, 350), "Tzuyu", ConfidenceBand.SURE, "97%")]
    full = tagged_jpeg(noise, tags)
    assert Image.open(BytesIO(full)).size == (2000, 1500)
    for budget in (1_000_000, 100_000, 16 * 1024):
        data = tagged_jpeg(noise, tags, max_bytes=budget)
        assert len(data) <= budget
        opened = Image.open(BytesIO(data))
        assert opened.format == "JPEG"
        assert opened.width / opened.height == pytest.approx(4 / 3, rel=0.02)
    with pytest.raises(ValueError, match="no picture is worth"):
        encode_jpeg(noise, max_bytes=1000)


def test_other_arrays_are_refused() -> None:
    for wrong in (np.zeros((10, 10), np.uint8), np.zeros((10, 10, 3), np.float32), np.zeros((0, 10, 3), np.uint8)):
        with pytest.raises(ValueError, match="a picture is"):
            draw_tags(wrong, [])  # pyright: ignore[reportArgumentType] -- wrong on purpose


def test_a_crop_is_a_padded_square_of_the_same_pixels(photo: Picture) -> None:
    opened = Image.open(BytesIO(square_crop(photo, Box(400, 400, 500, 480))))
    assert opened.size == (180, 180)
    expected = photo[350:530, 360:540].astype(int)
    assert np.abs(np.asarray(opened).astype(int) - expected).mean() < 3
    assert Image.open(BytesIO(square_crop(photo, Box(330, 220, 620, 560)))).size == (320, 320)


@pytest.mark.parametrize(
    "box", [Box(0, 0, 100, 100), Box(850, 1080, 910, 1137), Box(-20, -30, 60, 70), Box(0, 0, 910, 1137)]
)
def test_a_crop_at_the_border_is_still_square(photo: Picture, box: Box) -> None:
    width, height = Image.open(BytesIO(square_crop(photo, box))).size
    assert width == height


def test_a_crop_outside_is_refused(photo: Picture) -> None:
    for box in (Box(2000, 2000, 2100, 2100), Box(10, 10, 10, 40)):
        with pytest.raises(ValueError, match="outside"):
            square_crop(photo, box)


def test_nine_faces_are_drawn_at_once() -> None:
    tags = [
        FaceTag(i + 1, Box(20 + 108 * i, 300, 90 + 108 * i, 380), "Jeongyeon", ConfidenceBand.SURE, "97%")
        for i in range(9)
    ]
    picture = plain(1000, 700)
    tagged_jpeg(picture, tags)
    times: list[float] = []
    for _ in range(5):
        started = time.process_time()
        tagged_jpeg(picture, tags)
        times.append(time.process_time() - started)
    assert min(times) < 0.15, "about 20 ms of a processor, whatever else it does"
