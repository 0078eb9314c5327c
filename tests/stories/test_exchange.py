"""Export and import of rosters. An import reports every photo that it leaves out."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from typing import Any

import discord
import pytest
from simcord import SetupError
from sqlalchemy import select, update

from bot.database.servers import ServerRepository
from bot.database.tables.rosters import Crop, Group, Member, Photo
from bot.database.tables.servers import Server
from bot.domain.enums import LearningPolicy
from bot.domain.faces import UnreadableFile
from bot.domain.files import SubmittedFile
from bot.usecases.questions.identify import IdentifyRequest, identify_pictures
from bot.usecases.roster import importing
from tests.stories.conftest import Stage
from tests.stories.reading import answer, answers, buttons, texts
from tests.stories.test_photos import small
from tests.stories.test_roster import plain_picture, show_to_everybody
from tests.support.zips import RawName


def packed(*files: tuple[str, bytes]) -> tuple[str, bytes]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        for path, data in files:
            zipped.writestr(path, data)
    return "faces.zip", out.getvalue()


async def imported(stage: Stage, archive: tuple[str, bytes]) -> Any:
    """The answer to `/roster import`."""
    return answer(await stage.moderator.slash(stage.channel, "roster import", archive=archive))


async def exported(stage: Stage, **options: str) -> tuple[Any, bytes]:
    given = answer(await stage.moderator.slash(stage.channel, "roster export", **options))
    (file,) = given.attachments
    assert file.filename == "roster.zip"
    return given, await file.read()


async def roster_of(stage: Stage, server_id: int) -> list[Any]:
    """The roster of a server as far as an archive carries it."""
    async with stage.app.database.reading() as session:
        from bot.database.aliases import SpellingRepository

        spellings = SpellingRepository(session)
        groups = [row[1:] for row in await spellings.of_groups([server_id])]
        members = [row[1:] for row in await spellings.of_members([server_id])]
        photos = (
            select(Group.name, Member.name, Crop.sha256, Crop.face_width, Crop.sharpness)
            .select_from(Photo)
            .join(Photo.crop)
            .join(Photo.member)
            .join(Member.group)
            .where(Group.server_id == server_id)
            .order_by(Group.id, Member.id, Photo.id)
        )
        return [groups, members, [tuple(row) for row in await session.execute(photos)]]


async def names(stage: Stage, server_id: int, photo: str) -> list[tuple[str | None, float]]:
    """The names and confidences that a server's roster gives to the faces of a photo."""
    examined = await identify_pictures(
        stage.app, IdentifyRequest(1, rosters=(server_id,)), [SubmittedFile(*stage.photo(photo))]
    )
    (result,) = examined.results
    assert not isinstance(result, UnreadableFile)
    return [(face.guess.name, face.guess.confidence) for face in result.faces]


@pytest.mark.usefixtures("dlib_in_use")
async def test_a_roster_survives_export_and_import(stage: Stage) -> None:
    await stage.enrol_presidents()
    await stage.moderator.slash(stage.channel, "group add", name="AC/DC: CON.")
    await stage.moderator.slash(stage.channel, "group alias", group="Presidents", add="대통령")
    for alias in ("오바마", "Barack Obama"):
        await stage.moderator.slash(stage.channel, "member alias", group="Presidents", member="Obama", add=alias)
    deliberate = await stage.moderator.slash(
        stage.channel, "member add", group="Presidents", name="Biden", photo=small(stage, "biden.jpg")
    )
    await stage.moderator.click(answers(deliberate)[-1], label="Use it all the same")

    given, taken = await exported(stage)

    assert given.ephemeral
    assert texts(given).startswith("2 groups, 2 members, 3 photos.")
    with zipfile.ZipFile(io.BytesIO(taken)) as opened:
        assert opened.namelist() == [
            "roster.json",
            "Presidents/Obama/0001.jpg",
            "Presidents/Biden/0001.jpg",
            "Presidents/Biden/0002.jpg",
        ]
        assert [group["folder"] for group in json.loads(opened.read("roster.json"))["groups"]] == [
            "AC_DC_ CON",
            "Presidents",
        ]

    async def ignore(_done: int, _photos: int, _group: str, _member: str) -> None:
        return

    other = stage.guild.id + 1
    done = await importing.import_roster(stage.app, other, io.BytesIO(taken), 5, ignore)
    assert (done.photos, done.taken, done.members, done.left_out) == (3, 3, 2, ())
    before, after = await roster_of(stage, stage.guild.id), await roster_of(stage, other)
    assert [sorted(part) for part in after] == [sorted(part) for part in before]
    for photo in ("obama2.jpg", "obama3.jpg", "astronaut.png"):
        (name, confidence), *_ = await names(stage, stage.guild.id, photo)
        (again, as_sure), *_ = await names(stage, other, photo)
        assert again == name
        assert as_sure == pytest.approx(confidence, abs=0.1)

    again = await imported(stage, ("roster.zip", taken))
    assert "**0 of 3 photos** taken" in texts(again)
    assert "3 I had already." in texts(again)
    assert await roster_of(stage, stage.guild.id) == before


