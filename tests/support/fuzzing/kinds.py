"""The kinds of inputs: how each is invented or damaged, how the bot takes it, and its share of a run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.fuzzing import kinds_of_files as files
from tests.support.fuzzing import kinds_of_texts as texts
from tests.support.fuzzing import on_discord
from tests.support.fuzzing.campaign import Feed

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from tests.support.fuzzing.watched import FedBot


@dataclass(frozen=True)
class InputKind:
    """A kind of input. `share`: of a thousand inputs, so many are of this kind. `feed`: gives one to a bot.

    `on_discord`: people do it on Discord, so `feed` takes a stage too.
    """

    inputs: Callable[[], SearchStrategy[bytes]]
    feed: Callable[..., Awaitable[None]]
    share: int
    on_discord: bool = False


KINDS = {
    "pictures": InputKind(files.pictures, files.feed_picture, 320),
    "videos": InputKind(files.videos, files.feed_video, 60),
    "archives": InputKind(files.archives, files.feed_archive, 90),
    "backups": InputKind(files.backups, files.feed_backup, 60),
    "names": InputKind(texts.names, texts.feed_name, 70),
    "links": InputKind(texts.links, texts.feed_link, 90),
    "rosters": InputKind(texts.rosters, texts.feed_roster, 70),
    "robots": InputKind(texts.robots, texts.feed_robots, 50),
    "answers": InputKind(texts.answers, texts.feed_answer, 60),
    "sites": InputKind(texts.sites, texts.feed_site, 60),
    "custom_ids": InputKind(on_discord.custom_ids, on_discord.feed_press, 40, on_discord=True),
    "forms": InputKind(on_discord.forms, on_discord.feed_form, 30, on_discord=True),
}


@asynccontextmanager
async def feeding(bot: FedBot, kind: InputKind) -> AsyncGenerator[Feed]:
    """A function that gives one input of a kind to the bot. Raises HarmError where the bot doesn't bear it."""
    if not kind.on_discord:
        yield lambda data: bot.take(kind.feed(bot, data))
        return
    async with on_discord.staged(bot) as stage:
        yield lambda data: bot.take(kind.feed(bot, stage, data))
