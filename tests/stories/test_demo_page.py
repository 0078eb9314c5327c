"""The demo's page while the bot works: it says so at once, takes other actions meanwhile, and shows the result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands
from discord.ext import commands
from simcord import Env, MemberActor

from bot.client import Nugu
from bot.demo.page import WallClock, live_page
from tests.conftest import LONG_ENOUGH

THINKING = 128
"""The flag of a message that a command has yet to answer with."""


class Slow(commands.Cog):
    """A command that works until the test ends it, then answers or fails."""

    def __init__(self) -> None:
        self.ends = asyncio.Event()

    @app_commands.command(name="work")
    async def work(self, interaction: discord.Interaction[Nugu], text: str) -> None:
        """Work."""
        await interaction.response.defer()
        await self.ends.wait()
        if text == "break":
            raise KeyError(text)
        await interaction.followup.send(text)


@dataclass
class Page:
    """The page as a browser has it: its state and its actions."""

    web: aiohttp.ClientSession
    sequence: int = 0

    async def state(self) -> dict[str, Any]:
        async with self.web.get("/api/state") as answer:
            return await answer.json()

    async def act(self, seen: dict[str, Any], kind: str, **what: Any) -> dict[str, Any]:
        """Do something by the page's state in `seen`."""
        self.sequence += 1
        known = {"generation": seen["context"]["generation"], "bot_generation": seen["botGeneration"]}
        envelope = {"protocol_version": 3, "kind": kind, "sequence": self.sequence, "request_id": str(self.sequence)}
        body = {**envelope, **known, "published_revision": seen["publishedRevision"], **what}
        async with self.web.post("/api/action", json=body) as answer:
            return await answer.json()

    async def run(self, seen: dict[str, Any], text: str) -> dict[str, Any]:
        async with self.web.get("/api/commands") as answer:
            found = (await answer.json())["entries"]
        entry = next(command for command in found if command["invocation"] == "work")
        by = {"command_id": entry["commandId"], "path": entry["path"], "schema_fingerprint": entry["schemaFingerprint"]}
        return await self.act(seen, "run_command", **by, options={"text": text})

    async def until(self, text: str) -> None:
        """Poll the page until a message has `text`."""
        deadline = time.perf_counter() + LONG_ENOUGH
        while text not in [message["content"] for message in (await self.state())["messages"].values()]:
            assert time.perf_counter() < deadline
            await asyncio.sleep(0.05)


@pytest.fixture
async def slow(env: Env) -> Slow:
    assert isinstance(env.bot, Nugu)
    cog = Slow()
    await env.bot.add_cog(cog)
    await env.bot.tree.sync()
    return cog


@pytest.fixture
async def page(env: Env, slow: Slow) -> AsyncGenerator[Page]:
    assert isinstance(env.bot, Nugu)
    channel = env.create_guild("fans").create_text_channel("who")
    fan: MemberActor = env.guild.add_member(env.create_user("fan"))
    async with (
        env.preview(channel, viewers=[fan], layout="channel") as preview,
        live_page(env, env.bot, preview),
    ):
        address, capability = preview.url.split("/#")
        headers = {"X-Simcord-Capability": capability}
        async with aiohttp.ClientSession(address, headers=headers) as web:
            async with web.post("/api/pages", json={"viewer_id": str(fan.id), "target_id": None}) as answer:
                web.headers["X-Simcord-Context"] = (await answer.json())["context"]["id"]
            yield Page(web)


async def test_long_work_is_seen_at_once_and_its_answer_as_soon_as_it_comes(slow: Slow, page: Page) -> None:
    seen = await page.state()
    receipt = await page.run(seen, "done")
    assert (receipt["settlement"], receipt["acknowledgement"]) == ("settled", "deferred")
    shown = (await page.state())["messages"].values()
    assert [int(message["flags"]) & THINKING for message in shown] == [THINKING]
    # The page has changed since. An action on the older state counts all the same.
    assert (await page.act(seen, "send_message", content="hello"))["settlement"] == "settled"
    slow.ends.set()
    await page.until("done")


async def test_work_that_fails_later_says_so(env: Env, slow: Slow, page: Page) -> None:
    await page.run(await page.state(), "break")
    slow.ends.set()
    while not env.errors:
        await asyncio.sleep(0.05)
    assert [type(error) for error in env.errors] == [app_commands.CommandInvokeError]


async def test_a_relative_time_counts_from_when_it_is_shown(env: Env, slow: Slow, page: Page) -> None:
    opened = (await page.state())["profile"]["presentationTime"]
    env.backend.clock = WallClock()
    slow.ends.set()
    await page.run(await page.state(), "done")
    await page.until("done")
    deadline = time.perf_counter() + LONG_ENOUGH
    while (await page.state())["profile"]["presentationTime"] == opened:
        assert time.perf_counter() < deadline
        await asyncio.sleep(0.05)
