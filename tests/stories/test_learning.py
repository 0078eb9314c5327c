"""What may be learned from: chosen in /setup, told in plain words, and kept to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stories.conftest import Stage
from tests.stories.reading import answer, components, options, texts, walk


async def crops(stage: Stage) -> int:
    """How many crops are kept, beside those of the two that the moderators handed in."""
    return len(await stage.app.storage.keys("crops")) - 2


async def choose(stage: Stage, menu: str, *values: Any) -> Any:
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    return await stage.moderator.select(setup, list(values), custom_id=f"nugu:setup:{menu}")


async def stored(stage: Stage) -> str:
    """What the card says of what is kept."""
    return texts(answer(await stage.moderator.slash(stage.channel, "setup")))


@pytest.mark.parametrize(
    ("learns", "told"),
    [
        (
            "submitted",
            "No crop of a face that is asked about is kept; crop and encoding of each face that is gathered wait",
        ),
        ("off", "No new crop is kept; the photos that are there stay, and go on answering."),
    ],
)
async def test_what_may_no_longer_be_learned_from_is_let_go_at_once(stage: Stage, learns: str, told: str) -> None:
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    await stage.moderator.click(stage.channel.last_message, label="All right")
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama3.jpg"))
    assert await crops(stage) == 2
    assert "of each face that is asked about or gathered wait for a trusted person's word" in await stored(stage)

    chosen = await choose(stage, "learns", learns)
    assert [texts(message).strip() for message in chosen.followups] == [
        "I let go of the crop of one face that nobody had labelled."
    ]
    assert await crops(stage) == 1
    assert told in await stored(stage)

    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama3.jpg"))
    assert await crops(stage) == 1
    assert (await choose(stage, "learns", "confirmed")).followups == []


async def test_the_card_says_in_plain_words_what_is_stored(stage: Stage) -> None:
    card = answer(await stage.moderator.slash(stage.channel, "setup"))
    said = texts(card)
    assert "a face that nobody labelled are forgotten after 7 days" in said
    assert "I never keep the posted picture itself." in said
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
    await stage.moderator.click(stage.channel.last_message, label="All right")
    assert await crops(stage) == 2
    for message in posted:
        await stage.fan.delete(message)
    assert await crops(stage) == 1


async def test_a_hidden_picture_is_forgotten(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    assert await crops(stage) == 1
    await stage.fan.click(stage.channel.last_message, label="Hide")
    assert await crops(stage) == 0