async def test_an_archive_of_photos_makes_groups_and_members(stage: Stage) -> None:
    zipped = packed(
        ("Presidents/Obama/1.jpg", stage.photo("obama.jpg")[1]),
        ("Presidents/Obama/wall.png", plain_picture()),
        ("Presidents/Biden/1.jpg", stage.photo("biden.jpg")[1]),
        ("Presidents/Biden/inner.zip", packed(("a", b"b"))[1]),
        ("../../etc/passwd", b"root"),
        ("Presidents/Trump/small.png", small(stage, "obama2.jpg")[1]),
    )
    report = texts(await imported(stage, zipped))
    assert "**2 of 6 photos** taken, 2 members." in report
    assert "⚠️ Presidents/Obama/wall.png: I see no face in it" in report
    assert "⚠️ Presidents/Biden/inner.zip: this is not a picture (it looks like a zip file)" in report
    assert "⚠️ ../../etc/passwd: its path leads elsewhere." in report
    assert "⚠️ Presidents/Trump/small.png: the face is only" in report
    listed = await stage.moderator.slash(stage.channel, "group list")
    assert texts(answer(listed)).strip() == "**Presidents**\nObama (1), Biden (1)"


async def test_an_archive_of_korean_windows_is_read_and_its_misplaced_files_are_reported(stage: Stage) -> None:
    _, photo = stage.photo("obama.jpg")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        for path in (
            "사진/대통령/오바마/1.jpg",
            "사진/대통령/오바마/2.jpg",
            "사진/대통령/바이든/설명.txt",
            "사진/대통령/표지.jpg",
        ):
            zipped.writestr(RawName(path.encode("cp949")), photo if path.endswith(".jpg") else b"hi")
    report = texts(await imported(stage, ("faces.zip", out.getvalue())))
    assert "**1 of 4 photos** taken, 1 member." in report
    assert "1 I had already." in report
    assert "⚠️ 사진/대통령/표지.jpg: it is not in a folder of a member in a folder of a group." in report
    assert "⚠️ 사진/대통령/바이든/설명.txt: this is not a picture" in report
    listed = await stage.moderator.slash(stage.channel, "group list")
    assert texts(answer(listed)).strip() == "**대통령**\n오바마 (1)"


async def test_without_a_taken_photo_every_reason_is_reported(stage: Stage) -> None:
    report = texts(await imported(stage, packed(("TWICE/cover.jpg", plain_picture()), ("readme.txt", b"hi"))))
    assert "**0 of 2 photos** taken, 0 members." in report
    assert "⚠️ TWICE/cover.jpg: it is not in a folder of a member in a folder of a group." in report
    assert "⚠️ readme.txt: it is not in a folder of a member in a folder of a group." in report


