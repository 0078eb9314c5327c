"""A file on Discord before anybody opened it: its name, its address, and what it claims to be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from mimetypes import MimeTypes
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

if TYPE_CHECKING:
    import discord

    from bot.domain.messages import Message

DISCORD_MEDIA = frozenset(
    {"cdn.discordapp.com", "media.discordapp.net", "images-ext-1.discordapp.net", "images-ext-2.discordapp.net"}
)
"""The hosts that Discord serves files from: uploaded ones, and others through its proxy."""

PICTURE_ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".bmp", ".dib"),
    *(".tif", ".tiff", ".heic", ".heif", ".hif", ".avif"),
)
VIDEO_ENDINGS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".ts", ".3gp", ".avi")

SPOILER = "SPOILER_"
"""What Discord puts before the name of a file that is covered."""

_SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Content types that are given to files of which nothing is known."""

# The built-in table alone: the machine's own would let a file be another kind on another machine.
_ENDINGS = MimeTypes(filenames=())


class MediaKind(Enum):
    """What a file claims to be; nobody has opened it."""

    PICTURE = auto()
    STILL = auto()
    """The picture that stands for a video which a link leads to."""
    VIDEO = auto()
    UNKNOWN = auto()
    """Neither its content type nor its ending says anything."""
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Media:
    """A file that a message shows.

    `url` is where Discord serves it. Where Discord doesn't, it is the address that somebody wrote, and `refusal` says why the
    file is left alone. `size` in bytes, None where Discord doesn't tell. `spoiler`: covered until somebody clicks.
    """

    name: str
    url: str
    kind: MediaKind
    size: int | None = None
    spoiler: bool = False
    refusal: Message | None = None


def attached(attachment: discord.Attachment) -> Media:
    """An attachment of a message, of a command or of a form."""
    return Media(
        attachment.filename,
        attachment.url,
        kind_of(attachment.filename, attachment.content_type),
        attachment.size,
        attachment.is_spoiler(),
    )


def kind_of(name: str, content_type: str | None) -> MediaKind:
    """What a file claims to be, by its content type, else by its ending."""
    stated = (content_type or "").partition(";")[0].strip().lower()
    ending = name.lower()
    if stated.startswith("image/"):
        return MediaKind.PICTURE
    if stated.startswith("video/"):
        return MediaKind.VIDEO
    if ending.endswith(PICTURE_ENDINGS):
        return MediaKind.PICTURE
    if ending.endswith(VIDEO_ENDINGS):
        return MediaKind.VIDEO
    guessed, packed = _ENDINGS.guess_type(ending)
    says_nothing = stated in _SAYS_NOTHING and (guessed or "") in _SAYS_NOTHING and packed is None
    return MediaKind.UNKNOWN if says_nothing else MediaKind.OTHER


def name_in(url: str, otherwise: str) -> str:
    """The name of the file that an address leads to; `otherwise` where it has none."""
    where = _split(url)
    return (unquote(where.path).rsplit("/", 1)[-1][:100] if where else "") or otherwise


def is_discords(url: str) -> bool:
    """Whether Discord serves what is at an address."""
    where = _split(url)
    return where is not None and where.scheme == "https" and where.hostname in DISCORD_MEDIA


def _split(url: str) -> SplitResult | None:
    """An address in its parts; None where somebody wrote what is none, such as `https://[x`."""
    try:
        return urlsplit(url)
    except ValueError:
        return None
