"""/review: one face at a time, for trusted people. Two reviewers never have the same face, and nothing is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from unittest.mock import Mock, patch

import aiohttp
import discord
from simcord import MemberActor
from sqlalchemy import delete, select, update

from bot.clock import utc_now
from bot.database.tables.questions import Annotation, Question, QuestionFace, QuestionPicture
from bot.database.tables.rosters import Crop, Member, Photo
from bot.domain.enums import AnnotationMeaning, FaceOrigin
from tests.stories.conftest import Stage
from tests.stories.questions import trusted
from tests.stories.reading import alt_texts, answer, buttons, components, latest, now, option, options, texts, walk


async def asked(stage: Stage, *photos: str) -> None:
    """Enrol the presidents, and let a fan ask about these pictures."""
    await stage.enrol_presidents()
    for photo in photos:
        await stage.fan.slash(stage.channel, "who", picture=stage.photo(photo))


async def reviewing(stage: Stage, person: MemberActor) -> Any:
    """The card that answers /review."""
    shown = answer(await person.slash(stage.channel, "review"))
    assert shown.ephemeral
    return shown


def face_of(card: Any) -> int:
    """The id of the card's face, from its buttons."""
    (skip,) = [part["custom_id"] for part in walk(components(card)) if part.get("label") == "Skip"]
    return int(skip.rsplit(":", 1)[1])


def left_of(card: Any) -> int:
    """The number of waiting faces, from the card's title."""
    return int(found[1]) if (found := re.search(r"### .* · 1 of (\d+)", texts(card))) else 1


def choices(card: Any) -> list[str]:
    """The buttons of the first row, the answers."""
    rows = [part for part in walk(components(card)) if part["type"] == 1]
    return [button["label"] for button in rows[0]["components"]]


async def nobody(stage: Stage, person: MemberActor, card: Any, label: str) -> None:
    """Choose the button for no member on the card of choices."""
    others = "Somebody else" if "Somebody else" in buttons(now(stage, card)) else "Say who it is"
    await person.click(now(stage, card), label=others)
    await person.click(now(stage, card), label=label)


async def annotations_of(stage: Stage) -> list[tuple[AnnotationMeaning, str | None, bool]]:
    async with stage.app.database.reading() as session:
        found = await session.scalars(select(Annotation).where(Annotation.undone_at.is_(None)).order_by(Annotation.id))
        return [(annotation.meaning, annotation.name, annotation.counts) for annotation in found]


async def learned(stage: Stage) -> list[tuple[str, FaceOrigin]]:
    async with stage.app.database.reading() as session:
        query = select(Member.name, Photo.origin).join(Photo.member).where(Photo.face_id.is_not(None))
        return [(name, origin) for name, origin in await session.execute(query.order_by(Photo.id))]


async def test_a_suggestion_becomes_a_photo_by_a_trusted_yes(stage: Stage) -> None:
    await asked(stage, "obama2.jpg")
    who = answer(await stage.fan.click(latest(stage.channel), label="Fix a face"))
    await stage.fan.select(who, [option(who, "Biden")])
    refused = answer(await stage.fan.slash(stage.channel, "review"))
    assert texts(refused).strip() == "Only people with a trusted role may do that."

    expert = await trusted(stage)
    card = await reviewing(stage, expert)
    text = texts(card)
    assert text.startswith("\n### Is this Biden? · the last")
    assert "My guess: Obama" in text
    assert f"Suggested: **Biden**, by <@{stage.fan.id}>" in text
    assert f"Asked by <@{stage.fan.id}>" in text
    assert " px wide, sharp" in text
    assert alt_texts(card)[0].startswith("A face; my guess is Obama")
    assert buttons(card) == ["Yes", "No", "Somebody else", "Skip", "Done"]
    await expert.click(card, label="Yes")
    assert await learned(stage) == [("Biden", FaceOrigin.ASKED)]
    done = now(stage, card)
    assert "Noted: Biden." in texts(done)
    assert "### Nothing is left to review" in texts(done)
    assert "Biden (2)" in texts(done)

    await expert.click(done, label="Undo")
    assert await learned(stage) == []
    assert "Undone." in texts(now(stage, card))
    await expert.click(now(stage, card), label="No")
    assert (await annotations_of(stage))[-1] == (AnnotationMeaning.NOT_MEMBER, "Biden", True)


