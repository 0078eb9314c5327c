"""The one font, for names in Latin, Hangul, Kana and Han: its drawable characters, and shortened texts."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_PACKAGE = "cvttf_NotoSansCJK_Regular"
_FILE = "NotoSansCJKtc-Regular.otf"
# A noncharacter: no font has a glyph for it, so it shows the picture of a missing glyph.
_MISSING = "\uffff"
# In a Chinese font the ellipsis character hangs in mid-air, and curly quotes are as wide as an ideograph, which tears a
# romanised name apart.
_ELLIPSIS = "..."
_QUOTES = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Noto Sans CJK at `size` pixels an em.

    Raises:
        FileNotFoundError: the package cvttf-notosanscjk-regular isn't installed.
    """
    return ImageFont.truetype(font_path(), size)


@lru_cache(maxsize=1)
def font_path() -> Path:
    """The path of the font file.

    Raises:
        FileNotFoundError: the package cvttf-notosanscjk-regular isn't installed.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {_PACKAGE}, which brings the font, isn't installed")
    return Path(spec.origin).with_name(_FILE)


def drawable(text: str) -> str:
    """The drawable part of `text`, on one line.

    A character without a glyph is replaced by its compatibility form or its base letter, else removed (emoji, other scripts).
    Control and formatting characters are removed too, because they could reverse the order of a label.
    """
    return " ".join("".join(map(_drawn, unicodedata.normalize("NFC", text.translate(_QUOTES)))).split())


def shorten(text: str, size: int, width: float) -> str:
    """`text` where it is `width` pixels wide at most at `size`, else its longest beginning with an ellipsis."""
    face = font(size)
    if face.getlength(text) <= width:
        return text
    fits, beyond = 0, len(text)
    while beyond - fits > 1:
        middle = (fits + beyond) // 2
        if face.getlength(text[:middle].rstrip() + _ELLIPSIS) <= width:
            fits = middle
        else:
            beyond = middle
    return text[:fits].rstrip() + _ELLIPSIS


@lru_cache(maxsize=8192)
def _drawn(char: str) -> str:
    if char.isspace():
        return " "
    if unicodedata.category(char).startswith("C") or "VARIATION SELECTOR" in unicodedata.name(char, ""):
        return ""
    compatible = unicodedata.normalize("NFKC", char)
    base = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    return next((form for form in (char, compatible, base) if form and all(map(has_glyph, form))), "")


@lru_cache(maxsize=8192)
def has_glyph(char: str) -> bool:
    """Whether the font draws `char` as itself rather than as the box for a missing glyph."""
    return _pixels(char) != _pixels(_MISSING)


def _pixels(char: str) -> bytes:
    # The basic layout engine draws one glyph a character. The other one adds dotted circles and drops lone marks.
    plain = ImageFont.truetype(font_path(), 16, layout_engine=ImageFont.Layout.BASIC)
    canvas = Image.new("L", (48, 48))
    ImageDraw.Draw(canvas).text((16, 8), char, 255, plain)
    return canvas.tobytes()
