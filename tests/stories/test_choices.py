"""The choices of servers and askers: threshold, default group, group, each member once; and the help."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest

from bot.client import Nugu
from bot.settings import Settings
from tests.conftest import LONG_ENOUGH
from tests.stories.conftest import Stage
from tests.stories.reading import answer, buttons, latest, option, texts


async def test_a_threshold_is_chosen_and_holds_from_the_next_question_on(stage: Stage) -> None:
    await stage.enrol_presidents()
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    assert setup.ephemeral
    await stage.moderator.select(setup, ["90"], custom_id="nugu:setup:threshold")
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    details = answer(await stage.fan.click(card, label="Details"))
    assert "an answer is sure from 90% on." in texts(details)


async def test_a_channel_has_its_group(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.moderator.slash(stage.channel, "group add", name="Senators")
    await stage.moderator.slash(
        stage.channel, "member add", group="Senators", name="Barack", photo=stage.photo("obama3.jpg")
    )
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(setup, [option(setup, "Senators")], custom_id="nugu:setup:group")
    card = texts(answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))))
    assert "**Barack**" in card
    forced = await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"), group="presidents")
    assert "**Obama**" in texts(answer(forced))


async def test_each_member_once_is_the_askers_choice(stage: Stage) -> None:
    await stage.enrol_presidents()
    for once in ("auto", "yes", "no"):
        card = await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"), everyone_once=once)
        assert "**Obama**" in texts(answer(card))


async def test_the_wrong_person_changes_no_choice(stage: Stage) -> None:
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    assert buttons(setup) == []
    assert "never the posted picture." in texts(setup)
    assert sum(line.startswith("- **") for line in texts(setup).splitlines()) == 5


async def test_help_lists_the_features_and_the_groups(stage: Stage) -> None:
    await stage.enrol_presidents()
    shown = answer(await stage.fan.slash(stage.channel, "help"))
    assert shown.ephemeral
    help_text = texts(shown)
    assert all(word in help_text for word in ("`/who`", "Reply", "direct message", "Fix a face", "`/member add`"))
    assert "I know Presidents." in help_text


async def test_help_in_a_server_without_the_bot_lists_no_group(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person uses the bot as their own app in a server that it has left."""
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    monkeypatch.setattr(stage.bot, "get_guild", lambda _: None)
    assert "I know no group here yet." in texts(answer(await stage.fan.slash(stage.channel, "help")))


async def test_a_reply_whose_picture_discord_hides_is_explained(stage: Stage) -> None:
    """Without the privileged intent, Discord empties messages that don't mention the bot, replied ones too."""
    await stage.enrol_presidents()
    lean = replace(stage.app, settings=Settings(data=stage.app.settings.data, deadline=LONG_ENOUGH))
    await stage.env.restart_bot(Nugu(lean, always_sync=True, shard_count=1))
    assert not stage.bot.intents.message_content
    posted = await stage.other.send(stage.channel, "look!", attachments=[stage.photo("biden.jpg")])
    await stage.fan.send(stage.channel, f"who is this? {stage.mention}", reply_to=posted)
    hidden = (
        "I can't see the pictures of that message: Discord shows me only messages that mention me. "
        "Right-click it instead: Apps > Who is this?"
    )
    assert texts(latest(stage.channel)).strip() == hidden
    film = await stage.other.send(stage.channel, "new!", attachments=[("mv.mp4", b"no video")])
    await stage.fan.send(stage.channel, f"who is this? {stage.mention}", reply_to=film)
    assert texts(latest(stage.channel)).strip() == hidden
    help_text = texts(answer(await stage.fan.slash(stage.channel, "help")))
    assert "Right-click it: Apps > **Who is this?**" in help_text
    assert "Reply to it" not in help_text
    card = answer(await stage.fan.context_menu(stage.channel, "Who is this?", posted))
    assert "**Biden**" in texts(card)


async def test_one_person_does_not_occupy_all_workers(stage: Stage) -> None:
    await stage.enrol_presidents()
    with stage.app.question_limit.slot(stage.fan.id), stage.app.question_limit.slot(stage.fan.id):
        refused = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
        assert "I am still at work on what you asked before." in texts(refused)
        card = answer(await stage.other.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
        assert "**Obama**" in texts(card)
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    assert "**Obama**" in texts(card)


async def test_a_thread_is_watched_with_its_channel(stage: Stage) -> None:
    await stage.enrol_presidents()
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(setup, [stage.channel], custom_id="nugu:setup:watched")
    channel = stage.bot.get_channel(stage.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="more", type=discord.ChannelType.public_thread)
    (thread,) = stage.channel.threads
    await stage.fan.send(thread, "who is this?", attachments=[stage.photo("obama2.jpg")])
    assert "**Obama**" in texts(latest(thread))
