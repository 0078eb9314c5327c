"""Spoilers stay covered, and faces from an age-restricted channel are shown nowhere else."""

from __future__ import annotations

import discord
import pytest
from simcord import ChannelHandle
from sqlalchemy import select

from bot import jobs
from bot.database.tables.rosters import Crop
from bot.infra.storage import Storage
from tests.stories.conftest import Stage
from tests.stories.reading import answer, buttons, covered, latest, now, option, texts


async def test_a_spoiler_is_covered_wherever_it_is_shown(stage: Stage) -> None:
    await stage.enrol_presidents()
    posted = await stage.other.send(
        stage.channel, "", attachments=[stage.spoiler("obama2.jpg"), stage.photo("biden.jpg")]
    )
    await stage.fan.send(stage.channel, f"who? {stage.mention}", reply_to=posted)
    card = latest(stage.channel)
    assert covered(card) == [True, False]
    which = answer(await stage.moderator.click(card, label="Fix a face"))
    assert covered(answer(await stage.moderator.select(which, [option(which, "Obama")]))) == [True]
    page = answer(await stage.moderator.slash(stage.channel, "review"))
    first = covered(page)
    second = covered(answer(await stage.moderator.click(page, label="Skip")))
    assert sorted(first + second) == [False, True]

    await stage.moderator.click(card, label="All right")
    assert "said by" in texts(latest(stage.channel))
    assert covered(latest(stage.channel)) == [True, False]
    shown = answer(await stage.moderator.slash(stage.channel, "member photos", group="Presidents", member="Obama"))
    assert covered(shown) == [False, True]
    exported = answer(await stage.moderator.slash(stage.channel, "roster export"))
    assert "1 photo from spoilers or age-restricted channels I left out." in texts(exported)


async def test_an_embedded_picture_behind_a_spoiler_is_covered(stage: Stage) -> None:
    await stage.enrol_presidents()
    proxy = "https://images-ext-1.discordapp.net/external/abc/https/example.org/obama2.jpg"
    stage.env.backend.cdn._blobs[proxy] = stage.photo("obama2.jpg")[1]
    link = "https://example.org/obama2.jpg"
    embed = {"type": "image", "url": link, "thumbnail": {"url": link, "proxy_url": proxy, "width": 626, "height": 1200}}
    for text in (f"||{link}||", f"{link} ||wow||"):
        stage.env.backend.create_message(stage.channel.id, stage.other.id, text, embeds=[embed])
        card = answer(await stage.fan.context_menu(stage.channel, "Who is this?", latest(stage.channel)))
        assert covered(card) == [text.startswith("||")]


@pytest.mark.usefixtures("dlib_in_use")
async def test_a_submitted_photo_keeps_its_channel_too(stage: Stage, adults: ChannelHandle) -> None:
    await stage.enrol_presidents()
    more = {"group": "Presidents", "name": "Obama"}
    added = answer(await stage.moderator.slash(stage.channel, "member add", **more, photo=stage.spoiler("obama2.jpg")))
    assert covered(added) == [True]
    added = answer(await stage.moderator.slash(adults, "member add", **more, photo=stage.photo("obama3.jpg")))
    assert f"shown in {adults.mention} alone" in texts(added)
    assert covered(added) == [False]
    for where, seen in ((stage.channel, [False, True]), (adults, [False, True, False])):
        shown = answer(await stage.moderator.slash(where, "member photos", group="Presidents", member="Obama"))
        assert sorted(covered(shown)) == sorted(seen)
    exported = answer(await stage.moderator.slash(stage.channel, "roster export"))
    assert "2 photos from spoilers or age-restricted channels I left out." in texts(exported)

    # It looks like another member, so it waits for a decision.
    doubtful = {"group": "Presidents", "name": "Biden"}
    waits = answer(
        await stage.moderator.slash(adults, "member add", **doubtful, photo=stage.spoiler("obama_partial_face.jpg"))
    )
    assert covered(waits) == [True]
    assert f"Faces from {adults.mention} wait there" in texts(
        answer(await stage.moderator.slash(stage.channel, "review"))
    )
    assert covered(answer(await stage.moderator.slash(adults, "review"))) == [True]


async def test_a_face_from_an_age_restricted_channel_is_shown_only_there(stage: Stage, adults: ChannelHandle) -> None:
    await stage.enrol_presidents()
    await stage.fan.slash(adults, "who", picture=stage.photo("obama2.jpg"))
    elsewhere = answer(await stage.moderator.slash(stage.channel, "review"))
    assert f"Faces from {adults.mention} wait there" in texts(elsewhere)
    assert "Yes" not in buttons(elsewhere)

    channel = stage.bot.get_channel(adults.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="more", type=discord.ChannelType.public_thread)
    (thread,) = adults.threads
    await stage.fan.slash(thread, "who", picture=stage.photo("obama3.jpg"))
    here = answer(await stage.moderator.slash(adults, "review"))
    assert "1 of 2" in texts(here)
    here = answer(await stage.moderator.click(here, label="Yes"))
    await stage.moderator.click(here, label="Yes")

    note = f"shown in {adults.mention} alone, which is age-restricted"
    for where, files in ((stage.channel, 1), (adults, 3)):
        shown = answer(await stage.moderator.slash(where, "member photos", group="Presidents", member="Obama"))
        assert "3 photos: 2 confirmed, 1 handed in" in texts(shown)
        assert texts(shown).count(note) == 2
        assert len(covered(shown)) == files
    exported = answer(await stage.moderator.slash(stage.channel, "roster export"))
    assert "2 photos from spoilers or age-restricted channels I left out." in texts(exported)


async def test_public_pictures_never_show_a_covered_or_restricted_face(
    stage: Stage, adults: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    obama = {"group": "Presidents", "name": "Obama"}
    await stage.moderator.slash(adults, "member add", **obama, photo=stage.photo("obama2.jpg"))
    await stage.moderator.slash(stage.channel, "member add", **obama, photo=stage.spoiler("obama3.jpg"))
    await stage.moderator.slash(stage.channel, "member add", **obama, photo=stage.photo("obama.jpg"))
    biden = {"group": "Presidents", "name": "Biden", "photo": stage.photo("biden.jpg")}
    await stage.moderator.slash(stage.channel, "member add", **biden)
    async with stage.app.database.reading() as session:
        restricted, spoiler, obama_key, biden_key = await session.scalars(select(Crop.key).order_by(Crop.id))

    read: set[str] = set()
    get = Storage.get

    async def seen(self: Storage, key: str) -> bytes | None:
        read.add(key)
        return await get(self, key)

    monkeypatch.setattr(Storage, "get", seen)
    for command, options in (("group show", {"group": "Presidents"}), ("twins", {}), ("twins", {"member": "Biden"})):
        read.clear()
        answer(await stage.moderator.slash(stage.channel, command, **options))
        assert read & {restricted, spoiler, obama_key, biden_key} == {obama_key, biden_key}, command

    files = [await get(stage.app.storage, key) for key in (obama_key, biden_key)]
    obama_face, biden_face = await stage.app.compute.run(
        jobs.enlarge_crops, [file for file in files if file is not None]
    )
    card = answer(await stage.fan.slash(stage.channel, "quiz play", rounds=5))
    asked = [await file.read() for file in card.attachments]
    # A wrong answer shows photos of both members.
    await stage.fan.click(card, label="Biden" if asked == [obama_face] else "Obama")
    verdict = now(stage, card)
    assert "✗ Wrong" in texts(verdict)
    assert {await file.read() for file in verdict.attachments} == {obama_face, biden_face}
