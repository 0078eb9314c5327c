"""The files of a message: in attachments, components, embeds, stickers and forwarded messages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import discord

from cogs.common.media import SPOILER, MediaKind, MessageMedia, is_on_discord, kind_of, media_of_attachment, name_in
from cogs.common.texts import EMBEDDED_PICTURE, LOTTIE, NOT_SERVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HIDDEN = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)


def media_of(message: discord.Message) -> list[MessageMedia]:
    """Every file of a message and of the messages that it forwards, once each. A file that is covered once is a spoiler."""
    found: dict[int | str, MessageMedia] = {}
    for part in _with_forwarded(message):
        for identity, media in _files(part):
            before = found.get(identity, media)
            found[identity] = replace(before, spoiler=before.spoiler or media.spoiler)
    return list(found.values())


def texts_of(message: discord.Message) -> Iterator[tuple[str, bool]]:
    """Every text and every button's link of a message and its forwarded messages, and whether a spoiler covers it."""
    for part in _with_forwarded(message):
        yield part.content, False
        for component, covered in walk(part.components):
            if isinstance(component, discord.TextDisplay):
                yield component.content, covered
            elif isinstance(component, discord.Button) and component.url is not None:
                yield component.url, covered


def embeds_of(message: discord.Message) -> Iterator[tuple[discord.Embed, bool]]:
    """The embeds of a message and its forwarded messages, and whether a spoiler covers each."""
    return (
        (embed, is_in_spoiler(part.content, embed.url)) for part in _with_forwarded(message) for embed in part.embeds
    )


def is_in_spoiler(text: str, link: str | None) -> bool:
    """Whether a text has a link only in a spoiler, `||so||`. Discord covers the link's embed then.

    An embed's address may differ from the link in the text. It counts as the link in the spoiler then.
    """
    hidden = any("://" in part for part in _HIDDEN.findall(text))
    return link is not None and hidden and link not in _HIDDEN.sub("", text)


def walk(components: Iterable[discord.Component], *, covered: bool = False) -> Iterator[tuple[discord.Component, bool]]:
    """Components and their nested components, in the order on screen, and whether a spoiler covers each."""
    for component in components:
        yield component, covered
        if isinstance(component, discord.Container):
            yield from walk(component.children, covered=covered or component.spoiler)
        elif isinstance(component, discord.ActionRow):
            yield from walk(component.children, covered=covered)
        elif isinstance(component, discord.SectionComponent):
            yield from walk([*component.children, component.accessory], covered=covered)


def _with_forwarded(message: discord.Message) -> list[discord.Message | discord.MessageSnapshot]:
    return [message, *message.message_snapshots]


def _files(part: discord.Message | discord.MessageSnapshot) -> Iterator[tuple[int | str, MessageMedia]]:
    """The files of one message, each with its identity."""
    for attachment in part.attachments:
        yield attachment.id, media_of_attachment(attachment)
    for component, covered in walk(part.components):
        yield from _component_files(component, covered=covered)
    for embed in part.embeds:
        if (media := _embed_picture(embed, covered=is_in_spoiler(part.content, embed.url))) is not None:
            yield media.url, media
    for sticker in part.stickers:
        yield sticker.id, _sticker(sticker)


def _component_files(component: discord.Component, *, covered: bool) -> Iterator[tuple[int | str, MessageMedia]]:
    """The files of one component, each with its identity: an upload's id, by which a message may list it too."""
    match component:
        case discord.MediaGalleryComponent():
            for item in component.items:
                yield _component_file(item.media, spoiler=covered or item.spoiler)
        case discord.ThumbnailComponent():
            yield _component_file(component.media, spoiler=covered or component.spoiler)
        case discord.components.FileComponent():
            yield _component_file(
                component.media, spoiler=covered or component.spoiler, name=component.name, size=component.size
            )
        case _:
            pass


def _component_file(
    item: discord.UnfurledMediaItem, *, spoiler: bool, name: str | None = None, size: int | None = None
) -> tuple[int | str, MessageMedia]:
    """A file of a component, with its identity: an upload at its own address, another file at Discord's proxy.

    Only Discord sets the id of an upload, so its address is trusted as an attachment's is.
    """
    name = name or name_in(item.url, "file")
    addresses = [item.url, *([item.proxy_url] if item.proxy_url else [])]
    uploaded = item.attachment_id is not None
    served = item.url if uploaded else next(filter(is_on_discord, addresses), None)
    media = MessageMedia(
        name,
        served or item.url,
        kind_of(name, item.content_type),
        size,
        spoiler or name.startswith(SPOILER),
        None if served else NOT_SERVED,
    )
    return item.attachment_id or item.url, media


def _embed_picture(embed: discord.Embed, *, covered: bool) -> MessageMedia | None:
    """The picture of an embed at Discord's proxy; the large one if it has two."""
    url = embed.image.proxy_url or embed.thumbnail.proxy_url
    if url is None:
        return None
    kind = MediaKind.STILL if embed.type == "video" else MediaKind.PICTURE
    refusal = None if is_on_discord(url) else NOT_SERVED
    name = name_in(url, EMBEDDED_PICTURE)
    return MessageMedia(name, url, kind, spoiler=covered or name.startswith(SPOILER), refusal=refusal)


def _sticker(sticker: discord.StickerItem) -> MessageMedia:
    is_lottie = sticker.format is discord.StickerFormatType.lottie
    return MessageMedia(sticker.name, sticker.url, MediaKind.PICTURE, refusal=LOTTIE if is_lottie else None)
