"""Where people hear of their clips: the progress card, and what it becomes."""

from __future__ import annotations

import asyncio
import logging
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from zlib import crc32

import discord

from bot.client import UNREACHABLE
from bot.domain.clips import UploadRefusedError
from bot.usecases import upload_limits
from cogs.answers.cards import pictures_shown
from cogs.clips.cards import clip_card, clip_files, progress_card
from cogs.common.layout import told_card
from cogs.common.progress import TOKEN_SECONDS
from cogs.common.responses import is_too_large

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bot.client import Nugu
    from bot.domain.clips import ClipProgress, Drawing, Finished, Promise
    from cogs.common.layout import Layout

T = TypeVar("T")

log = logging.getLogger(__name__)

BAD_REQUEST, FORBIDDEN, NOT_FOUND = 400, 403, 404
OUT_OF_REACH = frozenset({10008, 10015, 50027})
"""Unknown message, unknown webhook, invalid token: what an interaction no longer reaches, the bot may."""

LOOKED_THROUGH = 200
"""So many messages after a card are looked through for its answer."""


class DiscordClipReporter:
    """`bot.domain.clips.ClipReporter` on Discord.

    A card can be edited with its interaction's token for fourteen minutes, whether the bot may read the channel or not, and as
    the bot's own message afterwards.
    """

    def __init__(self, client: Nugu) -> None:
        self._client = client
        # discord.py keeps its line to webhooks in a context variable, and the queue has a context of its own.
        self._context = copy_context()

    async def show(self, progress: ClipProgress) -> None:
        """See `ClipReporter.show`. A card that was taken away is not put up again."""
        await self._here(self._show(progress))

    async def answer(self, promise: Promise, finished: Finished, drawing: Drawing) -> int:
        """See `ClipReporter.answer`. Where Discord takes no new files into a card, the clip is posted below."""
        try:
            return await self._here(self._answer(promise, finished, drawing))
        except discord.DiscordServerError as error:
            # The queue, which knows no Discord, tries again what is a matter of the connection.
            raise ConnectionError(f"Discord answers {error.status}") from error

    async def answered(self, promise: Promise) -> int | None:
        """See `ClipReporter.answered`."""
        return await self._here(self._answered(promise))

    async def explain(self, promise: Promise, sentence: str) -> None:
        """See `ClipReporter.explain`."""
        await self._here(self._explain(promise, sentence))

    async def _here(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work in the context that the client lives in."""
        return await self._context.copy().run(asyncio.create_task, work)

    async def _show(self, progress: ClipProgress) -> None:
        # A clip that is drawn again stays until its successor is there.
        if progress.promise.answer_id is not None:
            return
        try:
            await self._edit(progress.promise, progress_card(progress))
        except UNREACHABLE as failure:
            log.warning("could not tell how far clip %s is: %s", progress.promise.job_id, failure)

    async def _answer(self, promise: Promise, finished: Finished, drawing: Drawing) -> int:
        if promise.card_id is not None and self._is_fresh(promise):
            try:
                await self._edit(promise, clip_card(finished), lambda: clip_files(finished, drawing))
            except discord.HTTPException as refused:
                await self._check_size(promise, refused, drawing)
                if refused.status == NOT_FOUND and promise.answer_id is not None:
                    return promise.answer_id  # somebody took the clip away while it was drawn again
                if refused.status not in {BAD_REQUEST, FORBIDDEN, NOT_FOUND}:
                    raise
                log.warning("card %s did not become the clip: %s", promise.card_id, refused)
            else:
                return promise.card_id
        note = f"<@{promise.asker_id}>, here is your clip."
        try:
            posted = await self._post(
                promise,
                lambda: {"view": clip_card(finished, note=note), "files": clip_files(finished, drawing)},
                nonce=f"{promise.job_id}-{crc32(drawing.chart):08x}",
            )
        except discord.HTTPException as refused:
            await self._check_size(promise, refused, drawing)
            raise
        if posted.id != promise.card_id:
            await self._say_instead(promise, f"Done: {posted.jump_url}")
        return posted.id

    async def _answered(self, promise: Promise) -> int | None:
        # The clip that is there may be the one from before, and an edit may be sent twice.
        if promise.answer_id is not None:
            return None
        asked = promise.card_id or promise.question_message_id
        if asked is None or self._client.user is None:
            return None
        try:
            if promise.card_id is not None and _has_clip(await self._fetch(promise)):
                return promise.card_id
        except UNREACHABLE as failure:
            log.warning("could not look at card %s again: %s", promise.card_id, failure)
        channel = self._channel(promise)
        after = discord.Object(asked)
        try:
            async for message in channel.history(after=after, limit=LOOKED_THROUGH, oldest_first=True):
                answers = message.reference is not None and message.reference.message_id == asked
                if answers and message.author.id == self._client.user.id and _has_clip(message):
                    return message.id
        except UNREACHABLE as failure:
            log.warning("could not look for the answer to card %s: %s", promise.card_id, failure)
        return None

    async def _explain(self, promise: Promise, sentence: str) -> None:
        first = promise.card_id is not None and promise.answer_id is None
        if first and await self._say_instead(promise, sentence):
            return
        try:
            await self._post(promise, lambda: {"view": told_card(f"<@{promise.asker_id}>, {sentence}")})
        except UNREACHABLE as failure:
            log.warning("could not explain what became of clip %s: %s", promise.job_id, failure)

    async def _say_instead(self, promise: Promise, sentence: str) -> bool:
        """Put a sentence in the card's place; whether that could be done."""
        try:
            await self._edit(promise, told_card(sentence))
        except UNREACHABLE as failure:
            log.warning("could not put a sentence in place of card %s: %s", promise.card_id, failure)
            return False
        return True

    async def _edit(self, promise: Promise, card: Layout, files: Callable[[], list[discord.File]] = list) -> None:
        """Let the promise's card, if it has one, show this, and these files alone."""
        if promise.card_id is None:
            return
        if (webhook := self._webhook(promise)) is not None:
            try:
                await webhook.edit_message(promise.card_id, view=card, attachments=files())
                return
            except discord.HTTPException as refused:
                if refused.code not in OUT_OF_REACH:
                    raise
        await self._channel(promise).get_partial_message(promise.card_id).edit(view=card, attachments=files())

    async def _fetch(self, promise: Promise) -> discord.Message:
        """The promise's card as it is on Discord."""
        assert promise.card_id is not None
        if (webhook := self._webhook(promise)) is not None:
            return await webhook.fetch_message(promise.card_id)
        return await self._channel(promise).get_partial_message(promise.card_id).fetch()

    async def _post(
        self, promise: Promise, parts: Callable[[], dict[str, Any]], nonce: str | None = None
    ) -> discord.Message:
        """A message that answers the card, or what was asked about, and mentions the asker.

        Where the bot may not write, it is sent with the token, or in private.
        """
        how: dict[str, Any] = {
            "allowed_mentions": discord.AllowedMentions(users=[discord.Object(promise.asker_id)], replied_user=False)
        }
        there: dict[str, Any] = {} if nonce is None else {"nonce": nonce}
        channel = self._channel(promise)
        if (answered := promise.card_id or promise.question_message_id) is not None:
            there["reference"] = channel.get_partial_message(answered).to_reference(fail_if_not_exists=False)
        try:
            return await channel.send(**parts(), **how, **there)
        except (discord.Forbidden, discord.NotFound) as refused:
            log.warning("may not post a clip in channel %s: %s", promise.channel_id, refused)
        if (webhook := self._webhook(promise)) is not None:
            return await webhook.send(**parts(), **how, wait=True)
        asker = await self._client.fetch_user(promise.asker_id)
        return await asker.send(**parts(), **how)

    async def _check_size(self, promise: Promise, refused: discord.HTTPException, drawing: Drawing) -> None:
        """Raises UploadRefusedError where Discord refused the clip for its size."""
        if not is_too_large(refused):
            return
        guild = self._client.get_guild(promise.server_id) if promise.server_id is not None else None
        # An interaction's number is that of its asker, and says nothing about the bot's own messages there.
        of_server = guild is not None and self._webhook(promise) is None
        smaller = await upload_limits.refused(
            self._client.app,
            promise.server_id if of_server else None,
            drawing.clip.stat().st_size,
            guild.filesize_limit if guild is not None else upload_limits.BEFORE,
        )
        raise UploadRefusedError(smaller) from refused

    def _channel(self, promise: Promise) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(promise.channel_id, guild_id=promise.server_id)

    def _webhook(self, promise: Promise) -> discord.Webhook | None:
        """The interaction's line to its messages, while it is open."""
        if promise.token is None or discord.utils.utcnow().timestamp() >= promise.token_until:
            return None
        assert self._client.application_id is not None
        return discord.Webhook.partial(self._client.application_id, promise.token, client=self._client)

    def _is_fresh(self, promise: Promise) -> bool:
        """Whether the asker still waits in front of the card; later they are called by a mention."""
        assert promise.card_id is not None
        posted = discord.utils.snowflake_time(promise.card_id).timestamp()
        until = promise.token_until if promise.token is not None else posted + TOKEN_SECONDS
        return discord.utils.utcnow().timestamp() < until


def _has_clip(message: discord.Message) -> bool:
    return any(urlsplit(address).path.endswith(".mp4") for address in pictures_shown(message))
