"""An empty server gets one photo a member, questions, labels, a review and trainings. Recognition improves each time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from simcord import MemberActor
from sqlalchemy import select

from bot.app import App
from bot.database.rosters import RosterRepository
from bot.database.tables.models import Model
from bot.database.tables.questions import QuestionFace, QuestionPicture
from bot.media.pictures.opening import open_picture
from models.encodings.copies import same_photo_cosine
from models.engines import Engine, load
from models.learning.evaluation import trial_outcome
from models.learning.outcomes import TrialOutcome
from models.recognition.recogniser import Recogniser
from tests.conftest import LONG_ENOUGH
from tests.stories.conftest import Stage
from tests.stories.questions import trusted
from tests.stories.reading import answer, buttons, components, latest, now, option, texts, walk
from tests.stories.test_models import learning

pytestmark = pytest.mark.thorough

GROUP = "TWICE"
ROUNDS = 2
ASKED = 2
"""Photos of each member in a round."""

PICTURES = 5
"""What one /who takes."""


@dataclass(frozen=True)
class Unseen:
    """Faces (n, d) of no question, and their labels: a member's name, or None."""

    faces: np.ndarray
    people: list[str | None]


@cache
def small(photo: Path) -> bytes:
    out = BytesIO()
    with Image.open(photo) as picture:
        picture.thumbnail((640, 640))
        picture.convert("RGB").save(out, "JPEG", quality=92)
    return out.getvalue()


def largest(engine: Engine, photo: Path) -> np.ndarray | None:
    """The encoding of the largest face; None if it is too small or blurred to learn from."""
    pixels = open_picture(small(photo)).pixels
    found = sorted(engine.detect(pixels), key=lambda face: face.box.area)
    if len(found) != 1 or found[0].box.width < 90:
        return None
    return engine.encode(pixels, found)[0]


@dataclass(frozen=True)
class Material:
    """Photos of each member in three parts, without copies and with one face each; and the unseen ones."""

    enrolled: dict[str, Path]
    asked: list[list[tuple[str, Path]]]
    unseen: Unseen


