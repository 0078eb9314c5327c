"""Finds every picture of a message and reads its bytes: attachments, forwarded messages, embeds, stickers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import discord

from bot.usecases.identify import Submitted
from bot.wording import mebibytes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from bot.client import Nugu

MOST_PICTURES = 10
"""A media gallery holds ten, and so does a message."""

DISCORD_MEDIA = frozenset(
    {"cdn.discordapp.com", "media.discordapp.net", "images-ext-1.discordapp.net", "images-ext-2.discordapp.net"}
)
"""Embedded pictures are read through Discord's own proxy alone, never from the address that a stranger wrote."""

UNREADABLE = (discord.HTTPException, aiohttp.ClientError, TimeoutError)
"""What keeps a file of Discord's from being read."""

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif")


async def pictures_of(client: Nugu, message: discord.Message) -> list[Submitted]:
    """Every picture of `message` and of what it forwards, in the order in which it shows them; at most ten.

    When it carries files but none of them claims to be a picture, these are submitted, so that each is told why not.
    """
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    attached = [attachment for part in parts for attachment in part.attachments]
    claimed = [attachment for attachment in attached if _claims_picture(attachment)]
    embedded = [url for part in parts for embed in part.embeds if (url := _embedded(embed))]
    stickers = [sticker for part in parts for sticker in part.stickers]
    wanted = claimed or ([] if embedded or stickers else attached)
    reads = [
        *(read_attachment(client, attachment) for attachment in wanted),
        *(_read_embedded(client, url) for url in dict.fromkeys(embedded)),
        *(_read_sticker(sticker) for sticker in stickers),
    ]
    for unread in reads[MOST_PICTURES:]:
        unread.close()
    return list(await asyncio.gather(*reads[:MOST_PICTURES]))


async def read_attachments(client: Nugu, attachments: Sequence[discord.Attachment]) -> list[Submitted]:
    """The bytes of each attachment, side by side."""
    return list(await asyncio.gather(*(read_attachment(client, attachment) for attachment in attachments)))


async def read_attachment(client: Nugu, attachment: discord.Attachment) -> Submitted:
    """The bytes of one picture; one that is too large is not even fetched."""
    limit = client.app.settings.picture_bytes
    return await read_file(attachment, limit, "pictures")


async def read_file(attachment: discord.Attachment, limit: int, what: str = "files") -> Submitted:
    """The bytes of one attachment of up to `limit` bytes; a larger one is not even fetched."""
    if attachment.size > limit:
        return Submitted(
            attachment.filename,
            refusal=f"this file is too large ({mebibytes(attachment.size, 1)}); I read {what} of up to {mebibytes(limit)}",
        )
    return await _read(attachment.filename, attachment.read())


def shows_pictures(message: discord.Message) -> bool:
    """Whether the message carries pictures that may be asked about; the still of a video that it links to is none."""
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    return any(
        part.stickers
        or any(_claims_picture(attachment) for attachment in part.attachments)
        or any(embed.type != "video" and _embedded(embed) for embed in part.embeds)
        for part in parts
    )


def why_unread(error: Exception) -> str:
    """Why one of `UNREADABLE` kept a file from being read."""
    if isinstance(error, discord.NotFound):
        return "Discord no longer has this file; post it again"
    if isinstance(error, discord.HTTPException):
        return f"Discord didn't hand me this file (it answered {error.status}); try again"
    return "I lost the line to Discord while reading this file; try again"


def _claims_picture(attachment: discord.Attachment) -> bool:
    kind = attachment.content_type or ""
    return kind.startswith("image/") or attachment.filename.lower().endswith(PICTURE_ENDINGS)


def _embedded(embed: discord.Embed) -> str | None:
    """Where Discord serves the embed's picture, the large one if it has two."""
    return embed.image.proxy_url or embed.thumbnail.proxy_url


async def _read_embedded(client: Nugu, url: str) -> Submitted:
    name = urlsplit(url).path.rsplit("/", 1)[-1][:100] or "embedded picture"
    if urlsplit(url).hostname not in DISCORD_MEDIA:
        return Submitted(name, refusal="this picture is not served by Discord, so I leave it alone; attach it instead")
    return await _read(name, client.http.get_from_cdn(url))


async def _read_sticker(sticker: discord.StickerItem) -> Submitted:
    if sticker.format is discord.StickerFormatType.lottie:
        return Submitted(sticker.name, refusal="this sticker is a drawing in motion, not a picture")
    return await _read(sticker.name, sticker.read())


async def _read(name: str, reading: Awaitable[bytes]) -> Submitted:
    """The bytes of one file; what goes wrong with it is told of it alone."""
    try:
        return Submitted(name, await reading)
    except UNREADABLE as error:
        return Submitted(name, refusal=why_unread(error))
