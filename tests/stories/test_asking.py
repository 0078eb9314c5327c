"""Every kind of question leads to the same card."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import zlib

import psutil
import pytest
from PIL import Image
from sqlalchemy import update

from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.rosters import CropEncoding, Photo
from bot.domain.enums import FaceOrigin
from bot.domain.files import SubmittedFile
from bot.domain.rosters import SHARED_ROSTER, EnrolledEncoding
from bot.usecases.roster import enrolment
from tests.conftest import LONG_ENOUGH
from tests.stories.conftest import Stage
from tests.stories.reading import alt_texts, answer, buttons, latest, texts
from tests.support.galleries import add_photo
from tests.support.picture_files import chunk, png_with

BUTTONS = ["All right", "Fix a face", "Details", "Hide"]


async def test_a_moderator_enrols_and_a_fan_asks_by_command(stage: Stage) -> None:
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    added = await stage.moderator.slash(
        stage.channel, "member add", group="Presidents", name="Obama", photo=stage.photo("obama.jpg")
    )
    assert "**Obama** of **Presidents** is known by 1 photo now" in texts(answer(added))
    assert answer(added).ephemeral
    assert [file.filename for file in answer(added).attachments] == ["faces.jpg"]
    await stage.moderator.slash(
        stage.channel, "member add", group="Presidents", name="Biden", photo=stage.photo("biden.jpg")
    )

    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))

    assert "① **Obama**" in texts(card)
    assert "Biden" not in texts(card)
    assert buttons(card) == BUTTONS
    assert "① Obama" in alt_texts(card)[0]
    (picture,) = card.attachments
    tagged = Image.open(io.BytesIO(await picture.read()))
    assert tagged.format == "JPEG"
    assert not card.ephemeral


async def test_a_stranger_is_called_unknown(stage: Stage) -> None:
    await stage.enrol_presidents()
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("astronaut.png")))
    assert "someone I don't know" in texts(card)
    assert "Obama" not in texts(card)
    assert "Biden" not in texts(card)


async def test_several_pictures_are_answered_on_one_card(stage: Stage) -> None:
    await stage.enrol_presidents()
    card = answer(
        await stage.fan.slash(
            stage.channel, "who", picture=stage.photo("obama2.jpg"), picture2=stage.photo("biden.jpg")
        )
    )
    assert [file.filename for file in card.attachments] == ["who-1.jpg", "who-2.jpg"]
    assert "**Obama**" in texts(card)
    assert "**Biden**" in texts(card)


async def test_a_mention_in_a_message_with_a_picture(stage: Stage) -> None:
    await stage.enrol_presidents()
    asked = await stage.fan.send(
        stage.channel, f"{stage.mention} who is this?", attachments=[stage.photo("obama3.jpg")]
    )
    card = latest(stage.channel)
    assert "**Obama**" in texts(card)
    assert card.reference is not None
    assert card.reference.message_id == asked.id


async def test_a_reply_to_somebody_elses_picture(stage: Stage) -> None:
    await stage.enrol_presidents()
    posted = await stage.other.send(stage.channel, "look!", attachments=[stage.photo("biden.jpg")])
    assert latest(stage.channel).id == posted.id
    await stage.fan.send(stage.channel, f"who is this? {stage.mention}", reply_to=posted)
    assert "**Biden**" in texts(latest(stage.channel))


async def test_the_menu_of_a_message(stage: Stage) -> None:
    await stage.enrol_presidents()
    posted = await stage.other.send(stage.channel, "", attachments=[stage.photo("obama.jpg")])
    card = answer(await stage.fan.context_menu(stage.channel, "Who is this?", posted))
    assert "**Obama**" in texts(card)


async def test_a_picture_in_private(stage: Stage) -> None:
    await stage.enrol_presidents()
    # A private question searches the rosters of servers where the person asked before and is still a member.
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    private = stage.fan.user.dm_channel
    stored = stage.env.backend.store_attachments(private.id, [stage.photo("obama3.jpg")])
    await stage.fan.send_dm("", attachments=stored)
    assert "**Obama**" in texts(latest(private))


async def test_a_private_question_searches_servers_where_the_asker_asked_before_and_still_is(stage: Stage) -> None:
    """Everybody may ask about the shared roster, which the command line enrols."""
    _, biden = stage.photo("biden.jpg")
    await enrolment.add_member(
        stage.app, SHARED_ROSTER, "House", "Biden", [SubmittedFile("biden.jpg", biden)], by=0, make_group=True
    )
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    await stage.moderator.slash(
        stage.channel, "member add", group="Presidents", name="Obama", photo=stage.photo("obama.jpg")
    )
    assert "someone I don't know" in await answer_in_private(stage, "obama2.jpg")
    assert "**Biden**" in await answer_in_private(stage, "biden.jpg")

    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    assert "**Obama**" in await answer_in_private(stage, "obama3.jpg")
    assert "I know House, Presidents." in texts(answer(await stage.fan.user.slash("help")))

    stage.guild.remove_member(stage.fan)
    assert "someone I don't know" in await answer_in_private(stage, "obama3.jpg")
    assert "**Biden**" in await answer_in_private(stage, "biden.jpg")


async def answer_in_private(stage: Stage, name: str) -> str:
    """The answer to a photo that the fan sends in private."""
    private = stage.fan.user.dm_channel
    await stage.fan.user.send_dm("", attachments=stage.env.backend.store_attachments(private.id, [stage.photo(name)]))
    return texts(latest(private))


async def test_a_watched_channel_needs_no_mention(stage: Stage) -> None:
    await stage.enrol_presidents()
    asked = await stage.fan.send(stage.channel, "얘 누구야?", attachments=[stage.photo("obama2.jpg")])
    assert latest(stage.channel).id == asked.id
    card = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(card, [stage.channel], custom_id="nugu:setup:watched")
    await stage.fan.send(stage.channel, "얘 누구야?", attachments=[stage.photo("obama2.jpg")])
    assert "**Obama**" in texts(latest(stage.channel))
    chatter = await stage.fan.send(stage.channel, "nice!", attachments=[stage.photo("obama2.jpg")])
    assert latest(stage.channel).id == chatter.id


async def test_a_watched_channel_stays_quiet_while_the_bot_stops(stage: Stage) -> None:
    await stage.enrol_presidents()
    card = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(card, [stage.channel], custom_id="nugu:setup:watched")
    await stage.bot.finish()
    asked = await stage.fan.send(stage.channel, "얘 누구야?", attachments=[stage.photo("obama2.jpg")])
    assert latest(stage.channel).id == asked.id
    await stage.fan.send(stage.channel, f"{stage.mention} who?", attachments=[stage.photo("obama2.jpg")])
    assert texts(latest(stage.channel)).startswith("I am being stopped just now.")


async def test_a_message_without_a_picture(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.fan.send(stage.channel, f"{stage.mention} who is this?")
    assert texts(latest(stage.channel)).startswith("I see no picture in that message.")


async def test_nobody_is_enrolled_yet(stage: Stage) -> None:
    refused = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama.jpg")))
    assert "`/group add`" in texts(refused)
    assert refused.ephemeral
    assert stage.channel.last_message is None


async def test_each_reason_for_an_empty_gallery_has_its_hint(
    stage: Stage, gallery_rows: list[EnrolledEncoding]
) -> None:
    async def refusal() -> str:
        return texts(answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama.jpg"))))

    await stage.moderator.slash(stage.channel, "group add", name="G1")
    async with stage.app.database.writing() as session:
        group = await RosterRepository(session).find_group([stage.guild.id], "G1")
        assert group is not None
        await RosterRepository(session).add_member(group.id, "M11")
    assert "I have no photo of any member here yet. A moderator adds some with `/member add`" in await refusal()
    await add_photo(
        stage.app.database, "G1", "M11", gallery_rows[0].vector, FaceOrigin.ASKED, server=stage.guild.id, key="one"
    )
    assert (
        "All photos of members here wait for a model. A moderator makes one now with `/model train`." in await refusal()
    )
    async with stage.app.database.writing() as session:
        await session.execute(update(Photo).values(origin=FaceOrigin.SUBMITTED))
        await session.execute(update(CropEncoding).values(engine="dlib-0"))
        await ServerRepository(session).mark_roster_changed(stage.guild.id)
    assert "The engine sface knows nobody here by sight." in await refusal()


async def test_a_picture_with_damaged_metadata_or_without_its_end_is_no_broken_picture(stage: Stage) -> None:
    await stage.enrol_presidents()
    out = io.BytesIO()
    with Image.open(io.BytesIO(stage.photo("obama2.jpg")[1])) as picture:
        picture.save(out, "PNG")
    prompt = png_with(out.getvalue(), chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"\0" * 2_000_000)))
    name, data = stage.photo("biden.jpg")
    card = answer(
        await stage.fan.slash(
            stage.channel, "who", picture=("made.png", prompt), picture2=(name, data.removesuffix(b"\xff\xd9"))
        )
    )
    assert "**Obama**" in texts(card)
    assert "**Biden**" in texts(card)


async def test_a_broken_picture_says_so(stage: Stage) -> None:
    await stage.enrol_presidents()
    name, data = stage.photo("obama.jpg")
    refused = answer(await stage.fan.slash(stage.channel, "who", picture=(name, data[: len(data) // 2])))
    assert texts(refused).strip().startswith("obama.jpg: this JPEG is broken or cut short")
    assert refused.ephemeral


async def test_a_broken_picture_leaves_the_other_alone(stage: Stage) -> None:
    await stage.enrol_presidents()
    name, data = stage.photo("biden.jpg")
    card = answer(
        await stage.fan.slash(
            stage.channel, "who", picture=stage.photo("obama2.jpg"), picture2=(name, data[: len(data) // 2])
        )
    )
    assert "**Obama**" in texts(card)
    assert "**biden.jpg**: this JPEG is broken or cut short" in texts(card)


async def test_a_group_unknown_to_the_server(stage: Stage) -> None:
    await stage.enrol_presidents()
    refused = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama.jpg"), group="Kings"))
    assert "I don't know a group called “Kings”. I know: Presidents." in texts(refused)


@pytest.mark.parametrize("text", ["thanks!", ""])
async def test_a_reply_to_the_bots_own_card_is_no_question(stage: Stage, text: str) -> None:
    await stage.enrol_presidents()
    await stage.fan.send(stage.channel, f"{stage.mention} who?", attachments=[stage.photo("obama2.jpg")])
    card = latest(stage.channel)
    thanks = await stage.fan.send(stage.channel, text or "ok", reply_to=card)
    assert latest(stage.channel).id == thanks.id


async def test_a_forwarded_picture(stage: Stage) -> None:
    await stage.enrol_presidents()
    posted = await stage.other.send(stage.channel, "", attachments=[stage.photo("biden.jpg")])
    forwarded = await stage.other.forward(posted, stage.channel)
    card = answer(await stage.fan.context_menu(stage.channel, "Who is this?", forwarded))
    assert "**Biden**" in texts(card)


async def test_the_bots_own_card_is_asked_about_again_and_forwarded(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg"))
    card = latest(stage.channel)
    # A message of components doesn't list its files among `attachments` (discord-api-docs #8277).
    stage.env.backend.messages[stage.channel.id][card.id].attachments = []
    again = answer(await stage.other.context_menu(stage.channel, "Who is this?", card))
    assert "**Obama**" in texts(again)
    forwarded = await stage.other.forward(card, stage.channel)
    await stage.fan.send(stage.channel, f"{stage.mention} who?", reply_to=forwarded)
    assert "**Obama**" in texts(latest(stage.channel))


async def test_pictures_deep_in_components_are_read_through_discords_proxy(stage: Stage) -> None:
    await stage.enrol_presidents()
    proxy = "https://images-ext-1.discordapp.net/external/abc/https/example.org"
    post_components(stage, f"{proxy}/obama2.jpg", stage.photo("obama2.jpg")[1], "https://example.org/biden.jpg")
    card = answer(await stage.fan.context_menu(stage.channel, "Who is this?", latest(stage.channel)))
    assert "**Obama**" in texts(card)
    assert "**biden.jpg**: this picture is not served by Discord" in texts(card)


async def test_a_file_without_a_declared_type_is_read_beside_a_picture(stage: Stage) -> None:
    await stage.enrol_presidents()
    files = [
        stage.photo("obama2.jpg"),
        ("7D2F4A", stage.photo("biden.jpg")[1]),
        ("LICENSE", b"\0\1\2"),
        ("a.txt", b"a"),
    ]
    posted = await stage.other.send(stage.channel, "", attachments=files)
    card = answer(await stage.fan.context_menu(stage.channel, "Who is this?", posted))
    assert "**Obama**" in texts(card)
    assert "**Biden**" in texts(card)
    assert "⚠️" not in texts(card)


async def test_a_picture_in_an_embed_is_read_through_discords_proxy(stage: Stage) -> None:
    await stage.enrol_presidents()
    proxy = "https://images-ext-1.discordapp.net/external/abc/https/example.org/obama2.jpg"
    post_embed(stage, proxy, stage.photo("obama2.jpg")[1])
    card = answer(await stage.fan.context_menu(stage.channel, "Who is this?", latest(stage.channel)))
    assert "**Obama**" in texts(card)


async def test_a_picture_that_discord_does_not_serve_is_not_fetched(stage: Stage) -> None:
    await stage.enrol_presidents()
    post_embed(stage, "http://127.0.0.1:8080/secret.jpg", stage.photo("obama2.jpg")[1])
    refused = answer(await stage.fan.context_menu(stage.channel, "Who is this?", latest(stage.channel)))
    assert "this picture is not served by Discord" in texts(refused)


async def test_a_file_that_is_too_large_is_not_even_fetched(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.enrol_presidents()
    fetched: list[str] = []
    monkeypatch.setattr(stage.bot.http, "get_from_cdn", fetched.append)
    huge = "huge.jpg", bytes(stage.app.settings.picture_bytes + 1)
    refused = answer(await stage.fan.slash(stage.channel, "who", picture=huge))
    assert texts(refused).strip() == "huge.jpg: this file is too large (25.0 MiB); I read pictures of up to 25 MiB."
    assert not fetched


@pytest.mark.thorough
async def test_a_worker_killed_in_mid_answer_costs_a_retry_and_not_the_answer(stage: Stage) -> None:
    await stage.enrol_presidents()
    pids = await asyncio.to_thread(stage.app.compute.worker_pids)
    pictures = {f"picture{n if n > 1 else ''}": large_picture(stage, n) for n in range(1, 6)}
    asking = asyncio.create_task(stage.fan.slash(stage.channel, "who", **pictures))
    await until_busy(pids[0])
    os.kill(pids[0], signal.SIGKILL)
    card = answer(await asking)
    assert texts(card).count("**Obama**") == 5
    assert pids[0] not in await asyncio.to_thread(stage.app.compute.worker_pids)


async def until_busy(pid: int) -> None:
    """Wait until the process works."""
    process = psutil.Process(pid)
    begun = process.cpu_times().user
    async with asyncio.timeout(LONG_ENOUGH):
        while process.cpu_times().user < begun + 0.1:
            await asyncio.sleep(0.01)


def large_picture(stage: Stage, number: int) -> tuple[str, bytes]:
    """A picture that takes some time, different for each number."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(stage.photo("obama.jpg")[1])) as picture:
        picture.resize((2000 + number, 2400)).save(out, "JPEG")
    return f"large-{number}.jpg", out.getvalue()


