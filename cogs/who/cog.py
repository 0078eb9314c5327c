"""Who is this? By command, context menu, mention, reply and private message, and in watched channels."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.domain.deletions import MessageScope
from bot.errors import BusyError, MessageDeletedError, PersonError, StoppingError
from bot.infra.request_context import Asker, Urgency, set_request_context
from bot.usecases.questions import cards, identify
from bot.usecases.setup import choices as choices_of
from cogs.answers.cards import answer_card, answer_files
from cogs.clips.requests import request_clip_of_message
from cogs.clips.videos import VideoLink, video_of
from cogs.common.message_media import media_of
from cogs.common.pictures import pictures_of, shows_pictures, submitted_pictures
from cogs.common.places import everywhere, parent_channel_id
from cogs.common.requests import (
    check_may_answer,
    explain,
    interaction_request,
    message_request,
    reply,
    searchable_groups,
)
from cogs.common.responses import show, think
from cogs.corrections import components, dialog
from cogs.who.lost_cards import find_lost_cards
from cogs.who.phrases import asks_who
from cogs.who.texts import MENU, NO_PICTURE, UNSEEN_REPLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.files import SubmittedFile
    from bot.usecases.questions.identify import DrawnAnswer, IdentifyRequest
    from cogs.common.media import MessageMedia

log = logging.getLogger(__name__)

REMEMBERED_MESSAGES = 10_000


class WhoCog(commands.Cog):
    """Every way to ask leads to the same card."""

    def __init__(self, client: Nugu) -> None:
        self.client = client
        self._menu = everywhere(app_commands.ContextMenu(name=MENU, callback=self.who_menu))
        # A resumed session may repeat events. The bot answers each message once.
        self._seen: deque[int] = deque(maxlen=REMEMBERED_MESSAGES)
        self._finding: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        self.client.tree.add_command(self._menu)
        self._finding = asyncio.create_task(find_lost_cards(self.client))

    async def cog_unload(self) -> None:
        self.client.tree.remove_command(self._menu.name, type=self._menu.type)
        if self._finding is not None:
            self._finding.cancel()
            await asyncio.wait([self._finding])

    @app_commands.command(name="who")
    @everywhere
    @app_commands.autocomplete(group=searchable_groups)
    @app_commands.describe(
        picture="A picture with faces",
        picture2="One more picture",
        picture3="One more picture",
        picture4="One more picture",
        picture5="One more picture",
        group="The group they belong to; left out, I find it",
        everyone_once="Is each member in the picture at most once?",
    )
    async def who(
        self,
        interaction: discord.Interaction[Nugu],
        picture: discord.Attachment,
        picture2: discord.Attachment | None = None,
        picture3: discord.Attachment | None = None,
        picture4: discord.Attachment | None = None,
        picture5: discord.Attachment | None = None,
        group: app_commands.Range[str, 1, 100] | None = None,
        everyone_once: Literal["auto", "yes", "no"] = "auto",
    ) -> None:
        """Who is in this picture?"""
        card_id = await think(interaction)
        given = [each for each in (picture, picture2, picture3, picture4, picture5) if each is not None]
        with self.client.app.question_limit.slot(interaction.user.id):
            request = await interaction_request(interaction, card_id=card_id, group=group, once=everyone_once)
            question_id = await self._answer(interaction, request, submitted_pictures(self.client, given))
            self.client.uploads[question_id] = given

    async def who_menu(self, interaction: discord.Interaction[Nugu], message: discord.Message) -> None:
        """Apps > Who is this?"""
        card_id = await think(interaction)
        with self.client.app.question_limit.slot(interaction.user.id):
            pictures = pictures_of(self.client, message)
            if not pictures:
                raise PersonError(NO_PICTURE)
            request = await interaction_request(interaction, card_id=card_id, source=message.id)
            await self._answer(interaction, request, pictures)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answers a mention, a private message, and a who-is-this in a watched channel."""
        if message.author.bot or message.id in self._seen:
            return
        self._seen.append(message.id)
        addressed = self._is_addressed(message)
        if not addressed and not await self._is_watched(message):
            return
        server = message.guild.id if message.guild else None
        set_request_context(Asker(message.author.id, server, Urgency.ASKED if addressed else Urgency.WATCHED))
        # In a watched channel nobody may have meant the bot, so a stop adds no message about itself.
        tell = partial(explain, message, StoppingError()) if addressed else None
        stopping = self.client.running_tasks.stopping
        self.client.running_tasks.add(None if stopping else tell)
        if stopping:
            if tell is not None:
                await tell()
            return
        try:
            check_may_answer(message)
            meant = _meant(message)
            found = _video_asked_about(meant) if addressed else None
            if found is not None:
                await request_clip_of_message(self.client, message, meant, found)
                if not shows_pictures(meant):
                    return
                # The card of the clip is no answer about the pictures.
                self.client.running_tasks.add(tell)
            async with message.channel.typing():
                with self.client.app.question_limit.slot(message.author.id):
                    tagged = await self._ask_about(message)
            card = await self.client.running_tasks.post(
                reply(message, view=answer_card(tagged.answer), files=answer_files(tagged.pictures))
            )
            await cards.save_card(self.client.app, tagged.answer, card.id)
        except MessageDeletedError as error:
            # The asker deleted the question, and waits for no answer.
            if not self.client.app.deletions.contains_any(MessageScope(messages=frozenset({message.id}))):
                await explain(message, error)
        except BusyError as error:
            # In a watched channel nobody may have meant the bot, so it adds no message about itself.
            if addressed:
                await explain(message, error)
        except discord.Forbidden:
            log.warning("may not answer in channel %s", message.channel.id)
        except Exception as error:  # noqa: BLE001  # discord.py has no handler for a listener's errors
            await explain(message, error)

    async def _ask_about(self, message: discord.Message) -> DrawnAnswer:
        shows, pictures = self._pictures_asked_about(message)
        return await identify.answer_question(
            self.client.app, await message_request(self.client, message, shows), pictures
        )

    def _is_addressed(self, message: discord.Message) -> bool:
        """Whether it is private, or its text mentions the bot. The ping of a reply to the bot's card does not count."""
        if message.guild is None:
            return True
        assert self.client.user is not None
        return f"<@{self.client.user.id}>" in message.content or f"<@!{self.client.user.id}>" in message.content

    async def _is_watched(self, message: discord.Message) -> bool:
        """Whether it asks who somebody is, in a watched channel."""
        if message.guild is None or not self.client.app.settings.message_content or not asks_who(message.content):
            return False
        choices = await choices_of(self.client.app, message.guild.id)
        if not {message.channel.id, parent_channel_id(message.channel)} & choices.watched:
            return False
        return bool(media_of(message) or message.reference)

    def _pictures_asked_about(self, message: discord.Message) -> tuple[discord.Message, Sequence[SubmittedFile]]:
        """The pictures of the message, or of the one that it replies to; and the message that shows them."""
        shows, pictures = message, pictures_of(self.client, message)
        replied = message.reference.resolved if message.reference else None
        if not pictures and isinstance(replied, discord.Message):
            shows, pictures = replied, pictures_of(self.client, replied)
            if not pictures and message.guild is not None and not self.client.intents.message_content:
                raise PersonError(UNSEEN_REPLY)
        if not pictures:
            raise PersonError(NO_PICTURE)
        return shows, pictures

    async def _answer(
        self, interaction: discord.Interaction[Nugu], request: IdentifyRequest, pictures: Sequence[SubmittedFile]
    ) -> int:
        """Answer with a card. Gives the id of the question."""
        tagged = await identify.answer_question(self.client.app, request, pictures)
        try:
            card = await self.client.running_tasks.post(
                show(interaction, answer_card(tagged.answer), answer_files(tagged.pictures), ephemeral=False)
            )
        except Exception:
            await cards.forget_unshown(self.client.app, tagged.answer)
            raise
        await cards.save_card(self.client.app, tagged.answer, card.id)
        return tagged.answer.id


def _meant(message: discord.Message) -> discord.Message:
    """The message itself where it shows a picture or a video, else the one that it replies to."""
    replied = message.reference.resolved if message.reference else None
    if message.attachments or shows_pictures(message) or video_of(message) is not None:
        return message
    return replied if isinstance(replied, discord.Message) else message


def _video_asked_about(message: discord.Message) -> MessageMedia | VideoLink | None:
    """The video of a message. A link beside pictures is their source, not a video to look at."""
    found = video_of(message)
    return None if isinstance(found, VideoLink) and shows_pictures(message) else found


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    client.add_dynamic_items(*components.ITEMS, *dialog.ITEMS)
    client.add_listener(dialog.other_name_listener, "on_interaction")
    await client.add_cog(WhoCog(client))
