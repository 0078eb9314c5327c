"""Photos that moderators submit: doubtful ones wait for a decision, copies are reported, and all can be seen and removed."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from unittest.mock import Mock, patch

import aiohttp
import discord
import pytest
from PIL import Image, ImageFilter, ImageOps
from sqlalchemy import func, select, update

from bot.database.servers import ServerRepository
from bot.database.tables.questions import Question, QuestionFace
from bot.database.tables.rosters import Crop, Member, Photo
from bot.database.tables.servers import Server
from bot.domain.enums import FaceOrigin, LearningPolicy
from bot.domain.trust import Trust
from bot.usecases.questions.correct import Actor
from bot.usecases.roster import pending
from tests.stories.conftest import Stage
from tests.stories.reading import alt_texts, answer, answers, buttons, now, option, options, texts
from tests.stories.test_roster import plain_picture


def opened(stage: Stage, name: str) -> Image.Image:
    return Image.open(BytesIO(stage.photo(name)[1])).convert("RGB")


def saved(name: str, picture: Image.Image, kind: str = "PNG", **how: Any) -> tuple[str, bytes]:
    out = BytesIO()
    picture.save(out, kind, **how)
    return name, out.getvalue()


def small(stage: Stage, name: str) -> tuple[str, bytes]:
    """A photo whose face is too small to learn from."""
    picture = opened(stage, name)
    picture.thumbnail((190, 190), Image.Resampling.LANCZOS)
    return saved("small.png", picture)


def blurred(stage: Stage, name: str) -> tuple[str, bytes]:
    picture = opened(stage, name)
    return saved("blurred.png", picture.filter(ImageFilter.GaussianBlur(picture.width / 60)))


def both(stage: Stage) -> tuple[str, bytes]:
    """Obama and Biden side by side, Biden too small."""
    left, right = opened(stage, "obama3.jpg"), opened(stage, "biden.jpg")
    left.thumbnail((700, 700))
    right.thumbnail((340, 340))
    picture = Image.new("RGB", (left.width + right.width, max(left.height, right.height)), "grey")
    picture.paste(left, (0, 0))
    picture.paste(right, (left.width, 0))
    return saved("both.png", picture)


async def add(stage: Stage, name: str, *photos: tuple[str, bytes]) -> list[Any]:
    """The cards that answer `/member add`."""
    given = {f"photo{n if n > 1 else ''}": photo for n, photo in enumerate(photos, start=1)}
    added = await stage.moderator.slash(stage.channel, "member add", group="Presidents", name=name, **given)
    return answers(added)


async def photos(stage: Stage) -> list[tuple[str, FaceOrigin]]:
    async with stage.app.database.reading() as session:
        query = select(Member.name, Photo.origin).join(Photo.member).order_by(Photo.id)
        return [(name, origin) for name, origin in await session.execute(query)]


async def crops(stage: Stage) -> int:
    async with stage.app.database.reading() as session:
        rows = (await session.scalars(select(func.count()).select_from(Crop))).one()
    assert rows == len(await stage.app.storage.keys("crops"))
    return rows


@pytest.mark.parametrize(
    ("flawed", "why"), [(small, "pixels wide; 48 or more make"), (blurred, "the face is blurred: its sharpness is 1.")]
)
async def test_a_doubtful_photo_of_a_new_member_is_used_on_purpose(stage: Stage, flawed: Any, why: str) -> None:
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    card, waiting = await add(stage, "Obama", flawed(stage, "obama.jpg"))
    assert "**Obama** of **Presidents** is known by 0 photos now." in texts(card)
    assert why in texts(waiting)
    assert waiting.ephemeral
    assert buttons(waiting) == ["Use it all the same", "Leave it out"]
    assert [file.filename for file in waiting.attachments] == ["photo.jpg"]
    assert await photos(stage) == []

    await stage.restart()
    await stage.moderator.click(waiting, label="Use it all the same")

    assert "**Obama** of **Presidents** is known by 1 photo now." in texts(now(stage, waiting))
    assert await photos(stage) == [("Obama", FaceOrigin.SUBMITTED)]
    asked = answer(await stage.fan.slash(stage.channel, "who", picture=flawed(stage, "obama.jpg")))
    assert "**Obama" in texts(asked), "it counts at once"


async def test_a_doubtful_photo_is_left_out(stage: Stage) -> None:
    await stage.enrol_presidents()
    _, waiting = await add(stage, "Obama", small(stage, "obama2.jpg"))
    assert await crops(stage) == 3
    await stage.moderator.click(waiting, label="Leave it out")
    assert "Left out; I keep nothing of it." in texts(now(stage, waiting))
    assert await crops(stage) == 2
    async with stage.app.database.reading() as session:
        assert (await session.scalars(select(Question))).all() == []


async def test_a_photo_that_was_used_meanwhile_is_not_left_out(stage: Stage) -> None:
    await stage.enrol_presidents()
    _, waiting = await add(stage, "Obama", small(stage, "obama2.jpg"))
    async with stage.app.database.reading() as session:
        question = (await session.scalars(select(Question.id))).one()
        face = (await session.scalars(select(QuestionFace.id))).one()
        obama = (await session.scalars(select(Member.id).where(Member.name == "Obama"))).one()
    by = Actor(stage.other.id, Trust.MODERATOR)
    await pending.use_face(stage.app, stage.guild.id, question, face, obama, by)
    await stage.moderator.click(waiting, label="Leave it out")
    assert "That photo was used meanwhile, so I keep it." in texts(now(stage, waiting))
    assert len(await photos(stage)) == 3


async def test_the_member_or_the_photo_is_gone_meanwhile(stage: Stage) -> None:
    await stage.enrol_presidents()
    _, first, second = await add(stage, "Obama", small(stage, "obama2.jpg"), blurred(stage, "obama3.jpg"))
    async with stage.app.database.writing() as session:
        question = (await session.scalars(select(Question).order_by(Question.id))).first()
        await session.delete(question)
    refused = answer(await stage.moderator.click(first, label="Use it all the same"))
    assert texts(refused).strip() == "I no longer know what was asked here."
    removing = answer(await stage.moderator.slash(stage.channel, "member remove", group="Presidents", member="Obama"))
    await stage.moderator.click(removing, label="Remove")
    refused = answer(await stage.moderator.click(second, label="Use it all the same"))
    assert texts(refused).strip() == "That member has been removed since."
    assert await photos(stage) == [("Biden", FaceOrigin.SUBMITTED)]


async def test_a_face_among_several_is_chosen_by_its_number(stage: Stage) -> None:
    await stage.enrol_presidents()
    card, waiting = await add(stage, "Obama", both(stage))
    assert "1 photo more: see below." in texts(card)
    assert "I see 2 faces in it. Which one is meant?" in texts(waiting)
    assert alt_texts(waiting) == ["The photo with a number on each face"]
    assert [label.split(" ", 1)[0] for label in options(waiting)] == ["①", "②"]
    await stage.restart()
    await stage.moderator.select(waiting, [option(waiting, "②")])
    assert "**Obama** of **Presidents** is known by 2 photos now." in texts(now(stage, waiting))
    assert await photos(stage) == [
        ("Obama", FaceOrigin.SUBMITTED),
        ("Biden", FaceOrigin.SUBMITTED),
        ("Obama", FaceOrigin.SUBMITTED),
    ]


async def test_the_chosen_face_is_doubtful_too(stage: Stage) -> None:
    await stage.enrol_presidents()
    _, waiting = await add(stage, "Biden", both(stage))
    await stage.moderator.select(waiting, [option(waiting, "①")])
    doubt = now(stage, waiting)
    assert "Taken alone, the face is only" in texts(doubt)
    assert len(await photos(stage)) == 2
    await stage.moderator.click(doubt, label="Use it all the same")
    assert "**Biden** of **Presidents** is known by 2 photos now." in texts(now(stage, waiting))


async def test_a_photo_that_looks_like_another_member_is_asked_about(stage: Stage) -> None:
    await stage.enrol_presidents()
    card, waiting = await add(stage, "Biden", stage.photo("obama2.jpg"))
    assert "**Biden** of **Presidents** is known by 1 photo now." in texts(card)
    text = texts(waiting)
    assert "it looks more like Obama (" in text
    assert "%) than Biden." in text
    await stage.moderator.click(waiting, label="Use it all the same")
    assert (await photos(stage))[-1] == ("Biden", FaceOrigin.SUBMITTED)
    (card,) = await add(stage, "A new member", stage.photo("obama3.jpg"))
    assert "is known by 1 photo now" in texts(card), "nobody has a photo of hers to hold it against the others"


async def test_a_good_photo_of_the_same_member_is_not_doubted(stage: Stage) -> None:
    await stage.enrol_presidents()
    (card,) = await add(stage, "Obama", stage.photo("obama2.jpg"), stage.photo("obama3.jpg"))
    assert "is known by 3 photos now" in texts(card)


async def test_the_same_picture_saved_again(stage: Stage) -> None:
    await stage.enrol_presidents()
    anew = [
        saved("smaller.jpg", ImageOps.scale(opened(stage, "obama.jpg"), 0.7), "JPEG", quality=70),
        saved("poorer.jpg", opened(stage, "obama.jpg"), "JPEG", quality=50),
    ]
    (card,) = await add(stage, "Obama", *anew)
    assert texts(card).count("I have this picture already, saved anew.") == 2
    (refused,) = await add(stage, "Biden", anew[1])
    assert "I have this picture already, saved anew, as one of Obama (Presidents)." in texts(refused)
    twice = [stage.photo("obama2.jpg"), saved("again.jpg", opened(stage, "obama2.jpg"), "JPEG", quality=60)]
    (card,) = await add(stage, "Obama", *twice)
    assert "is known by 2 photos now" in texts(card)
    assert "again.jpg: I have this picture already, saved anew." in texts(card)


async def test_each_photo_is_answered(stage: Stage) -> None:
    await stage.enrol_presidents()
    card, waiting = await add(
        stage, "Obama", stage.photo("obama2.jpg"), ("wall.png", plain_picture()), blurred(stage, "obama3.jpg")
    )
    assert "is known by 2 photos now" in texts(card)
    assert "wall.png: I see no face in it" in texts(card)
    assert "**blurred.png**: the face is blurred" in texts(waiting)


async def test_without_learning_no_photo_is_taken(stage: Stage) -> None:
    await stage.enrol_presidents()
    _, waiting = await add(stage, "Obama", small(stage, "obama2.jpg"))
    async with stage.app.database.writing() as session:
        await ServerRepository(session).ensure(stage.guild.id)
        await session.execute(update(Server).values(learns=LearningPolicy.OFF))
    (refused,) = await add(stage, "Obama", stage.photo("obama3.jpg"))
    assert "I may learn nothing here, so I take no photos. A moderator may change that in `/setup`." in texts(refused)
    refused = answer(await stage.moderator.click(waiting, label="Use it all the same"))
    assert "`/setup`" in texts(refused)
    assert len(await photos(stage)) == 2


async def test_the_form_works_after_a_restart(stage: Stage) -> None:
    await stage.moderator.slash(stage.channel, "group add", name="Presidents")
    form = await stage.moderator.slash(stage.channel, "member add", group="Presidents", name="Obama")
    await stage.restart()
    added = await stage.moderator.submit_modal(
        form, {"group": "presidents", "name": "Obama", "photos": [stage.photo("obama.jpg"), small(stage, "obama2.jpg")]}
    )
    card, waiting = answers(added)
    assert "**Obama** of **Presidents** is known by 1 photo now." in texts(card)
    assert buttons(waiting) == ["Use it all the same", "Leave it out"]


async def test_a_member_is_shown_with_photos_and_their_origins(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.moderator.slash(stage.channel, "member alias", group="Presidents", member="Obama", add="오바마")
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    await stage.moderator.click(card, label="All right")
    shown = answer(await stage.moderator.slash(stage.channel, "member show", group="Presidents", member="오바마"))
    text = texts(shown)
    assert shown.ephemeral
    assert "## Obama\nof **Presidents**\nalso 오바마\n2 photos: 1 confirmed, 1 handed in" in text
    assert f"1 · handed in by <@{stage.moderator.id}> <t:" in text
    assert "px wide, sharp" in text
    assert "2 · confirmed by" in text
    assert alt_texts(shown) == ["Obama, photo 1", "Obama, photo 2"]
    assert buttons(shown) == options(shown) == []


async def test_a_photo_is_removed_and_stays_away(stage: Stage) -> None:
    await stage.enrol_presidents()
    card = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    await stage.moderator.click(card, label="All right")
    shown = answer(await stage.moderator.slash(stage.channel, "member photos", group="Presidents", member="Obama"))
    assert options(shown) == ["Photo 1", "Photo 2"]
    first, second = (option(shown, f"Photo {n}") for n in (1, 2))
    await stage.restart()
    await stage.moderator.select(shown, [second])
    assert "1 photo: 1 handed in" in texts(now(stage, shown))
    # The label of the face is undone with its photo, and can be given again.
    await stage.moderator.click(card, label="All right")
    assert [origin for name, origin in await photos(stage) if name == "Obama"] == [
        FaceOrigin.SUBMITTED,
        FaceOrigin.ASKED,
    ]
    await stage.moderator.select(now(stage, shown), [first])
    assert await crops(stage) == 2
    async with stage.app.database.writing() as session:
        gone = (await session.scalars(select(Photo).join(Member).where(Member.name == "Obama"))).one()
        left = answer(await stage.moderator.slash(stage.channel, "member photos", group="Presidents", member="Obama"))
        await session.delete(gone)
    refused = answer(await stage.moderator.select(left, [option(left, "Photo 1")]))
    assert texts(refused).strip() == "That photo has been removed already."
    empty = answer(await stage.moderator.slash(stage.channel, "member photos", group="Presidents", member="Obama"))
    assert "no photo yet" in texts(empty)


async def test_pages_of_photos_are_turned(stage: Stage) -> None:
    await stage.enrol_presidents()
    async with stage.app.database.writing() as session:
        known = (await session.scalars(select(Photo).join(Photo.member).where(Member.name == "Obama"))).one()
        crop = await session.get(Crop, known.crop_id)
        assert crop is not None
        for number in range(11):
            other = Crop(
                server_id=stage.guild.id, sha256=f"{number:064}", key=crop.key, bytes=1, face_width=40, sharpness=1.2
            )
            session.add(other)
            await session.flush()
            session.add(Photo(member_id=known.member_id, crop_id=other.id, added_by=0))
    shown = answer(await stage.moderator.slash(stage.channel, "member show", group="Presidents", member="Obama"))
    assert buttons(shown) == ["Back", "On", "1 of 2"]
    assert len(alt_texts(shown)) == 10
    await stage.restart()
    await stage.moderator.click(shown, label="On")
    second = now(stage, shown)
    assert alt_texts(second) == ["Obama, photo 11", "Obama, photo 12"]
    assert "11 · handed in <t:" in texts(second)
    assert "40 px wide, small" in texts(second)
    managed = answer(await stage.moderator.slash(stage.channel, "member photos", group="Presidents", member="Obama"))
    await stage.moderator.click(managed, label="On")
    assert options(now(stage, managed)) == ["Photo 11", "Photo 12"]


async def test_a_group_is_shown_with_a_face_of_each(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.moderator.slash(stage.channel, "group alias", group="Presidents", add="대통령")
    shown = answer(await stage.moderator.slash(stage.channel, "group show", group="대통령"))
    text = texts(shown)
    assert "## Presidents\nalso 대통령\n2 members" in text
    assert "**Obama** · 1 photo\n**Biden** · 1 photo" in text
    assert alt_texts(shown) == ["A face of each: Obama, Biden"]
    assert [file.filename for file in shown.attachments] == ["members.jpg"]


async def test_a_large_group_is_shown_on_one_sheet(stage: Stage) -> None:
    await stage.enrol_presidents()
    async with stage.app.database.writing() as session:
        known = (await session.scalars(select(Photo).join(Photo.member).where(Member.name == "Obama"))).one()
        group = (await session.scalars(select(Member.group_id).where(Member.id == known.member_id))).one()
        for number in range(11):
            member = Member(group_id=group, name=f"President {number}", key=f"president {number}")
            session.add(member)
            await session.flush()
            session.add(Photo(member_id=member.id, crop_id=known.crop_id, added_by=0))
    shown = answer(await stage.moderator.slash(stage.channel, "group show", group="Presidents"))
    (described,) = alt_texts(shown)
    assert described.startswith("A face of each: Obama, Biden, President 0, President 1")
    (sheet,) = shown.attachments
    with Image.open(BytesIO(await sheet.read())) as picture:
        assert picture.width > picture.height > 300


async def test_a_card_that_discord_refuses_as_an_edit_is_sent_again(stage: Stage) -> None:
    """Discord has refused edits with new pictures in a gallery (discord-api-docs #7529)."""
    await stage.enrol_presidents()
    edit = discord.Interaction.edit_original_response
    refusal = discord.HTTPException(Mock(spec=aiohttp.ClientResponse, status=400, reason=""), "Invalid Form Body")

    async def choosy(interaction: discord.Interaction, **parts: Any) -> Any:
        if parts.get("attachments"):
            for file in parts["attachments"]:
                file.fp.read()
            raise refusal
        return await edit(interaction, **parts)

    with patch.object(discord.Interaction, "edit_original_response", choosy):
        shown = await stage.moderator.slash(stage.channel, "member show", group="Presidents", member="Obama")
    card = answer(shown)
    assert "## Obama" in texts(card)
    assert card.ephemeral
    (crop,) = card.attachments
    assert (await crop.read())[:2] == b"\xff\xd8"
