"""The real discord.py on the loopback Discord: login, files both ways, rate limits, a lost socket, interactions."""

import asyncio
import io
import os
import sys
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from tests.support.discord_schema import load_schema
from tests.support.wire import TOKEN, WireDiscord
from tests.support.wire_world import Json, User

ROOT = Path(__file__).resolve().parents[2]


class EchoBot(commands.AutoShardedBot):
    """Posts every file that it gets, and answers `/who` with a button."""

    def __init__(self) -> None:
        super().__init__(command_prefix="!", intents=discord.Intents.all(), guild_ready_timeout=0.1)

    async def setup_hook(self) -> None:
        self.tree.add_command(app_commands.Command(name="who", description="Who is this?", callback=who))
        self.add_view(HideView())
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        if message.author.bot:
            return
        async with message.channel.typing():
            files = [discord.File(io.BytesIO(await item.read()), item.filename) for item in message.attachments]
        await message.reply(f"echo {message.content}", files=files)


class HideView(discord.ui.View):
    """A button that deletes the answer."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Hide", custom_id="hide")
    async def hide(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.defer()
        await interaction.delete_original_response()


async def who(interaction: discord.Interaction, picture: discord.Attachment) -> None:
    """Defer, show the picture, and follow up."""
    await interaction.response.defer(thinking=True)
    file = discord.File(io.BytesIO(await picture.read()), "tagged.jpg")
    await interaction.edit_original_response(content="①", attachments=[file], view=HideView())
    await interaction.followup.send("for you", ephemeral=True)


async def test_a_picture_comes_back_as_a_file(wire: WireDiscord) -> None:
    guild = wire.add_guild()
    channel, alice = wire.add_channel(guild), wire.add_user("alice", guild)
    async with wire.running(EchoBot()):
        await wire.message(channel, alice, "hello", attachments=[("a b.jpg", b"picture")], mentions=[wire.bot])
        await wire.wait_for("POST", "/channels/*/typing")
        reply = await wire.wait_for("POST", "/channels/*/messages")
    assert reply.json["content"] == f"echo <@{wire.bot.id}> hello"
    assert reply.files["files[0]"].data == b"picture"
    assert reply.files["files[0]"].filename == "a_b.jpg"
    assert reply.response["attachments"][0]["size"] == 7


async def test_a_rate_limit_and_a_server_error_are_tried_again(wire: WireDiscord) -> None:
    guild = wire.add_guild()
    channel, alice = wire.add_channel(guild), wire.add_user("alice", guild)
    async with wire.running(EchoBot()):
        wire.fail_next("POST", "/channels/*/messages", status=429, retry_after=0.2)
        wire.fail_next("POST", "/channels/*/messages", status=502)
        await wire.message(channel, alice, "hello", attachments=[("a.jpg", b"picture")])
        reply = await wire.wait_for("POST", "/channels/*/messages")
    tries = [request for request in wire.requests if request.fits("POST", "/channels/*/messages")]
    assert [request.status for request in tries] == [429, 502, 200]
    assert reply.files["files[0]"].data == b"picture", "the file is sent whole each time"


async def test_missed_events_arrive_after_a_resume(wire: WireDiscord) -> None:
    guild = wire.add_guild()
    channel, alice = wire.add_channel(guild), wire.add_user("alice", guild)
    async with wire.running(EchoBot()):
        async with wire.outage():
            await wire.message(channel, alice, "missed")
        await wire.wait_resumed()
        missed = await wire.wait_for("POST", "/channels/*/messages")
        await wire.message(channel, alice, "after")
        after = await wire.wait_for("POST", "/channels/*/messages")
    assert missed.json["content"].endswith("missed")
    assert after.json["content"].endswith("after")
    assert (wire.identifies, wire.resumes) == (1, 1)


async def test_a_command_and_its_button_are_answered(wire: WireDiscord) -> None:
    guild = wire.add_guild()
    channel, alice = wire.add_channel(guild), wire.add_user("alice", guild)
    async with wire.running(EchoBot()):
        interaction = await wire.slash(channel, alice, "who", picture=("a.jpg", b"picture"))
        deferred = await wire.wait_for("POST", "/interactions/*/*/callback")
        shown = await wire.wait_for("PATCH", "/webhooks/*/*/messages/@original")
        followup = await wire.wait_for("POST", "/webhooks/*/*")
        await wire.click(channel, alice, shown.response, "hide")
        await wire.wait_for("DELETE", "/webhooks/*/*/messages/@original")
    assert interaction.answered
    assert deferred.json["type"] == 5
    assert shown.files["files[0]"].data == b"picture"
    assert followup.json["flags"] == 64


async def test_a_direct_message_is_answered(wire: WireDiscord) -> None:
    channel, alice = wire.add_channel(None), wire.add_user("alice")
    async with wire.running(EchoBot()):
        await wire.message(channel, alice, "psst")
        reply = await wire.wait_for("POST", "/channels/*/messages")
    assert reply.json["content"].endswith("psst")


async def test_too_large_a_file_is_refused() -> None:
    async with WireDiscord(upload_limit=10) as wire:
        guild = wire.add_guild()
        channel, alice = wire.add_channel(guild), wire.add_user("alice", guild)
        async with wire.running(EchoBot()):
            await wire.message(channel, alice, attachments=[("a.jpg", b"x" * 11)])
            refused = await wire.wait_for("POST", "/channels/*/messages", status=413)
    assert refused.response["code"] == 40005


async def test_a_bad_body_is_refused_and_recorded() -> None:
    async with WireDiscord() as wire:
        channel = wire.add_channel(wire.add_guild())
        bot = EchoBot()
        async with wire.running(bot):
            with pytest.raises(discord.HTTPException, match="2001 characters"):
                await bot.get_partial_messageable(channel.id).send("x" * 2001)
    assert any("content: 2001 characters" in failure for failure in wire.failures)


@pytest.mark.skipif(load_schema() is None, reason="Discord's description is not beside the repository")
async def test_wrong_answers_and_events_of_the_kit_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    own = User.own_payload

    def wrong(user: User) -> Json:
        return {**own(user), "locale": 7}

    monkeypatch.setattr(User, "own_payload", wrong)
    async with WireDiscord() as wire:
        wire.add_guild()
        async with wire.running(EchoBot()):
            pass
    for begins in ("answer 200 to GET /users/@me: locale", "READY user: locale"):
        assert [failure for failure in wire.failures if failure.startswith(begins)]


async def test_a_wrong_token_is_refused(wire: WireDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.wire.TOKEN", "another")
    with pytest.raises(discord.LoginFailure):
        async with wire.running(EchoBot()):
            pytest.fail("it must not get in")


async def test_another_process_gets_ready(wire: WireDiscord, tmp_path: Path) -> None:
    wire.add_guild()
    (tmp_path / "stand_in.py").write_text(
        "import discord, os, sys\n"
        "assert sys.argv[1:] == ['run', '--fast'], sys.argv\n"
        "discord.AutoShardedClient(intents=discord.Intents.default()).run(os.environ['DISCORD_TOKEN'])\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.wire_child", "--module", "stand_in", str(wire.port)),
        *("--", "run", "--fast"),
        cwd=ROOT,
        env={**os.environ, "DISCORD_TOKEN": TOKEN, "PYTHONPATH": str(tmp_path)},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await wire.wait_ready()
    finally:
        if process.returncode is None:
            process.terminate()
        _, errors = await process.communicate()
    assert b"Traceback" not in errors
