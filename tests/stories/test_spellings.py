"""Groups and members are found in any spelling, renamed, given aliases, and removed with all their data."""

from __future__ import annotations

from typing import Any

import pytest
from simcord import SetupError
from sqlalchemy import func, select

from bot.database.tables.questions import Annotation, QuestionFace
from bot.database.tables.rosters import Alias, Crop, CropEncoding, Group, Member, Photo
from tests.stories.conftest import Stage
from tests.stories.reading import answer, buttons, latest, now, option, texts
from tests.stories.test_photos import add, small
from tests.stories.test_roster import show_to_everybody

TABLES = {
    "groups": Group,
    "members": Member,
    "aliases": Alias,
    "photos": Photo,
    "crops": Crop,
    "encodings": CropEncoding,
}


async def sentence_of(stage: Stage, command: str, **options: Any) -> str:
    """The answer to a moderator's command."""
    return texts(answer(await stage.moderator.slash(stage.channel, command, **options))).strip()


async def offered(stage: Stage, command: str, option: str, typed: str, **filled: str) -> list[tuple[str, str]]:
    found = await stage.moderator.autocomplete(stage.channel, command, option, typed, **filled)
    return [(choice["name"], choice["value"]) for choice in found]


async def twice(stage: Stage) -> None:
    """A group without photos, with names in three scripts."""
    from bot.database.rosters import RosterRepository

    async with stage.app.database.writing() as session:
        group = await RosterRepository(session).add_group(stage.guild.id, "TWICE")
        for name in ("Nayeon", "Sana", "Momo", "Mina", "Jihyo", "Tzuyu"):
            await RosterRepository(session).add_member(group.id, name)
    for alias in ("쯔위", "Chou Tzu-yu"):
        await stage.moderator.slash(stage.channel, "member alias", group="TWICE", member="Tzuyu", add=alias)
    await stage.moderator.slash(stage.channel, "group alias", group="TWICE", add="트와이스")


async def stored(stage: Stage) -> dict[str, int]:
    """The number of rows of each table, and of files."""
    async with stage.app.database.reading() as session:
        rows = {
            name: (await session.scalars(select(func.count()).select_from(table))).one()
            for name, table in TABLES.items()
        }
        seen = select(func.count()).select_from(QuestionFace).where(QuestionFace.vector != b"")
        rows["seen"] = (await session.scalars(seen)).one()
    return {**rows, "files": len(await stage.app.storage.keys("crops"))}


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("쯔위", "Tzuyu · 쯔위"),
        ("쯔ㅇ", "Tzuyu · 쯔위"),
        ("chou tzu", "Tzuyu · Chou Tzu-yu"),
        ("tzuyo", "Tzuyu"),
        ("tz", "Tzuyu"),
    ],
)
async def test_a_member_is_autocompleted_in_any_spelling(stage: Stage, typed: str, shown: str) -> None:
    await twice(stage)
    assert await offered(stage, "member show", "member", typed, group="트와이스") == [(shown, "Tzuyu")]


async def test_the_typed_group_narrows_the_members(stage: Stage) -> None:
    await twice(stage)
    await stage.enrol_presidents()
    assert len(await offered(stage, "member show", "member", "")) == 8
    assert [name for name, _ in await offered(stage, "member show", "member", "", group="presidents")] == [
        "Biden",
        "Obama",
    ]
    assert await offered(stage, "who", "group", "트와") == [("TWICE · 트와이스", "TWICE")]
    assert await offered(stage, "member alias", "remove", "", group="twice", member="tzuyu") == [
        ("쯔위", "쯔위"),
        ("Chou Tzu-yu", "Chou Tzu-yu"),
    ]


async def test_every_command_finds_by_any_spelling(stage: Stage) -> None:
    await stage.enrol_presidents()
    assert (
        await sentence_of(stage, "group alias", group="presidents", add="대통령")
        == "I find **Presidents** by “대통령” too now."
    )
    assert (
        await sentence_of(stage, "member alias", group="대통령", member="obama", add="오바마")
        == "I find **Obama** by “오바마” too now."
    )
    added = await sentence_of(stage, "member add", group="대통령", name="오바마", photo=stage.photo("obama2.jpg"))
    assert "**Obama** of **Presidents** is known by 2 photos now." in added
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama3.jpg"), group="대통령"))
    assert "**Obama**" in texts(card)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    form = await stage.moderator.select(who, [option(who, "Somebody else")])
    assert form.modal is not None
    (label,) = form.modal["components"]
    await stage.moderator.submit_modal(form, {label["component"]["custom_id"]: "오바마"})
    assert "**Obama** ✓" in texts(latest(stage.channel))
    assert "**Presidents** · 대통령\n" in await sentence_of(stage, "group list")