def post_embed(stage: Stage, proxy_url: str, data: bytes) -> None:
    """Post a link that Discord shows as a picture."""
    backend = stage.env.backend
    backend.cdn._blobs[proxy_url] = data
    image = {"url": "https://example.org/obama2.jpg", "proxy_url": proxy_url, "width": 626, "height": 1200}
    backend.create_message(stage.channel.id, stage.other.id, "", embeds=[{"type": "image", "thumbnail": image}])


def post_components(stage: Stage, proxy_url: str, data: bytes, unserved: str) -> None:
    """Post, as another bot, a section with a picture of another host, and a gallery with one that Discord hasn't fetched."""
    backend = stage.env.backend
    backend.cdn._blobs[proxy_url] = data
    seen = {"url": "https://example.org/obama2.jpg", "proxy_url": proxy_url, "content_type": "image/jpeg"}
    unseen = {"url": unserved, "proxy_url": unserved}
    thumbnail = {"type": 11, "media": seen, "description": None, "spoiler": False}
    section = {"type": 9, "components": [{"type": 10, "content": "Who?"}], "accessory": thumbnail}
    gallery = {"type": 12, "items": [{"media": unseen, "description": None, "spoiler": False}]}
    box = {"type": 17, "components": [section, gallery], "spoiler": False}
    backend.create_message(stage.channel.id, stage.other.id, "", components=[box], flags=1 << 15)
