"""The buttons of a card: for everybody, for trusted people, for the asker; after a restart; pressed twice."""

from __future__ import annotations

import asyncio
import io
import logging
import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any
from unittest.mock import Mock, patch

import aiohttp
import discord
import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps
from skimage.data import lfw_subset
from sqlalchemy import select

from bot.app import App
from bot.database.rosters import RosterRepository
from bot.database.tables.questions import Annotation, Question, QuestionFace
from bot.database.tables.rosters import Crop
from bot.domain.answers import Answer
from bot.domain.enums import Meaning
from bot.domain.rosters import RosterRow
from bot.domain.trust import Trust
from bot.errors import WorkersAwayError
from bot.jobs.rosters import gallery_of
from bot.usecases import correct, identify
from bot.usecases.correct import Actor
from bot.usecases.identify import SubmittedFile
from models.recognition.recogniser import fit
from tests.stories.conftest import Stage
from tests.stories.reading import alt_texts, answer, buttons, latest, option, options, texts
from tests.support.galleries import ENGINE, add_photo
from tests.support.people import World
from tests.support.portraits import astronauts_head

STALE = "The picture still carries the names from before."


async def asked(stage: Stage, *photos: str) -> Any:
    """A fan's question in the channel, and its card."""
    await stage.enrol_presidents()
    names = ["picture", *(f"picture{n}" for n in range(2, 6))]
    pictures = {name: stage.photo(photo) for name, photo in zip(names, photos or ("obama2.jpg",), strict=False)}
    await stage.fan.slash(stage.channel, "who", **pictures)
    return latest(stage.channel)


async def annotations_of(stage: Stage) -> list[Annotation]:
    async with stage.app.database.reading() as session:
        return list(await session.scalars(select(Annotation).order_by(Annotation.id)))


async def test_only_the_user_of_the_button_sees_details(stage: Stage) -> None:
    card = await asked(stage)
    shown = answer(await stage.other.click(card, label="Details"))
    assert shown.ephemeral
    text = texts(shown)
    assert "Obama" in text
    assert "Biden" in text
    assert "Answered by `dlib-1`; an answer is sure from 50% on." in text


async def test_details_give_the_flaws_of_a_face(stage: Stage) -> None:
    await stage.enrol_presidents()
    name, data = stage.photo("obama2.jpg")
    with Image.open(io.BytesIO(data)) as portrait:
        portrait = portrait.convert("RGB")
    shaken = io.BytesIO()
    portrait.filter(ImageFilter.GaussianBlur(portrait.width / 45)).save(shaken, "PNG")
    for picture, is_blurred in (((name, data), False), (("shaken.png", shaken.getvalue()), True)):
        await stage.fan.slash(stage.channel, "who", picture=picture)
        shown = answer(await stage.other.click(latest(stage.channel), label="Details"))
        assert ("blurred: harder to tell" in texts(shown)) is is_blurred


def line_up(stage: Stage) -> tuple[str, bytes]:
    """A picture of Obama, Collins, Biden, and a stranger, one below the other."""
    obama, biden = (
        ImageOps.contain(Image.open(io.BytesIO(stage.photo(name)[1])).convert("RGB"), (480, 480))
        for name in ("obama2.jpg", "biden.jpg")
    )
    collins = Image.open(io.BytesIO(astronauts_head(stage.photos))).convert("RGB")
    stranger = Image.fromarray(np.asarray(255 * lfw_subset()[0], np.uint8)).resize((200, 200))
    faces = (obama, collins, biden, ImageOps.expand(stranger, 60, 128))
    picture = Image.new("RGB", (480, sum(face.height for face in faces)), "grey")
    top = 0
    for face in faces:
        picture.paste(face, (0, top))
        top += face.height
    out = io.BytesIO()
    picture.save(out, "PNG")
    return "together.png", out.getvalue()


