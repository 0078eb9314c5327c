"""The pictures of a message or a command, to be fetched when their turn comes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import discord

from bot.domain.files import SubmittedFile
from bot.errors import PersonError
from cogs.common.discord_limits import MAX_FILES
from cogs.common.downloads import UNREADABLE, LargeFileError, save
from cogs.common.media import MediaKind, media_of_attachment
from cogs.common.message_media import media_of
from cogs.common.texts import CONNECTION_LOST, FILE_GONE, file_refused, file_too_large

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.client import Nugu
    from bot.domain.messages import Message
    from cogs.common.media import MessageMedia

FileKind = Literal["files", "pictures"]


def pictures_of(client: Nugu, message: discord.Message) -> list[SubmittedFile]:
    """The pictures of a message and of the messages that it forwards, in the order on screen; at most ten.

    Beside pictures, a file without a declared type counts too, unless it turns out to be none. Where no file is declared a
    picture, all are submitted, so that each gets a reason.
    """
    files = media_of(message)
    declared = any(media.kind in {MediaKind.PICTURE, MediaKind.STILL} for media in files)
    if declared:
        files = [media for media in files if media.kind not in {MediaKind.VIDEO, MediaKind.OTHER}]
    limit = client.app.settings.picture_bytes
    return [
        submitted_file(client, media, limit, "pictures", optional=declared and media.kind is MediaKind.UNKNOWN)
        for media in files[:MAX_FILES]
    ]


def submitted_pictures(client: Nugu, attachments: Sequence[discord.Attachment]) -> list[SubmittedFile]:
    """The pictures of a command or a modal."""
    limit = client.app.settings.picture_bytes
    return [submitted_file(client, media_of_attachment(each), limit, "pictures") for each in attachments]


def submitted_file(
    client: Nugu, media: MessageMedia, limit: int, kind: FileKind = "files", *, optional: bool = False
) -> SubmittedFile:
    """One file of up to `limit` bytes. One that is said to be larger, or that Discord doesn't serve, is refused now."""
    refusal = media.refusal
    if refusal is None and media.size is not None and media.size > limit:
        refusal = file_too_large(media.size, limit, kind)
    return SubmittedFile(
        media.name,
        partial(_fetch, client, media.url, limit, kind),
        refusal=refusal,
        spoiler=media.spoiler,
        size=media.size,
        optional=optional,
    )


def shows_pictures(message: discord.Message) -> bool:
    """Whether a message has pictures. The preview of a linked video is none."""
    return any(media.kind is MediaKind.PICTURE for media in media_of(message))


def unread_reason(error: Exception) -> Message:
    """The reason for the person, for one of the errors `UNREADABLE`."""
    if isinstance(error, discord.NotFound):
        return FILE_GONE
    if isinstance(error, discord.HTTPException):
        return file_refused(error.status)
    return CONNECTION_LOST


async def _fetch(client: Nugu, url: str, limit: int, kind: FileKind, path: Path) -> None:
    """See `bot.domain.files.FetchCallback`."""
    try:
        await save(client, url, path, limit)
    except LargeFileError as error:
        raise PersonError(file_too_large(error.size, limit, kind)) from None
    except UNREADABLE as error:
        raise PersonError(unread_reason(error)) from None
