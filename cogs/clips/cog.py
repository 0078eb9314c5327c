"""Annotated clips: by command and by context menu. `cogs.who` passes on videos of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.domain.enums import CaptionStyle
from bot.errors import PersonError
from bot.text.links import first_link, read_seconds
from bot.usecases.clips.queue import ClipQueue
from cogs.clips.components import CancelClipButton, RedrawClipButton
from cogs.clips.reporter import DiscordClipReporter
from cogs.clips.requests import reply_target, request_clip
from cogs.clips.texts import MENU, NO_LINK, NO_VIDEO, NO_VIDEO_FILE, ONE_OF_TWO
from cogs.clips.videos import VideoLink, attached_video, linked_video, unlabelled_video_of, video_of
from cogs.common.places import everywhere
from cogs.common.requests import interaction_request, searchable_groups
from cogs.common.responses import think

if TYPE_CHECKING:
    from cogs.common.media import MessageMedia


class ClipsCog(commands.Cog):
    """Each request begins with a progress card, which becomes the clip."""

    def __init__(self, client: Nugu) -> None:
        self.client = client
        self._queue: ClipQueue | None = None
        self._menu = everywhere(app_commands.ContextMenu(name=MENU, callback=self.clip_menu))

    async def cog_load(self) -> None:
        self.client.tree.add_command(self._menu)
        self._queue = ClipQueue(self.client.app, DiscordClipReporter(self.client))
        self.client.stop_clips = self._queue.close
        await self._queue.start()

    async def cog_unload(self) -> None:
        self.client.tree.remove_command(self._menu.name, type=self._menu.type)
        if self._queue is not None:
            await self._queue.close()

    @app_commands.command(name="clip")
    @everywhere
    @app_commands.autocomplete(group=searchable_groups)
    @app_commands.describe(
        link="A link to the video",
        video="The video itself",
        start="Where to begin, such as 1:23",
        length="How much of it, such as 0:30",
        group="The group that is in it; left out, I find it",
        style="What is drawn: names, names and everybody's confidence, or boxes alone",
    )
    async def clip(
        self,
        interaction: discord.Interaction[Nugu],
        link: app_commands.Range[str, 1, 500] | None = None,
        video: discord.Attachment | None = None,
        start: app_commands.Range[str, 1, 20] | None = None,
        length: app_commands.Range[str, 1, 20] | None = None,
        group: app_commands.Range[str, 1, 100] | None = None,
        style: Literal["names", "names+list", "boxes"] = "names",
    ) -> None:
        """Who is in this video, and when? You get it back with the names in it."""
        found = _given(link, video)
        begin = read_seconds(start) if start is not None else None
        seconds = read_seconds(length) if length is not None else None
        await self._request(interaction, found, begin, seconds, CaptionStyle(style), group=group)

    async def clip_menu(self, interaction: discord.Interaction[Nugu], message: discord.Message) -> None:
        """Apps > Annotate this clip."""
        found = video_of(message) or unlabelled_video_of(message)
        if found is None:
            raise PersonError(NO_VIDEO)
        await self._request(interaction, found, source=message.id)

    async def _request(
        self,
        interaction: discord.Interaction[Nugu],
        found: MessageMedia | VideoLink,
        start: float | None = None,
        length: float | None = None,
        style: CaptionStyle = CaptionStyle.NAMES,
        *,
        group: str | None = None,
        source: int | None = None,
    ) -> None:
        """Request the clip. The queue edits its card from then on."""
        card_id = await think(interaction)
        with self.client.app.question_limit.slot(interaction.user.id):
            asked = await interaction_request(interaction, group=group, source=source)
            await request_clip(self.client, asked, found, reply_target(interaction, card_id), start, length, style)


def _given(link: str | None, video: discord.Attachment | None) -> MessageMedia | VideoLink:
    """The video of a command. Raises PersonError unless exactly one of link and file is given."""
    if (link is None) == (video is None):
        raise PersonError(ONE_OF_TWO)
    if video is not None:
        if (media := attached_video(video)) is None:
            raise PersonError(NO_VIDEO_FILE)
        return media
    address = first_link(link or "")
    if address is None:
        raise PersonError(NO_LINK)
    return linked_video(address)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    client.add_dynamic_items(CancelClipButton, RedrawClipButton)
    await client.add_cog(ClipsCog(client))
