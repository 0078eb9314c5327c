"""Public pictures are those of groups, of look-alikes, of a quiz. They show public crops alone."""

from __future__ import annotations

from sqlalchemy import select

from bot.app import App
from bot.database.crops import CropRepository
from bot.database.photos import PhotoRepository
from bot.database.quiz import QuizRepository
from bot.database.rosters import RosterRepository
from bot.database.tables.rosters import Crop, Photo
from bot.usecases.roster import labels, photos
from tests.support.backups import whole_jpeg

SERVER, ADULTS, OTHERS = 7, 70, 71


async def enrolled(app: App) -> dict[str, int]:
    """Enrol Sana with a public photo, a spoiler, and a photo of an age-restricted channel; returns their crops' ids."""
    ids: dict[str, int] = {}
    async with app.database.writing() as session:
        group = await RosterRepository(session).add_group(SERVER, "TWICE")
        member = await RosterRepository(session).add_member(group.id, "Sana")
        for name, only_in, spoiler in (("adults", ADULTS, False), ("spoiler", None, True), ("public", None, False)):
            crop = Crop(
                server_id=SERVER, sha256=name, key=name, bytes=1, face_width=100, only_in=only_in, spoiler=spoiler
            )
            session.add(crop)
            await session.flush()
            await RosterRepository(session).add_photo(Photo(member_id=member.id, crop_id=crop.id, added_by=1), SERVER)
            await app.storage.put(name, whole_jpeg(name))
            ids[name] = crop.id
    return ids


async def test_public_pictures_show_public_crops(app: App) -> None:
    crops = await enrolled(app)
    async with app.database.reading() as session:
        (group,) = await RosterRepository(session).groups([SERVER])
        (sana,) = await QuizRepository(session).members(SERVER)
        assert [crop.id for crop in sana.crops] == [crops["public"]]
        assert [photo.key for photo in (await PhotoRepository(session).public_photos([group.id])).values()] == [
            "public"
        ]
        assert await PhotoRepository(session).first_of_each(group.id) == {sana.id: "public"}


async def test_a_channel_shows_a_members_photos_by_its_own_limits(app: App) -> None:
    await enrolled(app)
    for channel, adults in ((OTHERS, None), (None, None), (ADULTS, whole_jpeg("adults"))):
        shown = await photos.show_member(app, SERVER, channel, "TWICE", "Sana")
        assert [photo.crop for photo in shown.photos] == [adults, whole_jpeg("spoiler"), whole_jpeg("public")]
        assert [photo.spoiler for photo in shown.photos] == [False, True, False]


async def test_a_channel_shows_a_doubtful_label_by_its_own_limits(app: App) -> None:
    crops = await enrolled(app)
    async with app.database.reading() as session:
        ids = {crop: photo for photo, crop in await session.execute(select(Photo.id, Photo.crop_id))}
    for channel, adults in ((OTHERS, None), (None, None), (ADULTS, whole_jpeg("adults"))):
        shown = [
            await labels.show_label(app, SERVER, channel, ids[crops[name]], None) for name in ("adults", "spoiler")
        ]
        assert [(label.crop, label.spoiler) for label in shown] == [(adults, False), (whole_jpeg("spoiler"), True)]


async def test_a_crop_that_is_posted_in_an_age_restricted_channel_later_is_public_no_more(app: App) -> None:
    crops = await enrolled(app)
    async with app.database.reading() as session:
        before = await RosterRepository(session).revisions([SERVER])
    for only_in, spoiler in ((ADULTS, False), (OTHERS, True), (None, False)):
        async with app.database.writing() as session:
            crop = await session.get_one(Crop, crops["public"])
            await CropRepository(session).confine(crop, only_in, spoiler=spoiler)
    async with app.database.reading() as session:
        crop = await session.get_one(Crop, crops["public"])
        assert (crop.only_in, crop.spoiler, crop.is_public) == (ADULTS, True, False)
        ((_, revision),) = await RosterRepository(session).revisions([SERVER])
    assert revision == before[0][1] + 2
