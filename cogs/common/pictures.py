"""Reads the pictures of a message or a command."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import discord

from bot.media.pictures.headers import sniff
from bot.usecases.questions.identify import SubmittedFile
from cogs.common.discord_limits import MOST_FILES
from cogs.common.media import MediaKind, attached
from cogs.common.message_media import media_of
from cogs.common.texts import CONNECTION_LOST, FILE_GONE, file_refused, file_too_large

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from bot.client import Nugu
    from bot.domain.messages import Message
    from cogs.common.media import MessageMedia

UNREADABLE = (discord.HTTPException, aiohttp.ClientError, TimeoutError)
"""Errors that reading a file from Discord raises."""


async def pictures_of(client: Nugu, message: discord.Message) -> list[SubmittedFile]:
    """The pictures of a message and of the messages that it forwards, in the order on screen; at most ten.

    Beside pictures, a file without a declared type is read too, and left out if it is no picture. Where no file is declared
    a picture, all are submitted, so that each gets a reason.
    """
    files = media_of(message)
    declared = any(media.kind in {MediaKind.PICTURE, MediaKind.STILL} for media in files)
    if declared:
        files = [media for media in files if media.kind not in {MediaKind.VIDEO, MediaKind.OTHER}]
    wanted = files[:MOST_FILES]
    limit = client.app.settings.picture_bytes
    read = await asyncio.gather(*(read_file(client, media, limit, "pictures") for media in wanted))
    return [file for media, file in zip(wanted, read, strict=True) if not (declared and _is_stray(media, file))]


async def read_attachments(client: Nugu, attachments: Sequence[discord.Attachment]) -> list[SubmittedFile]:
    """The pictures of a command or a modal, read at the same time."""
    limit = client.app.settings.picture_bytes
    return list(await asyncio.gather(*(read_file(client, attached(each), limit, "pictures") for each in attachments)))


async def read_file(
    client: Nugu, media: MessageMedia, limit: int, kind: Literal["files", "pictures"] = "files"
) -> SubmittedFile:
    """One file of up to `limit` bytes; a larger one is not fetched. A problem becomes the file's `refusal`."""
    if media.refusal is not None:
        return SubmittedFile(media.name, refusal=media.refusal)
    if media.size is not None and media.size > limit:
        return SubmittedFile(media.name, refusal=file_too_large(media.size, limit, kind))
    try:
        return SubmittedFile(media.name, await client.http.get_from_cdn(media.url), spoiler=media.spoiler)
    except UNREADABLE as error:
        return SubmittedFile(media.name, refusal=why_unread(error))


def shows_pictures(message: discord.Message) -> bool:
    """Whether a message has pictures. The preview of a linked video is none."""
    return any(media.kind is MediaKind.PICTURE for media in media_of(message))


def why_unread(error: Exception) -> Message:
    """The reason for the person, for one of the errors `UNREADABLE`."""
    if isinstance(error, discord.NotFound):
        return FILE_GONE
    if isinstance(error, discord.HTTPException):
        return file_refused(error.status)
    return CONNECTION_LOST


def _is_stray(media: MessageMedia, submitted: SubmittedFile) -> bool:
    """Whether a file without a declared type is no picture."""
    return media.kind is MediaKind.UNKNOWN and submitted.refusal is None and sniff(submitted.data) is None
