"""A refusal is an answer, not an error, for commands, menus, checks and autocomplete."""

from __future__ import annotations

import discord
import pytest
from discord import app_commands
from discord.ext import commands
from simcord import Env

from bot.client import Nugu
from bot.errors import PersonError
from tests.stories.conftest import Stage
from tests.stories.reading import answer, texts

REFUSED = "Ask me tomorrow."


class Picky(commands.Cog):
    """Refuses everything, or fails where a test asks for it."""

    @app_commands.command(name="picky")
    async def picky(self, interaction: discord.Interaction[Nugu], word: str) -> None:
        """Refuse, or fail."""
        raise KeyError(word) if word == "break" else PersonError(REFUSED)

    @picky.autocomplete("word")
    async def words(self, interaction: discord.Interaction[Nugu], typed: str) -> list[app_commands.Choice[str]]:
        raise PersonError(REFUSED)


async def test_a_refused_command_menu_or_check_is_answered_and_no_error(stage: Stage) -> None:
    nobody = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    assert "I don't know anybody here yet." in texts(nobody)
    posted = await stage.other.send(stage.channel, "look!")
    assert "video" in texts(answer(await stage.fan.context_menu(stage.channel, "Annotate this clip", posted)))
    assert "Only people with a trusted role may do that." in texts(
        answer(await stage.fan.slash(stage.channel, "review"))
    )
    assert stage.env.errors == []


async def test_a_refused_autocomplete_offers_nothing(env: Env, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(env.bot, Nugu)
    await env.bot.add_cog(Picky())
    await env.bot.tree.sync()
    channel = env.create_guild("fans").create_text_channel("who")
    fan = env.guild.add_member(env.create_user("fan"))
    assert await fan.autocomplete(channel, "picky", "word", "w") == []
    assert texts(answer(await fan.slash(channel, "picky", word="w"))) == REFUSED
    assert (env.errors, caplog.text) == ([], "")
    broken = answer(await fan.slash(channel, "picky", word="break"))
    assert "Something broke on my side." in texts(broken)
    assert [type(error) for error in env.errors] == [app_commands.CommandInvokeError]
