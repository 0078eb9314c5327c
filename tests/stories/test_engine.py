"""The operator installs another engine while the bot runs: nobody waits, nothing is lost, and it gives the next answer."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.database.tables.rosters import CropEncoding
from bot.infra.compute import Compute
from bot.settings import Settings
from bot.usecases import engines
from tests.conftest import LONG_ENOUGH
from tests.stories.conftest import Stage
from tests.stories.reading import answer, latest, option, texts
from tests.support import toy


@pytest.fixture(scope="module")
def compute(weights: Path) -> Generator[Compute]:
    """Two worker processes with a slow toy engine."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in toy.environment().items():
            patched.setenv(name, value)
        pace = toy.slow_down(weights, 0.3, weights / "marks")
        toy.put_in_place()
        compute = Compute(Settings(workers=2, deadline=LONG_ENOUGH))
        yield compute
        compute.close()
        toy.take_away()
        pace.unlink()


@pytest.fixture
def source(tmp_path: Path, weights: Path) -> Path:
    """A folder with the toy's weights, which are not installed."""
    shutil.rmtree(weights / "toy", ignore_errors=True)
    (tmp_path / "source" / "toy").mkdir(parents=True)
    (tmp_path / "source" / "toy" / "weights.bin").write_bytes(bytes(range(256)) * 1024)
    return tmp_path / "source"


async def ask(stage: Stage, photo: str = "obama2.jpg") -> str:
    return texts(answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo(photo))))


async def details(stage: Stage) -> str:
    return texts(answer(await stage.other.click(latest(stage.channel), label="Details")))


async def install(stage: Stage, name: str, source: Path) -> None:
    """Install an engine by the use case of `nugu engine install`."""
    await engines.install(stage.app, name, source, lambda *_: None)


async def switches(stage: Stage, name: str, version: str, source: Path) -> None:
    """The story for any engine."""
    await stage.enrol_presidents()
    assert "① **Obama**" in await ask(stage)
    assert "Answered by `sface-2`" in await details(stage)
    old_card = latest(stage.channel)

    await install(stage, name, source)

    assert "① **Obama**" in await ask(stage, "obama3.jpg")
    assert f"Answered by `{version}`" in await details(stage)
    assert "someone I don't know" in await ask(stage, "astronaut.png")
    listed = await stage.moderator.slash(stage.channel, "group list")
    assert "**Presidents**\nObama (1), Biden (1)" in texts(answer(listed))

    # The earlier card keeps its engine, and can be corrected.
    shown = answer(await stage.other.click(old_card, label="Details"))
    assert "Answered by `sface-2`" in texts(shown)
    who = answer(await stage.moderator.click(old_card, label="Fix a face"))
    await stage.moderator.select(who, [option(who, "Biden")])
    corrected = next(message for message in stage.channel.history() if message.id == old_card.id)
    assert "**Biden** ✓" in texts(corrected)

    # The new engine encodes a new photo, which the return to the old engine does not lose.
    added = await stage.moderator.slash(
        stage.channel,
        "member add",
        group="Presidents",
        name="Obama",
        photo=("obama3.jpg", (stage.photos / "obama3.jpg").read_bytes()),
    )
    assert "is known by 2 photos now" in texts(answer(added))
    assert "① **Biden**" in await ask(stage, "biden.jpg")
    await engines.use(stage.app, "sface", lambda *_: None)
    assert "① **Obama**" in await ask(stage, "obama3.jpg")
    assert "Answered by `sface-2`" in await details(stage)


@pytest.mark.thorough
async def test_another_engine_answers_the_next_question(stage: Stage, source: Path) -> None:
    await switches(stage, "toy", "toy-1", source)


@pytest.mark.thorough
async def test_the_second_engine_answers_the_next_question(stage: Stage, shared: Path) -> None:
    await switches(stage, "trio", "trio-1", shared / "models")


@pytest.mark.thorough
async def test_questions_are_answered_while_the_photos_are_encoded(stage: Stage, source: Path) -> None:
    await stage.enrol_presidents()
    installing = asyncio.create_task(install(stage, "toy", source))
    answers = 0
    while not installing.done():
        assert "① **Obama**" in await ask(stage)
        answers += 1
    await installing
    assert answers
    await ask(stage)
    assert "Answered by `toy-1`" in await details(stage)


async def test_a_restart_keeps_the_engine(stage: Stage, source: Path) -> None:
    await stage.enrol_presidents()
    await install(stage, "toy", source)
    await stage.restart()
    assert "① **Obama**" in await ask(stage)
    assert "Answered by `toy-1`" in await details(stage)


async def test_a_restart_after_an_upgrade_encodes_the_photos_anew(stage: Stage) -> None:
    await stage.enrol_presidents()
    async with stage.app.database.writing() as session:
        await session.execute(update(CropEncoding).values(engine="sface-0"))
    await stage.restart()
    assert stage.bot._warming is not None  # pyright: ignore[reportPrivateUsage]  # nothing else tells that it is done
    await stage.bot._warming  # pyright: ignore[reportPrivateUsage]
    assert "① **Obama**" in await ask(stage)


@pytest.mark.thorough
async def test_a_lost_engine_gets_a_sentence_and_no_other_engine_answers(
    stage: Stage, source: Path, weights: Path
) -> None:
    await stage.enrol_presidents()
    await install(stage, "toy", source)
    assert "① **Obama**" in await ask(stage)
    shutil.rmtree(weights / "toy")
    for pid in await asyncio.to_thread(stage.app.compute.worker_pids):
        os.kill(pid, 9)  # new workers find no file
    refused = answer(await stage.fan.slash(stage.channel, "who", picture=stage.photo("obama2.jpg")))
    assert "The engine toy is not installed. My owner gets it with `nugu engine install toy`" in texts(refused)
    await engines.install(stage.app, "toy", source, lambda *_: None)
    assert "① **Obama**" in await ask(stage)
