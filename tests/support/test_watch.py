"""The recorder sees what a bot sends, by both of discord.py's ways out, through SimCord."""

import io
from collections.abc import Iterator
from contextlib import suppress

import discord
import pytest
import simcord
from discord import app_commands
from discord.ext import commands
from discord.http import HTTPClient, Route
from discord.webhook.async_ import async_context, interaction_response_params

from tests.support.watch import RequestRecorder, watch

V2 = 1 << 15


class SmallBot(commands.Bot):
    """Answers properly, or with bodies that discord.py itself would never build."""

    def __init__(self) -> None:
        super().__init__(command_prefix="!", intents=discord.Intents.all())

    async def setup_hook(self) -> None:
        self.tree.add_command(app_commands.Command(name="card", description="A good card", callback=card))
        self.tree.add_command(app_commands.Command(name="broken", description="A bad answer", callback=broken))
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        if message.content == "picture":
            await message.channel.send("look", file=discord.File(io.BytesIO(b"png"), "a.png"))
        elif message.content == "broken":
            route = Route("POST", "/channels/{channel_id}/messages", channel_id=message.channel.id)
            body = {"content": "hello", "flags": V2, "components": [{"type": 10, "content": "x"}]}
            # SimCord refuses some broken bodies itself; the recorder must see them even where the bot swallows that.
            with suppress(discord.HTTPException):
                await self.http.request(route, json=body)


async def card(interaction: discord.Interaction) -> None:
    """Defer, then fill the answer in with a gallery and a file."""
    await interaction.response.defer()
    view = discord.ui.LayoutView()
    view.add_item(discord.ui.MediaGallery(discord.MediaGalleryItem("attachment://b.png")))
    await interaction.edit_original_response(view=view, attachments=[discord.File(io.BytesIO(b"b"), "b.png")])


async def broken(interaction: discord.Interaction) -> None:
    """Answer with V2 components, but without the flag."""
    params = interaction_response_params(type=4, data={"components": [{"type": 10, "content": "x"}]})
    with suppress(discord.HTTPException):
        await async_context.get().create_interaction_response(
            interaction.id,
            interaction.token,
            session=interaction._session,  # pyright: ignore[reportPrivateUsage]: the adapter has no public door
            params=params,
        )


@pytest.fixture
def recorder() -> Iterator[RequestRecorder]:
    with watch() as recorder:
        yield recorder


async def test_good_requests_are_counted_and_kept(recorder: RequestRecorder) -> None:
    async with simcord.run(SmallBot()) as env:
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        alice = guild.add_member(env.create_user("alice"))
        await alice.send(channel, "picture")
        await alice.slash(channel, "card")
    assert recorder.failures == []
    assert recorder.matching("PUT", "/commands"), "the sync in setup_hook is judged too"
    (posted,) = recorder.matching("POST", "/messages")
    assert posted.files["files[0]"].data == b"png"
    (edited,) = recorder.matching("PATCH", "/messages/@original")
    assert edited.json["flags"] == V2
    assert edited.files["files[0]"].filename == "b.png"


async def test_a_broken_message_is_caught_on_the_http_route(recorder: RequestRecorder) -> None:
    async with simcord.run(SmallBot()) as env:
        guild = env.create_guild()
        await guild.add_member(env.create_user("alice")).send(guild.create_text_channel("general"), "broken")
    (failure,) = recorder.failures
    assert "/messages: content: stands beside Components V2" in failure


async def test_a_broken_answer_is_caught_on_the_webhook_route(recorder: RequestRecorder) -> None:
    async with simcord.run(SmallBot()) as env:
        guild = env.create_guild()
        await guild.add_member(env.create_user("alice")).slash(guild.create_text_channel("general"), "broken")
    (failure,) = recorder.failures
    assert "/callback: components[0]: type 10 needs the flag IS_COMPONENTS_V2" in failure


async def test_nothing_is_watched_afterwards() -> None:
    before = HTTPClient.request
    with watch():
        assert HTTPClient.request is not before
    assert HTTPClient.request is before
