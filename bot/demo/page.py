"""Additions to SimCord's page for people: the current time, clips that play, and the progress of long commands.

SimCord has no public interface for most of this, so this module uses its private one. docs/demo.md lists SimCord's own
behaviour.
"""

from __future__ import annotations

import asyncio
import functools
import time
from contextlib import asynccontextmanager
from contextvars import copy_context
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from discord import app_commands
from simcord._clock import Clock

from bot.clock import utc_now
from bot.demo.media import PassThroughMediaWorker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    import discord
    import simcord

    from bot.client import Nugu, Run

ACKNOWLEDGED_SECONDS = 0.02
"""Seconds between two checks of a command's acknowledgement."""

PUBLISH_SECONDS = 0.5
"""Seconds between two checks for new requests. The page polls as often."""


class WallClock(Clock):
    """The time of this machine. SimCord's own clock stands still at the beginning of 2026."""

    def __init__(self) -> None:
        # SimCord replaces time.monotonic by this clock.
        self._start, self._counter = utc_now(), time.perf_counter()

    @property
    def elapsed(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]  # only `advance` would set it
        return time.perf_counter() - self._counter

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.elapsed)

    def advance(self, seconds: float) -> None:
        """Do nothing: time passes by itself."""


class BackgroundCommands:
    """Runs slash commands in the background once they are acknowledged.

    SimCord shows the result of an action when all its tasks have ended. It doesn't wait for tasks with a context from outside
    the action, so the page shows *Thinking…* at once.
    """

    def __init__(self, bot: Nugu) -> None:
        self._bot = bot
        self._context = copy_context()
        self._tasks: set[asyncio.Task[None]] = set()
        for command in bot.tree.walk_commands():
            if isinstance(command, app_commands.Command):
                name = "_invoke_with_namespace"
                setattr(command, name, self._in_background(getattr(command, name)))

    async def close(self) -> None:
        """Cancel all running commands."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _in_background(self, run: Run) -> Run:
        """`run` in a task of its own; the result returns once the command is acknowledged or ends."""

        @functools.wraps(run)
        async def started(interaction: discord.Interaction[Nugu], *arguments: Any) -> None:
            command = self._context.run(asyncio.create_task, self._finish(run, interaction, *arguments))
            acknowledged = self._context.run(asyncio.create_task, _acknowledged(interaction))
            self._tasks.add(command)
            command.add_done_callback(self._tasks.discard)
            await asyncio.wait([command, acknowledged], return_when=asyncio.FIRST_COMPLETED)
            acknowledged.cancel()

        return started

    async def _finish(self, run: Run, interaction: discord.Interaction[Nugu], *arguments: Any) -> None:
        try:
            await run(interaction, *arguments)
        except app_commands.AppCommandError as error:
            await self._bot.tree.on_error(interaction, error)


@asynccontextmanager
async def live_page(env: simcord.Env, bot: Nugu, preview: simcord.Preview) -> AsyncGenerator[None]:
    """Within this context the page shows media unchanged, and the bot's actions as they happen."""
    preview._media_worker = PassThroughMediaWorker()  # pyright: ignore[reportPrivateUsage]
    _accept_late_actions(preview)
    background = BackgroundCommands(bot)
    publishing = asyncio.create_task(_publish(env, preview))
    try:
        yield
    finally:
        publishing.cancel()
        await background.close()


async def _publish(env: simcord.Env, preview: simcord.Preview) -> None:
    """Publish the page anew after each request of the bot."""
    published = 0
    while True:
        await asyncio.sleep(PUBLISH_SECONDS)
        if (sent := len(env.http_requests)) != published:
            published = sent
            preview._advance_presentation_time()  # pyright: ignore[reportPrivateUsage]  # the base of "2 minutes ago"
            # `refresh` would collide with an action at that moment and leave the page stuck.
            preview._publish_message_pages(reason="refresh")  # pyright: ignore[reportPrivateUsage]


def _accept_late_actions(preview: simcord.Preview) -> None:
    """Accept actions that began before the last publication. SimCord refuses them as stale."""
    act, pages = preview._action, preview._pages  # pyright: ignore[reportPrivateUsage]

    async def accepted(context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        if "published_revision" in body and (page := pages.get(context_id or "")) is not None:
            body = {**body, "published_revision": page.revision}
        return await act(context_id, body)

    preview._action = accepted  # pyright: ignore[reportPrivateUsage]


async def _acknowledged(interaction: discord.Interaction[Nugu]) -> None:
    while not interaction.response.is_done():  # noqa: ASYNC110  # discord.py sets no event
        await asyncio.sleep(ACKNOWLEDGED_SECONDS)
