"""Why nobody can be named: no photo yet, photos that wait for a model, an engine that has not looked. Each has its sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.app import App
from bot.database.rosters import RosterRepository
from bot.database.tables.rosters import CropEncoding, Group
from bot.domain.enums import FaceOrigin
from bot.domain.files import SubmittedFile
from bot.domain.rosters import EnrolledEncoding
from bot.errors import NoPhotosError, PersonError, UnencodedPhotosError, WaitingForModelError
from bot.usecases.questions.identify import IdentifyRequest, identify_pictures
from bot.usecases.roster import enrolment
from tests.support.galleries import SERVER, add_photo, enrol

ASKED = IdentifyRequest(asker_id=1, server_id=SERVER, rosters=(SERVER,))
NO_PHOTO = "I have no photo of any member here yet."
WAITS = "All photos of members here wait for a model."


@pytest.fixture
async def without_photos(app: App) -> App:
    """A group whose one member has no photo."""
    async with app.database.writing() as session:
        group = await RosterRepository(session).add_group(SERVER, "G1")
        await RosterRepository(session).add_member(group.id, "M11")
    return app


async def confirm(app: App, rows: list[EnrolledEncoding]) -> None:
    """A photo that somebody's word made; no model has it yet."""
    await add_photo(app.database, "G1", "M11", rows[0].vector, FaceOrigin.ASKED)


async def test_members_without_a_photo(without_photos: App) -> None:
    with pytest.raises(NoPhotosError, match=NO_PHOTO):
        await identify_pictures(without_photos, ASKED, [])


async def test_confirmed_photos_wait_for_a_model(without_photos: App, gallery_rows: list[EnrolledEncoding]) -> None:
    await confirm(without_photos, gallery_rows)
    with pytest.raises(WaitingForModelError, match=WAITS):
        await identify_pictures(without_photos, ASKED, [])


async def test_an_engine_that_has_not_looked(app: App, gallery_rows: list[EnrolledEncoding]) -> None:
    await enrol(app.database, gallery_rows)
    async with app.database.writing() as session:
        await session.execute(update(CropEncoding).values(engine="dlib-0"))
        group = await session.scalar(select(Group.id).where(Group.name == "G1"))
    assert group is not None
    for asked in (
        identify_pictures(app, ASKED, []),
        app.trainer.train(group, by=1),
        app.reports.for_group(SERVER, group),
    ):
        with pytest.raises(UnencodedPhotosError, match="The engine sface knows nobody here"):
            await asked


async def test_a_group_that_was_asked_for_says_so_itself(
    without_photos: App, gallery_rows: list[EnrolledEncoding]
) -> None:
    """Others are known; without a word, everybody would be somebody I don't know."""
    await enrol(without_photos.database, [row for row in gallery_rows if row.group_name == "G2"])
    asked = IdentifyRequest(asker_id=1, server_id=SERVER, rosters=(SERVER,), group="g1")
    with pytest.raises(NoPhotosError, match=r"no photo of any member of G1 yet"):
        await identify_pictures(without_photos, asked, [])
    await confirm(without_photos, gallery_rows)
    with pytest.raises(WaitingForModelError, match=r"All photos of members of G1 wait for a model"):
        await identify_pictures(without_photos, asked, [])
    assert (await identify_pictures(without_photos, ASKED, [])).results == ()


@pytest.mark.parametrize("waits", [False, True], ids=["no-photo", "waits-for-a-model"])
async def test_the_first_photo_of_a_moderator_is_held_against_nobody(
    without_photos: App, gallery_rows: list[EnrolledEncoding], small_photos: Path, waits: bool
) -> None:
    if waits:
        await confirm(without_photos, gallery_rows)
    photo = SubmittedFile("obama.jpg", (small_photos / "obama.jpg").read_bytes())
    added = await enrolment.add_member(without_photos, SERVER, "G1", "M11", [photo], by=1, ask_moderator=True)
    assert [outcome.reason for outcome in added.outcomes] == [None]


async def test_workers_that_are_away_are_not_taken_for_an_empty_roster(
    app: App, gallery_rows: list[EnrolledEncoding], small_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enrol(app.database, gallery_rows)

    async def away(*_: object) -> None:
        raise PersonError("My workers can't be reached just now.")

    monkeypatch.setattr(app.recognisers, "for_rosters", away)
    photo = SubmittedFile("obama.jpg", (small_photos / "obama.jpg").read_bytes())
    with pytest.raises(PersonError, match="workers can't be reached"):
        await enrolment.add_member(app, SERVER, "G1", "M11", [photo], by=1, ask_moderator=True)
