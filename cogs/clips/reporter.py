"""Reports on clips to their askers: the progress card, the finished clip, or a sentence."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from zlib import crc32

import aiohttp
import discord

from bot.client import UNREACHABLE
from bot.clock import still_lasts
from bot.domain.clips import UploadRefusedError
from bot.domain.messages import Message
from bot.usecases import upload_limits
from cogs.answers.cards import picture_urls
from cogs.clips.cards import clip_card, clip_files, progress_card
from cogs.clips.texts import REQUEST_ACCEPTED, explanation, posted_note
from cogs.common.layout import message_card
from cogs.common.long_commands import TOKEN_SECONDS
from cogs.common.markup import render_for_discord
from cogs.common.media import name_in
from cogs.common.message_media import texts_of
from cogs.common.own_replies import own_replies
from cogs.common.responses import is_passing, is_too_large

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from bot.client import Nugu
    from bot.domain.clips import ClipAttachments, ClipProgress, FinishedClip, ReportedClip
    from cogs.common.layout import Card

T = TypeVar("T")

log = logging.getLogger(__name__)

BAD_REQUEST, FORBIDDEN, NOT_FOUND = 400, 403, 404
OUT_OF_REACH = frozenset({10008, 10015, 50027})
"""Unknown message, unknown webhook, invalid token: the interaction no longer reaches the card, but the bot may."""


class DiscordClipReporter:
    """`bot.domain.clips.ClipReporter` on Discord.

    For fourteen minutes the token of the interaction edits the card, even where the bot may not read the channel. After
    that the bot edits it as its own message.
    """

    def __init__(self, client: Nugu) -> None:
        self._client = client
        # discord.py keeps the HTTP session for webhooks in a context variable, which the queue's own context lacks.
        self._context = copy_context()

    async def show(self, progress: ClipProgress) -> None:
        """See `ClipReporter.show`. A deleted card is not posted again."""
        await self._in_context(self._show(progress))

    async def answer(self, clip: ReportedClip, finished: FinishedClip, attachments: ClipAttachments) -> int:
        """See `ClipReporter.answer`. Where Discord refuses new files in the card, the clip is posted below."""
        with _connection_errors():
            return await self._in_context(self._answer(clip, finished, attachments))

    async def answered(self, clip: ReportedClip) -> int | None:
        """See `ClipReporter.answered`."""
        return await self._in_context(self._answered(clip))

    async def posted_card(self, clip: ReportedClip) -> int | None:
        """See `ClipReporter.posted_card`."""
        return await self._in_context(self._posted_card(clip))

    async def explain(self, clip: ReportedClip, message: Message) -> None:
        """See `ClipReporter.explain`."""
        await self._in_context(self._explain(clip, render_for_discord(message)))

    async def _in_context(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work in the client's context."""
        return await self._context.copy().run(asyncio.create_task, work)

    async def _show(self, progress: ClipProgress) -> None:
        # A clip that is drawn again stays on its card until the new one is ready.
        if progress.clip.answer_id is not None:
            return
        try:
            await self._edit(progress.clip, progress_card(progress))
        except UNREACHABLE as failure:
            log.warning("could not show the progress of clip %s: %s", progress.clip.job_id, failure)

    async def _answer(self, clip: ReportedClip, finished: FinishedClip, attachments: ClipAttachments) -> int:
        if clip.target.card_id is not None and self._is_fresh(clip):
            try:
                await self._edit(clip, clip_card(finished), lambda: clip_files(finished, attachments))
            except discord.HTTPException as refused:
                await self._check_size(clip, refused, attachments)
                if refused.status == NOT_FOUND and clip.answer_id is not None:
                    return clip.answer_id  # somebody deleted the clip while it was drawn again
                if refused.status not in {BAD_REQUEST, FORBIDDEN, NOT_FOUND}:
                    raise
                log.warning("card %s did not become the clip: %s", clip.target.card_id, refused)
            else:
                return clip.target.card_id
        note = posted_note(clip.asker_id)
        try:
            posted = await self._post(
                clip,
                lambda: {"view": clip_card(finished, note=note), "files": clip_files(finished, attachments)},
                nonce=f"{clip.job_id}-{crc32(attachments.chart):08x}",
            )
        except discord.HTTPException as refused:
            await self._check_size(clip, refused, attachments)
            raise
        if posted.id != clip.target.card_id:
            await self._replace_card(clip, f"Done: {posted.jump_url}")
        return posted.id

    async def _answered(self, clip: ReportedClip) -> int | None:
        # The card may show the old clip. Sending an edit twice does no harm.
        if clip.answer_id is not None:
            return None
        asked = clip.target.card_id or clip.question_message_id
        if asked is None:
            return None
        try:
            with _connection_errors():
                if clip.target.card_id is not None and _has_clip(await self._fetch(clip)):
                    return clip.target.card_id
        except discord.HTTPException as refusal:
            log.warning("may not look at card %s again: %s", clip.target.card_id, refusal)
        return await self._find_reply(clip, asked, _has_clip)

    async def _posted_card(self, clip: ReportedClip) -> int | None:
        asked = clip.question_message_id
        assert asked is not None
        return await self._find_reply(clip, asked, _is_accepted)

    async def _find_reply(
        self, clip: ReportedClip, asked: int, is_sought: Callable[[discord.Message], bool]
    ) -> int | None:
        """The bot's first reply of this kind to a message. Raises ConnectionError where Discord gives no answer."""
        try:
            with _connection_errors():
                async for message in own_replies(self._client, self._channel(clip), asked):
                    if is_sought(message):
                        return message.id
        except discord.HTTPException as refusal:
            log.warning("may not look for the replies to message %s: %s", asked, refusal)
        return None

    async def _explain(self, clip: ReportedClip, sentence: str) -> None:
        first = clip.target.card_id is not None and clip.answer_id is None
        if first and await self._replace_card(clip, sentence):
            return
        try:
            await self._post(clip, lambda: {"view": message_card(explanation(clip.asker_id, sentence))})
        except UNREACHABLE as failure:
            log.warning("could not explain the end of clip %s: %s", clip.job_id, failure)

    async def _replace_card(self, clip: ReportedClip, sentence: str) -> bool:
        """Put a sentence in place of the card; whether Discord took it."""
        try:
            await self._edit(clip, message_card(sentence))
        except UNREACHABLE as failure:
            log.warning("could not replace card %s: %s", clip.target.card_id, failure)
            return False
        return True

    async def _edit(self, clip: ReportedClip, card: Card, files: Callable[[], list[discord.File]] = list) -> None:
        """Edit the clip's card, if it has one, to this card with these files alone."""
        if clip.target.card_id is None:
            return
        if (webhook := self._webhook(clip)) is not None:
            try:
                await webhook.edit_message(clip.target.card_id, view=card, attachments=files())
                return
            except discord.HTTPException as refused:
                if refused.code not in OUT_OF_REACH:
                    raise
        await self._channel(clip).get_partial_message(clip.target.card_id).edit(view=card, attachments=files())

    async def _fetch(self, clip: ReportedClip) -> discord.Message:
        """The clip's card as it is on Discord."""
        assert clip.target.card_id is not None
        if (webhook := self._webhook(clip)) is not None:
            return await webhook.fetch_message(clip.target.card_id)
        return await self._channel(clip).get_partial_message(clip.target.card_id).fetch()

    async def _post(
        self, clip: ReportedClip, parts: Callable[[], dict[str, Any]], nonce: str | None = None
    ) -> discord.Message:
        """Reply to the card, or to the message with the question, and mention the asker.

        Where the bot may not write, the interaction's token sends the message; without one it goes to the asker in private.
        """
        common: dict[str, Any] = {
            "allowed_mentions": discord.AllowedMentions(users=[discord.Object(clip.asker_id)], replied_user=False)
        }
        in_channel: dict[str, Any] = {} if nonce is None else {"nonce": nonce}
        channel = self._channel(clip)
        if (answered := clip.target.card_id or clip.question_message_id) is not None:
            in_channel["reference"] = channel.get_partial_message(answered).to_reference(fail_if_not_exists=False)
        try:
            return await channel.send(**parts(), **common, **in_channel)
        except (discord.Forbidden, discord.NotFound) as refused:
            log.warning("may not post a clip in channel %s: %s", clip.target.channel_id, refused)
        if (webhook := self._webhook(clip)) is not None:
            return await webhook.send(**parts(), **common, wait=True)
        asker = await self._client.fetch_user(clip.asker_id)
        return await asker.send(**parts(), **common)

    async def _check_size(
        self, clip: ReportedClip, refused: discord.HTTPException, attachments: ClipAttachments
    ) -> None:
        """Raises UploadRefusedError where Discord refused the clip for its size."""
        if not is_too_large(refused):
            return
        guild = self._client.get_guild(clip.server_id) if clip.server_id is not None else None
        # An interaction has its asker's limit, which says nothing about the bot's own messages in the server.
        of_server = guild is not None and self._webhook(clip) is None
        smaller = await upload_limits.limit_after_refusal(
            self._client.app,
            clip.server_id if of_server else None,
            attachments.clip.stat().st_size,
            guild.filesize_limit if guild is not None else upload_limits.BEFORE,
        )
        raise UploadRefusedError(smaller) from refused

    def _channel(self, clip: ReportedClip) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(clip.target.channel_id, guild_id=clip.server_id)

    def _webhook(self, clip: ReportedClip) -> discord.Webhook | None:
        """The interaction's webhook, while its token is valid."""
        if clip.target.token is None or not _is_running(clip.target.token_until):
            return None
        assert self._client.application_id is not None
        return discord.Webhook.partial(self._client.application_id, clip.target.token, client=self._client)

    def _is_fresh(self, clip: ReportedClip) -> bool:
        """Whether the card is less than fourteen minutes old. After that a new message with a mention calls the asker."""
        assert clip.target.card_id is not None
        posted = discord.utils.snowflake_time(clip.target.card_id).timestamp()
        until = clip.target.token_until if clip.target.token is not None else posted + TOKEN_SECONDS
        return _is_running(until)


@contextmanager
def _connection_errors() -> Generator[None]:
    """Turn the errors of an unreachable Discord into ConnectionError, for the queue, which doesn't import discord."""
    try:
        yield
    except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, TimeoutError) as error:
        if isinstance(error, discord.HTTPException) and not is_passing(error):
            raise
        raise ConnectionError(str(error)) from error


def _is_running(until: float) -> bool:
    """Whether the time ahead of a token's end is one that a token can have."""
    end = datetime.fromtimestamp(until, UTC)
    return still_lasts(end, discord.utils.utcnow(), timedelta(seconds=TOKEN_SECONDS))


def _is_accepted(message: discord.Message) -> bool:
    return any(text == REQUEST_ACCEPTED for text, _ in texts_of(message))


def _has_clip(message: discord.Message) -> bool:
    return any(name_in(address, "").endswith(".mp4") for address in picture_urls(message))
