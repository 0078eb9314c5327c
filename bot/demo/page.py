"""What SimCord's page lacks for people: today's clock, clips that play, long work that is seen at work.

SimCord has no public place for most of this; docs/demo.md tells what it does by itself.
"""

from __future__ import annotations

import asyncio
import functools
import time
from contextlib import asynccontextmanager
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from discord import app_commands
from simcord._clock import Clock

from bot.demo.media import AsPosted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    import discord
    import simcord

    from bot.client import Nugu, Run

HEARD = 0.02
"""Seconds between two looks whether Discord has heard of a command."""

FRESH = 0.5
"""Seconds between two looks whether there is something new to show; the page itself asks as often."""


class Today(Clock):
    """The time of this machine; SimCord's own stands still at the beginning of 2026."""

    def __init__(self) -> None:
        # Not time.monotonic, in whose place SimCord puts this clock.
        self._begun, self._at = datetime.now(UTC), time.perf_counter()

    @property
    def elapsed(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]  # nobody sets it but `advance`
        return time.perf_counter() - self._at

    def now(self) -> datetime:
        return self._begun + timedelta(seconds=self.elapsed)

    def advance(self, seconds: float) -> None:
        """Time goes on by itself."""


class BackgroundCommands:
    """Slash commands that go on by themselves as soon as Discord has heard of them.

    SimCord shows what an action did once all work that it began has ended. It doesn't wait for work in a context from outside
    the action, so the page shows at once that the bot thinks.
    """

    def __init__(self, bot: Nugu) -> None:
        self._bot = bot
        self._context = copy_context()
        self._work: set[asyncio.Task[None]] = set()
        for command in bot.tree.walk_commands():
            if isinstance(command, app_commands.Command):
                name = "_invoke_with_namespace"
                setattr(command, name, self._begin(getattr(command, name)))

    async def close(self) -> None:
        """End what is at work."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    def _begin(self, run: Run) -> Run:
        @functools.wraps(run)
        async def begun(interaction: discord.Interaction[Nugu], *arguments: Any) -> None:
            work = self._context.run(asyncio.create_task, self._finish(run, interaction, *arguments))
            heard = self._context.run(asyncio.create_task, _heard(interaction))
            self._work.add(work)
            work.add_done_callback(self._work.discard)
            await asyncio.wait([work, heard], return_when=asyncio.FIRST_COMPLETED)
            heard.cancel()

        return begun

    async def _finish(self, run: Run, interaction: discord.Interaction[Nugu], *arguments: Any) -> None:
        try:
            await run(interaction, *arguments)
        except app_commands.AppCommandError as error:
            await self._bot.tree.on_error(interaction, error)


@asynccontextmanager
async def brought_to_life(env: simcord.Env, bot: Nugu, preview: simcord.Preview) -> AsyncGenerator[None]:
    """While this lasts, the open page shows media as they were posted, and what the bot does as it does it."""
    preview._media_worker = AsPosted()  # pyright: ignore[reportPrivateUsage]
    _take_late_actions(preview)
    background = BackgroundCommands(bot)
    showing = asyncio.create_task(_show(env, preview))
    try:
        yield
    finally:
        showing.cancel()
        await background.close()


async def _show(env: simcord.Env, preview: simcord.Preview) -> None:
    shown = 0
    while True:
        await asyncio.sleep(FRESH)
        if (sent := len(env.http_requests)) != shown:
            shown = sent
            preview._advance_presentation_time()  # pyright: ignore[reportPrivateUsage]  # by which "2 minutes ago" is told
            # `refresh` would collide with what somebody does at that moment, and leave the page stuck.
            preview._publish_message_pages(reason="refresh")  # pyright: ignore[reportPrivateUsage]


def _take_late_actions(preview: simcord.Preview) -> None:
    """Let an action count though something new was shown while it was on its way; SimCord refuses it as stale."""
    act, pages = preview._action, preview._pages  # pyright: ignore[reportPrivateUsage]

    async def acted(context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        if "published_revision" in body and (page := pages.get(context_id or "")) is not None:
            body = {**body, "published_revision": page.revision}
        return await act(context_id, body)

    preview._action = acted  # pyright: ignore[reportPrivateUsage]


async def _heard(interaction: discord.Interaction[Nugu]) -> None:
    while not interaction.response.is_done():  # noqa: ASYNC110  # discord.py sets no event
        await asyncio.sleep(HEARD)