async def enrol_in_disguise(stage: Stage, name: str, number: int) -> None:
    """Enrol a member whose only photo hardly resembles a face of the last picture: at 46% it is rather a stranger."""
    async with stage.app.database.reading() as session:
        rows = await RosterRepository(session).rows([stage.guild.id], ENGINE)
        face = (await session.scalars(select(QuestionFace.vector).where(QuestionFace.number == number))).one()
    seen = np.frombuffer(face, np.float32)
    aside = np.random.default_rng(1).normal(scale=len(seen) ** -0.5, size=len(seen))

    def photo(way: float) -> bytes:
        shown = seen + way * aside
        return (shown / np.linalg.norm(shown)).astype(np.float32).tobytes()

    def log_odds(way: float) -> float:
        row = RosterRow(0, 0, name, rows[0].group, rows[0].group_name, photo(way))
        return float(fit(gallery_of([*rows, row], ENGINE)).log_odds(seen[None])[0, -1])

    steps = bisect_left(range(30_000), 0.15, key=lambda step: -log_odds(step / 10_000))
    await add_photo(stage.app.database, rows[0].group_name, name, photo(steps / 10_000), server=stage.guild.id)


async def test_a_name_from_context_has_no_confidence(stage: Stage) -> None:
    """Of four faces two are clear. Context names the third, and elimination the stranger."""
    await stage.moderator.slash(stage.channel, "group add", name="Americans")
    for name, photo in (
        ("Obama", stage.photo("obama.jpg")),
        ("Collins", ("collins.png", astronauts_head(stage.photos))),
    ):
        await stage.moderator.slash(stage.channel, "member add", group="Americans", name=name, photo=photo)
    johnson = World(1).photos(0).tobytes()
    await add_photo(stage.app.database, "Americans", "Johnson", johnson, server=stage.guild.id)
    await stage.fan.slash(stage.channel, "who", picture=line_up(stage))
    assert "③ someone I don't know" in texts(latest(stage.channel))
    await enrol_in_disguise(stage, "Biden", 3)

    await stage.fan.slash(stage.channel, "who", picture=line_up(stage))
    card = latest(stage.channel)
    (drawn,) = alt_texts(card)
    assert drawn.endswith("③ Biden? from context, ④ Johnson? by elimination")
    details = texts(answer(await stage.other.click(card, label="Details")))
    for text in (texts(card), details):
        assert {"③ **Biden?** from context", "④ **Johnson?** by elimination"} <= set(text.splitlines())
    assert "Only the others beside it speak for Biden." in details
    assert "Everybody else of the group is there, so that Johnson is left." in details

    sure: list[int] = []
    doubtful: list[int] = []
    for face in re.split("(?=[①②③④] )", details)[1:]:
        name, doubt = re.findall(r"\*\*(\w+)(\??)\*\*", face)[0]
        shares = {who: int(share) for share, who in re.findall(r"` (\d+)% (.+)", face)}
        assert 98 <= sum(shares.values()) <= 101, "a note accounts for the rest"
        (doubtful if doubt else sure).append(shares.get(name, 0))
    assert (len(sure), len(doubtful)) == (2, 2)
    assert max(doubtful) < 50 <= min(sure)


async def test_the_card_works_after_a_restart(stage: Stage) -> None:
    card = await asked(stage)
    await stage.restart()
    assert "Biden" in texts(answer(await stage.other.click(card, label="Details")))
    await stage.moderator.click(card, label="All right")
    assert f"① **Obama** ✓\n-# ✓ said by <@{stage.moderator.id}>" in texts(latest(stage.channel))


async def test_the_requested_person_is_shown(stage: Stage) -> None:
    await asked(stage, "obama2.jpg", "biden.jpg")
    card = latest(stage.channel)
    dialog = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.moderator.select(dialog, [option(dialog, "① Biden")])
    step = answer_to(stage, dialog)
    assert "**Who is ① in picture 2?**" in texts(step)
    assert [file.filename for file in step.attachments] == ["face-1.jpg"]
    async with stage.app.database.reading() as session:
        keys = list(await session.scalars(select(Crop.key).join(QuestionFace).order_by(QuestionFace.id)))
    assert await step.attachments[0].read() == await stage.app.storage.get(keys[1])
    await stage.moderator.click(step, label="Not a member")
    assert answer_to(stage, dialog).attachments == []


async def test_the_wrong_person_presses_hide(stage: Stage) -> None:
    card = await asked(stage)
    refused = answer(await stage.other.click(card, label="Hide"))
    assert texts(refused).strip() == "Only the person who asked, or a moderator, can hide this."
    assert refused.ephemeral
    assert latest(stage.channel).id == card.id