async def test_a_spelling_means_one_member(stage: Stage) -> None:
    await twice(stage)
    assert (
        await sentence_of(stage, "member alias", group="twice", member="Sana", add="쯔위")
        == "“쯔위” means Tzuyu already."
    )
    assert (
        await sentence_of(stage, "member alias", group="twice", member="Sana", add="MOMO")
        == "“MOMO” means Momo already."
    )
    assert (
        await sentence_of(stage, "member rename", group="twice", member="Sana", name="쯔위")
        == "“쯔위” means Tzuyu already."
    )
    assert (
        await sentence_of(stage, "member alias", group="twice", member="Tzuyu", add=" 쯔위")
        == "I find Tzuyu by “쯔위” already."
    )
    assert await sentence_of(stage, "group add", name="트와이스") == "There is a group called “트와이스” already."
    await stage.moderator.slash(stage.channel, "group add", name="ITZY")
    assert await sentence_of(stage, "group alias", group="ITZY", add="트와이스") == "“트와이스” means TWICE already."


async def test_an_alias_is_removed(stage: Stage) -> None:
    await twice(stage)
    command = {"group": "twice", "member": "tzuyu"}
    assert await sentence_of(stage, "member alias", **command, remove="쯔위") == "I no longer find **Tzuyu** by “쯔위”."
    assert await sentence_of(stage, "member alias", **command, remove="쯔위") == "Tzuyu has no other name “쯔위”."
    assert (
        await sentence_of(stage, "member alias", **command, remove="Tzuyu")
        == "“Tzuyu” is the name itself; rename it instead."
    )
    assert await sentence_of(stage, "member alias", **command) == "Name the spelling to add, or the one to remove."
    assert await offered(stage, "member show", "member", "쯔위") == []
    both = await sentence_of(stage, "member alias", **command, remove="Chou Tzu-yu", add="周子瑜")
    assert both == "I no longer find **Tzuyu** by “Chou Tzu-yu”.\nI find **Tzuyu** by “周子瑜” too now."


async def test_a_former_name_still_means_the_same(stage: Stage) -> None:
    await stage.enrol_presidents()
    renamed = await sentence_of(stage, "member rename", group="Presidents", member="Obama", name="Barack")
    assert renamed == "**Obama** is **Barack** now. “Obama” means the same still."
    assert (
        await sentence_of(stage, "member rename", group="Presidents", member="obama", name="BARACK")
        == "**Barack** is **BARACK** now."
    )
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    assert "① **BARACK**" in texts(card)
    back = await sentence_of(stage, "member rename", group="Presidents", member="BARACK", name="Obama")
    assert back == "**BARACK** is **Obama** now. “BARACK” means the same still."
    assert "also BARACK" in await sentence_of(stage, "member show", group="Presidents", member="Obama")
    await stage.moderator.slash(stage.channel, "group rename", group="Presidents", name="Heads of state")
    assert "**Heads of state** · Presidents\n" in await sentence_of(stage, "group list")


async def test_an_unknown_name_gets_a_sentence(stage: Stage) -> None:
    await twice(stage)
    unknown = await sentence_of(stage, "member rename", group="TWICE", member="Tzuyo", name="x")
    assert unknown == "I don't know a member called “Tzuyo” of TWICE. Did you mean Tzuyu?"
    unknown = await sentence_of(stage, "member remove", group="TWICE", member="Winter")
    assert unknown == "I don't know a member called “Winter” of TWICE. `/group show` tells who is in it."
    assert "I don't know a group called “Kings”. I know: TWICE." in await sentence_of(
        stage, "group rename", group="Kings", name="x"
    )
    assert "A name has 1 to 100" in await sentence_of(stage, "group alias", group="TWICE", add="\u200b")


async def test_a_member_is_removed_with_all_data(stage: Stage) -> None:
    await stage.enrol_presidents()
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    await stage.moderator.click(card, label="All right")
    assert (await stored(stage))["photos"] == 3
    asked, other = [
        answer(await stage.moderator.slash(stage.channel, "member remove", group="Presidents", member="Obama"))
        for _ in range(2)
    ]
    assert asked.ephemeral
    assert "With it go 2 photos with crops and encodings, 1 label." in texts(asked)
    assert buttons(asked) == ["Remove", "Keep"]

    await stage.restart()
    await stage.moderator.click(asked, label="Remove")

    assert await stored(stage) == {
        "groups": 1, "members": 1, "aliases": 0, "photos": 1, "crops": 1, "encodings": 1, "files": 1, "seen": 0,
    }  # fmt: skip
    async with stage.app.database.reading() as session:
        assert [
            (annotation.member_id, annotation.name) for annotation in await session.scalars(select(Annotation))
        ] == [(None, None)]
    assert buttons(asked_again := now(stage, asked)) == []
    assert "is removed, with all that I kept of them." in texts(asked_again)
    again = answer(await stage.moderator.click(other, label="Remove"))
    assert texts(again).strip() == "That member has been removed since."
    # The earlier card still works.
    details = answer(await stage.other.click(card, label="Details"))
    assert "① **a member removed since** ✓" in texts(details)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    refused = answer(await stage.moderator.select(who, [option(who, "Obama")]))
    assert texts(refused).strip() == "That member has been removed since."
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    assert "someone I don't know" in texts(card)


