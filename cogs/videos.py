"""Finds the video of a message, posted or linked, and brings a posted one into a file."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import aiohttp
import discord

from bot.clips.wishes import Posted, first_link, read_seconds
from bot.errors import PersonError
from bot.media.footage import ACCEPTED
from bot.wording import MEBIBYTE, mebibytes, plain
from cogs.pictures import DISCORD_MEDIA, PICTURE_ENDINGS, UNREADABLE, why_unread

if TYPE_CHECKING:
    from pathlib import Path

    from bot.client import Nugu

AVI = ".avi"
VIDEO_ENDINGS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".ts", ".3gp", AVI)
PIECE = MEBIBYTE
OK, NOT_FOUND = 200, 404
SECONDS_WITHOUT_A_BYTE = 30


@dataclass(frozen=True, slots=True)
class Film:
    """A video file at Discord. `size` in bytes, None where Discord doesn't say."""

    name: str
    url: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a video somewhere else."""

    url: str

    @property
    def start(self) -> float:
        """Where its `t=` says that it starts, in seconds; 0 where it says nothing that can be read."""
        try:
            asked = parse_qs(urlsplit(self.url).query)
            return read_seconds((asked.get("t") or asked.get("start") or ["0"])[0])
        except (PersonError, ValueError):
            return 0.0


def video_of(message: discord.Message) -> Film | Link | None:
    """The first video of a message and of what it forwards: attached, shown in an embed, or linked in its text."""
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    for part in parts:
        for attachment in part.attachments:
            if is_video(attachment):
                return film_of(attachment)
    for part in parts:
        for embed in part.embeds:
            if embed.type == "video" and (shown := _embedded(embed)) is not None:
                return shown
    links = [link for part in parts if (link := first_link(part.content)) is not None]
    return next((linked(link) for link in links if not urlsplit(link).path.lower().endswith(PICTURE_ENDINGS)), None)


def film_of(attachment: discord.Attachment) -> Film:
    """A video that is attached."""
    return Film(attachment.filename, attachment.url, attachment.size)


def is_video(attachment: discord.Attachment) -> bool:
    """Whether an attachment claims to be a video."""
    kind = attachment.content_type or ""
    return kind.startswith("video/") or attachment.filename.lower().endswith(VIDEO_ENDINGS)


def linked(link: str) -> Film | Link:
    """Where a link leads: to a file that Discord keeps, or away."""
    where = urlsplit(link)
    if where.scheme == "https" and where.hostname in DISCORD_MEDIA and where.path.lower().endswith(VIDEO_ENDINGS):
        return Film(_name(link), link)
    return Link(link)


async def receive(client: Nugu, film: Film, folder: Path) -> Posted:
    """The video as a file in `folder`, read piece by piece. Raises PersonError where it is an AVI, too large or not there."""
    limit = client.app.settings.clip_bytes
    if film.name.lower().endswith(AVI):
        raise PersonError(f"{plain(film.name)}: this is an AVI; I read {ACCEPTED}.")
    if film.size is not None and film.size > limit:
        raise _too_large(film.name, limit)
    path = folder / "posted"
    try:
        if urlsplit(film.url).hostname in DISCORD_MEDIA:
            await stream(film, path, limit)
        else:
            # The demo's Discord has no addresses to read from: it lies in this process, its files whole in memory already.
            await asyncio.to_thread(path.write_bytes, await client.http.get_from_cdn(film.url))
    except UNREADABLE as error:
        raise PersonError(f"{plain(film.name)}: {why_unread(error)}.") from None
    return Posted(film.name, path)


async def stream(film: Film, path: Path, limit: int) -> None:
    """Read a file into `path`. Raises PersonError as soon as it is larger than `limit` bytes, and what discord.py raises."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=SECONDS_WITHOUT_A_BYTE, sock_read=SECONDS_WITHOUT_A_BYTE)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(film.url, allow_redirects=False) as response,
    ):
        if response.status != OK:
            refused = discord.NotFound if response.status == NOT_FOUND else discord.HTTPException
            raise refused(response, "no file")
        if (response.content_length or 0) > limit:
            raise _too_large(film.name, limit)
        size = 0
        with path.open("wb") as file:
            async for piece in response.content.iter_chunked(PIECE):
                size += len(piece)
                if size > limit:
                    raise _too_large(film.name, limit)
                await asyncio.to_thread(file.write, piece)


def _embedded(embed: discord.Embed) -> Film | Link | None:
    """What an embedded video is: a file that Discord serves, or the page that it is from."""
    proxied = embed.video.proxy_url
    if proxied is not None and urlsplit(proxied).hostname in DISCORD_MEDIA:
        return Film(_name(embed.url or proxied), proxied)
    return linked(embed.url) if embed.url is not None else None


def _name(url: str) -> str:
    return urlsplit(url).path.rsplit("/", 1)[-1][:100] or "video"


def _too_large(name: str, limit: int) -> PersonError:
    return PersonError(
        f"{plain(name)}: this file is too large; I read videos of up to {mebibytes(limit)}. "
        "Post a shorter or smaller copy."
    )
