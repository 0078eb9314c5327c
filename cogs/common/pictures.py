"""Reads the bytes of the pictures that a message carries, or that came with a command."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import discord

from bot.domain.messages import Message
from bot.media.headers import sniff
from bot.text.formatting import mebibytes
from bot.usecases.identify import SubmittedFile
from cogs.common.discord_limits import MOST_FILES
from cogs.common.media import MediaKind, attached
from cogs.common.message_media import media_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import Nugu
    from cogs.common.media import Media

UNREADABLE = (discord.HTTPException, aiohttp.ClientError, TimeoutError)
"""Errors that reading a file from Discord raises."""


async def pictures_of(client: Nugu, message: discord.Message) -> list[SubmittedFile]:
    """Every picture of `message` and of what it forwards, in the order in which it shows them; at most ten.

    Beside pictures, a file that claims nothing is looked at too, and left out if it is none. When the message carries files
    but none of them claims to be a picture, all are submitted, so that each is told why not.
    """
    carried = media_of(message)
    claimed = any(media.kind in {MediaKind.PICTURE, MediaKind.STILL} for media in carried)
    if claimed:
        carried = [media for media in carried if media.kind not in {MediaKind.VIDEO, MediaKind.OTHER}]
    wanted = carried[:MOST_FILES]
    limit = client.app.settings.picture_bytes
    read = await asyncio.gather(*(read_file(client, media, limit, "pictures") for media in wanted))
    return [one for media, one in zip(wanted, read, strict=True) if not (claimed and _is_stray(media, one))]


async def read_attachments(client: Nugu, attachments: Sequence[discord.Attachment]) -> list[SubmittedFile]:
    """The bytes of each picture of a command or a form, side by side."""
    limit = client.app.settings.picture_bytes
    return list(await asyncio.gather(*(read_file(client, attached(one), limit, "pictures") for one in attachments)))


async def read_file(client: Nugu, media: Media, limit: int, what: str = "files") -> SubmittedFile:
    """The bytes of one file of up to `limit` bytes; a larger one is not even fetched. What goes wrong is told of it alone."""
    if media.refusal is not None:
        return SubmittedFile(media.name, refusal=media.refusal)
    if media.size is not None and media.size > limit:
        return SubmittedFile(
            media.name,
            refusal=Message(
                "this file is too large ({size}); I read {files} of up to {most}",
                size=mebibytes(media.size, 1),
                files=what,
                most=mebibytes(limit),
            ),
        )
    try:
        return SubmittedFile(media.name, await client.http.get_from_cdn(media.url), spoiler=media.spoiler)
    except UNREADABLE as error:
        return SubmittedFile(media.name, refusal=why_unread(error))


def shows_pictures(message: discord.Message) -> bool:
    """Whether the message carries pictures that may be asked about; the still of a video that it links to is none."""
    return any(media.kind is MediaKind.PICTURE for media in media_of(message))


def why_unread(error: Exception) -> Message:
    """Why one of `UNREADABLE` kept a file from being read."""
    if isinstance(error, discord.NotFound):
        return Message("Discord no longer has this file; post it again")
    if isinstance(error, discord.HTTPException):
        return Message("Discord didn't hand me this file (it answered {status}); try again", status=error.status)
    return Message("I lost the line to Discord while reading this file; try again")


def _is_stray(media: Media, submitted: SubmittedFile) -> bool:
    """Whether a file that claims nothing proves to be no picture."""
    return media.kind is MediaKind.UNKNOWN and submitted.refusal is None and sniff(submitted.data) is None
