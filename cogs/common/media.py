"""A file on Discord that nobody has opened: its name, address and declared type."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from mimetypes import MimeTypes
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bot.text.links import split_link

if TYPE_CHECKING:
    import discord

    from bot.domain.messages import Message

DISCORD_MEDIA = frozenset(
    {"cdn.discordapp.com", "media.discordapp.net", "images-ext-1.discordapp.net", "images-ext-2.discordapp.net"}
)
"""The hosts of Discord that serve files: uploaded ones, and others through its proxy."""

PICTURE_ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".bmp", ".dib"),
    *(".tif", ".tiff", ".heic", ".heif", ".hif", ".avif"),
)
VIDEO_ENDINGS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".ts", ".3gp", ".avi")

SPOILER = "SPOILER_"
"""The prefix that Discord gives to the name of a covered file."""

_UNDECLARED = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Content types of files of an unknown type."""

# Only the built-in table: the machine's own table would make the kind depend on the machine.
_ENDINGS = MimeTypes(filenames=())


class MediaKind(Enum):
    """The declared type of a file that nobody has opened."""

    PICTURE = auto()
    STILL = auto()
    """The preview picture of a linked video."""
    VIDEO = auto()
    UNKNOWN = auto()
    """Neither its content type nor its ending names a type."""
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class MessageMedia:
    """A file that a message shows.

    `url`: Discord's address of it. For a file that Discord doesn't serve, the address in the message, and `refusal` is the
    reason why the bot doesn't read it. `size` in bytes; None where Discord doesn't give it. `spoiler`: covered until
    somebody clicks.
    """

    name: str
    url: str
    kind: MediaKind
    size: int | None = None
    spoiler: bool = False
    refusal: Message | None = None


def media_of_attachment(attachment: discord.Attachment) -> MessageMedia:
    """An attachment of a message, of a command or of a form."""
    return MessageMedia(
        attachment.filename,
        attachment.url,
        kind_of(attachment.filename, attachment.content_type),
        attachment.size,
        attachment.is_spoiler(),
    )


def kind_of(name: str, content_type: str | None) -> MediaKind:
    """The kind of a file by its content type, else by its ending."""
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
    undeclared = stated in _UNDECLARED and (guessed or "") in _UNDECLARED and packed is None
    return MediaKind.UNKNOWN if undeclared else MediaKind.OTHER


def name_in(url: str, otherwise: str) -> str:
    """The file name in an address; `otherwise` where it has none."""
    parts = split_link(url)
    return (unquote(parts.path).rsplit("/", 1)[-1][:100] if parts else "") or otherwise


def is_on_discord(url: str) -> bool:
    """Whether Discord serves the file of an address."""
    parts = split_link(url)
    return parts is not None and parts.scheme == "https" and parts.hostname in DISCORD_MEDIA
