"""The discord.py client: intents, cogs, and commands synced when they changed."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from cachetools import TTLCache
from discord import app_commands
from discord.ext import commands

from bot.database.tables.servers import Note
from bot.errors import PersonError
from bot.retries import retry_once

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from bot.app import App

    Run = Callable[..., Coroutine[Any, Any, Any]]
    ErrorHandler = Callable[[discord.Interaction[Any], BaseException], Coroutine[Any, Any, None]]

log = logging.getLogger(__name__)

COGS = (
    "cogs.common.errors",
    "cogs.who.cog",
    "cogs.clips.cog",
    "cogs.deletions.cog",
    "cogs.roster.groups.cog",
    "cogs.roster.members.cog",
    "cogs.roster.archives.cog",
    "cogs.review.cog",
    "cogs.model.cog",
    "cogs.map.cog",
    "cogs.quiz.cog",
    "cogs.twins.cog",
    "cogs.setup.cog",
    "cogs.help.cog",
)
SYNCED = "synced commands"
REMEMBERED_INTERACTIONS = 10_000
REMEMBERED_UPLOADS = 1_000
INTERACTION_SECONDS = 15 * 60
"""Seconds for which an interaction's token is valid (discord-api-docs, Receiving and Responding)."""

RUNS = ("_invoke", "_invoke_with_namespace", "_invoke_autocomplete")
"""Methods by which discord.py checks and runs a menu, a command, and its autocomplete. It has no public place between
these and `on_error`.
"""

LONGEST_LIMIT = 60.0
"""Seconds of a rate limit that a request waits for. Those of the command sync may last a day."""

UNREACHABLE = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)
"""Errors of a request that does not reach Discord, or that Discord refuses."""


class Nugu(commands.AutoShardedBot):
    """The bot on Discord. It holds the app that its cogs hand to the use cases."""

    def __init__(self, app: App, *, always_sync: bool = False, **options: Any) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents(message_content=app.settings.message_content),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=LONGEST_LIMIT,
            tree_cls=NuguCommandTree,
            **options,
        )
        parsers = self._connection.parsers
        parsers.update({event: functools.partial(_parse, event, parser) for event, parser in parsers.items()})
        self.app = app
        self._always_sync = always_sync
        self.answer_error: ErrorHandler
        """Tells the person what went wrong. `cogs.common.errors` sets it when it is loaded."""
        # A resumed session may replay events; an interaction is answered once.
        self._heard: deque[int] = deque(maxlen=REMEMBERED_INTERACTIONS)
        self.uploads: TTLCache[int, Sequence[discord.Attachment]] = TTLCache(REMEMBERED_UPLOADS, INTERACTION_SECONDS)
        """Where Discord keeps the pictures that came with a command, by question: no message shows them."""

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        """See `discord.Client.start`. A simulated Discord logs in without it, and loses no connection."""
        retry_once(self)
        await super().start(token, reconnect=reconnect)

    async def setup_hook(self) -> None:
        # Known since login; asked for at the first press, it would cost a request within Discord's three seconds.
        if self.application is not None:
            team, owner = self.application.team, self.application.owner
            self.owner_ids = {member.id for member in team.members} if team else {owner.id}
        for cog in COGS:
            await self.load_extension(cog)
        await self._sync_if_changed()

    async def on_connect(self) -> None:
        """The workers start once Discord has said READY: both at once would make each take longer."""
        log.info("connected as %s", self.user)
        self.app.compute.start()

    def is_new(self, interaction: discord.Interaction[Any]) -> bool:
        """Whether this interaction comes for the first time; asked once each time it comes."""
        if interaction.id in self._heard:
            return False
        self._heard.append(interaction.id)
        return True

    async def on_message(self, message: discord.Message) -> None:
        """Commands are slash commands alone; the cogs listen for messages themselves."""

    async def _sync_if_changed(self) -> None:
        """Tell Discord of the commands unless it has these already; it limits how often it may be told.

        Where Discord refuses them, those that it has stay, and the next start tries again.
        """
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        wanted = hashlib.sha256(json.dumps([self.application_id, payload], sort_keys=True).encode()).hexdigest()
        async with self.app.database.reading() as session:
            note = await session.get(Note, SYNCED)
        if note is not None and note.value == wanted and not self._always_sync:
            return
        try:
            await self.tree.sync()
        except Exception:  # a refusal, a lost connection, or an answer that discord.py can't parse
            log.exception("Discord did not take the commands; those that it has stay until the next start")
            return
        async with self.app.database.writing() as session:
            await session.merge(Note(key=SYNCED, value=wanted))


class NuguCommandTree(app_commands.CommandTree[Nugu]):
    """The command tree: a command that comes twice runs once, and a refusal is an answer.

    An error that is none of these goes to the client's `answer_error` too, by way of `on_error`.
    """

    def add_command(
        self,
        command: app_commands.Command[Any, ..., Any] | app_commands.ContextMenu | app_commands.Group,
        /,
        **where: Any,
    ) -> None:
        """Add a command, a menu or a group of commands; what they refuse is answered before `on_error` hears of it."""
        super().add_command(command, **where)
        for each in command.walk_commands() if isinstance(command, app_commands.Group) else [command]:
            for name in RUNS:
                if (run := getattr(each, name, None)) is not None:
                    setattr(each, name, _refusing(run))

    async def interaction_check(self, interaction: discord.Interaction[Nugu], /) -> bool:
        return self.client.is_new(interaction)

    async def on_error(self, interaction: discord.Interaction[Nugu], error: app_commands.AppCommandError, /) -> None:
        await self.client.answer_error(interaction, error)


def intents(*, message_content: bool) -> discord.Intents:
    """The least that works: servers, and messages in servers and in private. Content is asked for only when wanted."""
    chosen = discord.Intents.none()
    chosen.guilds = True
    chosen.guild_messages = True
    chosen.dm_messages = True
    chosen.message_content = message_content
    return chosen


def _refusing(run: Run) -> Run:
    """`run`, which ends well where it refuses."""

    @functools.wraps(run)
    async def answered(interaction: discord.Interaction[Any], *arguments: Any) -> Any:
        try:
            return await run(interaction, *arguments)
        except (PersonError, app_commands.AppCommandError) as error:
            if not _is_refusal(error):
                raise
            interaction.command_failed = True
            if interaction.type is discord.InteractionType.autocomplete:
                await interaction.response.autocomplete([])
            else:
                await interaction.client.answer_error(interaction, error)

    return answered


def _is_refusal(error: Exception) -> bool:
    """Whether the person can mend it, or may not do it; an error of ours is none."""
    if isinstance(error, app_commands.CommandInvokeError):
        return isinstance(error.original, PersonError)
    return isinstance(error, PersonError | app_commands.CheckFailure)


def _parse(event: str, parser: Callable[[Any], None], data: Any) -> None:
    """Parse an event of the gateway; one that can't be parsed would end the client, so it is logged and left out."""
    try:
        parser(data)
    except Exception:
        log.exception("left out a %s that can't be parsed", event)