async def test_every_answer_and_the_next_face(stage: Stage) -> None:
    await asked(stage, "obama2.jpg", "obama3.jpg", "obama_partial_face.jpg", "obama_partial_face2.jpg", "astronaut.png")
    card = await reviewing(stage, stage.moderator)
    left = left_of(card)
    assert left >= 3
    seen = [face_of(card)]
    for label in ("Not a face", "Not a member"):
        await nobody(stage, stage.moderator, card, label)
        seen.append(face_of(now(stage, card)))
    assert len(set(seen)) == 3
    assert left_of(now(stage, card)) == left - 2

    await stage.moderator.click(now(stage, card), label="Somebody else")
    choice = now(stage, card)
    assert {"Obama", "Biden", "Somebody else…"} == set(options(choice))
    await stage.moderator.click(choice, label="Back")
    assert face_of(now(stage, card)) == seen[-1]
    await stage.moderator.click(now(stage, card), label="Somebody else")
    form = await stage.moderator.select(now(stage, card), [option(choice, "Somebody else")])
    await stage.restart()
    assert form.modal is not None
    (typed,) = [label["component"]["custom_id"] for label in form.modal["components"]]
    await stage.moderator.submit_modal(form, {typed: " BIDEN"})
    meanings = [(meaning, name) for meaning, name, _ in await annotations_of(stage)]
    assert meanings == [
        (AnnotationMeaning.NOT_A_FACE, None),
        (AnnotationMeaning.STRANGER, None),
        (AnnotationMeaning.MEMBER, "Biden"),
    ]


async def test_two_reviewers_never_have_the_same_face(stage: Stage) -> None:
    await asked(stage, "obama2.jpg", "obama3.jpg")
    expert = await trusted(stage)
    people = (stage.moderator, expert)
    cards = [await reviewing(stage, person) for person in people]
    assert len({face_of(card) for card in cards}) == 2

    await stage.moderator.click(cards[0], label="Yes")
    assert "One face is with another reviewer just now." in texts(now(stage, cards[0]))
    # The face is free again when the reviewer ends the review, or does not return.
    await expert.click(cards[1], label="Done")
    await stage.moderator.click(now(stage, cards[0]), label="Look again")
    held = face_of(now(stage, cards[0]))
    assert "Nothing is left" in texts(await reviewing(stage, expert))
    async with stage.app.database.writing() as session:
        await session.execute(update(QuestionFace).values(held_until=utc_now() - timedelta(seconds=1)))
    again = await reviewing(stage, expert)
    assert face_of(again) == held
    await nobody(stage, expert, again, "Not a member")
    await stage.moderator.click(now(stage, cards[0]), label="Yes")
    assert "Somebody else answered that one meanwhile." in texts(now(stage, cards[0]))
    assert [meaning for meaning, _, _ in await annotations_of(stage)] == [
        AnnotationMeaning.MEMBER,
        AnnotationMeaning.STRANGER,
    ]


async def test_the_bot_restarts_in_mid_review(stage: Stage) -> None:
    await asked(stage, "obama2.jpg", "obama3.jpg")
    card = await reviewing(stage, stage.moderator)
    first = face_of(card)
    await stage.restart()
    await stage.moderator.click(card, label="Yes")
    assert face_of(now(stage, card)) != first
    assert len(await annotations_of(stage)) == 1


async def test_a_small_face_becomes_a_photo_only_on_purpose(stage: Stage) -> None:
    await asked(stage, "obama2.jpg")
    async with stage.app.database.writing() as session:
        await session.execute(update(Crop).values(face_width=40))
    card = await reviewing(stage, stage.moderator)
    assert "Too small to learn from: 48 px or more make a good example. **Yes** names this face alone" in texts(card)
    await stage.moderator.click(card, label="Yes")
    assert "Noted: Obama. I don't learn from this face: it is too small." in texts(now(stage, card))
    assert await learned(stage) == []
    await stage.moderator.click(now(stage, card), label="Undo")
    assert choices(now(stage, card)) == ["Yes", "Use it all the same", "No", "Somebody else", "Skip"]
    await stage.moderator.click(now(stage, card), label="Use it all the same")
    assert await learned(stage) == [("Obama", FaceOrigin.ASKED)]