async def test_the_asker_hides_the_card(stage: Stage) -> None:
    card = await asked(stage)
    await stage.fan.click(card, label="Hide")
    assert stage.channel.last_message is None
    async with stage.app.database.reading() as session:
        assert (await session.scalars(select(Question.hidden_at))).one() is not None


async def test_a_moderator_hides_the_card(stage: Stage) -> None:
    await stage.moderator.click(await asked(stage), label="Hide")
    assert stage.channel.last_message is None


async def test_a_moderator_confirms_and_undoes_it(stage: Stage) -> None:
    card = await asked(stage)
    await stage.moderator.click(card, label="All right")
    card = latest(stage.channel)
    assert f"said by <@{stage.moderator.id}>" in texts(card)
    assert [file.filename for file in card.attachments] == ["who-1.jpg"]
    assert buttons(card)[-1] == "Undo"
    (annotation,) = await annotations_of(stage)
    assert (annotation.meaning, annotation.name, annotation.author_id) == (Meaning.MEMBER, "Obama", stage.moderator.id)
    assert (annotation.trust, annotation.counts) == (Trust.MODERATOR, True)

    refused = answer(await stage.fan.click(card, label="Undo"))
    assert "Only people whom the moderators trust" in texts(refused)
    await stage.moderator.click(card, label="Undo")
    assert "said by" not in texts(latest(stage.channel))
    (annotation,) = await annotations_of(stage)
    assert annotation.undone_by == stage.moderator.id


async def test_undo_reverts_every_label_of_a_press(stage: Stage) -> None:
    await asked(stage, "obama2.jpg", "biden.jpg")
    await stage.moderator.click(latest(stage.channel), label="All right")
    assert texts(latest(stage.channel)).count("**Obama** ✓") == 1
    assert texts(latest(stage.channel)).count("said by") == 1, "once a card"
    await stage.moderator.click(latest(stage.channel), label="Undo")
    assert "said by" not in texts(latest(stage.channel))
    assert "Undo" not in buttons(latest(stage.channel))
    assert {annotation.undone_by for annotation in await annotations_of(stage)} == {stage.moderator.id}


async def test_a_button_is_acknowledged_before_its_work(stage: Stage) -> None:
    """Discord waits three seconds for the first response. Deferring it takes no time."""
    card = await asked(stage)

    def heard() -> bool:
        return stage.recorder.matching("POST", "/callback")[-1].json["type"] in {5, 6}

    for label in ("Details", "All right", "Undo"):
        await stage.moderator.click(latest(stage.channel), label=label)
        assert heard(), label
    for label in ("Not a member", "Not a face"):
        who = answer(await stage.moderator.click(card, label="Fix a face"))
        assert heard()
        await stage.moderator.click(who, label=label)
        assert heard(), label
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.moderator.select(who, [option(who, "Biden")])
    assert heard()
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(setup, ["70"], custom_id="nugu:setup:threshold")
    assert heard()
    await stage.fan.click(card, label="Hide")
    assert heard()


async def test_a_fans_label_is_a_suggestion(stage: Stage) -> None:
    card = await asked(stage)
    thanked = answer(await stage.fan.click(card, label="All right"))
    assert "keep that as a suggestion" in texts(thanked)
    assert "said by" not in texts(latest(stage.channel))
    (annotation,) = await annotations_of(stage)
    assert (annotation.author_id, annotation.counts) == (stage.fan.id, False)


async def test_a_trusted_role_makes_a_label_effective(stage: Stage) -> None:
    card = await asked(stage)
    experts = stage.guild.create_role("experts")
    expert = stage.guild.add_member(stage.env.create_user("expert"), roles=[experts])
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(setup, [experts], custom_id="nugu:setup:trusted")
    await expert.click(card, label="All right")
    assert f"said by <@{expert.id}>" in texts(latest(stage.channel))


