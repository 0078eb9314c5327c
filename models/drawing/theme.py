"""The one style of dark pictures: colours, a page with its title, a scale for heat maps, faces with round corners."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from models.drawing.fonts import drawable, font, shorten

if TYPE_CHECKING:
    from models.faces import Picture

Colour = tuple[int, int, int]

BACKGROUND_COLOUR: Final = (24, 25, 30)
"""The ground."""

EMPTY: Final = (38, 40, 47)
"""Lines, and what holds nothing."""

LIGHT: Final = (236, 238, 242)
DIM: Final = (160, 166, 178)
"""Text, and text that stands back."""

BLUE: Final = (86, 160, 255)
ORANGE: Final = (255, 159, 28)
"""Told apart by colour-blind eyes too: the second is lighter."""

GREY: Final = (150, 156, 168)
"""Nobody, or not known."""

PAGE_WIDTH: Final = 1100
"""Pixels: twice the width at which Discord shows a picture."""

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
"""Twelve colours for as many members, the first ones the furthest apart.

From the palettes of Okabe and Ito (2008), Tol (2021) and Krzywinski (15 colours) those with a contrast of 3 or more to the
ground, each in turn the one whose least CIEDE2000 to those before is greatest, to normal eyes, protanopes and deuteranopes
(Machado et al. 2009). All twelve are 10 apart, the first six 17: beyond these a second sign should tell them apart.
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
"""The luminance on which LIGHT and BACKGROUND_COLOUR are read equally well."""


def member_colour(number: int) -> Colour:
    """The colour of the member at this place, from 0; the thirteenth has that of the first."""
    return HUES[number % len(HUES)]


def heat_colour(share: float) -> Colour:
    """The colour of a share in [0, 1], dark blue to yellow; what lies outside counts as the nearer end.

    Cividis (Nuñez, Anderton and Renslow 2018), every fifth of it: perceptually uniform, and the same to red-green blind eyes.
    """
    place = min(max(share, 0.0), 1.0) * (len(_CIVIDIS) - 1)
    start = min(int(place), len(_CIVIDIS) - 2)
    return blend(_CIVIDIS[start], _CIVIDIS[start + 1], place - start)


def blend(start: Colour, end: Colour, share: float) -> Colour:
    """The colour that lies at a share of the way from one to another."""
    red, green, blue = (round(a + (b - a) * min(share, 1.0)) for a, b in zip(start, end, strict=True))
    return red, green, blue


def text_colour_on(colour: Colour) -> Colour:
    """The text colour that is read best on `colour`: by WCAG's contrast, 3.8 at least."""
    red, green, blue = ((part / 255) ** 2.2 for part in colour)
    return LIGHT if 0.2126 * red + 0.7152 * green + 0.0722 * blue < _MIDDLE_LUMINANCE else BACKGROUND_COLOUR


def page(width: int, height: int, title: str, subtitle: str = "") -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A dark picture with its title, and below it the subtitle, both shortened to fit between the margins of `GAP` pixels.

    What it shows begins `content_top(subtitle)` pixels from its upper edge.
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
    """Where the room below a page's title and subtitle begins, in pixels from its upper edge."""
    return 2 * GAP + TEXT_SIZE + (SMALL_TEXT_SIZE + GAP // 2 if subtitle else 0)


def draw_vertical_text(
    image: Image.Image, corner: tuple[int, int], size: tuple[int, int], text: str, letters: int, ink: Colour = LIGHT
) -> None:
    """Write `text`, shortened, from bottom to top into the box of `size` (width, height) pixels at its upper left `corner`."""
    width, height = size
    turned = Image.new("RGB", (height, width), BACKGROUND_COLOUR)
    ImageDraw.Draw(turned).text((0, width / 2), shorten(text, letters, height), ink, font(letters), anchor="lm")
    image.paste(turned.rotate(90, expand=True), corner)


def paste_face(
    image: Image.Image, face: Picture, corner: tuple[int, int], side: int, radius: int | None = None
) -> None:
    """Paste a face ((h, w, 3) uint8, square) with `side` pixels a side and round corners; a disc where no radius is given."""
    shown = Image.fromarray(face).resize((side, side), Image.Resampling.LANCZOS)
    # Drawn four times as large and reduced: Pillow's own edges are jagged.
    mask = Image.new("L", (4 * side, 4 * side))
    round_by = 4 * (side / 2 if radius is None else radius)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 4 * side - 1, 4 * side - 1), round_by, 255)
    image.paste(shown, corner, mask.resize((side, side), Image.Resampling.LANCZOS))


def to_png(image: Image.Image) -> bytes:
    """The picture as a PNG file."""
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