async def test_a_gathered_face_becomes_a_gathered_photo(stage: Stage) -> None:
    await asked(stage, "obama2.jpg")
    page = "https://photos.example/obama"
    async with stage.app.database.writing() as session:
        await session.execute(update(Question).values(origin=FaceOrigin.GATHERED))
        await session.execute(update(QuestionPicture).values(source=page))
    card = await reviewing(stage, stage.moderator)
    assert f"Gathered by <@{stage.fan.id}>" in texts(card)
    (link,) = [part for part in walk(components(card)) if part.get("label") == "Its page"]
    assert link["url"] == page
    await stage.moderator.click(card, label="Yes")
    assert await learned(stage) == [("Obama", FaceOrigin.GATHERED)]


async def test_the_message_is_linked_and_a_skipped_face_comes_last(stage: Stage) -> None:
    await stage.enrol_presidents()
    for photo in ("obama2.jpg", "obama3.jpg"):
        posted = await stage.fan.send(stage.channel, f"who? {stage.mention}", attachments=[stage.photo(photo)])
    card = await reviewing(stage, stage.moderator)
    links = [part["url"] for part in walk(components(card)) if part.get("label") == "The message"]
    assert links[0].startswith(f"https://discord.com/channels/{stage.guild.id}/{stage.channel.id}/")
    assert posted.channel.id == stage.channel.id
    first = face_of(card)
    await stage.moderator.click(card, label="Skip")
    second = face_of(now(stage, card))
    await stage.moderator.click(now(stage, card), label="Skip")
    assert [first, second, face_of(now(stage, card))] == [first, second, first]
    assert second != first


async def test_a_role_is_taken_away_in_mid_review(stage: Stage) -> None:
    await asked(stage, "obama2.jpg")
    expert = await trusted(stage)
    card = await reviewing(stage, expert)
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(setup, [], custom_id="nugu:setup:trusted")
    for label in ("Yes", "Somebody else", "Skip"):
        refused = answer(await expert.click(card, label=label))
        assert texts(refused).strip() == "Only people with a trusted role may review."
    assert await annotations_of(stage) == []


async def test_a_reviewed_face_is_gone(stage: Stage) -> None:
    await asked(stage, "obama2.jpg", "obama3.jpg")
    card = await reviewing(stage, stage.moderator)
    async with stage.app.database.writing() as session:
        await session.execute(delete(Member).where(Member.name == "Obama"))
    refused = answer(await stage.moderator.click(card, label="Yes"))
    assert texts(refused).strip() == "That member has been removed since."
    await stage.moderator.click(card, label="Say who it is" if "Say who it is" in buttons(card) else "Somebody else")
    choice = now(stage, card)
    async with stage.app.database.writing() as session:
        await session.execute(delete(Question))
    await stage.moderator.click(choice, label="Not a member")
    assert "That face is no longer kept." in texts(now(stage, card))
    assert "### Nothing is left to review" in texts(now(stage, card))


async def test_a_crop_that_the_storage_lost_is_passed_over(stage: Stage) -> None:
    await asked(stage, "obama2.jpg")
    for key in await stage.app.storage.keys("crops"):
        await stage.app.storage.delete(key)
    assert "### Nothing is left to review" in texts(await reviewing(stage, stage.moderator))


async def test_where_discord_refuses_a_new_picture_a_second_message_takes_its_place(stage: Stage) -> None:
    """Discord has done so (discord-api-docs #7529)."""
    await asked(stage, "obama2.jpg", "obama3.jpg")
    refused = discord.HTTPException(Mock(spec=aiohttp.ClientResponse, status=400, reason=""), "Invalid Form Body")
    edit = discord.Interaction.edit_original_response

    async def edits(self: Any, **parts: Any) -> Any:
        if parts.get("attachments"):
            raise refused
        return await edit(self, **parts)

    with patch.object(discord.Interaction, "edit_original_response", edits):
        card = await reviewing(stage, stage.moderator)
        following = answer(await stage.moderator.click(card, label="Yes"))
    assert "Noted: Obama." in texts(following)
    assert following.ephemeral
    assert face_of(following) != face_of(card)
