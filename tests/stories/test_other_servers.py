"""Nobody acts on a thing of another server, whatever ids their client sends: each action is tried with each of them."""

from __future__ import annotations

import asyncio
from contextvars import Context

import discord
import pytest
from simcord import ChannelHandle

from cogs.common.layout import message_card
from cogs.corrections.texts import NOT_YOURS_TO_HIDE
from tests.stories.conftest import Stage
from tests.stories.quizzes import NO_ROUND
from tests.stories.two_servers import act, actions, foreign_choices, ids_in, owned, populate, press_menu
from tests.support.backups import whole_jpeg

ASKER = 77

ALONE = {"page": 0, "older": 0, "on": 0, "card": 1, "asker": ASKER}
"""The numbers in custom_ids that are no ids of things in the database. The card is looked for in the channel alone."""

REFUSALS = (
    "Another model came to answer since I asked.",
    "I no longer know what was asked here.",
    "That face is no longer kept.",
    "That group has been removed since.",
    "That isn't one of this server any more: open `/setup` again.",
    "That member has been removed since.",
    "That model has been removed since.",
    "That photo has been removed already.",
    "That photo is gone: somebody removed or corrected it.",
    NO_ROUND,
    "it looks like **",  # the card of a photo of this server, which names members of its own group alone
)
"""The sentences for a thing that is gone. A thing of another server gets the same, which tells nobody that it exists."""

NOT_IN_PRIVATE = (
    "That works only in a server that I belong to.",
    "Only moderators (Manage Server, or a moderator role chosen in `/setup`) may do that.",
    NOT_YOURS_TO_HIDE,
)
"""Asked for everything in both servers."""


async def posted(stage: Stage, channel: ChannelHandle) -> discord.Message:
    """A card of the bot."""
    target = stage.bot.get_channel(channel.id)
    assert isinstance(target, discord.abc.Messageable)
    return await target.send(view=message_card("a card"))


def begin_work(stage: Stage, job_id: int) -> None:
    """Let a clip be at work until it is cancelled."""
    cancelled = asyncio.Event()

    async def work() -> None:
        await cancelled.wait()

    # In a fresh context, as the queue's: the simulated Discord waits for tasks of a person's own context.
    stage.app.clips.add(job_id, Context().run(asyncio.create_task, work()), cancelled)


@pytest.fixture
async def both(stage: Stage) -> tuple[dict[str, int], dict[str, int], int]:
    """The ids of the moderator's server and of another one, and the other server."""
    theirs = stage.env.create_guild("theirs")
    channel = theirs.create_text_channel("who")
    role = theirs.create_role("experts")
    place = {"channel": channel.id, "role": role.id}
    foreign = await populate(stage.app, theirs.id, place, "Theirs", ASKER)
    role = stage.guild.create_role("experts")
    place = {"channel": stage.channel.id, "role": role.id}
    own = await populate(stage.app, stage.guild.id, place, "Ours", ASKER)

    for ids in (own, foreign):
        begin_work(stage, ids["cancel job"])
    return own, foreign, theirs.id


@pytest.mark.slow
async def test_no_action_reaches_a_thing_of_another_server(
    stage: Stage, both: tuple[dict[str, int], dict[str, int], int]
) -> None:
    own, foreign, other_server = both
    before = await owned(stage.app, other_server)
    tried = 0
    for number, (action, value) in enumerate(actions(stage.bot).items()):
        own |= await populate(stage.app, stage.guild.id, {"channel": stage.channel.id}, f"Ours {number}", ASKER)
        begin_work(stage, own["cancel job"])
        names = [name for name in ids_in(action + value) if name not in ALONE]
        for chosen in foreign_choices(names):
            ids = ALONE | own | {key: id for key, id in foreign.items() if key.split()[-1] in chosen}
            card = await posted(stage, stage.channel)
            said = await act(stage, stage.moderator, stage.channel, card, action, value, ids)
            assert await owned(stage.app, other_server) == before, (action, value, chosen)
            assert "Theirs" not in said, (action, value, chosen, said)
            assert any(refusal in said for refusal in REFUSALS), (action, value, chosen, said)
            tried += 1
    assert tried > 100
    assert await stage.app.videos.find("video of Theirs") is not None
    assert await stage.app.storage.get("crops/Theirs") == whole_jpeg("Theirs")
    assert foreign["cancel job"] in stage.app.clips.at_work


async def test_no_action_in_private_reaches_a_thing_of_a_server(
    stage: Stage, both: tuple[dict[str, int], dict[str, int], int]
) -> None:
    _, foreign, other_server = both
    before = await owned(stage.app, other_server)
    stranger = stage.env.create_user("stranger")
    await stranger.send_dm("hello")
    user = await stage.bot.fetch_user(stranger.id)
    for action, value in actions(stage.bot).items():
        if ids_in(action + value) and "{channel}" not in value and "{role}" not in value:
            card = await user.send(view=message_card("a card"))
            said = await act(stage, stranger, stranger.dm_channel, card, action, value, ALONE | foreign)
            assert any(refusal in said for refusal in (*REFUSALS, *NOT_IN_PRIVATE)), (action, value, said)
            assert "Theirs" not in said, (action, value, said)
    assert await owned(stage.app, other_server) == before


async def test_a_menu_on_a_message_of_another_server_changes_nothing_there(
    stage: Stage, both: tuple[dict[str, int], dict[str, int], int]
) -> None:
    _, foreign, other_server = both
    before = await owned(stage.app, other_server)
    message = stage.bot.get_channel(foreign["channel"])
    assert isinstance(message, discord.abc.Messageable)
    theirs = await message.send("hello")
    menus = stage.bot.tree.get_commands(type=discord.AppCommandType.message)
    for menu in menus:
        said = await press_menu(stage, stage.moderator, stage.channel, menu.name, theirs)
        assert said
    assert len(menus) == 2
    assert await owned(stage.app, other_server) == before
