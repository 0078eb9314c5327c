"""The kind, size and frames that untrusted bytes declare, read without a decoder."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


class PictureKind(StrEnum):
    """The kinds of pictures that are opened; the values are Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    BMP = "BMP"
    TIFF = "TIFF"
    AVIF = "AVIF"
    HEIF = "HEIF"

    @property
    def file_extension(self) -> str:
        """The ending of such files' names: `jpg`."""
        return {PictureKind.JPEG: "jpg", PictureKind.TIFF: "tif", PictureKind.HEIF: "heic"}.get(
            self, self.value.lower()
        )


_MAGIC = (
    (b"\xff\xd8\xff", PictureKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", PictureKind.PNG),
    (b"GIF87a", PictureKind.GIF),
    (b"GIF89a", PictureKind.GIF),
    (b"II*\x00", PictureKind.TIFF),
    (b"MM\x00*", PictureKind.TIFF),
    (b"II+\x00", PictureKind.TIFF),
    (b"MM\x00+", PictureKind.TIFF),
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})
A_VIDEO: Final = "a video"
_OTHER_FILE_KINDS = (
    (b"PK\x03\x04", "a zip file"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x1a\x45\xdf\xa3", A_VIDEO),
    (b"\x00\x00\x01\xba", A_VIDEO),
    (b"FLV\x01", A_VIDEO),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"fLaC", "a sound file"),
    (b"8BPS", "a Photoshop file"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
)


def sniff(data: bytes) -> PictureKind | None:
    """The kind of picture by the first bytes, whatever the file's name; None for anything else."""
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return PictureKind.WEBP
    if data[:2] == b"BM" and len(data) >= 18 and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return PictureKind.BMP
    if data[4:8] == b"ftyp":
        return _container(data)
    return None


def _container(data: bytes) -> PictureKind | None:
    """The kind by the compatible brands, since AVIF and HEIF share a container, and `mif1` may be either."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return PictureKind.AVIF
    # Some videos have an image brand among the compatible ones; the major brand decides.
    if data[8:12] in _HEIF_BRANDS:
        return PictureKind.HEIF
    return None


def other_file_kind(data: bytes) -> str:
    """The kind of file that is no picture, with its article (`a PDF`); empty if the kind is unknown."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "an SVG drawing"
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")):
        return "a web page"
    if b"%pdf-" in head:
        return "a PDF"
    if data[4:8] == b"ftyp":
        return "a sound file" if data[8:11] == b"M4A" else A_VIDEO
    if data[:4] == b"RIFF":
        return {b"AVI ": A_VIDEO, b"WAVE": "a sound file"}.get(data[8:12], "")
    for magic, name in _OTHER_FILE_KINDS:
        if data.startswith(magic):
            return name
    return "text" if _is_text(data[:1024]) else ""


def _is_text(head: bytes) -> bool:
    # The end may halve a character: up to three bytes.
    text = head.decode("utf-8", "ignore")
    return len(text.encode()) >= len(head) - 3 and all(char.isprintable() or char.isspace() for char in text)


def webp_canvas(data: bytes) -> tuple[int, int] | None:
    """(width, height) that a WebP declares; None if its header is invalid.

    Pillow measures the other kinds before it decodes them, but libwebp takes memory for two canvases to open a file.
    """
    if len(data) < 30:
        return None
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if data[12:16] == b"VP8 ":
        return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    return None


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and end of each chunk of a PNG, except a truncated ancillary chunk."""
    at = 8
    while at + 8 <= len(data):
        name, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data) and name[0] & 0x20:
            return
        yield name, at, end
        at = end


def png_frames(data: bytes, most: int) -> int:
    """The number of frames of a PNG, up to `most`; a picture before the first frame of an animation counts too."""
    names = [name for name, _, _ in png_chunks(data) if name in {b"acTL", b"fcTL", b"IDAT"}]
    if b"acTL" not in names:
        return 1
    before = names.index(b"IDAT") if b"IDAT" in names else 0
    return max(1, min(names.count(b"fcTL") + (b"fcTL" not in names[:before]), most))


@dataclass(frozen=True, slots=True)
class GifImage:
    """The first picture of a GIF: the end of the screen, the graphic control extension or b"", and the picture's span."""

    screen: int
    control: bytes
    start: int
    end: int


def gif_image(data: bytes) -> GifImage | None:
    """The first picture of a GIF; None for a GIF without one."""
    control = b""
    try:
        screen = at = 13 + _colour_table(data[10])
        while data[at] == 0x21:
            if data[at + 1 : at + 3] == b"\xf9\4":
                control = data[at : at + 7] + b"\0"
            at = _after_blocks(data, at + 2)
        if data[at] != 0x2C:
            return None
        pixels = at + 11 + _colour_table(data[at + 9])
    except IndexError:
        return None
    try:
        return GifImage(screen, control, at, _after_blocks(data, pixels))
    except IndexError:
        return GifImage(screen, control, at, len(data))


def gif_frames(data: bytes, most: int) -> int:
    """The number of frames of a GIF, up to `most`, without decoding. A damaged block ends the count."""
    frames = 0
    try:
        at = 13 + _colour_table(data[10])
        while frames < most and data[at] != 0x3B:
            if data[at] == 0x2C:
                frames += 1
                at = _after_blocks(data, at + 11 + _colour_table(data[at + 9]))
            elif data[at] == 0x21:
                at = _after_blocks(data, at + 2)
            else:
                break
    except IndexError:
        pass
    return max(frames, 1)


def gif_blocks(data: bytes) -> Iterator[int]:
    """The begin of each block of a GIF: extensions, pictures, and the blocks of their data."""
    try:
        at = 13 + _colour_table(data[10])
        while data[at] in (0x21, 0x2C):
            yield at
            at += 2 if data[at] == 0x21 else 11 + _colour_table(data[at + 9])
            while data[at]:
                yield at
                at += data[at] + 1
            at += 1
    except IndexError:
        return


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The name of each chunk of a WebP, its begin, and its end by its own header."""
    at = 12
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], at, end
        at = end + end % 2


def _after_blocks(data: bytes, at: int) -> int:
    """The end of a GIF's blocks of data. Raises IndexError if the file ends before."""
    while data[at]:
        at += data[at] + 1
    return at + 1


def _colour_table(packed: int) -> int:
    """Bytes of the colour table that a GIF's packed flags declare."""
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0
