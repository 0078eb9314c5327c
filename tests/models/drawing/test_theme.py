"""The dark style: distinct colours for all eyes, legible texts, faces with round corners."""

from __future__ import annotations

from io import BytesIO
from itertools import combinations

import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from models.drawing import theme
from tests.support.drawn import drawings

EYES = {
    "normal": np.eye(3),
    "protanope": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranope": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}
"""Transformations of linear RGB: Machado, Oliveira and Fernandes 2009, at full severity."""


def linear(colour: theme.Colour) -> np.ndarray:
    share = np.array(colour) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def seen(colour: theme.Colour, eyes: str) -> np.ndarray:
    """The perceived colour in CIELAB."""
    light = np.clip(np.array(EYES[eyes]) @ linear(colour), 0, 1)
    return rgb2lab(np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055))


def contrast(one: theme.Colour, other: theme.Colour) -> float:
    """The contrast by WCAG, from 1 to 21."""
    lights = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) + 0.05 for colour in (one, other))
    return lights[1] / lights[0]


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize(("members", "apart"), [(2, 27), (4, 27), (6, 17), (12, 10)])
def test_hues_are_distinct_for_all_eyes(eyes: str, members: int, apart: float) -> None:
    colours = [seen(theme.member_colour(number), eyes) for number in range(members)]
    assert min(deltaE_ciede2000(one, other) for one, other in combinations(colours, 2)) >= apart


def test_hues_contrast_with_the_background_and_repeat() -> None:
    assert min(contrast(colour, theme.BACKGROUND_COLOUR) for colour in theme.HUES) >= 3
    assert theme.member_colour(12) == theme.member_colour(0)
    assert theme.member_colour(5) != theme.member_colour(6)


@pytest.mark.parametrize("eyes", EYES)
def test_heat_grows_lighter_in_even_steps(eyes: str) -> None:
    lightness = np.array([seen(theme.heat_colour(share), eyes)[0] for share in np.linspace(0, 1, 21)])
    steps = np.diff(lightness)
    assert (steps > 0).all()
    assert steps.max() < 2 * steps.min()
    assert theme.heat_colour(-1) == theme.heat_colour(0)
    assert theme.heat_colour(2) == theme.heat_colour(1)


def test_texts_are_legible_on_every_heat() -> None:
    colours = [theme.heat_colour(share) for share in np.linspace(0, 1, 101)]
    assert min(contrast(theme.text_colour_on(colour), colour) for colour in colours) >= 3.8
    assert contrast(theme.LIGHT, theme.BACKGROUND_COLOUR) > 7
    assert contrast(theme.DIM, theme.BACKGROUND_COLOUR) > 4.5


@pytest.mark.parametrize("subtitle", ["", "what it is, " * 40])
def test_titles_stay_within_the_margins(subtitle: str) -> None:
    with drawings() as saved:
        image, _ = theme.page(theme.PAGE_WIDTH, 300, "TWICE 트와이스 " * 20, subtitle)
        theme.draw_vertical_text(image, (500, theme.content_top(subtitle)), (30, 100), "A very long name", 20)
        theme.to_png(image)
    saved[0].check(margin=theme.GAP - 2)
    assert len(saved[0].texts) == 2 + bool(subtitle)
    *above, turned = saved[0].texts
    assert all(text.box[3] < theme.content_top(subtitle) for text in above)
    assert turned.text.endswith("...")
    assert turned.box[2] - turned.box[0] < turned.box[3] - turned.box[1]


def test_faces_have_round_corners() -> None:
    face = np.full((90, 90, 3), (250, 10, 10), np.uint8)
    for radius, filled in ((None, np.pi / 4), (20, 1 - (4 - np.pi) * 400 / 100**2)):
        image, _ = theme.page(300, 300, "")
        theme.paste_face(image, face, (100, 150), 100, radius)
        pixels = np.asarray(Image.open(BytesIO(theme.to_png(image)))).astype(int)
        assert (pixels[200, 150] == (250, 10, 10)).all()
        assert (pixels[151, 101] == theme.BACKGROUND_COLOUR).all()
        red = (
            (pixels[150:250, 100:200, 0] - theme.BACKGROUND_COLOUR[0]).sum()
            / (250 - theme.BACKGROUND_COLOUR[0])
            / 100**2
        )
        assert abs(red - filled) < 0.01
        assert (np.delete(np.delete(pixels, range(150, 250), 0), range(100, 200), 1) == theme.BACKGROUND_COLOUR).all()
