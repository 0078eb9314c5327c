"""The buttons of a card: for everybody, for trusted people, for the asker; after a restart; pressed twice."""

from __future__ import annotations

import asyncio
import io
import re
from bisect import bisect_left

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps
from skimage.data import lfw_subset
from sqlalchemy import select

from bot.database.rosters import RosterRepository
from bot.database.tables.questions import Question, QuestionFace
from bot.database.tables.rosters import Crop
from bot.domain.enums import AnnotationMeaning
from bot.domain.rosters import EnrolledEncoding
from bot.domain.trust import Trust
from bot.jobs.rosters import gallery_of
from bot.usecases.questions.correct import Actor
from models.recognition.recogniser import fit
from tests.stories.conftest import Stage
from tests.stories.questions import annotations_of, asked, trusted
from tests.stories.reading import alt_texts, answer, buttons, latest, now, option, texts
from tests.support.galleries import add_photo
from tests.support.portraits import astronauts_head

DLIB = "dlib-1"


async def test_only_the_user_of_the_button_sees_details(stage: Stage) -> None:
    card = await asked(stage)
    shown = answer(await stage.other.click(card, label="Details"))
    assert shown.ephemeral
    text = texts(shown)
    assert "Obama" in text
    assert "Biden" in text
    assert "Answered by `sface-2`; an answer is sure from 50% on." in text


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


async def enrol_in_disguise(stage: Stage, name: str, number: int, log_odds: float) -> None:
    """Enrol a member whose only photo gives a face of the last picture these log-odds: below 0 it is rather a stranger."""
    async with stage.app.database.reading() as session:
        rows = await RosterRepository(session).encodings_in_use([stage.guild.id], DLIB)
        face = (await session.scalars(select(QuestionFace.vector).where(QuestionFace.number == number))).one()
    seen = np.frombuffer(face, np.float32)
    aside = np.random.default_rng(1).normal(scale=len(seen) ** -0.5, size=len(seen))

    def photo(way: float) -> bytes:
        shown = seen + way * aside
        return (shown / np.linalg.norm(shown)).astype(np.float32).tobytes()

    def odds(way: float) -> float:
        row = EnrolledEncoding(0, 0, name, rows[0].group, rows[0].group_name, photo(way))
        return float(fit(gallery_of([*rows, row], DLIB)).log_odds(seen[None])[0, -1])

    steps = bisect_left(range(30_000), -log_odds, key=lambda step: -odds(step / 10_000))
    await add_photo(
        stage.app.database, rows[0].group_name, name, photo(steps / 10_000), server=stage.guild.id, engine=DLIB
    )


@pytest.mark.usefixtures("dlib_in_use")
async def test_a_name_from_context_has_no_confidence(stage: Stage) -> None:
    """Of four faces two are clear. Context names the third, and elimination the last one."""
    await stage.moderator.slash(stage.channel, "group add", name="Americans")
    for name, photo in (
        ("Obama", stage.photo("obama.jpg")),
        ("Collins", ("collins.png", astronauts_head(stage.photos))),
    ):
        await stage.moderator.slash(stage.channel, "member add", group="Americans", name=name, photo=photo)
    await stage.fan.slash(stage.channel, "who", picture=line_up(stage))
    assert "③ someone I don't know" in texts(latest(stage.channel))
    await enrol_in_disguise(stage, "Johnson", 4, -1.7)
    await enrol_in_disguise(stage, "Biden", 3, -0.15)

    await stage.fan.slash(stage.channel, "who", picture=line_up(stage))
    card = latest(stage.channel)
    (drawn,) = alt_texts(card)
    assert drawn.endswith("③ Biden? from context, ④ Johnson? by elimination")
    details = texts(answer(await stage.other.click(card, label="Details")))
    for text in (texts(card), details):
        assert {"③ **Biden?** from context", "④ **Johnson?** by elimination"} <= set(text.splitlines())
    assert "Only the others beside it speak for Biden." in details
    assert "The other faces have the other names of the group, so that Johnson is left." in details

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
    step = now(stage, dialog)
    assert "**Who is ① in picture 2?**" in texts(step)
    assert [file.filename for file in step.attachments] == ["face-1.jpg"]
    async with stage.app.database.reading() as session:
        keys = list(await session.scalars(select(Crop.key).join(QuestionFace).order_by(QuestionFace.id)))
    assert await step.attachments[0].read() == await stage.app.storage.get(keys[1])
    await stage.moderator.click(step, label="Not a member")
    assert now(stage, dialog).attachments == []


async def test_another_person_cannot_hide_the_card(stage: Stage) -> None:
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
    assert (annotation.meaning, annotation.name, annotation.author_id) == (
        AnnotationMeaning.MEMBER,
        "Obama",
        stage.moderator.id,
    )
    assert (annotation.trust, annotation.counts) == (Trust.MODERATOR, True)

    refused = answer(await stage.fan.click(card, label="Undo"))
    assert "Only people with a trusted role can undo a correction" in texts(refused)
    await stage.moderator.click(card, label="Undo")
    assert "said by" not in texts(latest(stage.channel))
    (annotation,) = await annotations_of(stage)
    assert annotation.undone_by == stage.moderator.id


async def test_undo_reverts_every_label_of_a_confirmation(stage: Stage) -> None:
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

    def is_acknowledged() -> bool:
        return stage.recorder.matching("POST", "/callback")[-1].json["type"] in {5, 6}

    for label in ("Details", "All right", "Undo"):
        await stage.moderator.click(latest(stage.channel), label=label)
        assert is_acknowledged(), label
    for label in ("Not a member", "Not a face"):
        who = answer(await stage.moderator.click(card, label="Fix a face"))
        assert is_acknowledged()
        await stage.moderator.click(who, label=label)
        assert is_acknowledged(), label
    who = answer(await stage.moderator.click(card, label="Fix a face"))
    await stage.moderator.select(who, [option(who, "Biden")])
    assert is_acknowledged()
    setup = answer(await stage.moderator.slash(stage.channel, "setup"))
    await stage.moderator.select(setup, ["70"], custom_id="nugu:setup:threshold")
    assert is_acknowledged()
    await stage.fan.click(card, label="Hide")
    assert is_acknowledged()


async def test_a_fans_label_is_a_suggestion(stage: Stage) -> None:
    card = await asked(stage)
    thanked = answer(await stage.fan.click(card, label="All right"))
    assert "keep that as a suggestion" in texts(thanked)
    assert "said by" not in texts(latest(stage.channel))
    (annotation,) = await annotations_of(stage)
    assert (annotation.author_id, annotation.counts) == (stage.fan.id, False)


async def test_a_trusted_role_makes_a_label_effective(stage: Stage) -> None:
    card = await asked(stage)
    expert = await trusted(stage)
    await expert.click(card, label="All right")
    assert f"said by <@{expert.id}>" in texts(latest(stage.channel))


async def test_two_undo_at_the_same_moment(stage: Stage) -> None:
    from bot.errors import PersonError
    from bot.usecases.questions.correct import undo

    card = await asked(stage)
    await stage.moderator.click(card, label="All right")
    async with stage.app.database.reading() as session:
        question = (await session.scalars(select(Question.id))).one()
    trusted = Actor(1, Trust.TRUSTED), Actor(2, Trust.TRUSTED)
    results = await asyncio.gather(*(undo(stage.app, question, who) for who in trusted), return_exceptions=True)
    assert sorted(isinstance(result, PersonError) for result in results) == [False, True]
