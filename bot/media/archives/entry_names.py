"""The names of a zip's entries as text. Zip programs write bytes, and few of them declare the encoding."""

from __future__ import annotations

import math
import struct
import unicodedata
import zlib
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from zipfile import ZipInfo

_UTF8_FLAG: Final = 0x800
_UNICODE_PATH: Final = 0x7075
"""Info-ZIP's extra field with the name in UTF-8 (APPNOTE 4.6.9). It is valid if its CRC is that of the entry's name."""

_RARE: Final = 1e-6
_ASCII: Final = 0.01
_ALONE: Final = 0.05
"""The likelihood that a Han letter or Hangul syllable stands beside a small Latin letter."""


def _shares(*weights: float) -> list[float]:
    return [weight / sum(weights) for weight in weights]


# The rough frequency in percent of each initial, vowel and final letter in Korean names, in Unicode's order.
_INITIALS: Final = _shares(11, 0.5, 7, 7, 0.5, 7, 7, 6, 0.5, 11, 0.5, 20, 10, 0.3, 4, 3, 4, 3, 7)
_VOWELS: Final = _shares(16, 6, 1, 0.1, 9, 6, 6, 1, 10, 2, 0.2, 2, 2, 8, 2, 0.2, 2, 2, 8, 1, 13)
_FINALS: Final = _shares(
    *(45, 6, 0.3, 0.1, 14, 0.1, 0.1, 0.3, 9, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1),
    *(6, 3, 0.3, 2, 3, 12, 0.2, 0.3, 0.1, 0.3, 0.5, 0.2),
)


def decode_names(infos: Sequence[ZipInfo]) -> list[str | None]:
    """The path of each entry, composed (NFC); None if its bytes are no text.

    The Unicode path field comes first, then valid UTF-8. All other names share one encoding, the likeliest. In
    125 archives with names of groups and members it is right for 123; charset-normalizer's choice among the same four
    encodings is right for 94.
    """
    raw = [_bytes_of(info) for info in infos]
    declared = [_declared(info, name) for info, name in zip(infos, raw, strict=True)]
    undeclared = [name for name, text in zip(raw, declared, strict=True) if text is None]
    # A short name in another encoding may be valid UTF-8 by chance; all of them are not.
    encoding = "utf-8" if all(_decoded(name, "utf-8") is not None for name in undeclared) else _likeliest(undeclared)
    texts = (_decoded(name, encoding) if text is None else text for name, text in zip(raw, declared, strict=True))
    return [None if text is None else unicodedata.normalize("NFC", text) for text in texts]


def _bytes_of(info: ZipInfo) -> bytes:
    """The name's bytes in the archive; zipfile decoded them by one of two encodings without loss."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8_FLAG else "cp437")


def _declared(info: ZipInfo, name: bytes) -> str | None:
    """The name if the entry declares its encoding, or if it is surely ASCII or UTF-8: with a letter of three bytes."""
    if (field := _unicode_path(info.extra, name)) is not None:
        return field
    text = _decoded(name, "utf-8")
    certain = info.flag_bits & _UTF8_FLAG or name.isascii() or (text is not None and max(text) > "\u07ff")
    return text if certain else None


def _unicode_path(extra: bytes, name: bytes) -> str | None:
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(field) > 5 and struct.unpack_from("<BL", field) == (1, zlib.crc32(name)):
            return _decoded(field[5:], "utf-8")
    return None


def _decoded(name: bytes, encoding: str) -> str | None:
    try:
        return name.decode(encoding)
    except UnicodeDecodeError:
        return None


def _likeliest(names: Iterable[bytes]) -> str:
    """The likeliest encoding of `names`. Every folder counts once, however many files it has."""
    parts = {part for name in names for part in name.split(b"/")}
    return max(_LETTERS, key=lambda encoding: sum(_likelihood(part, encoding) for part in parts))


def _likelihood(part: bytes, encoding: str) -> float:
    """The log-likelihood of a folder's name in the languages that are written in `encoding`."""
    text = _decoded(part, encoding)
    if text is None:
        return len(part) * math.log(_RARE)
    likelihood = sum(math.log(_ASCII if letter.isascii() else _LETTERS[encoding](letter)) for letter in text)
    if encoding != "cp437":
        pairs = pairwise(text)
        alone = sum(1 for left, right in pairs if _is_small(left) != _is_small(right) and not (left + right).isascii())
        likelihood += alone * math.log(_ALONE)
    return likelihood


def _is_small(letter: str) -> bool:
    return letter.isascii() and letter.islower()


@cache
def _korean(letter: str) -> float:
    if not "가" <= letter <= "힣":
        return _RARE
    initial, rest = divmod(ord(letter) - ord("가"), 21 * 28)
    return _INITIALS[initial] * _VOWELS[rest // 28] * _FINALS[rest % 28]


@cache
def _japanese(letter: str) -> float:
    """Half kana, half kanji; one of JIS level 1 (2,965) ten times as often as one of level 2 (3,390)."""
    if "ぁ" <= letter <= "ヿ":
        return 0.5 / 192
    row = _row(letter, "shift_jis")
    if row < 0x88:
        return _RARE
    return 0.5 / 2965 if row < 0x98 else 0.05 / 3390


@cache
def _chinese(letter: str) -> float:
    """A letter of GB 2312's level 1 (3,755) ten times as often as one of level 2 (3,008)."""
    row = _row(letter, "gb2312")
    if not 0xB0 <= row <= 0xF7:
        return _RARE
    return 1 / 3755 if row <= 0xD7 else 0.1 / 3008


@cache
def _western(letter: str) -> float:
    """A tenth of the letters has one of forty accents; the rest of cp437 is frames and signs."""
    return 0.1 / 40 if letter.isalpha() and letter < "ƒ" else math.sqrt(_RARE)


def _row(letter: str, encoding: str) -> int:
    """The first of a letter's two bytes in `encoding`; 0 for a letter without two."""
    encoded = letter.encode(encoding, "ignore")
    return encoded[0] if len(encoded) == 2 else 0


_LETTERS: Final[dict[str, Callable[[str], float]]] = {
    "cp949": _korean,
    "cp932": _japanese,
    "gbk": _chinese,
    "cp437": _western,
}
"""The likelihood of a letter in a name, by the encoding of old Windows or DOS."""