async def test_many_reasons_are_in_a_file(stage: Stage) -> None:
    zipped = packed(*((f"Presidents/Obama/{n}.jpg", b"no picture") for n in range(12)))
    report = await imported(stage, zipped)
    assert "12 were left out; the file says why." in texts(report)
    (file,) = report.attachments
    lines = (await file.read()).decode().splitlines()
    assert len(lines) == 12
    assert lines[0].startswith("Presidents/Obama/0.jpg: this is not a picture (it looks like text)")


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (("faces.zip", b"no archive"), "This is not a zip archive, or it is broken."),
        (packed(), "I find no photo in this archive"),
        (packed(("roster.json", b"[]")), "roster.json is not as I write it (at its beginning)"),
        (packed(("roster.json", b'{"nugu": 1, "groups": [{"name": "x"}]}')), "not as I write it (at groups.0.folder)"),
        (packed(("roster.json", b'{"groups": [{"name": "a\\u202eb", "folder": "a"}]}')), "A name has 1 to 100 printable"),
    ],
)  # fmt: skip
async def test_a_file_that_is_no_roster_is_refused(stage: Stage, archive: tuple[str, bytes], reason: str) -> None:
    refused = await imported(stage, archive)
    assert reason in texts(refused)
    assert refused.ephemeral
    assert (await roster_of(stage, stage.guild.id))[1:] == [[], []]


async def test_a_roster_that_is_too_large_to_upload_says_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.enrol_presidents()
    report = "Export one group at a time with `group:`"
    large = "Request entity too large"
    stage.env.inject_error("POST", "/webhooks/*/*", status=413, code=40005, message=large)
    assert report in texts(answer(await stage.moderator.slash(stage.channel, "roster export")))
    # The command carries Discord's limit; the bot sends no larger file.
    read = discord.Interaction[Any]._from_data
    monkeypatch.setattr(
        discord.Interaction, "_from_data", lambda self, data: read(self, data | {"attachment_size_limit": 10_000})
    )
    assert report in texts(answer(await stage.moderator.slash(stage.channel, "roster export")))


async def test_an_archive_goes_to_discord_from_the_disk(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    class WatchedFile(discord.File):
        def __init__(self, file: Any, filename: str) -> None:
            given.append(file)
            super().__init__(file, filename)

    await stage.enrol_presidents()
    monkeypatch.setattr(discord, "File", WatchedFile)
    _, taken = await exported(stage)
    assert zipfile.ZipFile(io.BytesIO(taken)).testzip() is None
    (file,) = given
    assert isinstance(file, io.BufferedRandom)
    assert file.closed


async def test_one_group_is_exported(stage: Stage) -> None:
    empty = answer(await stage.moderator.slash(stage.channel, "roster export"))
    assert "There is no group here to export yet" in texts(empty)
    await stage.enrol_presidents()
    await stage.moderator.slash(stage.channel, "group add", name="TWICE")
    given, _ = await exported(stage, group="twice")
    assert texts(given).startswith("1 group, 0 members, 0 photos.")
    unknown = answer(await stage.moderator.slash(stage.channel, "roster export", group="Kings"))
    assert "I don't know a group called “Kings”." in texts(unknown)


async def test_an_import_shows_its_progress(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["cogs.common.long_commands"], "BETWEEN", 0.0)
    zipped = packed(*((f"Presidents/Obama/{n:02}.jpg", b"no picture") for n in range(25)))
    await imported(stage, zipped)
    edits = [
        request.json["components"][0]["content"] for request in stage.recorder.matching("PATCH", "/messages/@original")
    ]
    assert edits[:3] == [f"{done} of 25 photos: Presidents, Obama" for done in (0, 10, 20)]
    assert "**0 of 25 photos** taken" in edits[3]


async def test_without_learning_an_import_is_refused(stage: Stage) -> None:
    async with stage.app.database.writing() as session:
        await ServerRepository(session).ensure(stage.guild.id)
        await session.execute(update(Server).values(learns=LearningPolicy.OFF))
    refused = await imported(stage, packed(("Presidents/Obama/1.jpg", stage.photo("obama.jpg")[1])))
    assert "`/setup`" in texts(refused)


async def test_only_a_moderator_exports_and_imports(stage: Stage) -> None:
    assert not {"roster import", "roster export"} & set(stage.fan.available_commands(stage.channel))
    with pytest.raises(SetupError):
        await stage.fan.slash(stage.channel, "roster export")
    show_to_everybody(stage, "roster")
    refused = answer(await stage.fan.slash(stage.channel, "roster export"))
    assert texts(refused).strip().startswith("Only moderators")
    assert buttons(refused) == []