async def test_a_group_is_removed_with_all_data(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.moderator.slash(stage.channel, "group alias", group="Presidents", add="대통령")
    asked = answer(await stage.moderator.slash(stage.channel, "group remove", group="대통령"))
    assert "**Remove Presidents?**\nWith it go 2 members, 2 photos with crops and encodings, 0 labels." in texts(asked)
    await stage.moderator.click(asked, label="Keep")
    assert (await stored(stage))["groups"] == 1
    asked = answer(await stage.moderator.slash(stage.channel, "group remove", group="대통령"))
    await stage.moderator.click(asked, label="Remove")
    assert set((await stored(stage)).values()) == {0}


async def test_a_denial_outlives_the_member_that_the_face_was_corrected_to(stage: Stage) -> None:
    """A face taken for Obama was corrected to Biden. Without Biden it is still not Obama's."""
    await stage.enrol_presidents()
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.moderator.select(who, [option(who, "Biden")])
    asked = answer(await stage.moderator.slash(stage.channel, "member remove", group="Presidents", member="Biden"))
    await stage.moderator.click(asked, label="Remove")
    left = await stored(stage)
    assert (left["photos"], left["crops"], left["seen"]) == (1, 1, 1)
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    assert "someone I don't know" in texts(card)


async def test_a_waiting_photo_is_removed_with_the_member_it_looks_like(stage: Stage) -> None:
    await stage.enrol_presidents()
    await add(stage, "Obama", small(stage, "obama2.jpg"))
    assert (await stored(stage))["seen"] == 1
    asked = answer(await stage.moderator.slash(stage.channel, "member remove", group="Presidents", member="Obama"))
    await stage.moderator.click(asked, label="Remove")
    left = await stored(stage)
    assert (left["crops"], left["files"], left["seen"]) == (1, 1, 0)


async def test_an_overridden_label_does_not_return(stage: Stage) -> None:
    """A face was labelled Biden, then Obama. Without Obama it is not Biden's."""
    await stage.enrol_presidents()
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    for name in ("Biden", "Obama"):
        who = answer(await stage.moderator.click(card, label="Fix a face"))
        await stage.moderator.select(who, [option(who, name)])
    asked = answer(await stage.moderator.slash(stage.channel, "member remove", group="Presidents", member="Obama"))
    await stage.moderator.click(asked, label="Remove")
    assert "Biden (1)" in await sentence_of(stage, "group list")
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.moderator.select(who, [option(who, "Biden")])
    assert "Biden (1)" in await sentence_of(stage, "group list"), "the crop is gone with her label"


async def test_only_a_moderator_removes(stage: Stage) -> None:
    await stage.enrol_presidents()
    commands = (
        "group rename",
        "group alias",
        "group remove",
        "group show",
        "member remove",
        "member show",
        "member photos",
    )
    assert not set(commands) & set(stage.fan.available_commands(stage.channel))
    with pytest.raises(SetupError):
        await stage.fan.slash(stage.channel, "group remove", group="Presidents")
    show_to_everybody(stage, "group")
    refused = answer(await stage.fan.slash(stage.channel, "group remove", group="Presidents"))
    assert texts(refused).strip().startswith("Only moderators")
    # The user was a moderator when they asked, and is none any more at the button.
    helpers = stage.guild.create_role("helpers")
    helper = stage.guild.add_member(stage.env.create_user("helper"), roles=[helpers])
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(setup, [helpers], custom_id="nugu:setup:moderators")
    asked = answer(await helper.slash(stage.channel, "group remove", group="Presidents"))
    await stage.moderator.select(setup, [], custom_id="nugu:setup:moderators")
    refused = answer(await helper.click(asked, label="Remove"))
    assert texts(refused).strip().startswith("Only moderators")
    assert (await stored(stage))["members"] == 2


async def test_a_member_of_another_server_is_not_removed(stage: Stage) -> None:
    await stage.enrol_presidents()
    asked = answer(await stage.moderator.slash(stage.channel, "group remove", group="Presidents"))
    from bot.errors import PersonError
    from bot.usecases.roster import members

    async with stage.app.database.reading() as session:
        group = (await session.scalars(select(Group.id))).one()
    with pytest.raises(PersonError, match="removed since"):
        await members.remove_group(stage.app, stage.guild.id + 1, group)
    assert (await stored(stage))["groups"] == 1
    assert buttons(asked) == ["Remove", "Keep"]
