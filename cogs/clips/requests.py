"""Requests for clips: the found video of a command, a context menu or a message becomes a row of the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.domain.clip_requests import ClipRequest, ReplyTarget
from bot.domain.enums import CaptionStyle
from bot.usecases import upload_limits
from bot.usecases.clips import request, room
from cogs.clips.cards import accepted_card
from cogs.clips.videos import VideoLink, check, save_video
from cogs.common.long_commands import TOKEN_SECONDS
from cogs.common.requests import explain, message_request, reply
from cogs.common.responses import is_passing

if TYPE_CHECKING:
    from bot.client import Nugu
    from bot.usecases.questions.identify import IdentifyRequest
    from cogs.common.media import MessageMedia


def reply_target(interaction: discord.Interaction[Nugu], card_id: int) -> ReplyTarget:
    """The target of the answer to a command or to a button."""
    assert interaction.channel_id is not None
    return ReplyTarget(
        channel_id=interaction.channel_id,
        card_id=card_id,
        token=interaction.token,
        token_until=interaction.created_at.timestamp() + TOKEN_SECONDS,
        max_bytes=interaction.filesize_limit,
    )


async def request_clip_of_message(
    client: Nugu, message: discord.Message, source_message: discord.Message, found: MessageMedia | VideoLink
) -> None:
    """Request the clip of a video that a message asks about. `source_message` is the message with the video.

    A card, or the sentence of an error, answers once the request is kept. Where Discord gives no answer about the card, the
    queue looks for it later.
    """
    try:
        async with message.channel.typing():
            with client.app.question_limit.slot(message.author.id):
                target = ReplyTarget(message.channel.id, await _most_bytes(client, message))
                job_id = await request_clip(
                    client, await message_request(client, message, source_message), found, target
                )
        try:
            card = await client.running_tasks.post(reply(message, view=accepted_card()))
        except discord.HTTPException as refused:
            if not is_passing(refused):
                await request.attach_card(client.app, job_id, None)
            raise
        await request.attach_card(client.app, job_id, card.id)
    except Exception as error:  # noqa: BLE001  # a message shows it
        await explain(message, error)


async def request_clip(
    client: Nugu,
    asked: IdentifyRequest,
    found: MessageMedia | VideoLink,
    target: ReplyTarget,
    start: float | None = None,
    length: float | None = None,
    style: CaptionStyle = CaptionStyle.NAMES,
) -> int:
    """Request the clip of a linked video, or of a posted one after receiving it; returns the id of the job.

    `start` and `length` in seconds.

    Raises PersonError: a BusyError where its turn would come too late, a MessageDeletedError where its message is deleted
    meanwhile.
    """
    if isinstance(found, VideoLink):
        clip_request = ClipRequest(found.url, found.start if start is None else start, length, style, found.spoiler)
        return await request.request_clip(client.app, asked, clip_request, target)
    check(client, found)
    await request.check_room(client.app, asked)
    async with (
        client.app.deletions.abort_on_deletion(asked.scope),
        client.app.queues.uploads.bulk_turn(),
        room.incoming(client.app, asked.server_id, found.size) as folder,
    ):
        clip_request = ClipRequest(await save_video(client, found, folder), start or 0.0, length, style, found.spoiler)
        return await request.request_clip(client.app, asked, clip_request, target)


async def _most_bytes(client: Nugu, message: discord.Message) -> int:
    """The largest file, in bytes, that the bot tries to post as a reply to the message."""
    if message.guild is None:
        return upload_limits.USUAL
    return await upload_limits.upload_limit(client.app, message.guild.id, message.guild.filesize_limit)
