"""Another engine answers only once it has seen every photo; whatever happens on the way, the one in use goes on."""

from __future__ import annotations

import asyncio
import dataclasses
import pickle
import shutil
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from sqlalchemy import select, text, update

from bot import jobs
from bot.app import App
from bot.commands.evaluation import make_encoder
from bot.database.engines import EngineRepository, UnencodedCrop
from bot.database.tables.models import EngineInUse
from bot.database.tables.questions import Question, QuestionFace
from bot.database.tables.rosters import Crop, CropEncoding
from bot.domain.engines import EncodingStep, EngineStep
from bot.domain.faces import CropEncodings, IdentifiedPicture
from bot.domain.files import SubmittedFile
from bot.domain.messages import Message
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import EngineBrokenError, EngineMissingError, NoRosterError, PersonError, UnencodedPhotosError
from bot.gather.candidates import CandidatePhoto
from bot.infra import downloads
from bot.infra.compute import Compute
from bot.settings import Settings
from bot.usecases import engines
from bot.usecases.questions.identify import IdentifyRequest, identify_pictures
from bot.usecases.roster import enrolment, gather
from cogs.common.markup import render_for_discord
from models.engines import DEFAULT
from tests.conftest import LONG_ENOUGH
from tests.support import toy
from tests.support.portraits import small_photo

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Sequence
    from pathlib import Path

    from bot.jobs import EngineConfig
    from models.engines import WeightFile

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("dlib_in_use")]


@pytest.fixture
def toy_engine() -> Generator[None]:
    toy.put_in_place()
    yield
    toy.take_away()


@pytest.fixture(scope="module")
def compute() -> Generator[Compute]:
    """Works in this process, where a test can lay hands on the engine."""
    compute = Compute(Settings(deadline=LONG_ENOUGH), own_processes=False)
    yield compute
    compute.close()


@pytest.fixture(autouse=True)
def not_installed(weights: Path) -> None:
    """The toy's file is gone; dlib's converted network stays, which takes its time to make."""
    shutil.rmtree(weights / "toy", ignore_errors=True)


@pytest.fixture
def source(tmp_path: Path, toy_engine: None) -> Path:
    """A folder with the toy's weights."""
    from models.engines.toy import CONTENT  # pyright: ignore[reportMissingImports]

    (tmp_path / "source" / "toy").mkdir(parents=True)
    (tmp_path / "source" / "toy" / "weights.bin").write_bytes(CONTENT)
    return tmp_path / "source"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, public_photos: Path) -> Path:
    """A data folder with two members and three photos, all encoded by dlib."""
    settings = Settings(data=tmp_path_factory.mktemp("template"), deadline=LONG_ENOUGH)

    async def enrol() -> None:
        async with App.open(settings, own_processes=False) as app:
            await engines.use(app, "dlib", silent)
            for name, photos in (("Obama", ["obama.jpg", "obama2.jpg"]), ("Biden", ["biden.jpg"])):
                given = [submitted(public_photos / photo) for photo in photos]
                await enrolment.add_member(app, SHARED_ROSTER, "Presidents", name, given, by=0, make_group=True)

    asyncio.run(enrol())
    return settings.data


@pytest.fixture
def filled(template: Path, data: Path) -> None:
    """The template in place of the new data folder of `app`."""
    shutil.copytree(template, data, ignore=shutil.ignore_patterns("engines"), dirs_exist_ok=True)


@pytest.fixture
def enrolled(filled: None, app: App) -> App:
    """An app on a copy of the template."""
    return app


@cache
def submitted(path: Path) -> SubmittedFile:
    """A photo, small enough for a quick test."""
    out = BytesIO()
    with Image.open(path) as picture:
        picture.thumbnail((720, 720))
        picture.save(out, picture.format)
    return SubmittedFile(path.name, out.getvalue())


def silent(_step: EngineStep, _done: int, _total: int) -> None:
    pass


async def in_use(app: App) -> str:
    async with app.database.reading() as session:
        return await EngineRepository(session).in_use()


async def encoded(app: App, version: str) -> tuple[int, int, int]:
    async with app.database.reading() as session:
        return await EngineRepository(session).progress(version)


