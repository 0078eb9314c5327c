"""A clock that jumps a day ahead or back: nothing is forgotten early, and nothing is held for long."""

from __future__ import annotations

import ast
import os
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot import clock
from bot.app import App
from bot.clock import DRIFT, STEADY, AgeClock, still_lasts
from bot.database.clips import ClipRepository
from bot.database.reviews import LEASE, ReviewRepository
from bot.database.tables.clips import ClipJob
from bot.domain.enums import CaptionStyle, ClipState
from bot.infra.deadline import Deadline
from bot.usecases import retention
from tests.bot.usecases.test_forgetting import asked, remembered
from tests.support.sources import modules, name_of, tree_of

DAY = timedelta(days=1)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


class MovedClock:
    """A wall clock that a test moves, beside one that only runs. Seconds since 1970, and since the start."""

    def __init__(self, begin: datetime = NOW) -> None:
        self.jumped, self.ran, self._begin = 0.0, 0.0, begin.timestamp()

    def wall(self) -> float:
        return self._begin + self.jumped + self.ran

    def steady(self) -> float:
        return self.ran

    def jump(self, by: timedelta) -> None:
        self.jumped += by.total_seconds()


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    """The wall clock of the bot, which begins at the right time."""
    moved = MovedClock(datetime.now(UTC))
    monkeypatch.setattr(clock, "unix_time", moved.wall)
    return moved


def test_one_module_reads_the_wall_clock() -> None:
    """Cogs compare the times of Discord's ids with `discord.utils.utcnow`, which reads the same clock."""
    wrong: list[str] = []
    for layer in ("bot", "cogs", "models"):
        for module in modules(layer):
            calls = {ast.unparse(node.func) for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call)}
            named = {
                call
                for call in calls
                if call.endswith(("datetime.now", "time.time", "date.today", "time_ns", "utcnow"))
            }
            if named - {"discord.utils.utcnow"}:
                wrong.append(name_of(module))
    assert wrong == ["bot.clock"]


def test_a_jump_ahead_is_believed_after_a_day() -> None:
    moved = MovedClock()
    ages = AgeClock(moved.wall, moved.steady)
    moved.jump(DAY)
    assert ages.now() == NOW
    moved.ran += 3600
    assert ages.now() == NOW + timedelta(hours=1)
    moved.ran += STEADY
    assert ages.now() == NOW + 2 * DAY + timedelta(hours=1)


def test_a_jump_that_is_corrected_is_never_believed() -> None:
    moved = MovedClock()
    ages = AgeClock(moved.wall, moved.steady)
    for _ in range(3):
        moved.jump(DAY)
        ages.now()
        moved.ran += STEADY - 1
        assert ages.now() < NOW + 3 * DAY
        moved.jump(-DAY)
        assert ages.now().timestamp() == moved.wall()


def test_a_jump_back_is_followed_at_once_and_a_drift_always() -> None:
    moved = MovedClock()
    ages = AgeClock(moved.wall, moved.steady)
    moved.jump(-DAY)
    assert ages.now() == NOW - DAY
    for _ in range(100):
        moved.jumped += DRIFT
        assert ages.now().timestamp() == moved.wall()


def test_a_limit_lasts_no_longer_than_it_can_be() -> None:
    minute = timedelta(minutes=1)
    lasting = [still_lasts(NOW + timedelta(seconds=seconds), NOW, minute) for seconds in (-1, 0, 1, 60, 61, 86_400)]
    assert lasting == [False, False, True, True, False, False]


async def test_a_jump_ahead_forgets_nothing_early(app: App, moved: MovedClock) -> None:
    app = replace(app, age_clock=AgeClock(moved.wall, moved.steady))
    _, face = await asked(app, 6.5, origin="face")
    unnamed = app.settings.data / "files" / "crops" / "unnamed.jpg"
    unnamed.write_bytes(b"being stored")
    video = app.settings.data / "clips" / "video" / "video"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"video")
    for path in (unnamed, video):
        os.utime(path, (moved.wall(), moved.wall()))
    moved.jump(10 * DAY)
    await retention.forget_due(app)
    assert unnamed.exists()
    assert video.exists()
    unnamed.unlink()
    assert await remembered(app) == [(face, b"1234")]
    moved.jump(-10 * DAY)
    moved.ran += DAY.total_seconds()
    await retention.forget_due(app)
    assert await remembered(app) == []


async def test_who_asked_while_the_clock_was_behind_is_forgotten_no_earlier(app: App) -> None:
    await asked(app, 6.9, origin="before")
    _, behind = await asked(app, 7.9, origin="behind")
    await retention.forget_due(app)
    assert behind in [face for face, _ in await remembered(app)]


async def test_a_face_is_free_again_though_the_clock_jumped_back(app: App) -> None:
    _, face = await asked(app, 0)
    for jump, is_held in ((timedelta(0), True), (-DAY, False), (DAY, False)):
        async with app.database.writing() as session:
            assert await ReviewRepository(session, NOW).reserve(7, face, 11)
        async with app.database.writing() as session:
            later = ReviewRepository(session, NOW + jump)
            assert (await later.reserve_next(7, 12)).elsewhere == is_held
            await later.release(7, 12)
        async with app.database.writing() as session:
            assert await ReviewRepository(session, NOW + jump).reserve(7, face, 12) is not is_held
            await ReviewRepository(session, NOW).release(7, 12)
    assert LEASE < DAY


async def add_job(app: App, name: str) -> int:
    """A clip that waits."""
    job = ClipJob(
        request_hash=name, asker_id=1, channel_id=1, rosters=[7], max_bytes=9, title=name, video=name, start=0.0,
        style=CaptionStyle.NAMES,
    )  # fmt: skip
    async with app.database.writing() as session:
        return (await ClipRepository(session).add(job)).id


async def test_a_clip_goes_on_though_the_clock_jumped_back(app: App, moved: MovedClock) -> None:
    moved.jump(DAY)
    early = await add_job(app, "early")
    async with app.database.writing() as session:
        job = await ClipRepository(session).begin_next(clock.utc_now())
        assert job is not None
        await ClipRepository(session).delay(job, clock.utc_now() + timedelta(seconds=10))
    async with app.database.reading() as session:
        assert await ClipRepository(session).next_resumption(clock.utc_now()) is not None
    moved.jump(-DAY)
    await add_job(app, "late")
    async with app.database.writing() as session:
        assert await ClipRepository(session).next_resumption(clock.utc_now()) is None
        begun = await ClipRepository(session).begin_next(clock.utc_now())
        assert begun is not None
        assert (begun.id, begun.state) == (early, ClipState.WORKING)


def test_a_deadline_travels_between_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = pickle.dumps(Deadline.after(100))
    monkeypatch.setattr("time.monotonic", lambda: 1e9)
    assert pickle.loads(sent).left() == pytest.approx(100, abs=5)