@pytest.fixture(scope="module")
def material(shared_faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Material:
    engine = load("dlib", tmp_path_factory.mktemp("none"))
    enrolled: dict[str, Path] = {}
    asked: list[list[tuple[str, Path]]] = [[] for _ in range(ROUNDS)]
    faces: list[np.ndarray] = []
    people: list[str | None] = []
    for folder in sorted((shared_faces / "groups" / GROUP).iterdir()):
        kept: list[tuple[Path, np.ndarray]] = []
        for photo in sorted(folder.iterdir()):
            face = largest(engine, photo)
            if face is not None and all(face @ other < same_photo_cosine("dlib-1") for _, other in kept):
                kept.append((photo, face))
        enrolled[folder.name] = kept.pop(0)[0]
        for batch in asked:
            batch += [(folder.name, kept.pop(0)[0]) for _ in range(min(ASKED, max(0, len(kept) - 2)))]
        faces += [face for _, face in kept]
        people += [folder.name] * len(kept)
    for photo in sorted((shared_faces / "groups" / "ITZY").rglob("*.jpg")):
        if (face := largest(engine, photo)) is not None:
            faces.append(face)
            people.append(None)
    return Material(enrolled, asked, Unseen(np.stack(faces), people))


async def outcome_of(app: App, server: int, unseen: Unseen) -> TrialOutcome:
    """The outcome of the current recogniser on unseen faces."""
    recogniser = Recogniser.from_bytes((await app.recognisers.for_rosters([server])).recogniser)
    ids = {member.name: member.id for member in recogniser.members}
    people = np.array([-1 if name is None else ids[name] for name in unseen.people], np.int64)
    return trial_outcome(recogniser, recogniser.members, unseen.faces, people)


async def truth(stage: Stage) -> dict[int, str | None]:
    """The true name of every face: for the largest of a picture the file's, for any other None."""
    async with stage.app.database.reading() as session:
        query = select(QuestionFace.id, QuestionFace.box, QuestionPicture.id, QuestionPicture.name)
        rows = (await session.execute(query.join(QuestionPicture))).all()
    pictures: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    for face, (left, top, right, bottom), picture, name in rows:
        pictures[picture].append(((right - left) * (bottom - top), face, name.partition("-")[0]))
    whom: dict[int, str | None] = {}
    for faces in pictures.values():
        (_, face, name), *others = sorted(faces, reverse=True)
        whom[face] = name
        whom |= dict.fromkeys((other for _, other, _ in others), None)
    return whom


async def guesses(stage: Stage) -> dict[int, str | None]:
    async with stage.app.database.reading() as session:
        return dict((await session.execute(select(QuestionFace.id, QuestionFace.name))).all())


async def ask_and_correct(stage: Stage, expert: MemberActor, batch: list[tuple[str, Path]]) -> None:
    """A fan asks; the expert corrects wrong names and confirms the others. Unnamed faces are left to the review."""
    for start in range(0, len(batch), PICTURES):
        some = batch[start : start + PICTURES]
        names = ["picture", *(f"picture{number}" for number in range(2, PICTURES + 1))]
        pictures = {
            name: (f"{who}-{photo.name}", small(photo)) for name, (who, photo) in zip(names, some, strict=False)
        }
        before = set(await guesses(stage))
        await stage.fan.slash(stage.channel, "who", **pictures)
        card, whom = latest(stage.channel), await truth(stage)
        guessed = {face: name for face, name in (await guesses(stage)).items() if face not in before}
        for face, name in guessed.items():
            if name is not None and name != whom[face]:
                await fix(stage, expert, card, face, whom[face], several=len(guessed) > 1)
        if any(name is not None and name == whom[face] for face, name in guessed.items()):
            await expert.click(card, label="All right")


async def fix(stage: Stage, expert: MemberActor, card: Any, face: int, name: str | None, *, several: bool) -> None:
    dialog = answer(await expert.click(card, label="Fix a face"))
    if several:
        await expert.select(dialog, [str(face)])
        dialog = now(stage, dialog)
    if name is None:
        await expert.click(dialog, label="Not a member")
    else:
        await expert.select(dialog, [option(dialog, name)])


async def review_all(stage: Stage, expert: MemberActor) -> int:
    """The expert answers the whole review; the number of its faces."""
    card = answer(await expert.slash(stage.channel, "review"))
    whom, count = await truth(stage), 0
    while any(part.get("label") == "Skip" for part in walk(components(card))):
        face = int(next(p["custom_id"] for p in walk(components(card)) if p.get("label") == "Skip").rsplit(":", 1)[1])
        name = whom[face]
        if name is None:
            await expert.click(card, label="Somebody else" if "Somebody else" in buttons(card) else "Say who it is")
            await expert.click(now(stage, card), label="Not a member")
        elif f"### Is this {name}?" in texts(card):
            await expert.click(card, label="Yes")
        else:
            await expert.click(card, label="Somebody else" if "Somebody else" in buttons(card) else "Say who it is")
            menu = now(stage, card)
            await expert.select(menu, [option(menu, name)])
        card, count = now(stage, card), count + 1
        assert count < 100
    return count


async def accepted(app: App, number: int) -> None:
    """Wait until model `number` answers."""
    async with asyncio.timeout(3 * LONG_ENOUGH):
        while True:
            async with app.database.reading() as session:
                made = (await session.scalars(select(Model).order_by(Model.number.desc()))).first()
                groups = [
                    group.model_id
                    for group in await RosterRepository(session).groups(await RosterRepository(session).servers())
                ]
            if made is not None and made.number >= number:
                assert made.id in groups, made.figures
                return
            await asyncio.sleep(0.2)


@pytest.mark.usefixtures("dlib_in_use")
async def test_recognition_improves_with_each_round(stage: Stage, material: Material) -> None:
    await stage.moderator.slash(stage.channel, "group add", name=GROUP)
    for name, photo in material.enrolled.items():
        added = await stage.moderator.slash(
            stage.channel, "member add", group=GROUP, name=name, photo=(photo.name, small(photo))
        )
        assert "is known by 1 photo now" in texts(answer(added))
    expert = await trusted(stage)
    outcomes = [await outcome_of(stage.app, stage.guild.id, material.unseen)]
    reviewed = 0
    for number, batch in enumerate(material.asked, start=1):
        await ask_and_correct(stage, expert, batch)
        reviewed += await review_all(stage, expert)
        assert "nothing" in texts(answer(await expert.slash(stage.channel, "review"))).casefold()
        # Trained after the last label, as the quiet time ensures: an earlier training would know half of them.
        async with learning(stage, after=len(batch) // 2) as app:
            await accepted(app, number)
            outcomes.append(await outcome_of(app, stage.guild.id, material.unseen))
    assert reviewed > 0
    figures = [f"{outcome.tpir(0.01):.2f}/{outcome.right():.2f}/{outcome.wrong():.2f}" for outcome in outcomes]
    first, middle, last = outcomes
    assert first.tpir(0.01) < middle.tpir(0.01) <= last.tpir(0.01), figures
    assert first.right() < middle.right() <= last.right(), figures
    assert last.right() - first.right() > 0.1, figures
    assert last.wrong() <= first.wrong(), figures
