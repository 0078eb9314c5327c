"""Only moderators add groups and members; each photo gets an answer."""

from __future__ import annotations

import re
from io import BytesIO

import discord
import pytest
from discord import app_commands
from PIL import Image
from simcord import SetupError

from tests.stories.conftest import Stage
from tests.stories.reading import answer, components, texts, walk


async def test_the_form_takes_several_photos_at_once(stage: Stage) -> None:
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    form = await stage.moderator.slash(stage.channel, "member add", group="Presidents", name="Obama")
    assert form.modal is not None
    fields = {label["label"]: label["component"]["custom_id"] for label in form.modal["components"]}
    added = await stage.moderator.submit_modal(
        form,
        {
            fields["Group"]: "presidents",
            fields["Name"]: "Obama",
            fields["Photos"]: [stage.photo("obama.jpg"), stage.photo("obama2.jpg"), ("notes.txt", b"not a picture")],
        },
    )
    text = texts(answer(added))
    assert "**Obama** of **Presidents** is known by 2 photos now." in text
    assert "notes.txt: this is not a picture" in text
    assert [file.filename for file in answer(added).attachments] == ["faces.jpg"]


async def test_the_same_picture_is_taken_once(stage: Stage) -> None:
    await stage.enrol_presidents()
    added = await stage.moderator.slash(
        stage.channel, "member add", group="Presidents", name="obama", photo=stage.photo("obama.jpg")
    )
    text = texts(answer(added))
    assert "**Obama** of **Presidents** is known by 1 photo now." in text
    assert "I have this very picture already" in text


async def test_one_picture_shows_one_member(stage: Stage) -> None:
    await stage.enrol_presidents()
    refused = await stage.moderator.slash(
        stage.channel, "member add", group="Presidents", name="Trump", photo=stage.photo("obama.jpg")
    )
    assert "I have this very picture already, as one of Obama (Presidents)." in texts(answer(refused))
    listed = await stage.moderator.slash(stage.channel, "group list")
    assert "Obama (1), Biden (1)" in texts(answer(listed))
    assert "Trump" not in texts(answer(listed))
    refused = await stage.moderator.slash(
        stage.channel, "member add", group="Presidents", name="Biden", photo=stage.photo("obama.jpg")
    )
    assert "**Biden** of **Presidents** is known by 1 photo now." in texts(answer(refused))


async def test_a_member_of_two_groups_is_known_by_one_picture(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.moderator.slash(stage.channel, "group add", name="Senators")
    added = await stage.moderator.slash(
        stage.channel, "member add", group="Senators", name="Obama", photo=stage.photo("obama.jpg")
    )
    assert "**Obama** of **Senators** is known by 1 photo now." in texts(answer(added))


async def test_a_group_with_markup_in_its_name(stage: Stage) -> None:
    added = await stage.moderator.slash(stage.channel, "group add", name="fromis_9 <@1>")
    assert r"**fromis\_9 \<\@1\>** it is." in texts(answer(added))
    shown = answer(await stage.fan.slash(stage.channel, "help"))
    assert r"I know fromis\_9 \<\@1\>." in texts(shown)


async def test_a_new_member_needs_a_photo_that_shows_a_face(stage: Stage) -> None:
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    refused = await stage.moderator.slash(
        stage.channel, "member add", group="Presidents", name="Obama", photo=("wall.png", plain_picture())
    )
    assert "I need one photo of Obama that I can use.\nwall.png: I see no face in it" in texts(answer(refused))
    listed = await stage.moderator.slash(stage.channel, "group list")
    assert "nobody yet" in texts(answer(listed))


async def test_a_group_is_added_once(stage: Stage) -> None:
    await stage.enrol_presidents()
    refused = await stage.moderator.slash(stage.channel, "group add", name=" PRESIDENTS ")
    assert "There is a group called “PRESIDENTS” already." in texts(answer(refused))


async def test_the_list_shows_the_photos_of_each_member(stage: Stage) -> None:
    await stage.enrol_presidents()
    listed = await stage.moderator.slash(stage.channel, "group list")
    assert "**Presidents**\nObama (1), Biden (1)" in texts(answer(listed))


async def test_an_unknown_group(stage: Stage) -> None:
    await stage.enrol_presidents()
    refused = await stage.moderator.slash(
        stage.channel, "member add", group="Kings", name="Arthur", photo=stage.photo("obama.jpg")
    )
    assert "I don't know a group called “Kings”. I know: Presidents." in texts(answer(refused))


async def test_groups_are_autocompleted(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.moderator.slash(stage.channel, "group add", name="TWICE")
    offered = await stage.fan.autocomplete(stage.channel, "who", "group", "tw")
    assert [choice["name"] for choice in offered] == ["TWICE"]


async def test_a_fan_neither_sees_nor_runs_a_moderators_command(stage: Stage) -> None:
    visible = stage.fan.available_commands(stage.channel)
    assert {"who", "help"} <= set(visible)
    assert not {"group add", "group list", "member add", "setup"} & set(visible)
    with pytest.raises(SetupError):
        await stage.fan.slash(stage.channel, "group add", name="Mine")


async def test_a_command_checks_again_when_it_runs(stage: Stage) -> None:
    """A server may show the command to anybody under Integrations. The bot still checks the trust."""
    show_to_everybody(stage, "group")
    refused = await stage.fan.slash(stage.channel, "group add", name="Mine")
    assert texts(answer(refused)).strip().startswith("Only moderators (Manage Server")


async def test_a_moderator_role_has_the_moderators_commands(stage: Stage) -> None:
    """Discord hides the commands from people without Manage Server. The card says where a server shows them to the role."""
    helpers = stage.guild.create_role("helpers")
    helper = stage.guild.add_member(stage.env.create_user("helper"), roles=[helpers])
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    setup = await stage.moderator.select(setup, [helpers], custom_id="nugu:setup:moderators")
    parts = [part["content"] for part in walk(components(answer(setup))) if part["type"] == 10]
    (note,) = [part for part in parts if "Server Settings > Integrations" in part]
    assert "What I keep" not in note, "beneath a list Discord shows it as a part of the last bullet"
    hidden = {
        command.name
        for command in stage.bot.tree.get_commands()
        if isinstance(command, app_commands.Command | app_commands.Group)
        and command.default_permissions == discord.Permissions(manage_guild=True)
    }
    assert set(re.findall(r"`/(\w+)`", note)) == hidden >= {"group", "member"}
    assert "group add" not in helper.available_commands(stage.channel)
    show_to_everybody(stage, "group")
    assert "group add" in helper.available_commands(stage.channel)
    added = await helper.slash(stage.channel, "group add", name="TWICE")
    assert "**TWICE** it is." in texts(answer(added))


def show_to_everybody(stage: Stage, command: str) -> None:
    """Show the command to everybody, as Server Settings > Integrations does."""
    backend = stage.env.backend
    registered = next(c for (name, _), c in backend.commands[None].items() if name == command)
    everyone = {"id": str(stage.guild.id), "type": 1, "permission": True}
    backend.set_command_permissions(stage.guild.id, int(registered["id"]), [everyone])


def plain_picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (400, 300), "grey").save(out, "PNG")
    return out.getvalue()
