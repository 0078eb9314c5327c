"""Finds the video of a message, posted or linked, and saves a posted one as a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.clip_requests import PostedVideo
from bot.errors import PersonError
from bot.text.links import first_link, start_of_link
from cogs.clips.texts import avi_refused, video_too_large, video_unread
from cogs.common.downloads import UNREADABLE, LargeFileError, save
from cogs.common.media import (
    PICTURE_ENDINGS,
    SPOILER,
    VIDEO_ENDINGS,
    MediaKind,
    MessageMedia,
    is_on_discord,
    media_of_attachment,
    name_in,
)
from cogs.common.message_media import embeds_of, is_in_spoiler, media_of, texts_of
from cogs.common.pictures import unread_reason

if TYPE_CHECKING:
    import discord

    from bot.client import Nugu
    from bot.infra.clip_files import IncomingFolder

AVI = ".avi"


@dataclass(frozen=True, slots=True)
class VideoLink:
    """A link to a video on a site. `spoiler`: its writer hid it, `||so||`."""

    url: str
    spoiler: bool = False

    @property
    def start(self) -> float:
        """The start that the link asks for, in seconds."""
        return start_of_link(self.url)


def video_of(message: discord.Message) -> MessageMedia | VideoLink | None:
    """The first video of a message and of the messages that it forwards: posted, embedded, or linked in the text."""
    for media in media_of(message):
        if media.kind is MediaKind.VIDEO:
            return media if media.refusal is None else replace(linked_video(media.url), spoiler=media.spoiler)
    for embed, covered in embeds_of(message):
        if embed.type == "video" and (shown := _embedded(embed)) is not None:
            return replace(shown, spoiler=shown.spoiler or covered)
    for text, covered in texts_of(message):
        link = first_link(text)
        if link is not None and not name_in(link, "").lower().endswith(PICTURE_ENDINGS):
            found = linked_video(link)
            return replace(found, spoiler=found.spoiler or covered or is_in_spoiler(text, link))
    return None


def unlabelled_video_of(message: discord.Message) -> MessageMedia | None:
    """The first file of a message without a declared type, which may be a video."""
    return next((media for media in media_of(message) if media.kind is MediaKind.UNKNOWN), None)


def attached_video(attachment: discord.Attachment) -> MessageMedia | None:
    """The video of a command; None for a file of another declared type."""
    media = media_of_attachment(attachment)
    return media if media.kind in {MediaKind.VIDEO, MediaKind.UNKNOWN} else None


def linked_video(link: str) -> MessageMedia | VideoLink:
    """The target of a link: a file on Discord's servers, or a site."""
    if is_on_discord(link) and name_in(link, "").lower().endswith(VIDEO_ENDINGS):
        name = name_in(link, "video")
        return MessageMedia(name, link, MediaKind.VIDEO, spoiler=name.startswith(SPOILER))
    return VideoLink(link)


def check(client: Nugu, video: MessageMedia) -> None:
    """Raise PersonError for an AVI, and for a file that says it is too large."""
    limit = client.app.settings.clip_bytes
    if video.name.lower().endswith(AVI):
        raise PersonError(avi_refused(video.name))
    if video.size is not None and video.size > limit:
        raise PersonError(video_too_large(video.name, limit))


async def save_video(client: Nugu, video: MessageMedia, folder: IncomingFolder) -> PostedVideo:
    """The video as a file in `folder`, of at most its bytes. Raises PersonError for one that is too large, or gone."""
    limit = min(client.app.settings.clip_bytes, folder.bytes)
    path = folder.path / "posted"
    try:
        await save(client, video.url, path, limit)
    except LargeFileError:
        raise PersonError(video_too_large(video.name, limit)) from None
    except UNREADABLE as error:
        raise PersonError(video_unread(video.name, unread_reason(error))) from None
    return PostedVideo(video.name.removeprefix(SPOILER), path)


def _embedded(embed: discord.Embed) -> MessageMedia | VideoLink | None:
    """The video of an embed: a file that Discord serves, or its page."""
    proxied = embed.video.proxy_url
    if proxied is not None and is_on_discord(proxied):
        name = name_in(embed.url or proxied, "video")
        return MessageMedia(name, proxied, MediaKind.VIDEO, spoiler=name.startswith(SPOILER))
    return linked_video(embed.url) if embed.url is not None else None
