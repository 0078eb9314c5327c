"""The choice in /setup of what the bot may learn from, and its effects."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

import discord
import pytest

from bot.app import App
from bot.domain.deletions import MessageScope
from bot.domain.files import SubmittedFile
from bot.errors import PersonError
from bot.usecases.questions import identify
from bot.usecases.questions.identify import IdentifyRequest, PictureResults
from tests.conftest import LONG_ENOUGH
from tests.stories.conftest import Stage
from tests.stories.reading import answer, components, latest, options, texts, walk


async def crops(stage: Stage) -> int:
    """The number of crops besides the two submitted ones."""
    return len(await stage.app.storage.keys("crops")) - 2


async def choose(stage: Stage, menu: str, *values: Any) -> Any:
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    return await stage.moderator.select(setup, list(values), custom_id=f"nugu:setup:{menu}")


async def stored(stage: Stage) -> str:
    """The text about kept data on the /setup card."""
    return texts(answer(await stage.moderator.slash(stage.channel, "setup")))


@pytest.mark.parametrize(
    ("learns", "sentence"),
    [
        ("submitted", "I keep crops of gathered faces until a trusted person says who it is, and of no others."),
        ("off", "never the posted picture. I keep no new crop."),
    ],
)
async def test_a_choice_against_learning_deletes_crops_at_once(stage: Stage, learns: str, sentence: str) -> None:
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    await stage.moderator.click(latest(stage.channel), label="All right")
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama3.jpg"))
    assert await crops(stage) == 2
    kept = "I also keep a crop of each face, gathered ones too, until a trusted person says who it is."
    assert kept in await stored(stage)

    chosen = await choose(stage, "learns", learns)
    assert [texts(message).strip() for message in chosen.followups] == [
        "I let go of the crop of one face that nobody had labelled."
    ]
    assert await crops(stage) == 1
    assert sentence in await stored(stage)

    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama3.jpg"))
    assert await crops(stage) == 1
    assert (await choose(stage, "learns", "confirmed")).followups == []


async def test_the_card_lists_the_stored_data(stage: Stage) -> None:
    card = answer(await stage.moderator.slash(stage.channel, "setup"))
    text = texts(card)
    assert "a face that nobody labels stays for 7 days." in text
    assert "never the posted picture." in text
    assert options(card)[-3:] == [
        "What trusted people confirm",
        "What moderators hand in",
        "Nothing new",
    ]


async def test_the_card_holds_every_choice_at_once(stage: Stage) -> None:
    await stage.enrol_presidents()
    await choose(stage, "watched", stage.channel)
    notices = stage.guild.create_text_channel("moderators")
    await choose(stage, "notices", notices)
    card = answer(await stage.moderator.slash(stage.channel, "setup"))
    parts = list(walk(components(card)))
    assert len(parts) <= 40
    (menu,) = [part for part in parts if part.get("custom_id") == "nugu:setup:notices"]
    assert [value["id"] for value in menu["default_values"]] in ([notices.id], [str(notices.id)])
    await choose(stage, "notices")
    (menu,) = [
        part
        for part in walk(components(answer(await stage.moderator.slash(stage.channel, "setup"))))
        if part.get("custom_id") == "nugu:setup:notices"
    ]
    assert not menu.get("default_values")


async def test_a_picture_whose_message_is_deleted_is_forgotten(stage: Stage) -> None:
    await stage.enrol_presidents()
    posted = [
        await stage.fan.send(stage.channel, f"who? {stage.mention}", attachments=[stage.photo(name)])
        for name in ("obama2.jpg", "obama3.jpg")
    ]
    await stage.moderator.click(latest(stage.channel), label="All right")
    assert await crops(stage) == 2
    for message in posted:
        await stage.fan.delete(message)
    assert await crops(stage) == 1


async def test_a_deleted_picture_is_forgotten_after_every_kind_of_question(stage: Stage) -> None:
    await stage.enrol_presidents()
    replied, clicked = [
        await stage.other.send(stage.channel, "", attachments=[stage.photo(name)])
        for name in ("obama2.jpg", "obama3.jpg")
    ]
    question = await stage.fan.send(stage.channel, f"who? {stage.mention}", reply_to=replied)
    await stage.fan.context_menu(stage.channel, "Who is this?", clicked)
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("biden.jpg"))
    card = latest(stage.channel)
    assert await crops(stage) == 3
    await stage.other.delete(replied)
    assert await crops(stage) == 2
    await stage.other.delete(clicked)
    assert await crops(stage) == 1
    # Only the card shows the picture of a command.
    stage.env.backend.delete_message(stage.channel.id, card.id)
    await stage.env.settle()
    assert await crops(stage) == 0

    again = await stage.fan.send(stage.channel, f"who? {stage.mention}", attachments=[stage.photo("obama2.jpg")])
    assert await crops(stage) == 1
    stage.env.backend.bulk_delete_messages(stage.channel.id, [again.id, question.id])
    await stage.env.settle()
    assert await crops(stage) == 0

    # A deleted channel takes its archived threads along; Discord sends an event only for the channel.
    old = stage.guild.create_text_channel("old")
    channel = stage.bot.get_channel(old.id)
    assert isinstance(channel, discord.TextChannel)
    thread = await channel.create_thread(name="more", type=discord.ChannelType.public_thread)
    await stage.fan.slash(old.threads[0], "who", picture=stage.photo("obama2.jpg"))
    assert await crops(stage) == 1
    await thread.edit(archived=True)
    assert channel.threads == []
    await channel.delete()
    await stage.env.settle()
    assert await crops(stage) == 0


@pytest.mark.parametrize("gone", ["picture", "question"])
async def test_a_picture_deleted_during_the_work_is_forgotten_and_not_shown(
    stage: Stage, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.enrol_presidents()
    posted = await stage.other.send(stage.channel, "", attachments=[stage.photo("obama2.jpg")])
    examine = identify.identify_pictures

    async def deleted_meanwhile(app: App, asked: IdentifyRequest, pictures: Sequence[SubmittedFile]) -> PictureResults:
        examined = await examine(app, asked, pictures)
        message = asked.source_message_id if gone == "picture" else asked.question_message_id
        assert message is not None
        stage.env.backend.delete_message(stage.channel.id, message)
        async with asyncio.timeout(LONG_ENOUGH):
            while not app.deletions.contains_any(MessageScope(messages=frozenset({message}))):
                await asyncio.sleep(0)
        return examined

    monkeypatch.setattr(identify, "identify_pictures", deleted_meanwhile)
    await stage.fan.send(stage.channel, f"who? {stage.mention}", reply_to=posted)
    assert await crops(stage) == 0
    sentences = [texts(message).strip() for message in stage.channel.history() if message.author.bot]
    sentence = "That message was deleted meanwhile, so I forgot what it showed."
    assert sentences == ([sentence] if gone == "picture" else [])


async def test_a_picture_whose_card_could_not_be_shown_is_forgotten(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object, **__: object) -> discord.Message:
        raise PersonError("Discord takes no card here.")

    await stage.enrol_presidents()
    monkeypatch.setattr(sys.modules["cogs.who.cog"], "show", refused)
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    assert await crops(stage) == 0


async def test_a_hidden_picture_is_forgotten(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    assert await crops(stage) == 1
    await stage.fan.click(latest(stage.channel), label="Hide")
    assert await crops(stage) == 0
