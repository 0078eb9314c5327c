"""What a message carries, wherever Discord keeps it: in attachments, components, embeds, stickers and what it forwards."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import discord

from bot.domain.messages import Message
from cogs.common.media import SPOILER, Media, MediaKind, attached, is_discords, kind_of, name_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NOT_SERVED = Message("this picture is not served by Discord, so I leave it alone; attach it instead")
LOTTIE = Message("this sticker is a drawing in motion, not a picture")

_HIDDEN = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)


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
    kind = MediaKind.STILL if embed.type == "video" else MediaKind.PICTURE
    refusal = None if is_discords(url) else NOT_SERVED
    name = name_in(url, "embedded picture")
    return Media(name, url, kind, spoiler=covered or name.startswith(SPOILER), refusal=refusal)


def _stuck(sticker: discord.StickerItem) -> Media:
    drawn = sticker.format is discord.StickerFormatType.lottie
    return Media(sticker.name, sticker.url, MediaKind.PICTURE, refusal=LOTTIE if drawn else None)
