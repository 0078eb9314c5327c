"""What a message carries, wherever Discord keeps it: in attachments, components, embeds, stickers and what it forwards."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from mimetypes import MimeTypes
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

import discord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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

NOT_SERVED = "this picture is not served by Discord, so I leave it alone; attach it instead"
LOTTIE = "this sticker is a drawing in motion, not a picture"

_SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Content types that are given to files of which nothing is known."""

_HIDDEN = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)

# The built-in table alone: the machine's own would let a file be another kind on another machine.
_ENDINGS = MimeTypes(filenames=())


class Kind(Enum):
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
    kind: Kind
    size: int | None = None
    spoiler: bool = False
    refusal: str | None = None


def media_of(message: discord.Message) -> list[Media]:
    """Every file that a message and what it forwards show, once each, in their order; covered once, it is a spoiler."""
    found: dict[int | str, Media] = {}
    for part in _parts(message):
        for identity, media in _carried(part):
            before = found.get(identity, media)
            found[identity] = replace(before, spoiler=before.spoiler or media.spoiler)
    return list(found.values())


def texts_of(message: discord.Message) -> Iterator[tuple[str, bool]]:
    """All that a message and what it forwards say, where their buttons lead, and whether a spoiler covers it as a whole."""
    for part in _parts(message):
        yield part.content, False
        for component, covered in walk(part.components):
            if isinstance(component, discord.TextDisplay):
                yield component.content, covered
            elif isinstance(component, discord.Button) and component.url is not None:
                yield component.url, covered


def embeds_of(message: discord.Message) -> Iterator[tuple[discord.Embed, bool]]:
    """The embeds of a message and of what it forwards, and whether a spoiler covers each."""
    return ((embed, hides(part.content, embed.url)) for part in _parts(message) for embed in part.embeds)


def hides(text: str, link: str | None) -> bool:
    """Whether a text shows a link in a spoiler alone, `||so||`: Discord covers what it shows of it then.

    An embed may have another address than the link that it stands for; then it is the one in the spoiler.
    """
    hidden = any("://" in part for part in _HIDDEN.findall(text))
    return link is not None and hidden and link not in _HIDDEN.sub("", text)


def walk(components: Iterable[discord.Component], *, covered: bool = False) -> Iterator[tuple[discord.Component, bool]]:
    """Components and all that is nested in them, in the order in which they are shown, and whether a spoiler covers each."""
    for component in components:
        yield component, covered
        if isinstance(component, discord.Container):
            yield from walk(component.children, covered=covered or component.spoiler)
        elif isinstance(component, discord.ActionRow):
            yield from walk(component.children, covered=covered)
        elif isinstance(component, discord.SectionComponent):
            yield from walk([*component.children, component.accessory], covered=covered)


def attached(attachment: discord.Attachment) -> Media:
    """An attachment of a message, of a command or of a form."""
    return Media(
        attachment.filename,
        attachment.url,
        kind_of(attachment.filename, attachment.content_type),
        attachment.size,
        attachment.is_spoiler(),
    )


def kind_of(name: str, content_type: str | None) -> Kind:
    """What a file claims to be, by its content type, else by its ending."""
    stated = (content_type or "").partition(";")[0].strip().lower()
    ending = name.lower()
    if stated.startswith("image/"):
        return Kind.PICTURE
    if stated.startswith("video/"):
        return Kind.VIDEO
    if ending.endswith(PICTURE_ENDINGS):
        return Kind.PICTURE
    if ending.endswith(VIDEO_ENDINGS):
        return Kind.VIDEO
    guessed, packed = _ENDINGS.guess_type(ending)
    says_nothing = stated in _SAYS_NOTHING and (guessed or "") in _SAYS_NOTHING and packed is None
    return Kind.UNKNOWN if says_nothing else Kind.OTHER


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


def _parts(message: discord.Message) -> list[discord.Message | discord.MessageSnapshot]:
    return [message, *message.message_snapshots]


def _carried(part: discord.Message | discord.MessageSnapshot) -> Iterator[tuple[int | str, Media]]:
    """The files of one message, each with what it is known by."""
    for attachment in part.attachments:
        yield attachment.id, attached(attachment)
    for component, covered in walk(part.components):
        yield from _shown(component, covered=covered)
    for embed in part.embeds:
        if (media := _embedded(embed, covered=hides(part.content, embed.url))) is not None:
            yield media.url, media
    for sticker in part.stickers:
        yield sticker.id, _stuck(sticker)


def _shown(component: discord.Component, *, covered: bool) -> Iterator[tuple[int | str, Media]]:
    """What one component shows, each with what it is known by: an upload by its id, which a message may list as well."""
    match component:
        case discord.MediaGalleryComponent():
            for item in component.items:
                yield _unfurled(item.media, spoiler=covered or item.spoiler)
        case discord.ThumbnailComponent():
            yield _unfurled(component.media, spoiler=covered or component.spoiler)
        case discord.components.FileComponent():
            yield _unfurled(
                component.media, spoiler=covered or component.spoiler, name=component.name, size=component.size
            )
        case _:
            pass


def _unfurled(
    item: discord.UnfurledMediaItem, *, spoiler: bool, name: str | None = None, size: int | None = None
) -> tuple[int | str, Media]:
    """A file that a component shows: an upload at its own address, anything else where Discord has it.

    Discord alone says which are uploads, so their addresses are its own, as those of attachments are.
    """
    name = name or name_in(item.url, "file")
    addresses = [item.url, *([item.proxy_url] if item.proxy_url else [])]
    uploaded = item.attachment_id is not None
    served = item.url if uploaded else next(filter(is_discords, addresses), None)
    media = Media(
        name,
        served or item.url,
        kind_of(name, item.content_type),
        size,
        spoiler or name.startswith(SPOILER),
        None if served else NOT_SERVED,
    )
    return item.attachment_id or item.url, media


def _embedded(embed: discord.Embed, *, covered: bool) -> Media | None:
    """The picture of an embed, the large one if it has two, where Discord's proxy has it."""
    url = embed.image.proxy_url or embed.thumbnail.proxy_url
    if url is None:
        return None
    kind = Kind.STILL if embed.type == "video" else Kind.PICTURE
    refusal = None if is_discords(url) else NOT_SERVED
    name = name_in(url, "embedded picture")
    return Media(name, url, kind, spoiler=covered or name.startswith(SPOILER), refusal=refusal)


def _stuck(sticker: discord.StickerItem) -> Media:
    drawn = sticker.format is discord.StickerFormatType.lottie
    return Media(sticker.name, sticker.url, Kind.PICTURE, refusal=LOTTIE if drawn else None)
