"""The discord.py client: intents, cogs, and a sync of the commands after they changed."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
import logging
import sys
from collections import deque
from contextvars import Context
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from cachetools import TTLCache
from discord import app_commands
from discord.ext import commands

from bot.database.tables.servers import KeyValue
from bot.errors import PersonError, StoppingError, StorageError, log_failure
from bot.infra.request_context import Asker, Urgency, set_request_context
from bot.infra.running_tasks import RunningTasks
from bot.retries import retry_once
from bot.usecases import engines

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from bot.app import App

    Run = Callable[..., Coroutine[Any, Any, Any]]
    ErrorHandler = Callable[[discord.Interaction[Any], BaseException], Coroutine[Any, Any, None]]
    StopHandler = Callable[[discord.Interaction[Any]], Coroutine[Any, Any, None]]

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
    "cogs.owner.cog",
)
SYNCED = "synced commands"
REMEMBERED_INTERACTIONS = 10_000
REMEMBERED_UPLOADS = 1_000
INTERACTION_SECONDS = 15 * 60
"""Seconds for which an interaction's token is valid (discord-api-docs, Receiving and Responding)."""

OWNING_ROLES = frozenset({discord.TeamMemberRole.admin, discord.TeamMemberRole.developer})
"""The roles in an application's team whose members own the bot, as in discord.py's `is_owner`."""

RUNS = ("_invoke", "_invoke_with_namespace", "_invoke_autocomplete")
"""The methods of discord.py that check and run a menu, a command and an autocomplete. It has no public hook between
these and `on_error`.
"""

LONGEST_LIMIT = 60.0
"""The longest rate limit that a request waits for, in seconds. Those of the command sync may last a day."""