async def test_fixing_a_face_by_the_menus(stage: Stage) -> None:
    card = await asked(stage, "obama2.jpg", "biden.jpg")
    which = answer(await stage.moderator.click(card, label="Fix a face"))
    assert which.ephemeral
    assert [label.split()[1] for label in options(which)] == ["Obama", "Biden"]
    await stage.moderator.select(which, [option(which, "Biden")])
    who = answer_to(stage, which)
    assert options(who) == ["Biden", "Obama", "Somebody else…"]
    await stage.moderator.select(who, [option(who, "Obama")])
    assert "Noted: Obama." in texts(answer_to(stage, which))
    assert texts(latest(stage.channel)).count("**Obama**") == 2
    (annotation,) = await annotations_of(stage)
    assert (annotation.name, annotation.counts) == ("Obama", True)
    which = answer(await stage.moderator.click(latest(stage.channel), label="Fix a face"))
    assert options(which)[1] == "① Obama"


async def test_a_correction_is_drawn_in_the_picture_while_its_message_shows_it(stage: Stage) -> None:
    await stage.enrol_presidents()
    posted = await stage.fan.send(stage.channel, f"{stage.mention} who?", attachments=[stage.photo("obama2.jpg")])
    pictures = [await shown(stage)]

    await fix(stage, "Biden")
    assert alt_texts(latest(stage.channel)) == ["Faces, row by row: ① Biden"]
    assert STALE not in texts(latest(stage.channel))
    pictures.append(await shown(stage))
    await stage.moderator.click(latest(stage.channel), label="Undo")
    pictures.append(await shown(stage))
    assert "① Obama 99%" in alt_texts(latest(stage.channel))[0]
    assert pictures[0] != pictures[1] != pictures[2]
    assert {Image.open(io.BytesIO(picture)).size for picture in pictures} == {Image.open(io.BytesIO(pictures[0])).size}

    await stage.fan.delete(posted)
    await fix(stage, "Biden")
    assert alt_texts(latest(stage.channel)) == ["Faces, row by row: ① Biden, still drawn as Obama"]
    assert STALE in texts(latest(stage.channel))
    assert await shown(stage) == pictures[2]


async def test_a_correction_is_drawn_in_an_uploaded_picture_until_the_interaction_ends(stage: Stage) -> None:
    card = await asked(stage)
    before = await shown(stage)
    await fix(stage, "Biden")
    assert await shown(stage) != before
    assert alt_texts(latest(stage.channel)) == ["Faces, row by row: ① Biden"]
    assert STALE not in texts(latest(stage.channel))

    stage.bot.uploads.clear()  # as fifteen minutes later, or after a restart
    await stage.moderator.click(latest(stage.channel), label="Undo")
    assert STALE in texts(latest(stage.channel))
    assert latest(stage.channel).id == card.id


async def test_of_two_simultaneous_corrections_the_picture_has_the_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(stage)
    draw_again, drawn = identify.draw_again, list[str | None]()

    async def overtaken(app: App, answer: Answer, pictures: Sequence[SubmittedFile]) -> dict[str, bytes] | None:
        ((_, face),) = answer.faces
        drawn.append(face.name)
        files = await draw_again(app, answer, pictures)
        if len(drawn) == 1:
            await correct.say_name(app, answer.id, face.id, "Momo", Actor(1, Trust.TRUSTED))
        return files

    monkeypatch.setattr(identify, "draw_again", overtaken)
    await fix(stage, "Biden")
    assert drawn == ["Biden", "Momo"]
    assert alt_texts(latest(stage.channel)) == ["Faces, row by row: ① Momo"]
    assert STALE not in texts(latest(stage.channel))