async def who(app: App, photo: Path) -> tuple[str, list[str | None]]:
    """The engine that answers, and the names it gives."""
    examined = await identify_pictures(app, IdentifyRequest(asker_id=1), [submitted(photo)])
    (result,) = examined.results
    assert isinstance(result, IdentifiedPicture), result
    assert result.engine == examined.engine
    return examined.engine, [face.guess.name for face in result.faces]


async def test_a_new_folder_has_nobody_to_name(app: App) -> None:
    with pytest.raises(NoRosterError):
        await app.recognisers.for_rosters([SHARED_ROSTER])


async def test_an_installed_engine_answers_the_next_question(enrolled: App, source: Path, public_photos: Path) -> None:
    assert await who(enrolled, public_photos / "obama3.jpg") == ("dlib-1", ["Obama"])
    reported: list[tuple[EngineStep, int, int]] = []
    switched = await engines.install(enrolled, "toy", source, lambda *step: reported.append(step))
    assert (switched.name, switched.version, switched.encoded, switched.faceless) == ("toy", "toy-1", (3, 3, 0), ())
    assert reported == [(EncodingStep("toy-1"), 0, 3), (EncodingStep("toy-1"), 3, 3)]
    assert await who(enrolled, public_photos / "obama3.jpg") == ("toy-1", ["Obama"])
    assert await enrolled.recognisers.engine() == "toy-1"


async def test_going_back_encodes_what_came_since(enrolled: App, source: Path, public_photos: Path) -> None:
    await engines.install(enrolled, "toy", source, silent)
    await enrolment.add_member(
        enrolled, SHARED_ROSTER, "Presidents", "Obama", [submitted(public_photos / "obama3.jpg")], by=0
    )
    assert (await encoded(enrolled, "dlib-1"), await encoded(enrolled, "toy-1")) == ((4, 3, 0), (4, 4, 0))
    await engines.use(enrolled, "dlib", silent)
    assert await encoded(enrolled, "dlib-1") == (4, 4, 0)
    assert (await who(enrolled, public_photos / "biden.jpg"))[0] == "dlib-1"


async def test_the_operator_of_an_older_engine_is_told_once_of_the_default(enrolled: App) -> None:
    told: list[str] = []
    enrolled.advice.listen(lambda notice: told.append(str(notice)))
    await use_unasked(enrolled, "dlib")
    await engines.advise_operator(enrolled)
    assert len(told) == 1
    assert f"nugu engine use {DEFAULT}" in told[0]
    await engines.advise_operator(enrolled)
    assert len(told) == 1


@pytest.mark.parametrize("engine", ["sface", "trio"])
async def test_the_operator_of_a_good_engine_is_told_nothing(app: App, engine: str) -> None:
    told: list[Message] = []
    app.advice.listen(told.append)
    await use_unasked(app, engine)
    await engines.advise_operator(app)
    assert told == []


async def test_an_operator_who_has_chosen_the_older_engine_is_told_nothing(enrolled: App) -> None:
    told: list[Message] = []
    enrolled.advice.listen(told.append)
    await use_unasked(enrolled, "dlib")
    await engines.use(enrolled, "dlib", silent)
    await engines.advise_operator(enrolled)
    assert told == []


async def use_unasked(app: App, engine: str) -> None:
    """The engine that an upgrade leaves in use."""
    async with app.database.writing() as session:
        await session.execute(update(EngineInUse).values(name=engine, told=False))


async def test_using_the_engine_in_use_changes_nothing(enrolled: App) -> None:
    switched = await engines.use(enrolled, "dlib", silent)
    assert (switched.version, switched.encoded) == ("dlib-1", (3, 3, 0))