UNREACHABLE = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)
"""The errors of requests that don't reach Discord, or that Discord refuses."""


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
        """Shows an error to the person of an interaction. `cogs.common.errors` sets it when it is loaded."""
        self.explain_stop: StopHandler
        """Tells the person of an interaction that its work was given up; set in the same place."""
        self.stop_clips: Callable[[], Coroutine[Any, Any, None]] | None = None
        """Puts clips back in the queue, and lets their cards say so. `cogs.clips.cog` sets it when it is loaded."""
        self.running_tasks = RunningTasks()
        # A resumed session may replay events, but an interaction is answered once.
        self._received: deque[int] = deque(maxlen=REMEMBERED_INTERACTIONS)
        self.uploads: TTLCache[int, Sequence[discord.Attachment]] = TTLCache(REMEMBERED_UPLOADS, INTERACTION_SECONDS)
        """The attachments of commands, by question. No message has them."""
        self._warming: asyncio.Task[None] | None = None
        self.downloads: aiohttp.ClientSession | None = None
        """The session that reads files from Discord's servers; None where Discord is simulated, which has none."""

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        """See `discord.Client.start`. A simulated Discord logs in without this method, and its connections never break."""
        retry_once(self)
        self.downloads = aiohttp.ClientSession()
        await super().start(token, reconnect=reconnect)

    async def close(self) -> None:
        """See `discord.Client.close`."""
        if self._warming is not None:
            self._warming.cancel()
        await super().close()
        if self.downloads is not None:
            await self.downloads.close()

    async def setup_hook(self) -> None:
        # Set here from the login's data. At the first press, it would take a request within Discord's three seconds.
        if self.application is not None:
            self.owner_ids = owners_of(self.application)
        for cog in COGS:
            await self.load_extension(cog)
        await self._sync_if_changed()

    async def is_owner(self, user: discord.abc.User, /) -> bool:
        """Whether the person is one of `owner_ids`. discord.py would count people who are only invited to the team."""
        return user.id in (self.owner_ids or ())

    async def on_connect(self) -> None:
        """Start the workers once the bot is connected: both at once would take longer."""
        log.info("connected as %s", self.user)
        self.app.compute.start()
        if self._warming is None:
            # In a fresh context: no event waits for it, and no simulated clock runs in it.
            self._warming = Context().run(asyncio.create_task, self._warm_up())

    async def _warm_up(self) -> None:
        await self.wait_until_ready()
        try:
            await self.app.warm_up()
        except Exception as error:  # noqa: BLE001  # a question tells its asker
            log_failure("the workers are not warm", error=error, logger=log)
        try:
            await engines.catch_up(self.app)
        except Exception as error:  # noqa: BLE001  # a question tells its asker
            log_failure("some photos are not encoded by the engine in use", error=error, logger=log)

    async def accept(self, interaction: discord.Interaction[Any]) -> bool:
        """Whether the current task is to work on this interaction, for its user. Called once for each event.

        It isn't to where the interaction was received before, or where the bot stops, which the person is told.
        """
        if interaction.id in self._received:
            return False
        self._received.append(interaction.id)
        set_request_context(Asker(interaction.user.id, interaction.guild_id, Urgency.ASKED))
        typed = interaction.type is discord.InteractionType.autocomplete
        self.running_tasks.add(
            None if typed or self.running_tasks.stopping else functools.partial(self.explain_stop, interaction)
        )
        if not self.running_tasks.stopping:
            return True
        if typed:
            await interaction.response.autocomplete([])
        else:
            await self.answer_error(interaction, StoppingError())
        return False

    async def finish(self) -> None:
        """Take no new work, put clips back in the queue, and finish or explain running tasks, within ten seconds.

        Clips are put back at once, which leaves the workers to questions; those that are requested meanwhile follow. The
        connection to Discord stays open; `close` closes it.
        """
        stopped = asyncio.create_task(self._stop_clips())

        async def stop_later_clips() -> None:
            await stopped
            await self._stop_clips()

        await self.running_tasks.finish(stop_later_clips)

    async def on_message(self, message: discord.Message) -> None:
        """Do nothing: all commands are slash commands, and cogs have listeners of their own."""

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Log the error of a listener. Nobody waits for an answer."""
        error = sys.exception()
        assert error is not None
        log_failure("the event %s was not handled", event_method, error=error, logger=log)

    async def _stop_clips(self) -> None:
        try:
            await (self.stop_clips or self.app.clips.close)()
        except Exception as error:  # noqa: BLE001  # the next start finds the clips
            log_failure("the cards of clips were not told of the stop", error=error, logger=log)

    async def _sync_if_changed(self) -> None:
        """Sync the commands unless Discord has them already, since syncs are limited.

        If Discord refuses them, its earlier commands stay, and the next start tries again.
        """
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        wanted = hashlib.sha256(json.dumps([self.application_id, payload], sort_keys=True).encode()).hexdigest()
        async with self.app.database.reading() as session:
            note = await session.get(KeyValue, SYNCED)
        if note is not None and note.value == wanted and not self._always_sync:
            return
        try:
            await self.tree.sync()
        except Exception:  # a refusal, a lost connection, or an answer that discord.py can't parse
            log.exception("Discord did not take the commands; those that it has stay until the next start")
            return
        try:
            async with self.app.database.writing() as session:
                await session.merge(KeyValue(key=SYNCED, value=wanted))
        except StorageError as fault:
            log.error("the next start syncs the commands again: %s", fault)


class NuguCommandTree(app_commands.CommandTree[Nugu]):
    """The command tree. A repeated interaction runs once. A refusal is answered, and doesn't reach `on_error`.

    All other errors reach the client's `answer_error` through `on_error`.
    """

    def add_command(
        self,
        command: app_commands.Command[Any, ..., Any] | app_commands.ContextMenu | app_commands.Group,
        /,
        **where: Any,
    ) -> None:
        """Add a command, a menu or a group of commands, whose refusals are answered before `on_error`."""
        super().add_command(command, **where)
        for added in command.walk_commands() if isinstance(command, app_commands.Group) else [command]:
            for name in RUNS:
                if (run := getattr(added, name, None)) is not None:
                    setattr(added, name, _answering_refusals(run))

    async def interaction_check(self, interaction: discord.Interaction[Nugu], /) -> bool:
        return await self.client.accept(interaction)

    async def on_error(self, interaction: discord.Interaction[Nugu], error: app_commands.AppCommandError, /) -> None:
        await self.client.answer_error(interaction, error)


def owners_of(application: discord.AppInfo) -> set[int]:
    """The ids of the people who run the bot: the application's owner.

    For a team: its owner, and the members with the role admin or developer who accepted the invitation. The `owner` of a
    team's application is a user that stands for the team.
    """
    team = application.team
    if team is None:
        return {application.owner.id}
    members = {
        member.id
        for member in team.members
        if member.membership_state is discord.TeamMembershipState.accepted and member.role in OWNING_ROLES
    }
    return members if team.owner_id is None else members | {team.owner_id}


def intents(*, message_content: bool) -> discord.Intents:
    """The fewest intents that work: servers, and messages in servers and in private; their content only if wanted."""
    intents = discord.Intents.none()
    intents.guilds = True
    intents.guild_messages = True
    intents.dm_messages = True
    intents.message_content = message_content
    return intents


def _answering_refusals(run: Run) -> Run:
    """`run`, with an answer in place of an error for each refusal."""

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
    """Whether the error is the person's to mend, or a missing permission, rather than a bug."""
    if isinstance(error, app_commands.CommandInvokeError):
        return isinstance(error.original, PersonError)
    return isinstance(error, PersonError | app_commands.CheckFailure)


def _parse(event: str, parser: Callable[[Any], None], data: Any) -> None:
    """Parse an event of the gateway, or log and skip it. An error here would end the client."""
    try:
        parser(data)
    except Exception:
        log.exception("left out a %s that can't be parsed", event)
