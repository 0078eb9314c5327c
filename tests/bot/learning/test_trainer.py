"""Groups are trained in the background. A model that passes the gate comes into use; another one is refused."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import ColumnElement, delete, select, update

from bot import jobs
from bot.app import App
from bot.commands.training import training_summary
from bot.database.engines import EngineRepository
from bot.database.models import ModelRepository
from bot.database.rosters import RosterRepository
from bot.database.servers import ServerRepository
from bot.database.tables.models import EngineInUse, Model
from bot.database.tables.rosters import Group, Photo
from bot.domain.enums import FaceOrigin
from bot.domain.models import GateVerdict, GroupModel, LeaveOneOutCounts, NameCounts, TrainedClassifier, TrainedModel
from bot.domain.quotas import Quota, QuotaUsage
from bot.domain.rosters import EnrolledEncoding
from bot.errors import PersonError, QuotaError
from bot.infra.compute import Compute
from bot.infra.request_context import Asker
from bot.learning import trainer as trainer_module
from bot.learning.notifications import Notification
from bot.learning.recognisers import RecogniserCache
from bot.learning.reports import ReportCache
from bot.learning.trainer import Trainer
from bot.learning.training_quota import HOUR
from bot.settings import Settings
from bot.text.models import model_accuracy
from cogs.model.texts import notification_sentence
from models.learning.isolation import IsolatedProcessError
from models.recognition.recogniser import Recogniser
from tests.conftest import LONG_ENOUGH
from tests.support.galleries import ENGINE, SERVER, add_photo, another, enrol

AFTER = 3
OTHER = 78
UNREST = 1234.5
GOOD = GateVerdict(16, NameCounts(15, 0), NameCounts(15, 0), (), fresh=True, passes=True)
POOR = GateVerdict(16, NameCounts(15, 0), NameCounts(32 / 3, 1 / 3), (), fresh=True, passes=False)
NAMED = LeaveOneOutCounts(15, 14, 1)


class Workers(Compute):
    """Workers whose trainings have given results, `judged` and `trained`. All other jobs run in this process."""

    def __init__(self, trained: TrainedClassifier | None) -> None:
        super().__init__(Settings(workers=1))
        self.judged = GOOD
        self.trained = trained
        self.fails: Exception | None = None
        self.ran: list[str] = []
        self.trainings: list[str] = []
        self.begun = asyncio.Condition()
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def run(self, job: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.ran.append(job.__name__)
        return job(*args, **kwargs)

    async def run_isolated(self, limit: float, job: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        assert job in {jobs.train_model, jobs.train_classifier}
        async with self.begun:
            self.trainings.append(f"{job.__name__} {args[0][0].group_name}")
            self.begun.notify_all()
        await self.goes_on.wait()
        if self.fails is not None:
            raise self.fails
        if job is jobs.train_classifier:
            return self.trained
        return TrainedModel(self.judged, NAMED, self.trained if self.judged.passes else None)


@pytest.fixture
def workers(trained: TrainedClassifier) -> Workers:
    return Workers(trained)


@pytest.fixture
def group_rows(gallery_rows: list[EnrolledEncoding]) -> list[EnrolledEncoding]:
    return [row for row in gallery_rows if row.group_name == "G1"]


@pytest.fixture
async def enrolled(app: App, group_rows: list[EnrolledEncoding]) -> App:
    await enrol(app.database, group_rows)
    return app


@asynccontextmanager
async def training(
    app: App, workers: Workers, *, quiet: float | None = 0.05, max_trainings_per_hour: int = 100
) -> AsyncGenerator[App]:
    """The app with a trainer, and with recognisers that use its models and classifiers."""
    database = app.database
    database.listeners.clear()
    async with Trainer.open(
        database,
        app.storage,
        workers,
        app.engine_config,
        app.notifications,
        after=AFTER,
        max_trainings_per_hour=max_trainings_per_hour,
        quiet=quiet,
    ) as trainer:
        recognisers = RecogniserCache(database, workers, app.engine_config, trainer)
        reports = ReportCache(database, workers, recognisers)
        yield replace(app, compute=workers, trainer=trainer, recognisers=recognisers, reports=reports)


async def label(
    app: App, rows: Sequence[EnrolledEncoding], count: int = 1, *, origin: FaceOrigin = FaceOrigin.ASKED
) -> list[int]:
    """Add `count` photos of M11; returns their ids."""
    start = len(await photos(app))
    return [
        await add_photo(app.database, "G1", "M11", another(rows, "M11", start + number), origin)
        for number in range(count)
    ]


async def photos(app: App) -> list[int]:
    async with app.database.reading() as session:
        return [row.photo for row in await RosterRepository(session).encodings_of_groups([await group_id(app)], ENGINE)]


async def answering(app: App) -> set[int]:
    async with app.database.reading() as session:
        return {row.photo for row in await RosterRepository(session).encodings_in_use([SERVER], ENGINE)}


async def group_id(app: App) -> int:
    async with app.database.reading() as session:
        group = await RosterRepository(session).find_group([SERVER], "G1")
        assert group is not None
        return group.id


async def models(app: App) -> list[GroupModel]:
    async with app.database.reading() as session:
        return await ModelRepository(session).of_group(await group_id(app))


async def made(app: App, count: int) -> list[GroupModel]:
    """The models, the newest first, once the trainer has done everything due. There are `count` of them."""
    await rested(app)
    found = await models(app)
    assert len(found) == count
    return found


async def until_logged(caplog: pytest.LogCaptureFixture, line: str) -> None:
    async with asyncio.timeout(LONG_ENOUGH):
        while line not in caplog.text:
            await asyncio.sleep(0.02)


async def trained_times(workers: Workers, count: int) -> None:
    async with asyncio.timeout(LONG_ENOUGH), workers.begun:
        await workers.begun.wait_for(lambda: len(workers.trainings) >= count)


async def rested(app: App) -> None:
    """Wait until the trainer has done everything due."""
    async with asyncio.timeout(LONG_ENOUGH):
        while tasks := app.trainer._tasks:
            await asyncio.wait(tasks)


async def kept(app: App) -> list[str]:
    return await app.storage.keys("classifiers")


async def classifiers(app: App) -> list[bytes]:
    """The classifiers that the next question would use."""
    async with app.database.reading() as session:
        rows = await RosterRepository(session).encodings_in_use([SERVER], ENGINE)
    return await app.trainer.classifiers(rows, ENGINE)


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """A wait of UNREST seconds for quiet rosters ends when this is set, however slow the machine is until then."""
    calm, sleep = asyncio.Event(), asyncio.sleep

    async def until_calm(seconds: float, result: object = None) -> object:
        return await (calm.wait() if seconds == UNREST else sleep(seconds, result))

    monkeypatch.setattr(asyncio, "sleep", until_calm)
    return calm


async def test_a_burst_of_photos_is_one_model(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding], calm: asyncio.Event
) -> None:
    async with training(enrolled, workers, quiet=UNREST) as app:
        for _ in range(4):
            await label(app, group_rows, origin=FaceOrigin.SUBMITTED)
        assert workers.trainings == []
        calm.set()
        (model,) = await made(app, 1)
        assert (model.number, model.figures.photos, model.labels, model.answers) == (1, 20, 0, True)
        app.trainer.schedule(SERVER)
        await rested(app)
        assert workers.trainings == ["train_model G1"]
        assert len(await kept(app)) == 1


async def test_without_a_due_training_no_worker_starts(enrolled: App, workers: Workers) -> None:
    async with training(enrolled, workers) as app:
        await made(app, 1)
        app.trainer.schedule(SERVER)
        await rested(app)
        assert workers.ran == []


async def test_labels_wait_until_there_are_enough_for_a_model(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding]
) -> None:
    received: list[Notification] = []
    enrolled.notifications.listen(received.append)
    async with training(enrolled, workers) as app:
        await made(app, 1)
        before = await answering(app)
        await label(app, group_rows, AFTER - 1)
        await rested(app)
        assert await answering(app) == before
        await label(app, group_rows)
        newest, first = await made(app, 2)
        assert (newest.labels, newest.answers, first.answers) == (AFTER, True, False)
        assert await answering(app) == set(await photos(app)) > before
        assert notification_sentence(received[0]).startswith("Model 2 of **G1** answers from now on with 3 new labels.")


async def test_a_model_that_does_not_pass_is_refused_and_reported(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding]
) -> None:
    received: list[Notification] = []
    async with training(enrolled, workers) as app:
        await made(app, 1)
        before, file = await answering(app), await classifiers(app)
        workers.judged = POOR
        await label(app, group_rows, AFTER)
        poor, _ = await made(app, 2)
        # The notification waits for a listener.
        app.notifications.listen(received.append)
        assert not poor.answers
        assert await answering(app) == before
        assert await classifiers(app) == file
        assert received[-1].server == SERVER
        assert notification_sentence(received[-1]) == (
            "A model of **G1** with 3 new labels was refused: in 3 rounds over 16 unseen photos it gives 32 right "
            "and 1 wrong name, where the one in use gives 45 right and 0 wrong names. "
            "`/model report` shows labels that look wrong."
        )
        # The same labels are tried again only together with further ones.
        app.trainer.schedule(SERVER)
        await rested(app)
        assert len(await models(app)) == 2
        workers.judged = GOOD
        await label(app, group_rows, AFTER)
        newest, *_ = await made(app, 3)
        assert (newest.labels, newest.answers) == (2 * AFTER, True)


async def test_submitted_photos_are_in_use_even_if_the_model_with_them_is_refused(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding]
) -> None:
    async with training(enrolled, workers) as app:
        await made(app, 1)
        workers.judged = POOR
        await label(app, group_rows)
        (submitted,) = await label(app, group_rows, origin=FaceOrigin.SUBMITTED)
        await made(app, 2)
        assert submitted in await answering(app)
        await trained_times(workers, 3)
        assert workers.trainings == ["train_model G1", "train_model G1", "train_classifier G1"]


async def test_a_rollback_holds_at_once_and_through_the_next_training(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding]
) -> None:
    async with training(enrolled, workers) as app:
        (first,) = await made(app, 1)
        before, file = await answering(app), await classifiers(app)
        wrong = await label(app, group_rows, AFTER)
        await made(app, 2)
        rolled_back = await app.recognisers.for_rosters([SERVER])
        async with app.database.writing() as session:
            await ModelRepository(session).roll_back(await group_id(app), first.id)
        assert await answering(app) == before
        assert await classifiers(app) == file
        assert await app.recognisers.for_rosters([SERVER]) is not rolled_back
        await rested(app)
        assert len(await models(app)) == 2
        new = await label(app, group_rows, AFTER)
        newest, *_ = await made(app, 3)
        assert newest.answers
        assert await answering(app) == before | set(new)
        # And through the one after that.
        more = await label(app, group_rows, AFTER)
        await made(app, 4)
        assert await answering(app) == before | set(new) | set(more)
        # A training by a person uses them again.
        by_hand = await app.trainer.train(await group_id(app), by=5)
        assert (by_hand.number, by_hand.made_by) == (5, 5)
        assert await answering(app) == before | set(new) | set(more) | set(wrong)


async def test_only_a_model_that_passed_can_come_back(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding]
) -> None:
    async with training(enrolled, workers) as app:
        await made(app, 1)
        workers.judged = POOR
        await label(app, group_rows, AFTER)
        poor, _ = await made(app, 2)
        async with app.database.writing() as session:
            assert await ModelRepository(session).roll_back(await group_id(app), poor.id) is None


async def change_model(app: App) -> None:
    first, *_ = reversed(await models(app))
    async with app.database.writing() as session:
        await ModelRepository(session).roll_back(await group_id(app), first.id)


async def change_engine(app: App) -> None:
    async with app.database.writing() as session:
        await session.execute(update(EngineInUse).values(name="another"))


async def remove_photos(app: App) -> None:
    async with app.database.writing() as session:
        await session.execute(delete(Photo))
        await ServerRepository(session).mark_roster_changed(SERVER)


async def remove_group(app: App) -> None:
    async with app.database.writing() as session:
        await session.execute(delete(Group))
        await ServerRepository(session).mark_roster_changed(SERVER)


@pytest.mark.parametrize("change", [change_model, change_engine, remove_photos, remove_group])
async def test_a_training_promotes_nothing_after_a_change_meanwhile(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding], change: Callable[[App], Any]
) -> None:
    async with training(enrolled, workers, quiet=None) as app:
        await app.trainer.train(await group_id(app), by=1)
        workers.goes_on.clear()
        await label(app, group_rows, AFTER)
        late = asyncio.create_task(app.trainer.train(await group_id(app), by=1))
        await trained_times(workers, 2)
        await change(app)
        workers.goes_on.set()
        with pytest.raises(PersonError, match="Something else changed meanwhile"):
            await late
        if change is not remove_group:
            assert len(await models(app)) == 1
            assert len(await answering(app)) == (0 if change is remove_photos else len(group_rows))


async def test_a_training_is_repeated_after_a_change_meanwhile(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding]
) -> None:
    async with training(enrolled, workers) as app:
        await made(app, 1)
        workers.goes_on.clear()
        await label(app, group_rows, AFTER)
        await trained_times(workers, 2)
        await change_model(app)
        workers.goes_on.set()
        newest, _ = await made(app, 2)
        assert newest.answers
        assert workers.trainings == ["train_model G1"] * 3


async def test_a_server_with_many_due_groups_does_not_delay_anothers(
    app: App, workers: Workers, group_rows: list[EnrolledEncoding]
) -> None:
    for group in ("A1", "A2", "A3"):
        await enrol(app.database, [replace(row, group_name=group) for row in group_rows])
    workers.goes_on.clear()
    async with training(app, workers) as app:
        await trained_times(workers, 1)
        await enrol(app.database, [replace(row, group_name="B1") for row in group_rows], server=OTHER)
        async with asyncio.timeout(LONG_ENOUGH):
            while Asker(server=OTHER) not in app.trainer._turns.waiting:
                await asyncio.sleep(0.01)
        workers.goes_on.set()
        await rested(app)
    assert workers.trainings == ["train_model A1", "train_model B1", "train_model A2", "train_model A3"]


async def test_trainings_beyond_the_quota_wait_for_the_next_hour(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding]
) -> None:
    async with training(enrolled, workers, max_trainings_per_hour=2) as app:
        await made(app, 1)
        await label(app, group_rows, AFTER)
        await made(app, 2)
        assert app.trainer.usage(SERVER) == QuotaUsage(Quota.TRAININGS, 2, 2)
        await label(app, group_rows, AFTER)
        with pytest.raises(QuotaError, match=r"has had 2 trainings within an hour, .* Ask again in about 60 min\."):
            await app.trainer.train(await group_id(app), by=5)
        async with asyncio.timeout(LONG_ENOUGH):
            while not app.trainer._waiting or app.trainer._looked_at:
                await asyncio.sleep(0.01)
        assert len(workers.trainings) == 2
        app.trainer._quota._clock = lambda: time.monotonic() + HOUR
        app.trainer.schedule(SERVER)
        await made(app, 3)
        assert app.trainer.usage(SERVER).used == 1


async def test_concurrent_callers_share_one_training(enrolled: App, workers: Workers) -> None:
    async with training(enrolled, workers, quiet=None) as app:
        group = await group_id(app)
        one, other = await asyncio.gather(app.trainer.train(group, by=1), app.trainer.train(group, by=2))
        assert one is other
        with pytest.raises(PersonError, match="Nothing is new: the model of G1"):
            await app.trainer.train(group, by=1)
        assert workers.trainings == ["train_model G1"]


async def test_a_lost_storage_takes_classifiers_and_trainings_along_only_until_it_is_back(
    enrolled: App, workers: Workers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(trainer_module, "AFTER_FAULT", 0.1)
    files, elsewhere = enrolled.settings.data / "files", enrolled.settings.data / "elsewhere"
    async with training(enrolled, workers) as app:
        await made(app, 1)
        whole = await app.recognisers.for_rosters([SERVER])
        async with app.database.writing() as session:
            await ServerRepository(session).mark_roster_changed(SERVER)
        shutil.move(files, elsewhere)
        without = await app.recognisers.for_rosters([SERVER])
        await until_logged(caplog, "no training was looked for")
        shutil.move(elsewhere, files)
        assert (await app.recognisers.for_rosters([SERVER])).recogniser == whole.recogniser
        await rested(app)
        assert len(await models(app)) == 1
    assert Recogniser.from_bytes(without.recogniser).classifiers == ()
    assert len(Recogniser.from_bytes(whole.recogniser).classifiers) == 1
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("fails", [IsolatedProcessError("it ended with -9"), RuntimeError("a bug")])
async def test_a_failed_training_leaves_the_model_in_use_and_is_repeated(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding], fails: Exception
) -> None:
    async with training(enrolled, workers) as app:
        await made(app, 1)
        before = await answering(app)
        workers.fails = fails
        await label(app, group_rows, AFTER)
        await trained_times(workers, 2)
        await rested(app)
        assert await answering(app) == before
        assert len(await models(app)) == 1
        workers.fails = None
        app.trainer.schedule(SERVER)
        await made(app, 2)


async def test_a_training_that_ends_with_the_bot_is_repeated_at_the_next_start(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding]
) -> None:
    async with training(enrolled, workers) as app:
        await made(app, 1)
        workers.goes_on.clear()
        await label(app, group_rows, AFTER)
        await trained_times(workers, 2)
    assert len(await models(enrolled)) == 1
    workers.goes_on.set()
    async with training(enrolled, workers) as app:
        newest, _ = await made(app, 2)
        assert newest.answers


async def test_nothing_is_trained_unless_the_bot_runs(
    enrolled: App, workers: Workers, group_rows: list[EnrolledEncoding]
) -> None:
    async with training(enrolled, workers, quiet=None) as app:
        await label(app, group_rows, AFTER)
        assert await classifiers(app) == []
        await rested(app)
    assert workers.trainings == []


async def test_a_group_that_is_too_small_has_a_model_without_a_classifier(enrolled: App, workers: Workers) -> None:
    workers.trained = None
    async with training(enrolled, workers) as app:
        (model,) = await made(app, 1)
        assert model.answers
        assert model.figures.trial is None
        assert await classifiers(app) == []
        await rested(app)
        assert workers.trainings == ["train_model G1"]


async def test_the_removal_of_a_photo_deletes_the_classifier(enrolled: App, workers: Workers) -> None:
    async with training(enrolled, workers) as app:
        await made(app, 1)
        (before,) = await kept(app)
        async with app.database.writing() as session:
            await session.execute(delete(Photo).where(Photo.id == 1))
            await ServerRepository(session).mark_roster_changed(SERVER)
        await trained_times(workers, 2)
        await rested(app)
        assert workers.trainings == ["train_model G1", "train_classifier G1"]
        (after,) = await kept(app)
        assert before != after
        await remove_group(app)
        await rested(app)
        assert await kept(app) == []


@pytest.mark.parametrize("gone", [Photo.id == 1, Photo.id > 0], ids=["one", "all"])
async def test_a_classifier_is_deleted_even_if_nothing_replaces_it(
    enrolled: App, workers: Workers, gone: ColumnElement[bool]
) -> None:
    async with training(enrolled, workers) as app:
        await made(app, 1)
        assert len(await kept(app)) == 1
        workers.trained = None
        async with app.database.writing() as session:
            await session.execute(delete(Photo).where(gone))
            await ServerRepository(session).mark_roster_changed(SERVER)
        await rested(app)
        assert await kept(app) == []


async def test_a_classifier_that_is_broken_or_of_another_format_is_trained_anew(
    enrolled: App, workers: Workers, trained: TrainedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with training(enrolled, workers) as app:
        await made(app, 1)
        (key,) = await kept(app)
        middle = len(trained.file) // 2
        flipped = trained.file[:middle] + bytes([trained.file[middle] ^ 1]) + trained.file[middle + 1 :]
        for count, broken in enumerate((b"broken", trained.file[:-100], flipped), start=2):
            await app.storage.put(key, broken)
            assert await classifiers(app) == []
            await trained_times(workers, count)
            await rested(app)
            assert await classifiers(app) == [trained.file]
        monkeypatch.setattr("bot.learning.classifiers.FORMAT", 2)
        assert await classifiers(app) == []
        await trained_times(workers, 5)
        assert workers.trainings == ["train_model G1", *["train_classifier G1"] * 4]


async def test_another_engine_uses_the_same_photos(enrolled: App, workers: Workers) -> None:
    async with training(enrolled, workers) as app:
        await made(app, 1)
        before = await answering(app)
        async with app.database.writing() as session:
            seen = {row.photo: row.vector for row in await RosterRepository(session).encodings_in_use([SERVER], ENGINE)}
            crops = {photo.id: photo.crop_id for photo in [await session.get_one(Photo, id) for id in seen]}
            await EngineRepository(session).add_encodings(
                "other-1", {crops[photo]: vector for photo, vector in seen.items()}
            )
            rows = await RosterRepository(session).encodings_in_use([SERVER], "other-1")
        assert {row.photo for row in rows} == before
        assert await app.trainer.classifiers(rows, "other-1") == []


async def test_the_next_question_after_a_training_uses_its_classifier(enrolled: App, workers: Workers) -> None:
    async with training(enrolled, workers) as app:
        before = await app.recognisers.for_rosters([SERVER])
        await made(app, 1)
        after = await app.recognisers.for_rosters([SERVER])
        assert await app.recognisers.for_rosters([SERVER]) is after
    assert Recogniser.from_bytes(before.recogniser).classifiers == ()
    (classifier,) = Recogniser.from_bytes(after.recogniser).classifiers
    assert classifier.version == ENGINE


async def test_the_figures_of_a_training_are_reported(enrolled: App, workers: Workers) -> None:
    async with training(enrolled, workers, quiet=None) as app:
        summary = training_summary(await app.trainer.train(await group_id(app), by=0))
    assert summary == (
        "model 1 of 4 members and 16 photos answers; it named 14 of 15 unseen photos right and 1 wrong; "
        "classifier: of 16 photos held out, 16 picked right by distance and 16 with the classifier; it is used"
    )


async def test_a_model_without_leave_one_out_counts_is_reported_in_whole_photos(
    enrolled: App, workers: Workers
) -> None:
    async with training(enrolled, workers, quiet=None) as app:
        made = await app.trainer.train(await group_id(app), by=0)
        async with app.database.writing() as session:
            (kept,) = await session.scalars(select(Model))
            older = {key: value for key, value in kept.figures.items() if key != "named"}
            judged = {key: value for key, value in older["judged"].items() if key != "rounds"}
            kept.figures = older | {"judged": judged | {"new": {"right": 43 / 3, "wrong": 1 / 3}}}
        (read,) = await models(app)
    assert model_accuracy(made) == "named 14 of 15 unseen photos right and 1 wrong"
    assert model_accuracy(read) == "named 14 of 16 unseen photos right and 0 wrong"