async def test_a_correction_is_kept_though_its_picture_can_not_be_drawn(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(stage)

    async def too_slow(*_: object) -> None:
        raise WorkersAwayError

    monkeypatch.setattr(identify, "draw_again", too_slow)
    await fix(stage, "Biden")
    assert alt_texts(latest(stage.channel)) == ["Faces, row by row: ① Biden, still drawn as Obama"]
    assert STALE in texts(latest(stage.channel))


async def fix(stage: Stage, name: str) -> None:
    """The moderator corrects the only face of the last card."""
    who = answer(await stage.moderator.click(latest(stage.channel), label="Fix a face"))
    await stage.moderator.select(who, [option(who, name)])


async def shown(stage: Stage) -> bytes:
    """The picture on the last card."""
    (picture,) = latest(stage.channel).attachments
    return await picture.read()


async def test_fixing_a_face_after_a_restart_in_mid_dialog(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.restart()
    await stage.moderator.select(who, [option(who, "Biden")])
    assert "**Biden** ✓" in texts(latest(stage.channel))


async def test_the_modal_takes_any_spelling(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    form = await stage.moderator.select(who, [option(who, "Somebody else")])
    await stage.moderator.submit_modal(form, {typed_field(form): "  BIDEN "})
    assert "**Biden** ✓" in texts(latest(stage.channel))


async def test_the_form_is_submitted_after_a_restart(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    form = await stage.moderator.select(who, [option(who, "Somebody else")])
    await stage.restart()
    submitted = await stage.moderator.submit_modal(form, {typed_field(form): "biden"})
    assert submitted.deferred
    assert "**Biden** ✓" in texts(latest(stage.channel))


async def test_a_form_without_a_name_says_so_to_its_sender_alone(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    form = await stage.moderator.select(who, [option(who, "Somebody else")])
    refused = answer(await stage.moderator.submit_modal(form, {typed_field(form): "\u200b"}))
    assert "A name has 1 to 100 printable characters." in texts(refused)
    assert refused.ephemeral
    assert await annotations_of(stage) == []


async def test_the_card_can_no_longer_be_edited(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """As in an archived thread. The annotation is saved all the same."""
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    archived = discord.HTTPException(Mock(spec=aiohttp.ClientResponse, status=400, reason=""), "Thread is archived")
    editing = patch.object(discord.Message, "edit", autospec=True, side_effect=archived)
    with caplog.at_level(logging.WARNING, "cogs"), editing:
        await stage.moderator.select(who, [option(who, "Biden")])
    assert "Noted: Biden." in texts(answer_to(stage, who))
    assert "could not refresh card" in caplog.text
    (annotation,) = await annotations_of(stage)
    assert annotation.name == "Biden"


async def test_an_unknown_name_is_saved_as_typed(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    form = await stage.moderator.select(who, [option(who, "Somebody else")])
    await stage.moderator.submit_modal(form, {typed_field(form): "쯔위"})
    assert "**쯔위** ✓" in texts(latest(stage.channel))
    (annotation,) = await annotations_of(stage)
    assert (annotation.member_id, annotation.name) == (None, "쯔위")


async def test_not_a_member_and_not_a_face(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.moderator.click(who, label="Not a member")
    assert "① not a member" in texts(latest(stage.channel))
    who = answer(await stage.moderator.click(latest(stage.channel), label="Fix a face"))
    await stage.moderator.click(who, label="Not a face")
    assert "① not a face" in texts(latest(stage.channel))
    await stage.moderator.click(latest(stage.channel), label="Undo")
    assert "① not a member" in texts(latest(stage.channel))


async def test_the_card_is_hidden_while_somebody_fixes_it(stage: Stage) -> None:
    card = await asked(stage)
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.fan.click(card, label="Hide")
    await stage.moderator.select(who, [option(who, "Biden")])
    (annotation,) = await annotations_of(stage)
    assert annotation.name == "Biden"


async def test_two_undo_at_the_same_moment(stage: Stage) -> None:
    from bot.errors import PersonError
    from bot.usecases.correct import Actor, undo

    card = await asked(stage)
    await stage.moderator.click(card, label="All right")
    async with stage.app.database.reading() as session:
        question = (await session.scalars(select(Question.id))).one()
    trusted = Actor(1, Trust.TRUSTED), Actor(2, Trust.TRUSTED)
    results = await asyncio.gather(*(undo(stage.app, question, who) for who in trusted), return_exceptions=True)
    assert sorted(isinstance(result, PersonError) for result in results) == [False, True]


def answer_to(stage: Stage, dialog: Any) -> Any:
    """The dialog as it is now."""
    from simcord.results import ResponseMessage

    stored = stage.env.backend.get_message(dialog.channel_id, dialog.id)
    return ResponseMessage(stage.env, stored)


def typed_field(form: Any) -> str:
    """The custom_id of the modal's text field."""
    (label,) = form.modal["components"]
    return label["component"]["custom_id"]
