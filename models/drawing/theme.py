"""The style of dark pictures: colours, pages with a title, a colour scale for heat maps, faces with round corners."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from models.drawing.fonts import drawable, font, shorten

if TYPE_CHECKING:
    from models.faces import Picture

Colour = tuple[int, int, int]

BACKGROUND_COLOUR: Final = (24, 25, 30)
"""The background of all pages."""

EMPTY: Final = (38, 40, 47)
"""Lines and empty areas."""

LIGHT: Final = (236, 238, 242)
DIM: Final = (160, 166, 178)
"""Primary and secondary text."""

BLUE: Final = (86, 160, 255)
ORANGE: Final = (255, 159, 28)
"""Distinct for colour-blind eyes too, because the second is lighter."""

GREY: Final = (150, 156, 168)
"""Strangers and unknown values."""

PAGE_WIDTH: Final = 1100
"""Width of a page in pixels, twice that of a picture on Discord."""

GAP: Final = 32
TEXT_SIZE: Final = 28
SMALL_TEXT_SIZE: Final = 20

HUES: Final[tuple[Colour, ...]] = (
    BLUE,
    ORANGE,
    (0, 129, 105),
    (221, 221, 221),
    (204, 51, 17),
    (0, 114, 178),
    (68, 187, 153),
    (153, 221, 255),
    (238, 221, 136),
    (238, 136, 102),
    (204, 121, 167),
    (238, 51, 119),
)
"""Twelve colours of members, the most distinct ones first.

They come from the palettes of Okabe and Ito (2008), Tol (2021) and Krzywinski (15 colours), without colours below a contrast
of 3 to the background. The order is greedy: each next colour has the largest minimum of CIEDE2000 to those before, for normal
eyes, protanopes and deuteranopes (Machado et al. 2009). All twelve are 10 apart and the first six 17, so more than six
members need a second sign.
"""

_CIVIDIS: Final[tuple[Colour, ...]] = (
    (0, 34, 78),
    (53, 69, 108),
    (102, 105, 112),
    (148, 142, 119),
    (200, 184, 102),
    (254, 232, 56),
)

_MIDDLE_LUMINANCE: Final = 0.182
"""The luminance with equal contrast to LIGHT and BACKGROUND_COLOUR."""


def member_colour(number: int) -> Colour:
    """The colour of member `number`, from 0. The thirteenth has that of the first."""
    return HUES[number % len(HUES)]


def heat_colour(share: float) -> Colour:
    """The colour of a share in [0, 1], dark blue to yellow. Shares outside count as 0 or 1.

    Every fifth colour of cividis (Nuñez, Anderton and Renslow 2018), which is perceptually uniform, also for red-green blind
    eyes.
    """
    place = min(max(share, 0.0), 1.0) * (len(_CIVIDIS) - 1)
    start = min(int(place), len(_CIVIDIS) - 2)
    return blend(_CIVIDIS[start], _CIVIDIS[start + 1], place - start)


def blend(start: Colour, end: Colour, share: float) -> Colour:
    """The colour at a share of the way from `start` to `end`."""
    red, green, blue = (round(a + (b - a) * min(share, 1.0)) for a, b in zip(start, end, strict=True))
    return red, green, blue


def text_colour_on(colour: Colour) -> Colour:
    """The text colour with the higher WCAG contrast on `colour`, 3.8 at least."""
    red, green, blue = ((part / 255) ** 2.2 for part in colour)
    return LIGHT if 0.2126 * red + 0.7152 * green + 0.0722 * blue < _MIDDLE_LUMINANCE else BACKGROUND_COLOUR


def page(width: int, height: int, title: str, subtitle: str = "") -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A dark page with a title and a subtitle, both shortened to the page's width less margins of `GAP` pixels.

    The content begins `content_top(subtitle)` pixels from the upper edge.
    """
    image = Image.new("RGB", (width, height), BACKGROUND_COLOUR)
    draw = ImageDraw.Draw(image)
    draw.text((GAP, GAP), shorten(drawable(title), TEXT_SIZE, width - 2 * GAP), LIGHT, font(TEXT_SIZE))
    if subtitle:
        draw.text(
            (GAP, 1.5 * GAP + TEXT_SIZE),
            shorten(drawable(subtitle), SMALL_TEXT_SIZE, width - 2 * GAP),
            DIM,
            font(SMALL_TEXT_SIZE),
        )
    return image, draw


def content_top(subtitle: str = "") -> int:
    """The top of a page's content below title and subtitle, in pixels."""
    return 2 * GAP + TEXT_SIZE + (SMALL_TEXT_SIZE + GAP // 2 if subtitle else 0)


def draw_vertical_text(
    image: Image.Image, corner: tuple[int, int], size: tuple[int, int], text: str, letters: int, ink: Colour = LIGHT
) -> None:
    """Draw `text`, shortened, from bottom to top in a box of `size` (width, height) pixels with its upper left at `corner`."""
    width, height = size
    turned = Image.new("RGB", (height, width), BACKGROUND_COLOUR)
    ImageDraw.Draw(turned).text((0, width / 2), shorten(text, letters, height), ink, font(letters), anchor="lm")
    image.paste(turned.rotate(90, expand=True), corner)


def paste_face(
    image: Image.Image, face: Picture, corner: tuple[int, int], side: int, radius: int | None = None
) -> None:
    """Paste a square face ((h, w, 3) uint8), `side` pixels wide, with corners of `radius` pixels; None makes a disc."""
    shown = Image.fromarray(face).resize((side, side), Image.Resampling.LANCZOS)
    # The mask is drawn four times as large and reduced, because Pillow doesn't smooth edges.
    mask = Image.new("L", (4 * side, 4 * side))
    round_by = 4 * (side / 2 if radius is None else radius)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 4 * side - 1, 4 * side - 1), round_by, 255)
    image.paste(shown, corner, mask.resize((side, side), Image.Resampling.LANCZOS))


def to_png(image: Image.Image) -> bytes:
    """The picture as a PNG file."""
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
