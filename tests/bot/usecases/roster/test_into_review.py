"""Gathered photos are sifted and wait for a reviewer. They teach nothing before the review."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import delete, select, update

from bot import jobs
from bot.app import App
from bot.commands.gathering import gather_photos, write_photos
from bot.database.servers import ServerRepository
from bot.database.tables.questions import Question, QuestionFace, QuestionPicture
from bot.database.tables.rosters import Alias, CropEncoding, Member, Photo
from bot.domain.enums import FaceOrigin, LearningPolicy
from bot.domain.files import SubmittedFile
from bot.domain.gathering import CandidateRefusal, GatherProgress
from bot.domain.rosters import SHARED_ROSTER
from bot.domain.trust import Trust
from bot.errors import EngineMissingError, NoWorkersError, PersonError, UnknownGroupError
from bot.gather.candidates import CandidatePhoto
from bot.usecases import setup
from bot.usecases.questions import correct
from bot.usecases.questions.correct import Actor
from bot.usecases.roster import enrolment
from bot.usecases.roster.gather import SoughtMember, gather, members_lacking_photos
from bot.usecases.roster.groups import add_group
from tests.bot.gather.test_candidates import together
from tests.support.image_search import ImageSearch

pytestmark = pytest.mark.slow

Job = Callable[..., object]

SERVER = 7
MODERATOR = 5


@pytest.fixture
async def presidents(app: App, search: ImageSearch, small_photos: Path) -> App:
    """Two members with a photo each, and an image search that knows more of one of them."""
    app = dataclasses.replace(app, settings=search.settings(data=app.settings.data))
    await add_group(app, SERVER, "Presidents")
    for name, file in (("Obama", "obama.jpg"), ("Biden", "biden.jpg")):
        photo = SubmittedFile(file, (small_photos / file).read_bytes())
        await enrolment.add_member(app, SERVER, "Presidents", name, [photo], by=MODERATOR)
    return app


def offer(search: ImageSearch, photos: Path, folder: Path) -> None:
    """Results of an image search: two new photos, two copies, another man, a woman, a group, a broken file."""
    with Image.open(photos / "obama2.jpg") as picture:
        picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)).save(folder / "copy.jpg", quality=80)
    (folder / "group.png").write_bytes(together([photos / "obama.jpg", photos / "biden.jpg"]))
    (folder / "broken.jpg").write_bytes((photos / "obama3.jpg").read_bytes()[:4000])
    with Image.open(photos / "astronaut.png") as picture:
        picture.convert("RGB").crop((100, 0, 350, 250)).resize((500, 500)).save(folder / "stranger.png")
    for file in ("obama2.jpg", "obama3.jpg", "obama.jpg", "biden.jpg"):
        add_result(search, photos / file)
    for file in ("copy.jpg", "stranger.png", "group.png", "broken.jpg"):
        add_result(search, folder / file)


def add_result(search: ImageSearch, path: Path) -> None:
    kind = "image/png" if path.suffix == ".png" else "image/jpeg"
    link = search.put(f"/commons/{path.name}", path.read_bytes(), kind)
    search.name("commons", link, path.name, f"https://commons.example/{path.name}")


async def ignore_progress(_: GatherProgress) -> None:
    return


async def in_review(app: App) -> list[tuple[str, str | None, int, str | None]]:
    async with app.database.reading() as session:
        rows = await session.execute(
            select(QuestionPicture.name, QuestionPicture.source, QuestionFace.id, QuestionFace.name)
            .join(QuestionFace)
            .join(Question, Question.id == QuestionPicture.question_id)
            .where(Question.origin == FaceOrigin.GATHERED)
            .order_by(QuestionPicture.position)
        )
        return [(picture, source, face, name) for picture, source, face, name in rows]


async def photos_of(app: App) -> list[tuple[str, FaceOrigin]]:
    async with app.database.reading() as session:
        rows = await session.execute(select(Member.name, Photo.origin).join(Photo.member).order_by(Photo.id))
        return [(name, origin) for name, origin in rows]


async def test_sifted_photos_wait_for_a_trusted_answer(
    presidents: App, search: ImageSearch, small_photos: Path, tmp_path: Path
) -> None:
    offer(search, small_photos, tmp_path)
    sought = await members_lacking_photos(presidents, SERVER, "presidents", "obama", 6)
    gathering = await gather(presidents, SERVER, sought, by=MODERATOR, progress=ignore_progress)
    found = await in_review(presidents)
    assert [(name, guess) for name, _, _, guess in found] == [("obama2.jpg", "Obama"), ("obama3.jpg", "Obama")]
    assert found[0][1] == "https://commons.example/obama2.jpg"
    assert gathering.kept == {"Obama": 2}
    assert gathering.refused == {
        CandidateRefusal.COPY: 3,
        CandidateRefusal.UNLIKE: 1,
        CandidateRefusal.NO_CLEAR_FACE: 2,
    }
    handed_in = [("Obama", FaceOrigin.SUBMITTED), ("Biden", FaceOrigin.SUBMITTED)]
    assert await photos_of(presidents) == handed_in
    async with presidents.database.reading() as session:
        question = (await session.scalars(select(Question.id).where(Question.origin == FaceOrigin.GATHERED))).one()
    actor = Actor(9, Trust.TRUSTED)
    await correct.assign_member(presidents, question, found[0][2], sought[0].member, actor)
    assert await photos_of(presidents) == [*handed_in, ("Obama", FaceOrigin.GATHERED)]
    again = await gather(presidents, SERVER, sought, by=MODERATOR, progress=ignore_progress)
    assert again.kept == {"Obama": 0}


@pytest.mark.parametrize(
    "known", [*(pytest.param(why, marks=pytest.mark.thorough) for why in ("no photo", "another engine")), "waiting"]
)
async def test_without_known_faces_all_photos_are_kept(
    presidents: App, search: ImageSearch, small_photos: Path, known: str
) -> None:
    async with presidents.database.writing() as session:
        if known == "no photo":
            await session.execute(delete(Photo))
        elif known == "waiting":
            await session.execute(update(Photo).values(origin=FaceOrigin.ASKED))
        else:
            await session.execute(update(CropEncoding).values(engine="dlib-0"))
        await ServerRepository(session).mark_roster_changed(SERVER)
    for file in ("obama2.jpg", "obama3.jpg"):
        add_result(search, small_photos / file)
    sought = await members_lacking_photos(presidents, SERVER, "presidents", "obama", 6)
    gathering = await gather(presidents, SERVER, sought, by=MODERATOR, progress=ignore_progress)
    assert gathering.kept == {"Obama": 2}
    assert [(name, guess) for name, _, _, guess in await in_review(presidents)] == [
        ("obama2.jpg", "Obama"),
        ("obama3.jpg", "Obama"),
    ]


@pytest.fixture
async def scratch(presidents: App) -> Path:
    """The folder of private files."""
    async with presidents.compute.scratch_file() as path:
        return path.parent


def files_in(scratch: Path) -> list[Path]:
    return list(scratch.glob("files-*/*"))


def watch_jobs(
    app: App, monkeypatch: pytest.MonkeyPatch, seen: Callable[[Job, tuple[Any, ...]], Awaitable[None]]
) -> None:
    """Call `seen` with each background job before it runs."""
    run = app.compute.run_in_background

    async def watched(job: Job, *args: Any) -> Any:
        await seen(job, args)
        return await run(job, *args)

    monkeypatch.setattr(app.compute, "run_in_background", watched)


async def test_a_fetched_file_is_on_the_disk_until_its_face_is_found(
    presidents: App,
    search: ImageSearch,
    small_photos: Path,
    tmp_path: Path,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offer(search, small_photos, tmp_path)
    looked_at: list[object] = []

    async def seen(job: Job, args: tuple[Any, ...]) -> None:
        if job is jobs.find_only_face:
            looked_at.append(args[1])
            assert args[1] in files_in(scratch)
        elif job is jobs.candidate_refusals:
            assert files_in(scratch) == []

    watch_jobs(presidents, monkeypatch, seen)
    sought = await members_lacking_photos(presidents, SERVER, "presidents", "obama", 6)
    gathering = await gather(presidents, SERVER, sought, by=MODERATOR, progress=ignore_progress)
    assert gathering.kept == {"Obama": 2}
    assert len(looked_at) == 8
    assert not list(scratch.glob("file*"))


@pytest.mark.parametrize("how", ["error", "cancelled"])
async def test_a_gathering_that_ends_early_leaves_no_file(
    presidents: App, search: ImageSearch, small_photos: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    for file in ("obama2.jpg", "obama3.jpg"):
        add_result(search, small_photos / file)
    reached = asyncio.Event()

    async def seen(job: Job, _: tuple[Any, ...]) -> None:
        if job is jobs.find_only_face:
            assert files_in(scratch)
            reached.set()
            if how == "error":
                raise NoWorkersError
            await asyncio.Event().wait()

    watch_jobs(presidents, monkeypatch, seen)
    sought = await members_lacking_photos(presidents, SERVER, "presidents", "obama", 6)
    task = asyncio.create_task(gather(presidents, SERVER, sought, by=MODERATOR, progress=ignore_progress))
    await reached.wait()
    if how == "cancelled":
        task.cancel()
    with pytest.raises(NoWorkersError if how == "error" else asyncio.CancelledError):
        await task
    assert not list(scratch.glob("file*"))


@pytest.mark.parametrize("away", [NoWorkersError(), EngineMissingError("dlib")], ids=["workers", "engine"])
async def test_absent_workers_or_engines_are_an_error_of_their_own(
    presidents: App, search: ImageSearch, small_photos: Path, monkeypatch: pytest.MonkeyPatch, away: PersonError
) -> None:
    add_result(search, small_photos / "obama2.jpg")
    sought = await members_lacking_photos(presidents, SERVER, "presidents", "obama", 6)

    async def run(*_: object) -> None:
        raise away

    monkeypatch.setattr(presidents.compute, "run", run)
    with pytest.raises(type(away)):
        await gather(presidents, SERVER, sought, by=MODERATOR, progress=ignore_progress)


async def test_the_same_search_is_not_run_twice_at_once(presidents: App) -> None:
    sought = await members_lacking_photos(presidents, SERVER, "Presidents", "Obama", 3)
    runs = (gather(presidents, SERVER, sought, by=MODERATOR, progress=ignore_progress) for _ in range(2))
    first, second = await asyncio.gather(*runs, return_exceptions=True)
    assert isinstance(first, GatherProgress)
    assert "gathering photos for this server already" in str(second)


async def test_members_with_the_fewest_photos_come_first(presidents: App, small_photos: Path) -> None:
    more = SubmittedFile("obama2.jpg", (small_photos / "obama2.jpg").read_bytes())
    await enrolment.add_member(presidents, SERVER, "Presidents", "Obama", [more], by=MODERATOR)
    sought = await members_lacking_photos(presidents, SERVER, "Presidents", None, 3)
    assert [(member.name, member.lacking) for member in sought] == [("Biden", 2), ("Obama", 1)]
    assert [member.name for member in await members_lacking_photos(presidents, SERVER, "Presidents", None, 2)] == [
        "Biden"
    ]
    with pytest.raises(PersonError, match="Nobody there has fewer than 1 photos"):
        await members_lacking_photos(presidents, SERVER, "Presidents", None, 1)


async def test_every_spelling_is_searched(presidents: App, search: ImageSearch) -> None:
    async with presidents.database.writing() as session:
        group, member = (await session.execute(select(Member.group_id, Member.id).order_by(Member.id))).first() or (
            0,
            0,
        )
        session.add(Alias(group_id=group, name="대통령", key="대통령"))
        session.add(Alias(group_id=group, member_id=member, name="오바마", key="오바마"))
    (sought,) = await members_lacking_photos(presidents, SERVER, "Presidents", "Obama", 3)
    assert (sought.group_spellings, sought.spellings) == (("Presidents", "대통령"), ("Obama", "오바마"))


async def test_unknown_names(presidents: App) -> None:
    with pytest.raises(UnknownGroupError):
        await members_lacking_photos(presidents, SERVER, "Kings", None, 3)
    with pytest.raises(PersonError, match="Arthur"):
        await members_lacking_photos(presidents, SERVER, "Presidents", "Arthur", 3)


async def test_a_server_that_learns_nothing_gathers_nothing(
    presidents: App, search: ImageSearch, small_photos: Path, tmp_path: Path
) -> None:
    offer(search, small_photos, tmp_path)
    sought = await members_lacking_photos(presidents, SERVER, "Presidents", "Obama", 6)
    # As if a moderator chose it during the search.
    await setup.choose_learns(presidents, SERVER, LearningPolicy.OFF)
    with pytest.raises(PersonError, match="I may learn nothing here"):
        await gather(presidents, SERVER, sought, by=MODERATOR, progress=ignore_progress)
    assert await in_review(presidents) == []
    assert len(await presidents.storage.keys("crops")) == 2
    with pytest.raises(PersonError, match="I may learn nothing here"):
        await members_lacking_photos(presidents, SERVER, "Presidents", "Obama", 6)


def test_files_are_written_unchanged_with_the_ending_of_their_format(tmp_path: Path, small_photos: Path) -> None:
    sought = SoughtMember(1, "M/na", 1, "f(x).", ("M/na",), ("f(x).",), 3)
    jpeg = (small_photos / "obama.jpg").read_bytes()
    files = {"JPEG": jpeg}
    for kind in ("PNG", "WEBP", "AVIF"):
        out = BytesIO()
        Image.open(BytesIO(jpeg)).resize((8, 8)).save(out, kind)
        files[kind] = out.getvalue()
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    for kind, data in files.items():
        (fetched / kind).write_bytes(data)
    candidates = [
        CandidatePhoto(fetched / kind, f"https://x.example/{kind}.jpg", "", "commons", "a\tb", None) for kind in files
    ]
    write_photos(tmp_path, sought, candidates)
    folder = tmp_path / "f(x)" / "M_na"
    assert sorted(path.name for path in folder.iterdir()) == ["01.jpg", "02.png", "03.webp", "04.avif"]
    assert [(folder / name).read_bytes() for name in ("01.jpg", "03.webp")] == [files["JPEG"], files["WEBP"]]
    write_photos(tmp_path, sought, candidates[:1])
    assert (folder / "05.jpg").read_bytes() == jpeg
    assert "f(x)/M_na/03.webp\thttps://x.example/WEBP.jpg\t\n" in (tmp_path / "sources.txt").read_text()


@pytest.mark.thorough
async def test_nugu_gather_writes_them_to_a_folder(
    app: App, search: ImageSearch, small_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = search.settings(data=app.settings.data, workers=1)
    await add_group(app, SHARED_ROSTER, "Presidents")
    known = SubmittedFile("obama.jpg", (small_photos / "obama.jpg").read_bytes())
    await enrolment.add_member(app, SHARED_ROSTER, "Presidents", "Obama", [known], by=0)
    with pytest.raises(PersonError, match="Nobody reviews rosters of your own"):
        await gather_photos(settings, "Presidents", None, wanted=3, server=SHARED_ROSTER, out=None)
    offer(search, small_photos, tmp_path)
    out = tmp_path / "out"
    assert await gather_photos(settings, "Presidents", "Obama", wanted=3, server=SHARED_ROSTER, out=out)
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*")) == [
        "Presidents/Obama/01.jpg",
        "Presidents/Obama/02.jpg",
        "sources.txt",
    ]
    assert (out / "Presidents/Obama/01.jpg").read_bytes() == (small_photos / "obama2.jpg").read_bytes()
    assert "Presidents/Obama/01.jpg\thttps://commons.example/obama2.jpg\t" in (out / "sources.txt").read_text()
    output = capsys.readouterr().out
    assert "1 of 1: Obama: 2 photos\n" in output
    assert f"2 photos are in {out}\n" in output
    assert await in_review(app) == []