async def test_a_photo_that_came_while_the_others_were_seen(
    enrolled: App, source: Path, public_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The running bot takes one in by the old engine, just before the switch."""
    see_all = engines._encode_crops
    late = ["obama3.jpg"]

    async def see_all_and_one_more(app: App, *args: Any) -> None:
        await see_all(app, *args)
        if late:
            photo = submitted(public_photos / late.pop())
            await enrolment.add_member(app, SHARED_ROSTER, "Presidents", "Obama", [photo], by=0)

    monkeypatch.setattr(engines, "_encode_crops", see_all_and_one_more)
    switched = await engines.install(enrolled, "toy", source, silent)
    assert switched.encoded == (4, 4, 0)
    assert await encoded(enrolled, "dlib-1") == (4, 4, 0)


async def test_an_engine_that_comes_into_use_while_a_photo_is_looked_at(
    enrolled: App, source: Path, public_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = enrolment.examine
    used: list[str] = []

    async def looks_and_switch(app: App, config: EngineConfig, *args: Any, **how: Any) -> object:
        looked = await looks(app, config, *args, **how)
        if not used:
            await engines.install(app, "toy", source, silent)
        used.append(config.engine)
        return looked

    monkeypatch.setattr(enrolment, "examine", looks_and_switch)
    photo = submitted(public_photos / "obama3.jpg")
    added = await enrolment.add_member(enrolled, SHARED_ROSTER, "Presidents", "Obama", [photo], by=0)
    assert added.photos == 3
    assert used == ["dlib", "toy"]
    assert (await encoded(enrolled, "dlib-1"), await encoded(enrolled, "toy-1")) == ((4, 3, 0), (4, 4, 0))


async def test_an_engine_that_comes_into_use_while_photos_are_gathered(
    enrolled: App, source: Path, public_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The crops of what was found by the engine before are encoded again, so that nothing that was fetched is lost."""
    path = tmp_path / "0"

    async def found_and_switch(*_: object) -> AsyncGenerator[CandidatePhoto]:
        path.write_bytes(small_photo(public_photos / "obama3.jpg"))
        yield CandidatePhoto(path, "", "", "", "obama3.jpg", None)
        await engines.install(enrolled, "toy", source, silent)

    monkeypatch.setattr(gather, "candidates", found_and_switch)
    (sought,) = await gather.members_lacking_photos(enrolled, SHARED_ROSTER, "Presidents", "Obama", 3)

    async def ignore(_: object) -> None:
        return

    gathering = await gather.gather(enrolled, SHARED_ROSTER, [sought], by=1, progress=ignore)
    assert not path.exists()
    assert gathering.kept == {"Obama": 1}
    assert (await encoded(enrolled, "dlib-1"), await encoded(enrolled, "toy-1")) == ((4, 3, 0), (4, 4, 0))
    async with enrolled.database.reading() as session:
        question = (await session.scalars(select(Question))).one()
        face = (await session.scalars(select(QuestionFace))).one()
    assert question.engine == "toy-1"
    assert face.candidates  # sure of somebody, by the engine's own recogniser


async def test_a_question_in_work_keeps_its_engine(
    enrolled: App, source: Path, public_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = await enrolled.recognisers.for_rosters([SHARED_ROSTER])
    await engines.install(enrolled, "toy", source, silent)

    async def before(_: object) -> object:
        return fitted

    monkeypatch.setattr(enrolled.recognisers, "for_rosters", before)
    assert await who(enrolled, public_photos / "obama3.jpg") == ("dlib-1", ["Obama"])


async def test_the_switch_waits_for_every_photo(enrolled: App) -> None:
    async with enrolled.database.writing() as session:
        assert not await EngineRepository(session).switch("toy", "toy-1")
    assert await in_use(enrolled) == "dlib"
    async with enrolled.database.writing() as session:
        photos = (await session.scalars(select(Crop.id))).all()
        await EngineRepository(session).add_encodings(
            "toy-1", {photo: None if photo == 1 else b"1234" for photo in [*photos, 999]}
        )
        await EngineRepository(session).add_encodings("toy-1", dict.fromkeys(photos, b"other"))
        assert await EngineRepository(session).switch("toy", "toy-1")
    assert await in_use(enrolled) == "toy"
    assert await encoded(enrolled, "toy-1") == (3, 2, 1)


async def test_nobody_is_enrolled(app: App, source: Path) -> None:
    switched = await engines.install(app, "toy", source, silent)
    assert switched.encoded == (0, 0, 0)
    with pytest.raises(NoRosterError):
        await app.recognisers.for_rosters([SHARED_ROSTER])


async def test_a_crop_without_a_face_is_reported_and_holds_nothing_up(
    enrolled: App, source: Path, public_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with enrolled.database.reading() as session:
        blind = (await session.scalars(select(Crop.key).order_by(Crop.id))).first()
    assert blind is not None
    await enrolled.storage.put(blind, b"no picture at all")
    async with enrolled.database.reading() as session:
        gone = (await session.scalars(select(Crop.key).order_by(Crop.id.desc()))).first()
    assert gone is not None
    kept = await enrolled.storage.get(gone)
    await enrolled.storage.delete(gone)

    switched = await engines.install(enrolled, "toy", source, silent)
    assert switched.encoded == (3, 1, 2)
    assert [(photo.member, photo.crop_key) for photo in switched.faceless] == [("Biden", gone), ("Obama", blind)]
    engine, names = await who(enrolled, public_photos / "obama3.jpg")
    assert (engine, names) == ("toy-1", ["Obama"])

    assert kept is not None
    await enrolled.storage.put(gone, kept)
    switched = await engines.use(enrolled, "toy", silent)
    assert switched.encoded == (3, 2, 1)
    assert (await who(enrolled, public_photos / "biden.jpg"))[1] == ["Biden"]


async def test_an_engine_that_sees_nobody_is_not_used(
    enrolled: App, source: Path, public_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.engines.toy import ToyEngine  # pyright: ignore[reportMissingImports]

    monkeypatch.setattr(ToyEngine, "detect", lambda *_: [])
    with pytest.raises(PersonError, match="toy-1 finds a face in none of the 3 photos, so it is not used"):
        await engines.install(enrolled, "toy", source, silent)
    assert await who(enrolled, public_photos / "obama3.jpg") == ("dlib-1", ["Obama"])
    monkeypatch.undo()
    assert (await engines.use(enrolled, "toy", silent)).encoded == (3, 3, 0)


async def test_an_engine_that_does_not_work_here_is_not_used(
    enrolled: App, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.engines.toy import ToyEngine  # pyright: ignore[reportMissingImports]

    def fail(*_: object) -> None:
        raise ValueError("no such instruction\non this processor")

    monkeypatch.setattr(ToyEngine, "encode", fail)
    with pytest.raises(PersonError, match="The engine toy doesn't work here: no such instruction on this processor"):
        await engines.install(enrolled, "toy", source, silent)
    assert await in_use(enrolled) == "dlib"
    listed = {engine.name: engine for engine in await engines.list_engines(enrolled)}
    assert listed["toy"].installed
    assert "no such instruction" in str(listed["toy"].trouble)


async def test_encodings_that_are_none_are_found_out(
    enrolled: App, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.engines.toy import ToyEngine  # pyright: ignore[reportMissingImports]

    encode = ToyEngine.encode
    monkeypatch.setattr(ToyEngine, "encode", lambda *args: encode(*args) * 2)
    with pytest.raises(PersonError, match="its encodings are"):
        await engines.install(enrolled, "toy", source, silent)


async def test_a_crop_that_breaks_the_workers_holds_nothing_up(
    enrolled: App, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.errors import KilledWorkersError

    encode_crops = jobs.encode_crops
    async with enrolled.database.reading() as session:
        poisoned = (await session.scalars(select(Crop.key))).first()
    assert poisoned is not None
    poison = await enrolled.storage.get(poisoned)

    def break_down(config: EngineConfig, crops: tuple[bytes, ...]) -> CropEncodings:
        if poison in crops:
            raise KilledWorkersError
        return encode_crops(config, crops)

    monkeypatch.setattr(jobs, "encode_crops", break_down)
    assert (await engines.install(enrolled, "toy", source, silent)).encoded == (3, 2, 1)


async def test_workers_of_another_version(enrolled: App, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(_bench: EngineConfig, crops: tuple[bytes, ...]) -> CropEncodings:
        return CropEncodings((None,) * len(crops), "toy-2")

    monkeypatch.setattr(jobs, "encode_crops", other)
    with pytest.raises(PersonError, match="Some workers have toy-2 and others toy-1"):
        await engines.install(enrolled, "toy", source, silent)
    assert await in_use(enrolled) == "dlib"


async def test_what_was_seen_before_an_interruption_is_not_seen_again(
    enrolled: App, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BATCH", 1)
    monkeypatch.setattr(engines, "AT_ONCE", 1)
    see = engines._encode_batch
    seen: list[UnencodedCrop] = []

    async def stop_at_the_third(app: App, config: EngineConfig, version: str, crops: Sequence[UnencodedCrop]) -> object:
        seen.extend(crops)
        if len(seen) == 3:
            raise PersonError("interrupted")
        return await see(app, config, version, crops)

    monkeypatch.setattr(engines, "_encode_batch", stop_at_the_third)
    with pytest.raises(PersonError, match="interrupted"):
        await engines.install(enrolled, "toy", source, silent)
    assert (await in_use(enrolled), await encoded(enrolled, "toy-1")) == ("dlib", (3, 2, 0))
    await engines.install(enrolled, "toy", source, silent)
    assert [crop.crop for crop in seen] == [1, 2, 3, 3]


async def test_two_installs_at_once(enrolled: App, source: Path) -> None:
    one, other = await asyncio.gather(
        *(engines.install(enrolled, "toy", source, silent) for _ in range(2)), return_exceptions=True
    )
    outcomes = [one, other]
    refused = [str(outcome) for outcome in outcomes if isinstance(outcome, PersonError)]
    assert all("Another nugu engine install" in sentence for sentence in refused)
    assert len(refused) < 2
    one, other = await asyncio.gather(*(engines.use(enrolled, name, silent) for name in ("dlib", "toy")))
    assert (one.encoded, other.encoded) == ((3, 3, 0), (3, 3, 0))


async def test_lost_weights_are_reported_and_nothing_else_answers(
    enrolled: App, source: Path, public_photos: Path
) -> None:
    await engines.install(enrolled, "toy", source, silent)
    # A worker that starts now finds nothing.
    lost = dataclasses.replace(enrolled.engine_config, weights=enrolled.engine_config.weights / "lost", engine="toy")
    with pytest.raises(EngineMissingError) as caught:
        await enrolled.compute.run(jobs.warm_up, lost)
    assert render_for_discord(caught.value.message) == (
        "The engine toy is not installed. My owner gets it with `nugu engine install toy`, "
        "or goes on with another: `nugu engine use dlib`."
    )
    with pytest.raises(PersonError, match="The engine toy is not installed: nugu engine install toy"):
        await engines.use(dataclasses.replace(enrolled, engine_config=lost), "toy", silent)


async def test_damaged_weights_are_reported(
    enrolled: App, source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await engines.install(enrolled, "toy", source, silent)
    damaged = tmp_path / "engines" / "toy" / "weights.bin"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"cut short")
    config = dataclasses.replace(enrolled.engine_config, weights=tmp_path / "engines", engine="toy")
    sentence = "The engine toy can't be loaded; its files may be damaged"
    for job in (jobs.warm_up, jobs.check_engine):
        with pytest.raises(EngineBrokenError, match=sentence):
            await enrolled.compute.run(job, config)
    with pytest.raises(EngineBrokenError, match=sentence) as caught:
        make_encoder(Settings(data=tmp_path), "toy")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert "the engine toy can't be loaded: ValueError: a network of another size" in caplog.messages


async def test_an_engine_that_was_taken_out_of_nugu(enrolled: App, public_photos: Path) -> None:
    async with enrolled.database.writing() as session:
        await session.execute(update(EngineInUse).values(name="gone"))
    with pytest.raises(EngineMissingError, match="The engine gone is not installed"):
        await enrolled.recognisers.for_rosters([SHARED_ROSTER])
    await engines.use(enrolled, "dlib", silent)
    assert (await who(enrolled, public_photos / "obama3.jpg"))[1] == ["Obama"]


async def test_photos_that_the_engine_in_use_never_saw(enrolled: App) -> None:
    """As after an update of nugu that brings a new version of the engine."""
    async with enrolled.database.writing() as session:
        await session.execute(update(CropEncoding).values(engine="dlib-0"))
    with pytest.raises(UnencodedPhotosError):
        await enrolled.recognisers.for_rosters([SHARED_ROSTER])
    assert (await engines.use(enrolled, "dlib", silent)).encoded == (3, 3, 0)
    assert await enrolled.recognisers.for_rosters([SHARED_ROSTER])


async def test_the_running_bot_encodes_what_an_upgrade_left_unencoded(enrolled: App, public_photos: Path) -> None:
    async with enrolled.database.writing() as session:
        await session.execute(update(CropEncoding).values(engine="dlib-0"))
    with pytest.raises(UnencodedPhotosError):
        await enrolled.recognisers.for_rosters([SHARED_ROSTER])
    assert [await engines.catch_up(enrolled) for _ in range(2)] == [3, 0]
    assert (await who(enrolled, public_photos / "obama3.jpg"))[1] == ["Obama"]


async def test_the_files_of_an_engine_come_from_one_place(
    enrolled: App, tmp_path: Path, weights: Path, toy_engine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of one file need not fit the publisher's of another: half of an install is begun anew from elsewhere."""
    from models.engines import toy as module  # pyright: ignore[reportAttributeAccessIssue]

    second = dataclasses.replace(module.WEIGHTS[0], path="toy/second.bin", found_as=("elsewhere/second.bin",))
    monkeypatch.setattr(module, "WEIGHTS", (*module.WEIGHTS, second))
    (weights / "toy").mkdir()
    (weights / "toy" / "weights.bin").write_bytes(module.CONTENT)
    (tmp_path / "source" / "elsewhere").mkdir(parents=True)
    for name in ("twin.bin", "second.bin"):
        (tmp_path / "source" / "elsewhere" / name).write_bytes(module.TWIN)
    await engines.install(enrolled, "toy", tmp_path / "source", silent)
    assert {path.name: path.read_bytes() for path in (weights / "toy").iterdir()} == {
        "weights.bin": module.TWIN,
        "second.bin": module.TWIN,
    }

    (weights / "toy" / "second.bin").unlink()
    fetched: list[str] = []

    async def fetch(engine: str, wanted: WeightFile, folder: Path, _progress: object) -> None:
        assert engine == "toy"
        fetched.append(wanted.path)
        (folder / wanted.path).write_bytes(module.CONTENT)

    monkeypatch.setattr(downloads, "download", fetch)
    await engines.install(enrolled, "toy", None, silent)
    assert fetched == ["toy/weights.bin", "toy/second.bin"]


async def test_workers_that_see_another_disk(enrolled: App, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(config: EngineConfig) -> str:
        raise EngineMissingError(config.engine)

    monkeypatch.setattr(jobs, "check_engine", elsewhere)
    with pytest.raises(PersonError, match=f"My workers do not find {enrolled.engine_config.weights}"):
        await engines.install(enrolled, "toy", source, silent)


async def test_an_engine_that_nobody_knows(app: App) -> None:
    for work in (engines.use(app, "eyes", silent), engines.install(app, "../eyes", None, silent)):
        with pytest.raises(PersonError, match="No engine is called"):
            await work


async def test_the_list(enrolled: App, source: Path) -> None:
    before = {engine.name: engine for engine in await engines.list_engines(enrolled)}
    assert (before["dlib"].version, before["dlib"].in_use, before["dlib"].encoded) == ("dlib-1", True, (3, 3, 0))
    assert (before["toy"].version, before["toy"].installed, before["toy"].in_use) == (None, False, False)
    await engines.install(enrolled, "toy", source, silent)
    after = {engine.name: engine for engine in await engines.list_engines(enrolled)}
    assert (after["toy"].version, after["toy"].in_use, after["toy"].encoded) == ("toy-1", True, (3, 3, 0))
    assert not after["dlib"].in_use


async def test_one_engine_is_in_use(app: App) -> None:
    async with app.database.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM engine_in_use"))).scalar() == 1
